"""A request in, a forge's JSON out; beside the account's client the only importer of httpx, whose errors end here.

Nothing is repeated here: whoever asks knows what may be asked twice. Redirects are not followed, as a token would
travel along, and certificates are always checked.
"""

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from egpsync.account.answers import retry_after
from egpsync.errors import ForgeError
from egpsync.model.values import Json

TIMEOUT = 20.0  # seconds for connecting, and between two bytes
LARGEST = 32 * 2**20  # bytes of one answer
LONGEST_WORD = 300  # characters of what a forge says


class Door:
    """A connection to one API. Enter it as a context."""

    def __init__(self, base_url: str, headers: Mapping[str, str], *, timeout: float = TIMEOUT) -> None:
        self.base_url = base_url
        self._client = httpx.Client(headers=dict(headers), timeout=timeout, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: str | int) -> Json:
        """The answer's JSON; None for an empty one. Raises ForgeError, which says whether it may be asked again."""
        text = self.send(method, path, body, **query)
        try:
            return json.loads(text) if text else None
        except (ValueError, RecursionError) as error:
            where = f"{method} {self.base_url}{path}"
            raise ForgeError(f"the answer is no JSON: {_cut(text)}", where=where, again=True, advice=_IS_IT) from error

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: str | int) -> str:
        """The same for whoever answers anything: its text."""
        where = f"{method} {self.base_url}{path}"
        try:
            with self._client.stream(method, self.base_url + path, json=body, params=query or None) as answer:
                text = _read(answer)
        except httpx.ConnectError as error:
            raise ForgeError(f"no connection: {error}", where=where, again=True) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ForgeError(f"no usable answer: {type(error).__name__}", where=where, again=True) from error
        if answer.status_code >= 300:
            raise _fault(answer, text, where)
        return text


_IS_IT = "Is the URL that of the API?"
_ADVICE = {
    401: "Is the token that of this forge, and still valid?",
    403: "May the token write comments here?",
    404: "Is the number right, and may the token see it?",
}


def _read(answer: httpx.Response) -> str:
    data = b""
    for part in answer.iter_bytes():
        data += part
        if len(data) > LARGEST:
            raise ValueError("too long")
    return data.decode("utf-8", errors="replace")


def _fault(answer: httpx.Response, text: str, where: str) -> ForgeError:
    status = answer.status_code
    if status < 400:
        what = f"answered {status}: it is elsewhere, and the token is not sent there"
        return ForgeError(what, where=where, status=status, advice=_IS_IT)
    limited = status == 429 or (status == 403 and "retry-after" in answer.headers)
    return ForgeError(
        f"answered {status}: {_words(text)}",
        where=where,
        status=status,
        again=limited or status >= 500,
        wait=retry_after(answer.headers) or 0.0,
        advice=_ADVICE.get(status, ""),
    )


def _words(text: str) -> str:
    """What the forge says, in one line."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = text
    if isinstance(said, dict):
        said = said.get("message") or said.get("error") or said
    return _cut(said if isinstance(said, str) else json.dumps(said))


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_WORD else f"{text[: LONGEST_WORD - 3]}..."

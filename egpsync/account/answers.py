"""A raw HTTP answer in, its JSON or the typed error that it means out; pure."""

import json
import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from egpsync.account.door import whole
from egpsync.errors import (
    Ambiguous,
    ApiError,
    Conflict,
    Misanswered,
    NotFound,
    RateLimited,
    Refused,
    Rejected,
    ServerFault,
)
from egpsync.model.values import Json
from egpsync.value import Value

SHOWN = 300  # characters of an answer that is no JSON
SPOKEN = 1000  # characters of the server's own words
ECHOES = frozenset({"input", "ctx", "body"})  # where validation errors repeat what we sent
BY_STATUS: Mapping[int, tuple[type[ApiError], str]] = {
    401: (Refused, "Check the API key (SGP_API_KEY or --api-key-file) and that it is meant for this base URL."),
    403: (Refused, "Check that the key may use this account (SGP_ACCOUNT_ID or --account-id)."),
    404: (NotFound, "Check the base URL and the account; a model may have been deleted since it was listed."),
    409: (Conflict, "The model is busy or the name is taken. Plan again to see what the server holds."),
    429: (RateLimited, "The server asks for less. Run again later, or with a lower --parallelism."),
}
LOST = "The server may or may not have acted. Plan again to see what it holds."


class Answer(Value, frozen=True, kw_only=True):
    """What came back."""

    method: str
    url: str
    status: int
    headers: Mapping[str, str]  # case-insensitive
    content: bytes


def json_of(answer: Answer) -> Json:
    """The JSON of a good answer; None where there is no content.

    Raises Ambiguous for a write whose answer cannot be read, and for a read that was cut short, which passes.
    """
    if not answer.content:
        return None
    try:
        return json.loads(answer.content, parse_constant=_no_constant, parse_float=_finite, parse_int=whole)
    except (ValueError, RecursionError) as error:
        cut = "json" in answer.headers.get("content-type", "")
        what = "the answer is cut short" if cut else f"the answer is no JSON: {_why(answer, error)}"
        if answer.method == "GET" and not cut:
            raise Misanswered(
                what,
                method=answer.method,
                url=answer.url,
                status=answer.status,
                advice="Is the base URL that of the API, and not of a web page or a proxy?",
            ) from error
        raise Ambiguous(what, method=answer.method, url=answer.url, status=answer.status, advice=LOST) from error


def fault_of(answer: Answer) -> ApiError:
    """The error that a status of 300 or more means."""
    kind, advice = _kind(answer)
    return kind(
        _message(answer),
        method=answer.method,
        url=answer.url,
        status=answer.status,
        advice=advice,
        retry_after=retry_after(answer.headers),
    )


def _kind(answer: Answer) -> tuple[type[ApiError], str]:
    """Which error, and what to do next."""
    status, write = answer.status, answer.method != "GET"
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status < 400:
        return Misanswered, "The server redirects, which is never followed. Correct the base URL."
    if status != 408 and status < 500:
        return Rejected, "Correct what the message names, and plan again."
    if write and (status != 503 or answer.method == "POST"):
        return Ambiguous, LOST
    return ServerFault, "The server could not answer. Run again later: what is done is not done twice."


def _message(answer: Answer) -> str:
    """The server's own words: FastAPI's and the engine's shapes, or the beginning of what is no JSON.

    What the server echoes of our request (`input`) is left out: it can hold a secret.
    """
    prefix = f"HTTP {answer.status}"
    location = answer.headers.get("location")
    if location and answer.status < 400:
        return f"{prefix} to {_bare(location)}"
    try:
        words = _detail(json.loads(answer.content))
    except (ValueError, RecursionError):
        return f"{prefix} {_excerpt(answer)}".strip()
    return f"{prefix}: {words[:SPOKEN]}"


def _bare(location: str) -> str:
    """Where a redirect leads, without what could repeat a key: scheme, host and path."""
    try:
        parts = urlsplit(location)
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
    except ValueError:
        return "somewhere that is no URL"
    return f"{parts.scheme}://{host}{parts.path}"[:SHOWN] if host else parts.path[:SHOWN]


def _detail(body: Json) -> str:
    match body:
        case {"detail": detail}:
            return _detail(detail)
        case {"error": str(text)} | {"message": str(text)}:
            return text
        case {"error": Mapping() as inner}:
            return _detail(inner)
        case [*items] if items and all(isinstance(item, Mapping) and "msg" in item for item in items):
            return "; ".join(f"{_place(item.get('loc'))}: {item['msg']}" for item in items)
        case str():
            return body
        case _:
            return json.dumps(_without_echoes(body))[:SHOWN]


def _place(loc: Json) -> str:
    return ".".join(map(str, loc)) if isinstance(loc, list) else str(loc)


def _without_echoes(body: Json) -> Json:
    match body:
        case Mapping():
            return {key: _without_echoes(value) for key, value in body.items() if key not in ECHOES}
        case [*items]:
            return [_without_echoes(item) for item in items]
        case _:
            return body


def _why(answer: Answer, error: Exception) -> str:
    """The beginning of a page; of what is nearly JSON only the fault, as models stand there with their secrets."""
    return str(error) if answer.content.lstrip()[:1] in (b"{", b"[") else _excerpt(answer)


def _excerpt(answer: Answer) -> str:
    text = " ".join(answer.content[: 4 * SHOWN].decode(errors="replace").split())
    return text[:SHOWN] + ("..." if len(text) > SHOWN else "")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: `retry-after-ms`, or `Retry-After` in seconds or as a date (RFC 9110, 10.2.3)."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        value = headers.get("retry-after", "").strip()
        if not value:
            return None
        return max(0.0, float(value)) if value.replace(".", "", 1).isdigit() else _until(value, headers.get("date"))
    except (ValueError, OverflowError):  # a date of the year 99999999999 is no ValueError
        return None


def _until(date: str, server_now: str | None) -> float:
    """Seconds until `date` by the server's own clock where it says the time: ours can be wrong."""
    now = parsedate_to_datetime(server_now).timestamp() if server_now else time.time()
    return max(0.0, parsedate_to_datetime(date).timestamp() - now)


def _finite(text: str) -> float:
    """A number that can be sent back: JSON writes 1e999, and Python reads it as infinity."""
    number = float(text)
    return number if math.isfinite(number) else _no_constant(text)


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")

"""Method, path and body in, the answer's JSON out; the only importer of httpx, whose errors end here.

Retries go by what an outcome says about the server: it surely did not act (no connection, 425, 429), or it may have
(a cut connection, a timeout, 5xx, an unreadable answer). A read is repeated in both cases, a write only in the first;
in the second it ends in Ambiguous, and whoever sent it reads before sending again. Redirects are never followed: a
redirected PATCH would arrive as a GET, and the key would travel to another host.
"""

import asyncio
import json
import random
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from egpsync.account.answers import Answer, fault_of, json_of
from egpsync.account.throttle import Throttle
from egpsync.errors import Ambiguous, ApiError, Misanswered, RateLimited, ServerFault, Unreachable, UsageError
from egpsync.leak import Known
from egpsync.model.report import MASK
from egpsync.model.values import Json, JsonMap
from egpsync.value import Value

# Else httpx imports its command line, and that rich and pygments: a sixth of a small plan's time.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
import httpx  # noqa: E402

LARGEST = 256 * 2**20  # bytes of one answer, decoded: a page of 1,000 models with long metadata is far below
SHORTEST_TRY = 1.0  # seconds that an attempt gets at least
SHORTEST_KEY = 8  # characters; what is shorter stands in ordinary words, and is no key but in a test


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where the API is and who asks."""

    base_url: str  # without a trailing slash; may carry a path
    api_key: str = field(repr=False)
    account_id: str | None = None
    connections: int = 8  # how many requests may be under way
    timeout: float = 60.0  # seconds for connecting, and between two bytes


class Patience(Value, frozen=True, kw_only=True):
    """How long a request is tried."""

    attempts: int = 6
    deadline: float = 180.0  # seconds from the first attempt, waiting included
    base: float = 0.5  # seconds; the n-th wait is drawn from 0 to base * 2**n
    longest: float = 20.0  # seconds a drawn wait lasts at most; what the server asks for is honoured beyond


class Attempt(Value, frozen=True, kw_only=True):
    """One request and how it ended, for logs: never a body, never a header."""

    method: str
    url: str
    status: int | None  # None without an answer
    problem: str  # "" where the answer was good
    wait: float | None  # seconds until the next attempt; None for the last one


class Client:
    """A bounded, patient connection to one account. Enter it as a context."""

    def __init__(
        self,
        access: Access,
        *,
        patience: Patience | None = None,
        on_attempt: Callable[[Attempt], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.access = access
        self.words = Known()  # secrets that the server may quote in its own words; learnt as they become known
        self._patience = patience or Patience()
        self._on_attempt = on_attempt
        self._clock = clock
        self._sleep = sleep
        self._throttle = Throttle(clock)
        self._gone = False  # the last request found nobody, however often it was tried
        self._lanes = _lanes(access)
        self._idle = list(self._lanes)
        self._places = asyncio.Semaphore(len(self._lanes))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in self._lanes:
            await lane.aclose()

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Json:
        """Read; repeated on whatever passes. Raises ApiError."""
        return await self._request("GET", path, query=query)

    async def send(self, method: str, path: str, body: JsonMap | None) -> Json:
        """Write; repeated only while the server surely did not act. Raises Ambiguous where it may have."""
        return await self._request(method, path, body=body)

    async def _request(
        self, method: str, path: str, *, query: Mapping[str, str | int] | None = None, body: JsonMap | None = None
    ) -> Json:
        url, started = self.access.base_url + path, self._clock()
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        fault = False
        for attempt in range(self._patience.attempts):
            await self._turn_comes()
            sent = self._clock()
            left = self._patience.deadline - (sent - started)
            try:
                answer = await self._once(method, url, query, content, max(left, SHORTEST_TRY))
                value = self._quoted(json_of(answer))
            except ApiError as error:
                gone = isinstance(error, Unreachable)
                wait = None if gone and self._gone else self._wait(error, attempt, started)
                self._gone = gone and wait is None
                self._on_attempt(Attempt(method=method, url=url, status=error.status, problem=error.what, wait=wait))
                if error.status == 429:
                    self._throttle.limited(sent, error.retry_after or 0.0)
                if wait is None:
                    error.after_fault = fault and not isinstance(error, ServerFault)
                    raise
                fault |= isinstance(error, ServerFault)
                if error.status != 429 or not error.retry_after:
                    await self._sleep(wait)
            else:
                self._throttle.answered()
                self._gone = False
                self._on_attempt(Attempt(method=method, url=url, status=answer.status, problem="", wait=None))
                return value
        raise AssertionError("the last attempt raises")

    async def _turn_comes(self) -> None:
        """Wait while the server has asked for less: one 429 slows all requests down together."""
        while (delay := self._throttle.reserve()) > 0:
            await self._sleep(delay)
            if not self._throttle.closed:
                return

    @asynccontextmanager
    async def _lane(self) -> AsyncIterator[httpx.AsyncClient]:
        """A connection that nobody uses now."""
        async with self._places:
            lane = self._idle.pop()
            try:
                yield lane
            finally:
                self._idle.append(lane)

    async def _once(
        self, method: str, url: str, query: Mapping[str, str | int] | None, content: bytes | None, left: float
    ) -> Answer:
        """One attempt, which may take the seconds that are left of the deadline: an answer can come byte by byte."""
        try:
            async with (
                asyncio.timeout(left),
                self._lane() as lane,
                lane.stream(method, url, params=query, content=content) as response,
            ):
                body = await _bounded(response, method, url)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise Unreachable(
                f"no connection: {_words(error)}",
                method=method,
                url=url,
                advice="Nothing was sent. Check the base URL, the network, and whether the server is up.",
            ) from error
        except (httpx.InvalidURL, UnicodeError) as error:  # a host that cannot be one; nothing was sent, to any model
            raise UsageError(f"cannot be used: {_words(error)}", where="base URL") from error
        except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
            raise Ambiguous(
                f"no answer: {_words(error)}",
                method=method,
                url=url,
                advice="The server may or may not have acted. Plan again to see what it holds.",
            ) from error
        content_read = self._without_key(body)
        if response.status_code >= 300:  # in the server's own words, and before they are cut
            content_read = self.words.hide(content_read.decode(errors="replace")).encode("utf-8", "replace")
        answer = Answer(
            method=method, url=url, status=response.status_code, headers=response.headers, content=content_read
        )
        if answer.status >= 300:
            raise fault_of(answer)
        return answer

    def _quoted(self, answer: Json) -> Json:
        """A model as it was answered, but for secrets that the server quotes in its reason."""
        if not isinstance(answer, dict) or not isinstance(answer.get("status_reason"), str):
            return answer
        return {**answer, "status_reason": self.words.hide(answer["status_reason"])}

    def _without_key(self, content: bytes) -> bytes:
        """An answer's body: some servers repeat the key that they refuse."""
        key = self.access.api_key.encode()
        return content.replace(key, MASK.encode()) if len(key) >= SHORTEST_KEY else content

    def _wait(self, error: ApiError, attempt: int, started: float) -> float | None:
        """Seconds to the next attempt; None where there is to be none."""
        if attempt + 1 >= self._patience.attempts or not _may_repeat(error):
            return None
        drawn = random.uniform(0, min(self._patience.longest, self._patience.base * 2**attempt))  # noqa: S311 - jitter
        wait = max(drawn, error.retry_after or 0.0)
        left = self._patience.deadline - (self._clock() - started)
        return wait if wait <= left else None


def _may_repeat(error: ApiError) -> bool:
    """Whether sending once more can do no harm: a read always, a write where the server surely did not act."""
    match error:
        case Unreachable() | RateLimited() | ServerFault():
            return True
        case Ambiguous():
            return error.method == "GET"
        case _:
            return error.status == 425


def _lanes(access: Access) -> list[httpx.AsyncClient]:
    """A client for each connection, sharing one TLS context: httpx's pool scans itself on every request."""
    headers = {"x-api-key": access.api_key, "accept": "application/json", "content-type": "application/json"}
    if access.account_id:
        headers["x-selected-account-id"] = access.account_id
    https = access.base_url.startswith("https:")
    tls = ssl.create_default_context() if https else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which trusts nobody
    try:
        return [
            httpx.AsyncClient(
                headers=headers,
                timeout=httpx.Timeout(access.timeout, pool=None),
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
                follow_redirects=False,
                verify=tls,
                trust_env=https,  # http is for this machine alone: through a proxy the key would leave it in the clear
            )
            for _ in range(access.connections)
        ]
    except (ValueError, ImportError) as error:
        raise UsageError(
            "the proxy that the environment names cannot be used",
            where="HTTPS_PROXY, ALL_PROXY",
            advice="Name an http or https proxy, or except the API's host in NO_PROXY.",
        ) from error


async def _bounded(response: httpx.Response, method: str, url: str) -> bytes:
    """The body of an answer, decoded; one that inflates without end is no answer. Raises Misanswered, or Ambiguous."""
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > LARGEST:
            kind = Misanswered if method == "GET" else Ambiguous
            raise kind(
                f"the answer is larger than {LARGEST:,} bytes",
                method=method,
                url=url,
                status=response.status_code,
                advice="Is the base URL that of the API?",
            )
        parts.append(part)
    return b"".join(parts)


def _words(error: Exception) -> str:
    """What httpx says, or at least which of its errors it was: some carry no text."""
    return str(error) or type(error).__name__

"""What stands before the API: logs each request, slows and limits it, and plays the faults that it meets (ASGI)."""

import asyncio
import contextlib
import json
import math
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from egpsync.emulator.faults import (
    Answer,
    Cut,
    Delay,
    Faults,
    Hang,
    Intervene,
    Kind,
    Rewritten,
    TooMany,
    Truncated,
)
from egpsync.emulator.log import Entry, masked, parsed
from egpsync.emulator.platform import Platform
from egpsync.emulator.switches import RetryAfter, Switches

CONTROL = "/_emulator/"
"""Requests below this path are the emulator's own: neither logged nor disturbed."""

JSON_TYPE = (b"content-type", b"application/json")
HTML_TYPE = (b"content-type", b"text/html; charset=utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer that can still be changed."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]  # without content-length
    body: bytes


class Gone(Exception):
    """The connection is to be closed: after half of `partial` where there is one, by RST where `reset`."""

    def __init__(self, *, partial: Response | None = None, reset: bool = False) -> None:
        super().__init__("closed by the script")
        self.partial = partial
        self.reset = reset


@dataclass(kw_only=True)
class Front:
    """The ASGI application that the server runs."""

    app: ASGIApp
    platform: Platform
    faults: Faults
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    limit: "Limit" = field(init=False)

    def __post_init__(self) -> None:
        self.limit = Limit(self.platform.store.clock, self.platform.switches)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope["state"]["platform"] = self.platform
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self.app(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            return
        entry = self._entry(scope, body)
        number = self.platform.log.begin(entry)
        try:
            response = await self._answered(scope, body, self.faults.met(entry))
        except Gone as gone:
            self.platform.log.finish(number, status=None, acted=_acted(scope))
            await _close(gone, scope, receive, send)
        else:
            self.platform.log.finish(number, status=response.status, acted=_acted(scope))
            await _send(response, send)

    def _entry(self, scope: Scope, body: bytes) -> Entry:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        return Entry(
            method=scope["method"],
            path=scope["path"].removeprefix(self.platform.switches.base_path),
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers=masked(headers),
            body=parsed(body),
            at=self.platform.store.clock(),
        )

    async def _answered(self, scope: Scope, body: bytes, kinds: tuple[Kind, ...]) -> Response:
        limited = self.limit.refusal()
        if limited is not None:
            return limited
        await self._pause(self.platform.switches.latency)
        response: Response | None = None
        for kind in (kind for kind in kinds if not kind.after):
            response = await self._played(kind, response)
            if response is not None:
                return response
        answer = await _act(self.app, scope, body)
        for kind in (kind for kind in kinds if kind.after):
            answer = await self._played(kind, answer) or answer
        return answer

    async def _played(self, kind: Kind, response: Response | None) -> Response | None:
        """What there is to answer after a fault: None while the server has not acted and still shall."""
        match kind:
            case Answer():
                return _made(kind)
            case TooMany():
                return too_many(kind.seconds, kind.retry_after)
            case Delay():
                await self._pause(kind.seconds)
            case Intervene():
                kind.action(self.platform.store)
            case Hang():
                await self._pause(kind.seconds)
                raise Gone
            case Cut():
                raise Gone(partial=response if kind.partial else None, reset=kind.reset)
            case Truncated() if response:
                return replace(response, body=response.body[: len(response.body) // 2])
            case Rewritten() if response:
                return replace(response, body=json.dumps(kind.change(json.loads(response.body))).encode())
        return response

    async def _pause(self, seconds: float) -> None:
        """Wait, but not longer than the server runs."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), seconds)


class Limit:
    """A bucket of allowed requests, refilled by the clock."""

    def __init__(self, clock: Callable[[], float], switches: Switches) -> None:
        self._clock = clock
        self._rate = switches.rate
        self._form = switches.retry_after
        self._allowed = max(1.0, switches.rate)
        self._refilled = clock()

    def refusal(self) -> Response | None:
        """The 429 of a request that is one too many."""
        if not self._rate:
            return None
        now = self._clock()
        self._allowed = min(max(1.0, self._rate), self._allowed + (now - self._refilled) * self._rate)
        self._refilled = now
        if self._allowed < 1:
            return too_many((1 - self._allowed) / self._rate, self._form)
        self._allowed -= 1
        return None


def too_many(seconds: float, form: RetryAfter) -> Response:
    """A 429 as the engine behind the platform words it, with the time to come again in one of its forms."""
    headers: dict[RetryAfter, tuple[tuple[bytes, bytes], ...]] = {
        "seconds": ((b"retry-after", str(math.ceil(seconds)).encode()),),
        "date": ((b"retry-after", formatdate(math.ceil(time.time() + seconds), usegmt=True).encode()),),
        "milliseconds": ((b"retry-after-ms", str(math.ceil(seconds * 1000)).encode()),),
        "none": (),
    }
    body = {"error": "Too many requests", "timestamp": formatdate(time.time(), usegmt=True)}
    return Response(status=429, headers=(JSON_TYPE, *headers[form]), body=json.dumps(body).encode())


def _made(answer: Answer) -> Response:
    given = tuple((name.lower().encode(), value.encode()) for name, value in answer.headers.items())
    if isinstance(answer.body, str):
        return Response(status=answer.status, headers=(HTML_TYPE, *given), body=answer.body.encode())
    return Response(status=answer.status, headers=(JSON_TYPE, *given), body=json.dumps(answer.body).encode())


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None when the client left before its end, and so asked for nothing."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _act(app: ASGIApp, scope: Scope, body: bytes) -> Response:
    """Let the API answer, and keep its answer."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = tuple((name, value) for name, value in sent[0]["headers"] if name != b"content-length")
    return Response(status=sent[0]["status"], headers=headers, body=b"".join(one.get("body", b"") for one in sent[1:]))


def _acted(scope: Scope) -> bool:
    return bool(scope["state"].get("acted"))


async def _send(response: Response, send: Send, *, length: int | None = None) -> None:
    size = len(response.body) if length is None else length
    headers = [*response.headers, (b"content-length", str(size).encode())]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": length is not None})


async def _close(gone: Gone, scope: Scope, receive: Receive, send: Send) -> None:
    """Close the TCP connection under the answer, and wait until the server has noticed."""
    transport: asyncio.Transport = scope["state"]["transport"]
    if gone.partial is not None:
        whole = gone.partial.body
        await _send(replace(gone.partial, body=whole[: len(whole) // 2]), send, length=len(whole))
    if gone.reset:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if gone.partial is not None and not gone.reset:
        transport.close()
    else:
        transport.abort()
    await receive()  # the request was read to its end, so what comes next is the disconnection

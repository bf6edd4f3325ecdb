"""An account that costs next to nothing to ask: listing, reading and changing metadata over HTTP on loopback.

A process of its own, as the emulator's own work would hide the client's above ten requests in flight:
`python -m tests.benchmarks.account --models 10000`. It prints its URL, and ends with its standard input.
"""

import argparse
import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

from tests.benchmarks.models import live_models

ROOT = Path(__file__).resolve().parents[2]
MODELS = "/v5/models"
COUNTS = "/counts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an account was asked so far."""

    requests: int
    refused: int  # of these with 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One that runs."""

    url: str

    def asked(self) -> Asked:
        """Counted by the server."""
        with urlopen(self.url + COUNTS) as answer:
            return Asked(**json.loads(answer.read()))


@contextlib.contextmanager
def account(count: int, *, differing: int = 0, latency: float = 0.0, rate: float = 0.0) -> Iterator[Account]:
    """An account of so many models, of which some differ from the manifests, for as long as the block runs."""
    options = {"models": count, "differing": differing, "latency": latency, "rate": rate}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.account", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield Account(url=process.stdout.readline().strip())


@dataclass(slots=True, kw_only=True)
class Held:
    """The models, each ready to be sent, and what was asked."""

    models: dict[str, bytes]  # by id, in the order of the listing
    latency: float  # seconds before an answer
    rate: float  # requests a second before 429; 0: no limit
    requests: int = 0
    refused: int = 0
    ids: list[str] = field(init=False)
    places: dict[str, int] = field(init=False)
    allowed: float = field(init=False)
    refilled: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.allowed = max(1.0, self.rate)
        self.ids = list(self.models)
        self.places = {model: place for place, model in enumerate(self.ids)}

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Status and body."""
        parts = urlsplit(target)
        if parts.path == COUNTS:
            return 200, json.dumps({"requests": self.requests, "refused": self.refused}).encode()
        self.requests += 1
        if self._is_one_too_many():
            self.refused += 1
            return 429, b'{"error": "Too many requests"}'
        if parts.path == MODELS and method == "GET":
            return 200, self._page(dict(parse_qsl(parts.query)))
        model = self.models.get(parts.path.removeprefix(f"{MODELS}/"))
        if model is None:
            return 404, b'{"detail": "Not found"}'
        return 200, self._changed(model, json.loads(body)) if method == "PATCH" else model

    def _is_one_too_many(self) -> bool:
        if not self.rate:
            return False
        now = time.monotonic()
        self.allowed = min(max(1.0, self.rate), self.allowed + (now - self.refilled) * self.rate)
        self.refilled = now
        if self.allowed < 1:
            return True
        self.allowed -= 1
        return False

    def _page(self, query: dict[str, str]) -> bytes:
        start = self.places[query["starting_after"]] + 1 if "starting_after" in query else 0
        end = start + int(query.get("limit", "20"))
        items = b",".join(map(self.models.__getitem__, self.ids[start:end]))
        more = b"true" if end < len(self.ids) else b"false"
        return b'{"object": "list", "total": %d, "has_more": %s, "items": [%s]}' % (len(self.ids), more, items)

    def _changed(self, model: bytes, change: dict[str, Any]) -> bytes:
        fields = {**json.loads(model), **change}
        self.models[fields["id"]] = made = json.dumps(fields).encode()
        return made


class Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._read = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer without waiting for more to send."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Answer a request as soon as all of it is there."""
        self._read += data
        head, end, rest = self._read.partition(b"\r\n\r\n")
        if not end:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", "0"))
        if len(rest) >= length:
            self._read = rest[length:]
            method, target, _ = lines[0].split(" ")
            wait = 0.0 if target == COUNTS else self._held.latency
            asyncio.get_running_loop().call_later(wait, self._answer, method, target, rest[:length])

    def _answer(self, method: str, target: str, body: bytes) -> None:
        status, answer = self._held.answer(method, target, body)
        more = "retry-after: 1\r\n" if status == 429 else ""
        head = f"HTTP/1.1 {status} .\r\ncontent-type: application/json\r\ncontent-length: {len(answer)}\r\n{more}\r\n"
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(head.encode() + answer)


async def serve(held: Held) -> None:
    """Until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(held), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)  # noqa: T201 - whoever started it reads
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    """From the command line's options."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=int, required=True)
    parser.add_argument("--differing", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--rate", type=float, default=0.0)
    given = parser.parse_args()
    models = {model["id"]: json.dumps(model).encode() for model in live_models(given.models, given.differing)}
    asyncio.run(serve(Held(models=models, latency=given.latency, rate=given.rate)))


if __name__ == "__main__":
    main()

"""What is known in, answered over HTTP to whoever scrapes it: `/metrics`, `/healthz`, `/readyz`.

It answers from what was found before, so that nobody who asks can make the account be asked.
"""

import re
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, NamedTuple

from egpsync.errors import FileError, UsageError

ADDRESS = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):)?(?P<port>[0-9]{1,5})")
AT_ONCE = 16  # requests that are answered at the same time; more are closed
PATIENCE = 5.0  # seconds for a whole request


class Answer(NamedTuple):
    """What is said at a path."""

    status: int
    text: str
    kind: str = "text/plain; charset=utf-8"


Pages = Mapping[str, Callable[[], Answer]]


def address_of(text: str) -> tuple[str, int]:
    """HOST:PORT, or PORT of this machine alone. Raises UsageError."""
    found = ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        advice = "Give HOST:PORT, such as 0.0.0.0:9464, or a port of this machine alone."
        raise UsageError(f"{text!r} is no address", where="--listen", advice=advice)
    return (found["host"] or "127.0.0.1").strip("[]"), int(found["port"])


def listen(address: tuple[str, int], pages: Pages) -> int:
    """Serve until the process ends; the port. Raises FileError where nobody can listen there."""

    class Bound(_Handler):
        answers = pages

    class Server(_Server):
        address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET

    try:
        server = Server(address, Bound)
    except OSError as error:
        where = f"--listen {address[0]}:{address[1]}"
        raise FileError(f"cannot listen: {error.strerror}", where=where, advice="Is another process there?") from error
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = AT_ONCE

    def __init__(self, *arguments: Any) -> None:
        self._places = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread each, as far as there are places."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Whoever is slow is cut off, whatever they send in between."""
        cut = threading.Timer(PATIENCE, _cut, (request,))
        cut.daemon = True
        cut.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            cut.cancel()
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nobody's fault here."""


def _cut(request: socket.socket) -> None:
    with suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    answers: ClassVar[Pages]
    timeout = PATIENCE
    server_version = "egpsync"
    sys_version = ""

    def do_GET(self) -> None:
        answer = self._answer()
        self._begin(answer)
        self.wfile.write(answer.text.encode())

    def do_HEAD(self) -> None:
        self._begin(self._answer())

    def _answer(self) -> Answer:
        page = self.answers.get(self.path.partition("?")[0])
        return page() if page is not None else Answer(404, f"There are {', '.join(self.answers)}.\n")

    def _begin(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.text.encode())))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - http.server's name
        pass

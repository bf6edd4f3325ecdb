"""A stand-in forge: GitHub's comments and GitLab's notes, and a receiver of notices, over HTTP on loopback."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

GITHUB = re.compile(r"/repos/o/r/issues/(?:7/comments|comments/(\d+))")
GITLAB = re.compile(r"/projects/12/merge_requests/7/notes(?:/(\d+))?")


@dataclass
class Answer:
    """What the next request of a method gets in place of an answer of the forge's own."""

    method: str
    status: int = 0  # 0: the connection is cut
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    acts: bool = False  # the request is carried out before


@dataclass
class Forge:
    """What it holds, and what it was asked."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    user: dict[str, Any] | None = None  # None: the token may not ask who it is
    answers: list[Answer] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    notices: list[Any] = field(default_factory=list)

    def add(self, body: str, **user: Any) -> int:
        """A comment of somebody's."""
        number = len(self.comments) + 1
        author = {"login": "someone", "id": 5, "type": "User", **user}
        self.comments.append({"id": number, "body": body, "user": author, "author": author})
        return number

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """What the forge itself says."""
        parts = urlsplit(path)
        if parts.path == "/user":
            return (200, self.user) if self.user else (403, {"message": "Resource not accessible by integration"})
        if parts.path == "/notices":
            self.notices.append(body)
            return 200, "ok"
        found = GITHUB.fullmatch(parts.path) or GITLAB.fullmatch(parts.path)
        if found is None:
            return 404, {"message": "Not Found"}
        if method == "GET":
            query = {key: int(value[0]) for key, value in parse_qs(parts.query).items() if value[0].isdecimal()}
            start = (query["page"] - 1) * query["per_page"]
            return 200, self.comments[start : start + query["per_page"]]
        if method == "POST":
            self.add(body["body"], type="Bot", bot=True)
            return 201, {**self.comments[-1], "html_url": "https://forge.example/comment"}
        comment = next(one for one in self.comments if one["id"] == int(found[1]))
        comment["body"] = body["body"]
        return 200, comment


@contextmanager
def serving() -> Iterator[Forge]:
    """The forge, until the end of the block."""
    forge = Forge()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            forge.asked.append(f"{self.command} {urlsplit(self.path).path}")
            forge.headers.append(dict(self.headers))
            scripted = next((one for one in forge.answers if one.method == self.command), None)
            if scripted is None:
                status, said = forge.answer(self.command, self.path, body)
                self._say(status, said if isinstance(said, str) else json.dumps(said), {})
                return
            forge.answers.remove(scripted)
            if scripted.acts:
                forge.answer(self.command, self.path, body)
            if scripted.status:
                self._say(scripted.status, scripted.body, scripted.headers)
            self.close_connection = True

        def _say(self, status: int, text: str, headers: dict[str, str]) -> None:
            data = text.encode()
            self.send_response(status)
            for name, value in {"content-length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forge.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

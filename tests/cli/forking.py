"""Arguments, environment and folder in, an ended command out: forked from a process that has imported egpsync already.

Most of a short command's time is imports, which is not what most tests are about. Those that are about starting,
signals or a terminal start a process of their own.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, NoReturn, TextIO

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 60.0  # seconds that a command may take
MESSAGE = 2**20
PRELOADED = ("apply", "drift", "export", "plan", "revert", "schema", "validate")


class Forker:
    """The process that commands are forked from; started when the first one is run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def run(
        self, arguments: Sequence[str], *, environ: Mapping[str, str], cwd: Path, stdin: str = ""
    ) -> tuple[int, str, str]:
        """Run one command to its end: exit code (negative for a signal), stdout, stderr."""
        with self._lock, ExitStack() as stack:
            given, out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))
            given.write(stdin.encode())
            given.seek(0)
            order = {"arguments": list(arguments), "environ": dict(environ), "cwd": str(cwd)}
            status = self._order(order, given, out, err)
            return os.waitstatus_to_exitcode(status), _text(out), _text(err)

    def _order(self, order: Mapping[str, Any], *streams: IO[bytes]) -> int:
        connection = self._connection()
        socket.send_fds(connection, [json.dumps(order).encode()], [stream.fileno() for stream in streams])
        child = int(connection.recv(64))
        connection.settimeout(LONGEST)
        try:
            return int(connection.recv(64))
        except TimeoutError:
            os.kill(child, signal.SIGKILL)
            connection.settimeout(None)
            connection.recv(64)
            raise AssertionError(f"the command took longer than {LONGEST:.0f} s: {order['arguments']}") from None
        finally:
            connection.settimeout(None)

    def _connection(self) -> socket.socket:
        if self._socket is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
            server = subprocess.Popen(
                [sys.executable, str(Path(__file__)), str(theirs.fileno())], pass_fds=[theirs.fileno()], env=environ
            )
            theirs.close()
            atexit.register(server.kill)
            self._socket = ours
        return self._socket


FORKER = Forker()
"""One for each process of the test runner."""


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode("utf-8", "replace").replace("\r\n", "\n")


def _serve(connection: socket.socket) -> None:
    """Fork for each order, and answer with the child's number, then with how it ended."""
    from importlib import import_module  # noqa: PLC0415 - in the process that is started alone

    from egpsync.process import claim  # noqa: PLC0415

    claim()
    for name in PRELOADED:
        import_module(f"egpsync.cli.{name}")
    while True:
        order, streams, _, _ = socket.recv_fds(connection, MESSAGE, 3)
        if not order:
            return
        child = os.fork()
        if child == 0:
            connection.close()
            _become(json.loads(order), streams)
        for stream in streams:
            os.close(stream)
        connection.send(b"%d" % child)
        _, status = os.waitpid(child, 0)
        connection.send(b"%d" % status)


def _become(order: Mapping[str, Any], streams: Sequence[int]) -> NoReturn:
    """Be the command, as `python -m egpsync` would in a process of its own."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 64)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["cwd"])
    sys.argv = ["egpsync", *order["arguments"]]
    encoding = order["environ"].get("PYTHONIOENCODING", "utf-8")
    sys.stdin = _opened(0, "r", encoding, "strict")
    sys.stdout = _opened(1, "w", encoding, "strict")
    sys.stderr = _opened(2, "w", encoding, "backslashreplace")
    code = 1
    try:
        from egpsync.cli import run  # noqa: PLC0415

        run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - what a process of its own would print
        sys.excepthook(*sys.exc_info())
    finally:
        for written in (sys.stdout, sys.stderr):
            try:
                written.flush()
            except (OSError, ValueError):
                code = code or 120
        os._exit(code)


def _opened(descriptor: int, mode: str, encoding: str, errors: str) -> TextIO:
    stream: Any = open(descriptor, mode, encoding=encoding, errors=errors, closefd=False)  # noqa: SIM115
    return stream  # type: ignore[no-any-return]


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))

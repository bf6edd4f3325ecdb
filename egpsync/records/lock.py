"""The lock of a folder: one process holds it, and the operating system gives it back when that one ends, however."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK = "lock"
HOLDER = "holder"


class HeldError(Exception):
    """Another process holds the folder; `holder` says which, as far as it has said so by now."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@contextmanager
def held(folder: Path, holder: str) -> Iterator[None]:
    """Hold the folder. Raises HeldError where another process does, OSError where the folder cannot take a lock."""
    from filelock import FileLock, Timeout  # noqa: PLC0415 - 30 ms, for those alone who lock

    lock = FileLock(folder / LOCK, mode=0o600)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise HeldError(_name_in(folder)) from error
    try:
        with suppress(OSError):  # on a full disk the lock holds all the same, without a name
            _write_name(folder, holder)
        yield
    finally:
        with suppress(OSError):
            (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


def _write_name(folder: Path, holder: str) -> None:
    """Beside the lock and not in it: Windows lets nobody read a file that is locked."""
    handle = os.open(folder / HOLDER, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(holder)


def _name_in(folder: Path) -> str:
    try:
        text = (folder / HOLDER).read_text(encoding="utf-8", errors="replace")[:100].strip()
    except OSError:
        text = ""
    return text or "it has just begun"

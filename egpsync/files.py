"""Text in, a file on disk out: whole or not at all."""

import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EISDIR
from pathlib import Path
from typing import TextIO

from egpsync.errors import FileError

if sys.platform != "win32":
    import fcntl

TRIES = 10  # of finding a name beside the file that nobody is clearing away meanwhile


def write_whole(file: Path, text: str, *, private: bool = False) -> None:
    """Write beside the file first, sync it, then put it in its place; `private` lets only its owner read it.

    Else it gets the mode of the file that it replaces. What a killed run left beside it is cleared away. A device or a
    pipe is written as it is: a file in the place of /dev/null would break the machine.
    Raises FileError; what stood there before then still does.
    """
    with _told(file):
        if _is_special(file):
            file.write_text(text, encoding="utf-8", newline="\n")
            return
        with _beside(file, private=private) as (beside, stream, target):
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
            if os.name == "nt":
                stream.close()  # an open file is not moved there
            beside.replace(target)
            _sync_names(target.parent)


def write_together(root: Path, texts: Mapping[str, str]) -> None:
    """Write several files below a folder, which is made where it is not there, each whole.

    Where one cannot be written, those that were new are taken away again. Raises FileError.
    """
    new: list[Path] = []
    try:
        for name, text in texts.items():
            file = root / name
            with _told(file.parent):
                file.parent.mkdir(parents=True, exist_ok=True)
            is_new = not os.path.lexists(file)
            write_whole(file, text)
            new += [file] if is_new else []
    except FileError:
        for file in new:
            file.unlink(missing_ok=True)
        raise


def add_to(file: Path, text: str) -> None:
    """Write behind what a file holds already. Raises FileError."""
    with _told(file), file.open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(text)


def size_of(file: Path) -> int:
    """Bytes that a file holds; 0 for one that is not there. Raises FileError."""
    with _told(file):
        return file.stat().st_size if file.exists() else 0


def text_of(file: Path, *, most: int) -> str:
    """What a regular file begins with; nothing where there is none, or none that can be read."""
    with suppress(OSError):
        if file.is_file():
            with file.open("rb") as stream:
                return stream.read(most).decode("utf-8", "replace")
    return ""


def try_whole(file: Path) -> None:
    """See that the file can be written, and leave what stands there. Raises FileError."""
    with _told(file):
        if _is_special(file):
            return
        with _beside(file, private=True) as (_, _, target):
            if target.is_dir():
                raise IsADirectoryError(EISDIR, "it is a folder")


def _is_special(file: Path) -> bool:
    """Whether it is there, and neither a file nor a folder."""
    return file.exists() and not file.is_file() and not file.is_dir()


@contextmanager
def _beside(file: Path, *, private: bool) -> Iterator[tuple[Path, TextIO, Path]]:
    """A new file in the folder of the one that is meant, links followed; gone again where it is not put in place."""
    target = Path(os.path.realpath(file))
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear_away(target)
    beside, handle = _opened(target, 0o600 if private else 0o666)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            if not private and os.name != "nt" and target.is_file():
                os.fchmod(handle, stat.S_IMODE(target.stat().st_mode))
            yield beside, stream, target
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _opened(target: Path, mode: int) -> tuple[Path, int]:
    """A file of a name that is no one's, held by a lock for as long as it is open: so it is not cleared away."""
    for _ in range(TRIES):
        beside = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), mode)
        if _held(handle) and beside.exists():
            break
        os.close(handle)
    return beside, handle


def _clear_away(target: Path) -> None:
    """Remove what a run that was killed left beside the file: nobody holds it any more."""
    part = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.part")
    for path in target.parent.iterdir():
        if part.fullmatch(path.name):
            with suppress(OSError):
                handle = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
                try:
                    if _held(handle):
                        path.unlink()
                finally:
                    os.close(handle)


def _held(handle: int) -> bool:
    """Whether the lock of an open file is ours now. Windows needs none: what is open cannot be removed there."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a filesystem without locks
    return True


def _sync_names(folder: Path) -> None:
    """A file that was synced is found after a power cut only if its name was synced too; Windows has no such call."""
    if os.name == "nt":
        return
    with suppress(OSError):  # some filesystems cannot, and the file is there all the same
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """What the system says against it, as a FileError."""
    try:
        yield
    except OSError as error:
        raise FileError(
            f"cannot be written: {error.strerror}", where=str(file), advice="Name another file, or free the place."
        ) from error

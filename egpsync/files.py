"""Text in, a file on disk out: whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EISDIR
from pathlib import Path
from secrets import token_hex
from typing import TextIO

from egpsync.errors import FileError


def write_whole(file: Path, text: str, *, private: bool = False) -> None:
    """Write beside the file first, then put it in its place; `private` lets only its owner read it.

    A device or a pipe is written as it is: a file in the place of /dev/null would break the machine.
    Raises FileError; what stood there before then still does.
    """
    with _told(file):
        if _is_special(file):
            file.write_text(text, encoding="utf-8", newline="\n")
            return
        with _beside(file, private=private) as (beside, stream, target):
            stream.write(text)
            stream.close()
            beside.replace(target)


def add_to(file: Path, text: str) -> None:
    """Write behind what a file holds already. Raises FileError."""
    with _told(file), file.open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(text)


def size_of(file: Path) -> int:
    """Bytes that a file holds; 0 for one that is not there. Raises FileError."""
    with _told(file):
        return file.stat().st_size if file.exists() else 0


def try_whole(file: Path) -> None:
    """See that the file can be written, and remove what an earlier run left there. Raises FileError."""
    with _told(file):
        if _is_special(file):
            return
        with _beside(file, private=True) as (beside, _, target):
            if target.is_dir():
                raise IsADirectoryError(EISDIR, "it is a folder")
            beside.unlink()
            target.unlink(missing_ok=True)


def _is_special(file: Path) -> bool:
    """Whether it is there, and neither a file nor a folder."""
    return file.exists() and not file.is_file() and not file.is_dir()


@contextmanager
def _beside(file: Path, *, private: bool) -> Iterator[tuple[Path, TextIO, Path]]:
    """A new file in the folder of the one that is meant, links followed; gone again where anything fails."""
    target = Path(os.path.realpath(file))
    beside = target.with_name(f".{target.name}.{token_hex(4)}.part")
    mode = 0o600 if private else 0o666
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            yield beside, stream, target
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """What the system says against it, as a FileError."""
    try:
        yield
    except OSError as error:
        raise FileError(
            f"cannot be written: {error.strerror}", where=str(file), advice="Name another file, or free the place."
        ) from error

"""Text in, a file on disk out: whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EISDIR
from pathlib import Path
from typing import TextIO

from egpsync.errors import FileError


def write_whole(file: Path, text: str, *, private: bool = False) -> None:
    """Write beside the file first, then put it in its place; `private` lets only its owner read it.

    Raises FileError; what stood there before then still does.
    """
    with _beside(file, private=private) as (beside, stream):
        stream.write(text)
        stream.close()
        beside.replace(file)


def try_whole(file: Path) -> None:
    """See that the file could be written. Raises FileError; nothing is left behind."""
    with _beside(file, private=True) as (beside, _):
        if file.is_dir():
            raise IsADirectoryError(EISDIR, "it is a folder")
        beside.unlink()


@contextmanager
def _beside(file: Path, *, private: bool) -> Iterator[tuple[Path, TextIO]]:
    """A new file in the same folder, gone again where anything fails."""
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    mode = 0o600 if private else 0o666
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            yield beside, stream
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise FileError(
            f"cannot be written: {error.strerror}", where=str(file), advice="Name another file, or free the place."
        ) from error

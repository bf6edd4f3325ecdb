"""Text in, a file on disk out: whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from egpsync.errors import FileError


def write_whole(file: Path, text: str, *, private: bool = False) -> None:
    """Write beside the file first, then put it in its place; `private` lets only its owner read it.

    Raises FileError; what stood there before then still does.
    """
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    mode = 0o600 if private else 0o666
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        beside.replace(file)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise FileError(
            f"cannot be written: {error.strerror}", where=str(file), advice="Name another file, or free the place."
        ) from error

"""Paths as a user gives them in, the names and bytes of the files they mean out."""

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

STDIN = "-"
STDIN_NAME = "<stdin>"
PROJECT = "egpsync.yaml"
"""The project file's name, which is no manifest's."""

SUFFIXES = frozenset({".yaml", ".yml"})


class Found(NamedTuple):
    """One file's name as messages show it, and its bytes; a problem where there are none."""

    name: str
    data: bytes
    rule: str = ""  # the rule of the problem; "" where the file was read
    message: str = ""


def find(paths: Sequence[str], *, size: int, stdin: BinaryIO | None = None) -> tuple[Found, ...]:
    """Every file once, sorted by name: files, folders searched for *.yaml and *.yml, patterns, "-" for standard input.

    A path that begins with "!" leaves out what it means. `size` is the most bytes of one file. Hidden files and folders
    below a given one are left out, links to folders are not followed.
    """
    found: dict[object, Found] = {}
    left_out = {os.path.realpath(file) for path in paths if path.startswith("!") for file in _files(path[1:])}
    for path in (path for path in paths if not path.startswith("!")):
        if path == STDIN:
            found[STDIN] = _read_stream(stdin or sys.stdin.buffer, size)
            continue
        files = [file for file in _files(path) if os.path.realpath(file) not in left_out]
        if not files:
            found[path] = Found(path, b"", *_nothing_at(path))
        for file in files:
            key = os.path.realpath(file)
            if key not in found:
                found[key] = _read(file, size)
    return tuple(sorted(found.values()))


def _files(path: str) -> Iterator[Path]:
    if os.path.lexists(path):
        yield from _expanded(Path(path))
        return
    for match in sorted(glob.glob(path, recursive=True)):  # noqa: PTH207 - Path.glob takes no absolute patterns
        yield from _expanded(Path(match))


def _expanded(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if Path(name).suffix in SUFFIXES and not name.startswith(".") and name != PROJECT:
                yield Path(folder, name)


def _nothing_at(path: str) -> tuple[str, str]:
    if Path(path).is_dir():
        return "no-manifests", "the folder holds no .yaml or .yml file"
    pattern = any(sign in path for sign in "*?[")
    return "no-such-path", "the pattern matches no file" if pattern else "there is no such file or folder"


def _read(file: Path, size: int) -> Found:
    name = _name(file)
    try:
        with file.open("rb") as stream:
            return _within(name, stream.read(size + 1), size)
    except OSError as error:
        return Found(name, b"", "unreadable-file", f"the file cannot be read: {error.strerror or error}")


def _read_stream(stream: BinaryIO, size: int) -> Found:
    return _within(STDIN_NAME, stream.read(size + 1), size)


def _within(name: str, data: bytes, size: int) -> Found:
    if len(data) <= size:
        return Found(name, data)
    return Found(name, b"", "file-size", f"the file is larger than {size:,} bytes; split it into several files")


def _name(file: Path) -> str:
    """The file as given, but relative to the working directory where it lies below it."""
    absolute = Path(os.path.normpath(file.absolute()))
    here = Path.cwd()
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else file).as_posix()

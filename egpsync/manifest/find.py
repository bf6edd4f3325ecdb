"""Paths as a user gives them in, the names and bytes of the files they mean out."""

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO, NamedTuple

from egpsync.errors import FileError

STDIN = "-"
STDIN_NAME = "<stdin>"
LEAVES_OUT = "!"
"""Begins a pattern whose files are left out."""

PROJECT = "egpsync.yaml"
"""The project file's name, which is no manifest's."""

SUFFIXES = frozenset({".yaml", ".yml"})
MAGIC = frozenset("*?[")
SIZE = 64 * 1024 * 1024
"""Bytes of one file: 10,000 models take about 7 MiB."""


class Found(NamedTuple):
    """One file's name as messages show it, and its bytes; a problem where there are none."""

    name: str
    data: bytes
    rule: str = ""  # the rule of the problem; "" where the file was read
    message: str = ""


def find(paths: Sequence[str], *, size: int = SIZE, stdin: BinaryIO | None = None) -> tuple[Found, ...]:
    """Every file once, sorted by name: files, folders searched for YAML, patterns, "-" for standard input.

    Below a folder or a pattern hidden files are left out, links to folders are not followed, and a file must lie where
    it is found, links included. A path that begins with "!" leaves out what it matches. Raises FileError where a path
    leads to nothing.
    """
    patterns = [path.removeprefix(LEAVES_OUT) for path in paths if path.startswith(LEAVES_OUT)]
    left_out = {os.path.realpath(met.file) for pattern in patterns for met in _files(pattern)}
    wanted = [path for path in paths if not path.startswith(LEAVES_OUT)]
    _check_there(wanted)
    found: dict[object, Found] = {}
    for path in wanted:
        if path == STDIN:
            found[STDIN] = _within(STDIN_NAME, (stdin or sys.stdin.buffer).read(size + 1), size)
            continue
        files = list(_files(path))
        if not files:
            found[path] = Found(_printable(path), b"", "no-manifests", "the folder holds no .yaml or .yml file")
        for file, rule, message in files:
            key = os.path.realpath(file)
            if key not in found and key not in left_out:
                found[key] = Found(_name(file), b"", rule, message) if rule else _read(file, size)
    return tuple(sorted(found.values()))


class _Met(NamedTuple):
    """A file that was met, and why it is not to be read."""

    file: Path
    rule: str = ""
    message: str = ""


def _check_there(paths: Sequence[str]) -> None:
    missing = [path for path in paths if path != STDIN and not _leads_somewhere(path)]
    if missing:
        what = "the pattern matches no file" if MAGIC & set(missing[0]) else "there is no such file or folder"
        more = f" (and {len(missing) - 1} more of the paths lead nowhere)" if missing[1:] else ""
        advice = "Paths are files, folders and patterns, seen from the working folder."
        raise FileError(what + more, where=_printable(missing[0]), advice=advice)


def _leads_somewhere(path: str) -> bool:
    return os.path.lexists(path) or any(True for _ in _matches(path))


def _files(path: str) -> Iterator[_Met]:
    if not os.path.lexists(path):
        top = _literal(path)
        for match in _matches(path):
            if not match.is_dir():
                yield _held(match, top)
            elif not match.is_symlink():
                yield from _below(match, top)
    elif Path(path).is_dir():
        yield from _below(Path(path), Path(path))
    else:
        yield _Met(Path(path))


def _below(folder: Path, top: Path) -> Iterator[_Met]:
    """The YAML files in the folder and in those below it; `top` is the folder that they must not lead out of."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith(".") and name != PROJECT:
                yield _held(Path(place, name), top)


def _held(file: Path, top: Path) -> _Met:
    """The file, where its real path lies below `top` and in the repository that `top` stands in."""
    real = Path(os.path.realpath(file))
    repository = repository_of(top)
    bounds = [Path(os.path.realpath(bound)) for bound in (top, repository) if bound is not None]
    if all(real.is_relative_to(bound) for bound in bounds):
        return _Met(file)
    out = "the folder" if not real.is_relative_to(bounds[0]) else "the repository"
    return _Met(file, "link-outside", f"the link leads out of {out}, so that it is not read")


def repository_of(path: Path) -> Path | None:
    """The folder at or above `path` that git keeps; None outside of any."""
    here = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as they are: where they lead is what is judged
    return next((folder for folder in (here, *here.parents) if os.path.lexists(folder / ".git")), None)


def _literal(pattern: str) -> Path:
    """The folder that the pattern begins with."""
    parts = Path(pattern).parts
    return Path(*parts[: next((at for at, part in enumerate(parts) if MAGIC & set(part)), len(parts))])


def _matches(pattern: str) -> Iterator[Path]:
    """What the pattern matches; ** stands for folders at any depth, none of them a link."""
    top = _literal(pattern)
    parts = Path(pattern).parts[len(top.parts) :]
    yield from _matching(top, parts, set()) if parts else ()


def _matching(folder: Path, parts: Sequence[str], seen: set[tuple[Path, int]]) -> Iterator[Path]:
    if (folder, len(parts)) in seen:
        return
    seen.add((folder, len(parts)))
    head, rest = parts[0], parts[1:]
    if head == "**" and not rest:
        yield folder
        return
    if head == "**":
        yield from _matching(folder, rest, seen)
    for name, is_folder in _entries(folder):
        hidden = name.startswith(".") and not head.startswith(".")
        if hidden or not (head == "**" or fnmatchcase(name, head)):
            continue
        if head == "**" or rest:
            if is_folder:
                yield from _matching(folder / name, parts if head == "**" else rest, seen)
        else:
            yield folder / name


def _entries(folder: Path) -> list[tuple[str, bool]]:
    """Names in the folder, sorted, each with whether it is a folder itself; none where it cannot be opened."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except OSError:
        return []


def _read(file: Path, size: int) -> Found:
    """A regular file's bytes; opened in a way that waits for nobody, as a fifo's reader would."""
    name = _name(file)
    try:
        opened = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
        with os.fdopen(opened, "rb") as stream:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                return Found(name, b"", "unreadable-file", "this is no regular file")
            return _within(name, stream.read(size + 1), size)
    except OSError as error:
        return Found(name, b"", "unreadable-file", f"the file cannot be read: {error.strerror or error}")


def _within(name: str, data: bytes, size: int) -> Found:
    if len(data) <= size:
        return Found(name, data)
    return Found(name, b"", "file-size", f"the file is larger than {size:,} bytes; split it into several files")


def _name(file: Path) -> str:
    """The file as given, but relative to the working directory where it lies below it."""
    absolute = Path(os.path.normpath(file.absolute()))
    here = Path.cwd()
    return _printable((absolute.relative_to(here) if absolute.is_relative_to(here) else file).as_posix())


def _printable(name: str) -> str:
    """The name, with escapes for bytes that are no UTF-8."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")

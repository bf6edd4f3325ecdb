"""The files that a command writes and those that it reads in; which of them are the same file, out."""

import os
from collections.abc import Iterable, Iterator, Mapping
from glob import glob, has_magic
from pathlib import Path
from typing import Any

from egpsync.errors import UsageError
from egpsync.settings import Settings

FILES = ("api_key_file", "project_file", "saved", "check", "file", "since")
"""Parameters that name a file that is read."""

MANIFESTS = frozenset({".yaml", ".yml"})


def refuse_collisions(written: Iterable[str], chosen: Mapping[str, Any], settings: Settings | None) -> None:
    """Raise UsageError where two outputs are one file, or one is something that is read."""
    seen: dict[str, str] = {}
    inputs = list(inputs_of(chosen, settings))
    for file in written:
        if file == "-":
            raise UsageError("- names no file to write", advice="What --format says is written to stdout.")
        if Path(file).exists() and not Path(file).is_file():
            continue  # a device, or a folder, which is told when it is to be written
        if (other := seen.setdefault(os.path.realpath(file), file)) is not file:
            raise UsageError(f"{other} and {file} are one file, and both are to be written")
        if is_read(file, inputs):
            raise UsageError(f"{file} is read, and cannot be written too", advice="Nothing was written or sent.")


def inputs_of(chosen: Mapping[str, Any], settings: Settings | None) -> Iterator[str]:
    """What the command reads: files, folders, patterns."""
    yield from chosen.get("paths") or (settings.manifests if settings and settings.manifests else ("configs/models",))
    yield from (str(chosen[name]) for name in FILES if chosen.get(name))
    if settings is not None:
        yield settings.key_from
        if settings.project is not None:
            yield settings.project.file


def is_read(file: str, inputs: Iterable[str]) -> bool:
    """Whether the file is there and is one of the inputs, or a manifest below one; a device is none."""
    path = Path(file)
    return path.is_file() and any(_holds(name, path) for name in inputs if not name.startswith("!"))


def _holds(name: str, path: Path) -> bool:
    found = glob(name, recursive=True) if has_magic(name) and not Path(name).exists() else [name]  # noqa: PTH207 - as find
    real = Path(os.path.realpath(path))
    return any(
        real == Path(os.path.realpath(one))
        or (path.suffix in MANIFESTS and Path(one).is_dir() and real.is_relative_to(os.path.realpath(one)))
        for one in found
    )

"""The name of a schema in, the schema as a dict out: from the installed package, else from the checkout beside it."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from egpsync.errors import FileError

PACKAGE = Path(__file__).resolve().parent.parent
FOLDERS = (PACKAGE / "schemas", PACKAGE.parent / "schemas")
"""A wheel carries the schemas inside the package; a checkout and an editable install have them beside it."""


@cache
def load(name: str) -> Mapping[str, Any]:
    """The schema of that file name, such as "manifest.schema.json"; a FileError where it is missing or damaged."""
    return load_from(name, FOLDERS)


def load_from(name: str, folders: tuple[Path, ...]) -> Mapping[str, Any]:
    """The schema from the first of the folders that has it."""
    file, text = _read(name, folders)
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise _damaged(file, str(error)) from error
    if not isinstance(schema, dict):
        raise _damaged(file, "it is not a JSON object")
    return schema


def schema_text(name: str) -> str:
    """The schema's file as it is, for printing."""
    return _read(name, FOLDERS)[1]


def _read(name: str, folders: tuple[Path, ...]) -> tuple[Path, str]:
    file = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if file is None:
        raise FileError(
            f"the schema {name} is missing; it was looked for in {' and in '.join(map(str, folders))}",
            advice="Install egpsync again: its files are incomplete.",
        )
    try:
        return file, file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _damaged(file, str(error)) from error


def _damaged(file: Path, why: str) -> FileError:
    advice = "Install egpsync again: its files are damaged."
    return FileError(f"the schema cannot be read: {why}", where=str(file), advice=advice)

"""Flags and the environment in, one frozen Settings out; the only reader of the environment.

Order: flag, then environment, then default.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from egpsync.errors import FileError, UsageError
from egpsync.settings.kinds import is_word
from egpsync.settings.rows import ROWS, Row, Settings

KEY_VARIABLES = ("SGP_API_KEY", "EGP_API_KEY")


def load_settings(flags: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `flags` (None where a flag is not given), then `environ`, then defaults. Raises UsageError."""
    values = {row.name: _value(row, flags.get(row.name), environ) for row in ROWS}
    values["state_dir"] = values["state_dir"] or _state_dir(environ)
    return Settings(**values, api_key=_api_key(values["api_key_file"], environ))


def wants_color(choice: str, *, terminal: bool, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream gets colour: the flag, NO_COLOR, FORCE_COLOR, TERM=dumb, then whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return terminal and environ.get("TERM") != "dumb"


def _value(row: Row, flag: Any, environ: Mapping[str, str]) -> Any:
    if flag is not None:
        return _converted(row, str(flag), row.place)
    variable = next((variable for variable in row.variables if environ.get(variable)), None)
    return row.default if variable is None else _converted(row, environ[variable], variable)


def _converted(row: Row, text: str, where: str) -> Any:
    try:
        return row.kind.convert(text)
    except ValueError as error:
        raise UsageError(f"{text!r} cannot be used: {error}", where=where) from error


def _api_key(file: str | None, environ: Mapping[str, str]) -> str | None:
    if file is not None:
        try:
            key = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise FileError("the API key cannot be read from it", where=file, advice=str(error)) from error
        return _usable_key(key, file)
    variable = next((name for name in KEY_VARIABLES if environ.get(name)), None)
    return _usable_key(environ[variable].strip(), variable) if variable else None


def _usable_key(key: str, where: str) -> str:
    if not is_word(key):
        raise UsageError("holds no API key: one word of printable ASCII is expected", where=where)
    return key


def _state_dir(environ: Mapping[str, str]) -> str | None:
    """As the XDG Base Directory Specification has it, for state that outlives a run; None where there is no home."""
    try:
        return str(Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "egpsync")
    except RuntimeError:
        return None

"""Flags and the environment in, one frozen Settings out; the only reader of the environment.

Order: flag, then environment, then default. Each setting is a line of the table below.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from egpsync.errors import FileError, UsageError

PRODUCTION = "https://api.egp.scale.com"
"""The default of the official client, scale-gp-beta (`production`)."""

KEY_VARIABLES = ("SGP_API_KEY", "EGP_API_KEY")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run is told from outside. Times are in seconds."""

    base_url: str  # without a trailing slash; may carry a path
    account_id: str | None
    api_key: str | None = field(repr=False)
    parallelism: int
    request_timeout: float  # for connecting, and between two bytes of an answer
    wait: bool  # follow deployments to their end
    timeout: float  # for one deployment
    poll: float  # until a deployment is first looked at
    max_redeploys: int  # deployments in flight
    canaries: int
    max_failures: int | None
    limit_percent: int
    limit_count: int
    expected_base_url: str | None
    expected_account_id: str | None
    state_dir: str  # where runs are journaled
    plan_max_age: float  # of a saved plan


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """Where one setting comes from."""

    variables: tuple[str, ...]  # the first that is set and not empty counts
    default: Any
    convert: Callable[[str], Any]


def load_settings(flags: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `flags` (None where a flag is not given), then `environ`, then defaults. Raises UsageError."""
    values = {name: _value(name, flags.get(name), environ) for name in SETTINGS}
    values["state_dir"] = values["state_dir"] or _state_dir(environ)
    return Settings(**values, api_key=_api_key(flags.get("api_key_file"), environ))


def wants_color(choice: str, *, terminal: bool, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream gets colour: the flag, NO_COLOR, FORCE_COLOR, TERM=dumb, then whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return terminal and environ.get("TERM") != "dumb"


def _value(name: str, flag: Any, environ: Mapping[str, str]) -> Any:
    setting = SETTINGS[name]
    if flag is not None:
        return _converted(setting, str(flag), name.replace("_", " "))
    variable = next((variable for variable in setting.variables if environ.get(variable)), None)
    return setting.default if variable is None else _converted(setting, environ[variable], variable)


def _converted(setting: _Setting, text: str, where: str) -> Any:
    try:
        return setting.convert(text)
    except ValueError as error:
        raise UsageError(f"{text!r} cannot be used: {error}", where=where) from error


def _url(text: str) -> str:
    """An absolute URL that carries nothing but where the API is: https, or http on this machine."""
    if not {"@", "?", "#"}.isdisjoint(text):
        raise UsageError("credentials, query and fragment have no place in it", where="base URL")
    try:
        parts = urlsplit(text.rstrip("/"))
        scheme, host, usable = parts.scheme, parts.hostname, parts.port != 0 and _is_word(text)
    except ValueError:  # a port that is no number, or half an IPv6 address
        scheme, host, usable = "", None, False
    if scheme not in ("http", "https") or not host or not usable:
        raise UsageError(f"{text!r} is no http(s) URL", where="base URL", advice=f"Give one like {PRODUCTION}.")
    if text.rstrip("/").endswith("/v5"):
        raise UsageError("/v5 has no place in it: egpsync adds it to each request", where="base URL")
    if scheme == "http" and not _is_loopback(host):
        advice = "Use https: over http the API key would travel in the clear. Only this machine itself may be http."
        raise UsageError(f"{text!r} is not https", where="base URL", advice=advice)
    return text.rstrip("/")


def _account(text: str) -> str:
    """An account id, which travels as a header."""
    if not _is_word(text):
        raise ValueError("one word of printable ASCII is expected")
    return text


def _is_word(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _api_key(file: str | None, environ: Mapping[str, str]) -> str | None:
    file = file or environ.get("EGPSYNC_API_KEY_FILE") or None
    if file is not None:
        try:
            key = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise FileError("the API key cannot be read from it", where=file, advice=str(error)) from error
        return _usable_key(key, file)
    variable = next((name for name in KEY_VARIABLES if environ.get(name)), None)
    return _usable_key(environ[variable].strip(), variable) if variable else None


def _state_dir(environ: Mapping[str, str]) -> str:
    """As the XDG Base Directory Specification has it, for state that outlives a run."""
    try:
        return str(Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "egpsync")
    except RuntimeError as error:  # a user without a name, as some containers have
        raise UsageError(
            "this user has no home folder to journal runs in", advice="Name a folder in EGPSYNC_STATE_DIR."
        ) from error


def _usable_key(key: str, where: str) -> str:
    if not _is_word(key):
        raise UsageError("holds no API key: one word of printable ASCII is expected", where=where)
    return key


def _number(kind: Callable[[str], T], least: float) -> Callable[[str], T]:
    def convert(text: str) -> T:
        try:
            number = kind(text)
        except ValueError:
            raise ValueError("a number is expected") from None
        if not least <= float(number) < float("inf"):  # type: ignore[arg-type]
            raise ValueError(f"a number of at least {least:g} is expected")
        return number

    return convert


def _flag(text: str) -> bool:
    match text.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
        case _:
            raise ValueError("true or false is expected")


SETTINGS: Mapping[str, _Setting] = {
    "base_url": _Setting(variables=("SGP_CLIENT_BASE_URL", "EGP_ENDPOINT_URL"), default=PRODUCTION, convert=_url),
    "account_id": _Setting(variables=("SGP_ACCOUNT_ID", "EGP_ACCOUNT_ID"), default=None, convert=_account),
    "parallelism": _Setting(variables=("EGPSYNC_PARALLELISM",), default=8, convert=_number(int, 1)),
    "request_timeout": _Setting(variables=("EGPSYNC_REQUEST_TIMEOUT",), default=60.0, convert=_number(float, 0.001)),
    "wait": _Setting(variables=("EGPSYNC_WAIT",), default=True, convert=_flag),
    "timeout": _Setting(variables=("EGPSYNC_TIMEOUT",), default=2700.0, convert=_number(float, 0)),
    "poll": _Setting(variables=("EGPSYNC_POLL",), default=1.0, convert=_number(float, 0.001)),
    "max_redeploys": _Setting(variables=("EGPSYNC_MAX_REDEPLOYS",), default=8, convert=_number(int, 1)),
    "canaries": _Setting(variables=("EGPSYNC_CANARIES",), default=0, convert=_number(int, 0)),
    "max_failures": _Setting(variables=("EGPSYNC_MAX_FAILURES",), default=None, convert=_number(int, 1)),
    "limit_percent": _Setting(variables=("EGPSYNC_LIMIT_PERCENT",), default=30, convert=_number(int, 0)),
    "limit_count": _Setting(variables=("EGPSYNC_LIMIT_COUNT",), default=20, convert=_number(int, 0)),
    "expected_base_url": _Setting(variables=("EGPSYNC_EXPECT_BASE_URL",), default=None, convert=_url),
    "expected_account_id": _Setting(variables=("EGPSYNC_EXPECT_ACCOUNT_ID",), default=None, convert=_account),
    "plan_max_age": _Setting(variables=("EGPSYNC_PLAN_MAX_AGE",), default=86400.0, convert=_number(float, 0)),
    "state_dir": _Setting(variables=("EGPSYNC_STATE_DIR",), default=None, convert=str),
}
"""Every setting but the key: the environment variables it is read from, and its default."""

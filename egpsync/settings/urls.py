"""A URL as a person writes it in, the one spelling of it that is used and compared out."""

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from egpsync.errors import UsageError

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

PRODUCTION = "https://api.egp.scale.com"
"""The default of the official client, scale-gp-beta (`production`)."""

DEFAULT_PORTS = {"http": 80, "https": 443}
NAME = re.compile(r"[A-Za-z0-9._-]+")
ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
"""What means the same escaped and as itself (RFC 3986, 2.3)."""

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def base_url(text: str) -> str:
    """An absolute URL that carries nothing but where the API is: https, or http on this machine.

    Scheme and host in lower case; without the scheme's own port, dot segments, and slashes at the end (RFC 3986,
    6.2.2 and 6.2.3). Raises UsageError, which repeats no credentials.
    """
    if not {"@", "?", "#"}.isdisjoint(text):
        raise UsageError("credentials, query and fragment have no place in it", where="base URL")
    parts = _split(text)
    if parts is None:
        raise UsageError(f"{text!r} is no http(s) URL", where="base URL", advice=f"Give one like {PRODUCTION}.")
    url = _spelt(parts.scheme, parts.hostname or "", parts.port, _path(parts.path))
    if url.endswith("/v5"):
        raise UsageError("/v5 has no place in it: egpsync adds it to each request", where="base URL")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        advice = "Use https: over http the API key would travel in the clear. Only this machine itself may be http."
        raise UsageError(f"{text!r} is not https", where="base URL", advice=advice)
    return url


def identity_of(url: str) -> str:
    """What all spellings of one place share, the names of this machine too: for what is kept by place, such as locks.

    Not for sending: a server can listen on one of these names alone.
    """
    parts = urlsplit(url)
    host = "localhost" if parts.hostname in THIS_MACHINE else parts.hostname or ""
    return _spelt(parts.scheme, host, parts.port, parts.path)


def is_loopback(host: str) -> bool:
    """Whether the host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return _address(host).is_loopback
    except ValueError:
        return False


def _address(host: str) -> "IPv4Address | IPv6Address":
    """Raises ValueError where it is a name."""
    from ipaddress import ip_address  # noqa: PLC0415 - most hosts are names

    return ip_address(host)


def _split(text: str) -> SplitResult | None:
    """The URL's parts, where it has the parts of one that can be asked."""
    if not text.isascii() or not text.isprintable() or not {" ", "\\"}.isdisjoint(text):
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in DEFAULT_PORTS and parts.port != 0 and _is_host(parts)
    except ValueError:  # a port that is no number, or half an IPv6 address
        return None
    return parts if usable else None


def _is_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if "[" not in parts.netloc:
        return NAME.fullmatch(host) is not None and host.strip(".") != ""
    _address(host)  # raises ValueError
    return "%" not in host


def _spelt(scheme: str, host: str, port: int | None, path: str) -> str:
    host = f"[{_address(host).compressed}]" if ":" in host else host.rstrip(".")
    shown = "" if port in (None, DEFAULT_PORTS[scheme]) else f":{port}"
    return f"{scheme}://{host}{shown}{path}"


def _path(path: str) -> str:
    """The path without escapes that need not be, dot segments, and slashes at its end."""
    kept: list[str] = []
    for segment in ESCAPE.sub(_unescaped, path).split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "".join(f"/{segment}" for segment in kept).rstrip("/")


def _unescaped(escape: re.Match[str]) -> str:
    sign = chr(int(escape[1], 16))
    return sign if sign in UNRESERVED else escape[0].upper()

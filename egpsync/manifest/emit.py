"""JSON values in, lines of YAML out that readers of YAML 1.1 and of 1.2 take for the very same values."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from egpsync.model.text import UNSEEN
from egpsync.model.values import Json, Path

Comments = Mapping[Path, Sequence[str]]
"""Remarks to stand at the end of the mapping at a path."""

WIDEST_FLOW = 88  # a list of scalars up to so many characters stands on one line
WIDEST_COMMENT = 100
LONGEST_KEY = 500  # a longer one is written with "?": parsers look only 1024 characters ahead for its colon

_INSIDE_PLAIN = r"[\w/.+@%=~^$()-]"
_FIRST_OF_PLAIN = r"(?=.*[A-Za-z0-9])(?:[\w/.~]|-(?=\S))"
_PLAIN_ANYWHERE = re.compile(rf"{_FIRST_OF_PLAIN}{_INSIDE_PLAIN}*", re.ASCII)
_PLAIN_VALUE = re.compile(rf"{_FIRST_OF_PLAIN}(?:{_INSIDE_PLAIN}|[,'\";!?&*<>|]|:(?=[\w/])| (?=[\w/.(+-]))*", re.ASCII)
_OTHER_THAN_TEXT = re.compile(
    r"null|true|false|yes|no|on|off|y|n|[-+]?\.(?:inf|nan)"
    r"|[-+]?\.?[0-9](?:[0-9_.,:+\-etz ]*|[box][0-9a-f_]+)",  # whatever could be a number, a time or a date
    re.IGNORECASE,
)
"""What some reader, though not each, takes for something else than text."""

_SHORT_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def emit(value: Json, comments: Comments | None = None) -> list[str]:
    """The value as lines of block style, without a line break at their ends.

    Numbers are finite, keys and text hold no lone surrogates. Mappings keep their order.
    """
    head, body = _node(value, (), comments or {})
    return [head, *body] if head else body


def one_line(text: str) -> str:
    """Text as a plain or a double-quoted scalar that can stand anywhere, comments included."""
    return text if _PLAIN_ANYWHERE.fullmatch(text) and not _OTHER_THAN_TEXT.fullmatch(text) else _quoted(text)


def comment(text: str) -> list[str]:
    """Text of one line as comment lines."""
    lines = textwrap.wrap(text, WIDEST_COMMENT, break_long_words=False, break_on_hyphens=False)
    return [f"# {line}" for line in lines]


def _node(value: Json, path: Path, comments: Comments) -> tuple[str, list[str]]:
    """What follows the key on its line, and the lines below it, not indented yet."""
    match value:
        case Mapping() if value:
            return "", list(_pairs(value, path, comments))
        case Mapping():
            return "{}", []
        case list() | tuple():
            return _list(value)
        case str() if _is_literal(value):
            return ("|" if value.endswith("\n") else "|-"), value.removesuffix("\n").split("\n")
        case str():
            plain = _PLAIN_VALUE.fullmatch(value) and not _OTHER_THAN_TEXT.fullmatch(value)
            return value if plain else _quoted(value), []
        case _:
            return _word(value), []


def _pairs(value: Mapping[str, Json], path: Path, comments: Comments) -> Iterator[str]:
    for key, item in value.items():
        head, body = _node(item, (*path, key), comments)
        name = one_line(key)
        if len(name) > LONGEST_KEY:
            yield f"? {name}"
            name = ""
        yield f"{name}: {head}".rstrip()
        yield from map(_indented, body)
    for text in comments.get(path, ()):
        yield from comment(text)


def _list(items: Sequence[Json]) -> tuple[str, list[str]]:
    """On one line where that is short and plain to read, else an item a line."""
    if all(isinstance(item, str | int | float | None) and "\n" not in str(item) for item in items):
        flow = ", ".join(one_line(item) if isinstance(item, str) else _word(item) for item in items)
        if len(flow) <= WIDEST_FLOW:
            return f"[{flow}]", []
    return "", [line for item in items for line in _item(item)]


def _item(value: Json) -> Iterator[str]:
    head, body = _node(value, (), {})
    first, rest = (head, body) if head else (body[0], body[1:])
    yield f"- {first}"
    yield from map(_indented, rest)


def _indented(line: str) -> str:
    return f"  {line}" if line else ""


def _is_literal(text: str) -> bool:
    """Whether text of several lines can stand as it is: nothing at its ends or line ends that editors take away."""
    lines = text.removesuffix("\n").split("\n")
    return (
        "\n" in text
        and all(line == line.rstrip() and _is_seen(line.replace("\t", "")) for line in lines)
        and lines[0][:1] not in {"", " ", "\t"}
        and lines[-1] != ""
    )


def _is_seen(text: str) -> bool:
    return text.isprintable() and UNSEEN.isdisjoint(text)


def _quoted(text: str) -> str:
    return '"' + "".join(_escaped(sign) for sign in text) + '"'


def _escaped(sign: str) -> str:
    if sign in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[sign]
    if _is_seen(sign):
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _word(value: Json) -> str:
    """A number, a boolean or null; YAML 1.1 wants a point in every float."""
    text = json.dumps(value)
    return text.replace("e", ".0e") if isinstance(value, float) and "." not in text else text

"""Text, or a value of the project file, in; a setting's value of its type out, or a ValueError that says what fits."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from egpsync.settings.urls import base_url
from egpsync.value import Value


class Kind(Value, frozen=True, kw_only=True):
    """What values a setting takes."""

    convert: Callable[[Any], Any]  # of text, or of a value of the project file; raises ValueError with what is expected
    metavar: str  # stands for the value in --help
    expects: str  # for the docs' table


def whole(least: int, metavar: str = "COUNT") -> Kind:
    """A whole number."""
    return Kind(convert=_number(int, least), metavar=metavar, expects=f"a whole number from {least}")


def seconds(least: float = 0.001) -> Kind:
    """A time."""
    return Kind(convert=_number(float, least), metavar="SECONDS", expects=f"seconds from {least:g}")


def is_word(text: str) -> bool:
    """Whether it can travel as a header: one word of printable ASCII."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _number(kind: Callable[[str], float], least: float) -> Callable[[Any], float]:
    def convert(text: Any) -> float:
        try:
            number = kind(str(text))
        except ValueError:
            raise ValueError("a number is expected") from None
        if not (math.isfinite(number) and number >= least):
            raise ValueError(f"a number of at least {least:g} is expected")
        return number

    return convert


def _account(text: str) -> str:
    if not is_word(text):
        raise ValueError("one word of printable ASCII is expected")
    return text


def _flag(text: Any) -> bool:
    match str(text).lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
        case _:
            raise ValueError("true or false is expected")


def _maps(value: str | Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The word of each map; "*" is for all."""
    if isinstance(value, str):
        pairs = [pair.partition("=") for pair in value.split(",")]
        words = {name if equals else "*": word if equals else name for name, equals, word in pairs}
    else:
        words = dict(value)
    if not all(words) or not set(words.values()) <= {"merge", "replace"}:
        raise ValueError("merge or replace is expected, or NAME=merge and NAME=replace")
    return tuple(sorted(words.items()))


URL = Kind(convert=base_url, metavar="URL", expects="an https URL")
ACCOUNT = Kind(convert=_account, metavar="ID", expects="one word")
NAME = Kind(convert=str, metavar="NAME", expects="a name")
MAPS = Kind(convert=_maps, metavar="WORD", expects="`merge` or `replace`, or a map of them")
YES_NO = Kind(convert=_flag, metavar="BOOLEAN", expects="true or false")
FILE = Kind(convert=str, metavar="FILE", expects="a file")
FOLDER = Kind(convert=str, metavar="FOLDER", expects="a folder")

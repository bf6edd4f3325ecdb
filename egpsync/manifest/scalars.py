"""A scalar's text in, its value under the core schema of YAML 1.2 out; what only YAML 1.1 knows stays text."""

import math
import re

from egpsync.model.values import Json

MOST_DIGITS = 400
"""Digits of a number, in whatever notation: more than any field takes, and little enough for every reader."""

TOO_MUCH = 10**MOST_DIGITS
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NUMBER = re.compile(
    r"(?P<int>[-+]?(?:0|[1-9][0-9]*))"  # 0123 stays text: people mean the digits
    r"|0o(?P<octal>[0-7]+)|0x(?P<hex>[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<special>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_TAG = "tag:yaml.org,2002:"
TYPES = {f"{_TAG}int": int, f"{_TAG}float": float, f"{_TAG}bool": bool, f"{_TAG}null": type(None), f"{_TAG}str": str}
"""The tags that a scalar can carry, and what they make of it."""


class NumberRangeError(ValueError):
    """A number that JSON cannot hold."""


def plain(text: str) -> Json:
    """The value of a scalar without quotes; NumberRangeError where it is an infinite, undefined or endless number."""
    if text in NULLS:
        return None
    if text in BOOLS:
        return BOOLS[text]
    number = _NUMBER.fullmatch(text)
    return text if number is None else _number(number)


def tagged(text: str, tag: str) -> Json:
    """The value of a scalar with one of the tags in TYPES; ValueError where its text is no such value."""
    kind = TYPES[tag]
    if kind is str:
        return text
    value = plain(text)
    if kind is float and type(value) is int:
        return _finite(text)
    if type(value) is not kind:
        raise ValueError(text)
    return value


def _number(match: re.Match[str]) -> int | float:
    if len(match[0]) > MOST_DIGITS + 1:  # with a sign
        raise NumberRangeError
    match match.lastgroup:
        case "int":
            return _bounded(int(match["int"]))
        case "octal":
            return _bounded(int(match["octal"], 8))
        case "hex":
            return _bounded(int(match["hex"], 16))
        case "float":
            return _finite(match["float"])
        case _:
            raise NumberRangeError


def _bounded(value: int) -> int:
    if abs(value) >= TOO_MUCH:
        raise NumberRangeError
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise NumberRangeError
    return value

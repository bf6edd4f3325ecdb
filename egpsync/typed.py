"""JSON text in, values of declared types out, and back: the one door to msgspec.

What files say is checked once, here: a value of another type, a missing part, a number without end or nesting without
end is a Misfit that says where, never a traceback further down. Parts that are not known are passed over.
"""

import json
import math
import re
from typing import Any, TypeVar

from egpsync.model.values import Json

T = TypeVar("T")
DEEPEST = 100  # levels: a manifest's 64, and what encloses a request's body in a report
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
LONGEST_NUMBER = 400  # characters: a float's range in digits, and more


class Misfit(ValueError):
    """The text is no JSON, or a part of it is not what it should be: what, and where."""


def read_json(text: str) -> Json:
    """The value that the text is. Raises Misfit."""
    try:
        value = json.loads(text, parse_constant=_refused, parse_int=_integer, parse_float=_number)
    except Misfit:
        raise
    except (ValueError, RecursionError) as error:
        raise Misfit("it is no JSON, or cut short") from error
    _check_depth(value)
    return value


def fit(value: Json, kind: type[T]) -> T:
    """The value as one of the declared type; nothing is coerced. Raises Misfit."""
    from msgspec import ValidationError, convert  # noqa: PLC0415 - 11 ms, for those alone who read or write JSON

    try:
        return convert(value, kind, strict=True)
    except ValidationError as error:
        raise Misfit(str(error)) from error
    except UnicodeEncodeError as error:
        raise Misfit("a word in it holds half of a character") from error


def plain(value: Any) -> Json:
    """A value of a declared type as what JSON is written from."""
    from msgspec import to_builtins  # noqa: PLC0415 - as above

    return to_builtins(value)


def write_pretty(value: Json) -> str:
    """The value over many lines, keys sorted, ASCII alone; the same text for the same value."""
    from msgspec import json as fast  # noqa: PLC0415 - as above; json.dumps with an indent takes ten times as long

    try:
        text = fast.format(fast.encode(value, order="sorted"), indent=2).decode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can escape and UTF-8 cannot hold
        return json.dumps(value, sort_keys=True, indent=2, allow_nan=False)
    return text if text.isascii() else _NOT_ASCII.sub(_escaped, text)


def write_json(value: Json) -> str:
    """The value on one line."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found.group())[1:-1]


def _check_depth(value: Json) -> None:
    level, containers = 0, [value] if isinstance(value, dict | list) else []
    while containers:
        level += 1
        if level > DEEPEST:
            raise Misfit(f"it is nested more than {DEEPEST} levels deep")
        inner: list[Json] = []
        for container in containers:
            items = container.values() if isinstance(container, dict) else container
            inner += [item for item in items if isinstance(item, dict | list)]
        containers = inner


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise Misfit(f"a number of {len(text)} digits stands in it")
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Misfit("a number without end stands in it")
    return number


def _refused(text: str) -> float:
    raise Misfit(f"{text} stands in it, which is not JSON")

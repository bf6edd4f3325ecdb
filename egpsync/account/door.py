"""What the server says of one model in, why it cannot be worked with out: checked once, at the door.

Behind it nobody needs to ask whether a map is a map, whether text can be written, or whether a value has an end.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from egpsync.model.values import Json, is_map, value_at

DEEPEST = 64  # levels of maps and lists, as in manifests
LONGEST_NUMBER = 400  # digits, as in manifests
CONFIGURATION = "vendor_configuration"
MAPS = (("model_metadata",), (CONFIGURATION,), (CONFIGURATION, "model_image"), (CONFIGURATION, "model_infra"))
BROKEN = "it holds text that is no Unicode"
TEXTS = ("name", "model_vendor", "model_type", "status", "status_reason")


class EndlessNumber(str):
    """Stands for an integer of more digits than anybody means."""

    __slots__ = ()


def whole(text: str) -> int | EndlessNumber:
    """A JSON integer."""
    return int(text) if len(text) <= LONGEST_NUMBER else EndlessNumber(text[:20])


def oddity(model: Mapping[str, Json], texts: dict[str, str]) -> str:
    """What is odd about a model's JSON, in words; "" where nothing is.

    On the way equal texts become one, that in `texts`: a listing holds few that are not there a thousand times.
    """
    return next(_oddities(model, texts), "")


def _oddities(model: Mapping[str, Json], texts: dict[str, str]) -> Iterator[str]:
    for key in TEXTS:
        if type(text := model.get(key)) is not str and text is not None:
            yield f"its {key} is no text"
    for path in MAPS:
        value = value_at(model, path)
        if value is not None and not is_map(value):
            yield f"its {'.'.join(path)} is no map"
    if why := _inside(model, DEEPEST, texts):
        yield why


def _inside(value: Any, room: int, texts: dict[str, str]) -> str:
    """What is odd in a map or list, which may hold `room` levels."""
    is_object = type(value) is dict
    if is_object and not all(map(str.isascii, value)) and any(map(_is_broken, value)):
        return BROKEN
    for key, item in value.items() if is_object else enumerate(value):
        kind = type(item)
        if kind is str:
            if not item.isascii() and _is_broken(item):  # asked here, as a call for each text takes twice as long
                return BROKEN
            value[key] = texts.setdefault(item, item)
        elif kind is dict or kind is list:
            if room <= 1:
                return f"it is nested more than {DEEPEST} deep"
            if item and (why := _inside(item, room - 1, texts)):
                return why
        elif kind is EndlessNumber:
            return f"it holds a number of more than {LONGEST_NUMBER} digits"
    return ""


def _is_broken(text: str) -> bool:
    """Whether it holds half of a surrogate pair, which no file and no terminal takes."""
    return any("\ud800" <= sign <= "\udfff" for sign in text)

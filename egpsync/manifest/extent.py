"""A value in, how much it is out: for the limits of what aliases and merging may give."""

from collections.abc import Mapping

from egpsync.model.values import Json

TEXT_LIKE_A_VALUE = 64
"""Characters of a text that count as much as a value where aliases repeat it."""


def measure(value: Json) -> tuple[int, int]:
    """How many values it stands for, itself included, and how deep they are nested."""
    match value:
        case str():
            return 1 + len(value) // TEXT_LIKE_A_VALUE, 0
        case Mapping() | list():
            measured = [measure(item) for item in (value.values() if isinstance(value, Mapping) else value)]
            return 1 + sum(count for count, _ in measured), 1 + max((height for _, height in measured), default=0)
        case _:
            return 1, 0

"""A desired model's fields and a live model's in, what differs between them by each field's policy out."""

from collections.abc import Mapping
from typing import NamedTuple, assert_never

from egpsync.fields.quantity import quantity
from egpsync.fields.table import Compare, Field, fields_by_name, fits
from egpsync.model.values import Json, JsonMap, Path, is_map


class Difference(NamedTuple):
    """A field, or a key of a free-form map, whose two values do not mean the same."""

    path: Path
    wanted: Json  # in canonical form; None where it is to be unset
    held: Json  # in canonical form; None where the server holds nothing


def differing(vendor: str, declared: JsonMap, held: JsonMap, ignored: tuple[Path, ...] = ()) -> list[Difference]:
    """Every declared field that the server does not hold as declared; what is not declared is not looked at.

    A field that the server does not hold is None, as is one that is declared as null. Of a free-form map the keys
    that are declared count, and what stands below such a key is compared whole. Fields below `ignored` are left out.

    Nearly all values are equal as they are: only what is not is brought into canonical form.
    """
    comparison = _Comparison(ignored)
    comparison.of_fields((), fields_by_name(vendor), declared, held)
    return comparison.found


def covers(prefixes: tuple[Path, ...], path: Path) -> bool:
    """Whether `path` is one of `prefixes` or lies below one; "*" in a prefix's key stands for anything."""
    return any(fits(prefix, path[: len(prefix)]) for prefix in prefixes)


def left_alone(path: Path, declared: Json, held: Json, ignored: tuple[Path, ...]) -> Json:
    """The declared value at `path`, with what is ignored below it as the server holds it."""
    if not isinstance(declared, Mapping) or not any(fits(prefix[: len(path)], path) for prefix in ignored):
        return declared
    kept = held if isinstance(held, Mapping) else {}
    owned = {key: value for key, value in declared.items() if not covers(ignored, (*path, key))}
    inside = {key: left_alone((*path, key), value, kept.get(key), ignored) for key, value in owned.items()}
    return inside | {key: value for key, value in kept.items() if covers(ignored, (*path, key))}


def same(one: Json, other: Json) -> bool:
    """Whether two values are the same JSON as they are: `==`, but 1 is neither true nor 1.0."""
    kind = type(one)
    if kind is not type(other) or one != other:
        return False
    if kind is dict:
        return _TEXTS.issuperset(map(type, one.values())) or all(same(value, other[key]) for key, value in one.items())
    if kind is list:
        return _TEXTS.issuperset(map(type, one)) or all(map(same, one, other))
    return True


_TEXTS = frozenset({str})
_SCALARS = frozenset({str, int, bool, float, type(None)})


class _Comparison:
    """The comparison of one model under way."""

    def __init__(self, ignored: tuple[Path, ...]) -> None:
        self.found: list[Difference] = []
        self._ignored = ignored

    def of_fields(self, path: Path, fields: Mapping[str, Field], declared: JsonMap, held: JsonMap) -> None:
        for key, mine in declared.items():
            theirs = held.get(key)
            kind = type(mine)
            if kind in _SCALARS and kind is type(theirs) and mine == theirs:  # as nearly all are
                continue
            field = fields.get(key)
            if field is not None and field.fields and is_map(mine):  # their own are each compared once
                if not self._ignored or not covers(self._ignored, (*path, key)):
                    self.of_fields(field.path, field.fields, mine, theirs if is_map(theirs) else {})
            elif same(mine, theirs) or (self._ignored and covers(self._ignored, (*path, key))):
                continue
            elif field is not None and field.policy.free_form and is_map(mine):
                self._of_keys(field, mine, theirs if is_map(theirs) else {})
            else:
                empty = field is not None and field.policy.free_form and not theirs
                self._of_values((*path, key), field, mine, None if empty else theirs)

    def _of_keys(self, field: Field, declared: JsonMap, held: JsonMap) -> None:
        for key, mine in declared.items():
            theirs = held.get(key)
            if same(mine, theirs):
                continue
            here = (*field.path, key)
            if not covers(self._ignored, here):
                self._of_values(here, field, left_alone(here, mine, theirs, self._ignored), theirs)

    def _of_values(self, path: Path, field: Field | None, mine: Json, theirs: Json) -> None:
        compare = field.policy.compare if field is not None else Compare.EXACT
        wanted, held = _canonical(compare, mine), _canonical(compare, theirs)
        if not same(wanted, held):
            self.found.append(Difference(path, wanted, held))


def _canonical(compare: Compare, value: Json) -> Json:
    match compare:
        case Compare.EXACT:
            return _plain(value)
        case Compare.QUANTITY | Compare.CPU:
            return _amount(value)
        case _:
            assert_never(compare)


def _plain(value: Json) -> Json:
    """Copy into dicts and lists; a float without a fraction becomes the integer that JSON cannot tell it from."""
    match value:
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _amount(value: Json) -> Json:
    """4, "4" and "4000m", or "8Gi" and "8192Mi", as one exact number in text; what is no quantity stays as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return _plain(value)
    amount = quantity(str(value))
    return value if amount is None else str(amount)

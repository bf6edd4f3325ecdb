"""A desired model's fields and a live model's in, the two in one comparable form out, by each field's policy."""

import re
from collections.abc import Mapping
from fractions import Fraction

from egpsync.fields.table import Compare, FieldPolicy, policy_of
from egpsync.model.values import Json, JsonMap, Path

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|[MGTPE]|[KMGTPE]i)?")
_UNITS: dict[str | None, Fraction] = {
    None: Fraction(1),
    "m": Fraction(1, 1000),
    "k": Fraction(1000),
    **{unit: Fraction(1000) ** power for power, unit in enumerate("MGTPE", start=2)},
    **{f"{unit}i": Fraction(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
}


def comparable(
    vendor: str, declared: JsonMap, held: JsonMap, ignored: tuple[Path, ...] = ()
) -> tuple[dict[str, Json], dict[str, Json]]:
    """Project both onto the fields that are declared: (wanted, held), with the same keys at every level of fields.

    A field that the server does not hold is None, as is one that is declared as null. A free-form map keeps the
    keys that are declared, and what stands below such a key is compared whole. Fields below `ignored` are left out.
    """
    return _fields(vendor, (), declared, held, ignored)


def covers(prefixes: tuple[Path, ...], path: Path) -> bool:
    """Whether `path` is one of `prefixes` or lies below one."""
    return any(path[: len(prefix)] == prefix for prefix in prefixes)


def left_alone(path: Path, declared: Json, held: Json, ignored: tuple[Path, ...]) -> Json:
    """The declared value at `path`, with what is ignored below it as the server holds it."""
    if not isinstance(declared, Mapping) or not any(prefix[: len(path)] == path for prefix in ignored):
        return declared
    kept = held if isinstance(held, Mapping) else {}
    owned = {key: value for key, value in declared.items() if not covers(ignored, (*path, key))}
    inside = {key: left_alone((*path, key), value, kept.get(key), ignored) for key, value in owned.items()}
    return inside | {key: value for key, value in kept.items() if covers(ignored, (*path, key))}


def same(one: Json, other: Json) -> bool:
    """Whether two canonical values are the same JSON: `==`, but 1 is not true."""
    match one, other:
        case Mapping(), Mapping():
            return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
        case _:
            return type(one) is type(other) and bool(one == other)


def _fields(
    vendor: str, path: Path, declared: JsonMap, held: JsonMap, ignored: tuple[Path, ...]
) -> tuple[dict[str, Json], dict[str, Json]]:
    wanted: dict[str, Json] = {}
    current: dict[str, Json] = {}
    for key in sorted(declared):
        here = (*path, key)
        if covers(ignored, here):
            continue
        policy, mine, theirs = policy_of(vendor, here), declared[key], held.get(key)
        if isinstance(mine, Mapping) and (policy.structured or policy.free_form):
            inside = _fields if policy.structured else _owned_keys
            wanted[key], current[key] = inside(
                vendor, here, mine, theirs if isinstance(theirs, Mapping) else {}, ignored
            )
        else:
            empty = policy.free_form and not theirs
            wanted[key], current[key] = _canonical(policy, mine), None if empty else _canonical(policy, theirs)
    return wanted, current


def _owned_keys(
    vendor: str, path: Path, declared: JsonMap, held: JsonMap, ignored: tuple[Path, ...]
) -> tuple[dict[str, Json], dict[str, Json]]:
    policy = policy_of(vendor, path)
    owned = [key for key in sorted(declared) if not covers(ignored, (*path, key))]
    return (
        {key: _canonical(policy, left_alone((*path, key), declared[key], held.get(key), ignored)) for key in owned},
        {key: _canonical(policy, held.get(key)) for key in owned},
    )


def _canonical(policy: FieldPolicy, value: Json) -> Json:
    match policy.compare:
        case Compare.EXACT:
            return _plain(value)
        case Compare.QUANTITY | Compare.CPU:
            return _amount(value)


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
    match = _QUANTITY.fullmatch(str(value))
    return str(Fraction(match[1]) * _UNITS[match[2]]) if match else value

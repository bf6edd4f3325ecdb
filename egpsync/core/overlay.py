"""Fields under and fields over in, the two laid over each other out, by what each field is."""

from collections.abc import Mapping

from egpsync.fields.table import policy_of
from egpsync.model.values import JsonMap, Path, value_at


def overlaid(vendor: str, path: Path, under: JsonMap, over: JsonMap) -> dict[str, object]:
    """Structured fields and free-form maps key by key; all else is replaced by what is `over`."""
    merged = dict(under)
    for key, value in over.items():
        policy, below = policy_of(vendor, (*path, key)), merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping) and policy.structured:
            merged[key] = overlaid(vendor, (*path, key), below, value)
        elif isinstance(below, Mapping) and isinstance(value, Mapping) and policy.free_form:
            merged[key] = {**below, **value}
        else:
            merged[key] = value
    return merged


def without(fields: JsonMap, path: Path) -> JsonMap:
    """The same without the value at `path`; the maps around it stay."""
    head, *rest = path
    if head not in fields:
        return fields
    if not rest:
        return {key: value for key, value in fields.items() if key != head}
    inner = fields[head]
    return {**fields, head: without(inner, tuple(rest))} if isinstance(inner, Mapping) else fields


def exacted(declared: JsonMap, held: JsonMap, maps: tuple[Path, ...]) -> JsonMap:
    """The declared fields, with null for each key that one of the `maps` holds beside those that it declares."""
    for path in maps:
        there = value_at(held, path)
        wanted = value_at(declared, path)
        if isinstance(there, Mapping) and (isinstance(wanted, Mapping) or not _declares(declared, path)):
            extra = {key: None for key in there if key not in (wanted or {})}
            declared = _put(declared, path, {**(wanted or {}), **extra}) if extra else declared
    return declared


def _declares(fields: JsonMap, path: Path) -> bool:
    enclosing = value_at(fields, path[:-1])
    return isinstance(enclosing, Mapping) and path[-1] in enclosing


def _put(fields: JsonMap, path: Path, value: JsonMap) -> JsonMap:
    head, *rest = path
    return {**fields, head: _put(fields.get(head) or {}, tuple(rest), value) if rest else value}

"""Fields under and fields over in, the two laid over each other out, by what each field is."""

from collections.abc import Mapping

from egpsync.fields.table import policy_of
from egpsync.model.values import JsonMap, Path


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

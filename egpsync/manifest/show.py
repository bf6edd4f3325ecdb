"""A merged model in, each of its values with the place and the layer that set it out; secrets masked."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from egpsync.fields.schemas import load
from egpsync.fields.table import MANIFEST, is_secret
from egpsync.manifest.emit import emit
from egpsync.model.manifest import Declared, Node
from egpsync.model.values import Json, Path, Source
from egpsync.record import shown


class Origin(NamedTuple):
    """One value, and where it comes from."""

    path: Path
    value: Json  # masked
    source: Source
    layer: str  # "model", "defaults", "template small" or "patch"
    written: str  # as it is written, where a variable stands in it; "" where it is the value itself


NOT_SHOWN = frozenset({"extends"})
"""What says where values come from, and is none itself."""


def origins(model: Declared, references: Mapping[tuple[str, int], str]) -> tuple[Origin, ...]:
    """Each value of the resolved model that is no mapping, and empty mappings; its fields in the schema's order."""
    order = list(load(MANIFEST)["definitions"]["model"]["properties"])
    return tuple(sorted(_origins(model.merged, (), references), key=lambda origin: order.index(origin.path[0])))


def in_yaml(found: tuple[Origin, ...]) -> list[str]:
    """The model as YAML, each value with where it comes from in a remark."""
    return _lines(found, 0)


def in_json(found: tuple[Origin, ...]) -> dict[str, Json]:
    """The model, and the origin of each of its values by path."""
    model: dict[str, Json] = {}
    for origin in found:
        held = model
        for key in origin.path[:-1]:
            held = held.setdefault(key, {})
        held[origin.path[-1]] = origin.value
    told = [
        {
            "path": list(origin.path),
            "layer": origin.layer,
            "written": origin.written or None,
            "source": {"file": origin.source.file, "line": origin.source.line, "column": origin.source.column},
        }
        for origin in found
    ]
    return {"model": model, "origins": told}


def _origins(node: Node, path: Path, references: Mapping[tuple[str, int], str]) -> Iterator[Origin]:
    for key in node.value:
        below = node.get(key)
        if below is None or (not path and key in NOT_SHOWN):
            continue
        if isinstance(below.value, dict) and below.value:
            yield from _origins(below, (*path, key), references)
            continue
        layer = below.layers[0]
        written = references.get((layer.places.file, layer.at), "")
        value = shown((*path, key), below.value)
        if is_secret((*path, key)) and written:
            value = written  # what refers to a secret is none
        yield Origin((*path, key), value, below.key_source, below.origin, written)


def _lines(found: tuple[Origin, ...], depth: int) -> list[str]:
    lines: list[str] = []
    for key in dict.fromkeys(origin.path[depth] for origin in found):
        own = tuple(origin for origin in found if origin.path[depth] == key)
        if len(own[0].path) > depth + 1:
            (head,) = emit({key: {"": 0}})[:1]
            lines += [head, *(f"  {line}" for line in _lines(own, depth + 1))]
        else:
            first, *rest = emit({key: own[0].value})
            lines += [f"{first}  # {_remark(own[0])}", *rest]
    return lines


def _remark(origin: Origin) -> str:
    variable = f", {origin.written}" if origin.written and origin.written != origin.value else ""
    return f"{origin.source.file}:{origin.source.line} {origin.layer}{variable}"

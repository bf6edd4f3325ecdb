"""Models with their defaults in, findings that a schema cannot express out: contradictions among fields and models.

Rules meet models that the schema has refused, so they look at types before they look at values.
"""

import difflib
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TypeAlias

from egpsync.fields.table import FAMILIES, fields_named, fields_of, is_field
from egpsync.manifest.places import Finding, Hint, has, in_words
from egpsync.manifest.resolve import API_FIELDS, Declared
from egpsync.model.manifest import Node
from egpsync.model.values import Json

MARK = "egpsync"
"""The key of model_metadata that holds egpsync's own mark."""

Models: TypeAlias = Sequence[Declared]
Rule: TypeAlias = Callable[[Models], Iterator[Finding]]


def same_model(models: Models) -> Iterator[Finding]:
    """The same model twice: by vendor and name, or by id."""
    yield from _twice(models, "name", "duplicate-model", "the model {0} of {1} is declared twice")
    seen: dict[Hashable, Node] = {}
    for model in models:
        node = _field(model, "id")
        if node and isinstance(node.value, str):
            first = seen.setdefault(node.value, node)
            if first is not node:
                message = f"the model with the id {in_words(node.value)} is declared twice"
                yield Finding("duplicate-model", message, node.source, Hint(related=first.source))


def same_former_name(models: Models) -> Iterator[Finding]:
    """Two models that want to be the same one renamed."""
    yield from _twice(models, "renamed_from", "duplicate-rename", "two models are renamed from {0} of {1}")


def rename_to_itself(models: Models) -> Iterator[Finding]:
    """A rename that changes nothing."""
    for model in models:
        node = _field(model, "renamed_from")
        name = _field(model, "name")
        if node and name and node.value == name.value:
            hint = Hint(expected="the former name, or no renamed_from")
            yield Finding("rename-to-itself", "renamed_from is the model's own name", node.source, hint)


def worker_range(models: Models) -> Iterator[Finding]:
    """More workers at least than at most."""
    for model in models:
        least, most = (_infra(model.merged, key) for key in ("min_workers", "max_workers"))
        if least and most and _is_count(least.value) and _is_count(most.value) and least.value > most.value:
            message = f"min_workers {least.value} is above max_workers {most.value}"
            yield _between(model, "worker-range", message, (("min_workers", least), ("max_workers", most)))


def gpu_contradiction(models: Models) -> Iterator[Finding]:
    """GPUs without a type, or a type without GPUs, where the manifest declares both."""
    for model in models:
        count, kind = (_infra(model.merged, key) for key in ("gpus", "gpu_type"))
        if not (count and kind and _is_count(count.value)):
            continue
        if count.value == 0 and isinstance(kind.value, str):
            message = f"gpu_type is {in_words(kind.value)}, and gpus is 0"
        elif count.value > 0 and kind.value is None:
            message = f"gpus is {count.value}, and gpu_type is null"
        else:
            continue
        yield _between(model, "gpu-contradiction", message, (("gpus", count), ("gpu_type", kind)))


def reserved_key(models: Models) -> Iterator[Finding]:
    """A metadata key that would overwrite egpsync's mark."""
    for model in models:
        node = _at(model.merged, "model_metadata", MARK)
        if node:
            message = f"the metadata key {MARK} is reserved: egpsync keeps its own mark there"
            yield Finding("reserved-key", message, node.key_source, Hint(expected="another key"))


def ignored_path(models: Models) -> Iterator[Finding]:
    """An ignore_changes path that names no field, so that it ignores nothing; in defaults, of no family of vendors."""
    for model in models:
        vendor = _field(model, "model_vendor")
        paths = _at(model.merged, "lifecycle", "ignore_changes")
        if not (vendor and isinstance(vendor.value, str) and paths and isinstance(paths.children, tuple)):
            continue
        own = has(model.written, ("lifecycle", "ignore_changes"))
        vendors = (vendor.value,) if own else FAMILIES
        for node in paths.children:
            if isinstance(node.value, str) and not any(_is_ignorable(name, node.value) for name in vendors):
                message = f"{in_words(node.value)} names no field of a model of {vendor.value}"
                yield Finding("ignored-path", message, node.source, Hint(suggestion=_near(vendor.value, node.value)))


ACROSS: tuple[Rule, ...] = (
    same_model,
    same_former_name,
    rename_to_itself,
    worker_range,
    gpu_contradiction,
    reserved_key,
    ignored_path,
)
"""Every rule across fields and documents; a new one is a function and a line here."""


def _twice(models: Models, key: str, rule: str, message: str) -> Iterator[Finding]:
    """A finding for each model of a vendor whose `key` has the value of an earlier one's."""
    seen: dict[tuple[str, str], Node] = {}
    for model in models:
        vendor, node = _field(model, "model_vendor"), _field(model, key)
        if vendor and node and isinstance(vendor.value, str) and isinstance(node.value, str):
            first = seen.setdefault((vendor.value, node.value), node)
            if first is not node:
                words = message.format(in_words(node.value), vendor.value)
                yield Finding(rule, words, node.source, Hint(related=first.source))


def _between(model: Declared, rule: str, message: str, fields: Sequence[tuple[str, Node]]) -> Finding:
    """A contradiction of two fields: at the one that the model itself declares, the other as the related place."""
    (_, one), (_, other) = sorted(fields, key=lambda field: _infra(model.written, field[0]) is None)
    return Finding(rule, message, one.source, Hint(related=other.source))


def _field(model: Declared, key: str) -> Node | None:
    return _at(model.merged, key)


def _infra(model: Node, key: str) -> Node | None:
    """A field of a launch model's infrastructure, or of the flat configuration of llmengine."""
    return _at(model, "vendor_configuration", "model_infra", key) or _at(model, "vendor_configuration", key)


def _at(model: Node, *path: str) -> Node | None:
    return model.at(path) if has(model, path) else None


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_ignorable(vendor: str, dotted: str) -> bool:
    path = tuple(dotted.split("."))
    return path[0] in API_FIELDS and is_field(vendor, path)


def _near(vendor: str, dotted: str) -> str:
    """The field that the path most likely means; "" for none."""
    last = fields_named(vendor, dotted.rpartition(".")[2])
    known = [".".join(path) for path in last or fields_of(vendor) if path[0] in API_FIELDS]
    return next(iter(difflib.get_close_matches(dotted, known, n=1, cutoff=0.0 if last else 0.7)), "")

"""Paths in, the identities that the manifests there declare out, valid or not: what a prune must leave alone.

A manifest is whatever YAML has `version` and `models` at its top; files of other kinds declare nothing.
"""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from egpsync.manifest.find import Found, find
from egpsync.manifest.merge import merge
from egpsync.manifest.read import read
from egpsync.manifest.variables import NO_VALUES, Values, resolve
from egpsync.model.manifest import Declared, Document
from egpsync.model.values import Source
from egpsync.value import Value, replace

MARKS = tuple(re.compile(rf"""(?:^|[{{,])\s*["']?{key}["']?\s*:""", re.MULTILINE) for key in ("version", "models"))
"""What a manifest that does not parse looks like."""


class Identities(Value, frozen=True, kw_only=True):
    """Which models are declared."""

    names: frozenset[tuple[str, str]]  # vendor and name; the vendor is "" where it is not said, and may be any
    ids: frozenset[str]
    unread: tuple[str, ...]  # a sentence for each file, or name in one, that could declare more than is known

    def declare(self, vendor: str, name: str, model_id: str) -> bool:
        """Whether one of the manifests means this model."""
        return model_id in self.ids or (vendor, name) in self.names or ("", name) in self.names


def identities(paths: Sequence[str], values: Values = NO_VALUES) -> Identities:
    """Read what the manifests declare: names, former names and ids. Raises FileError where a path leads to nothing."""
    found = find(paths)
    documents = read(found)
    faults = {problem.source.file: problem.message for problem in reversed(documents.problems)}
    documents = resolve(documents, values)
    unread = [f"{file.name}: {faults[file.name]}" for file in found if file.name in faults and _may_be_one(file)]
    manifests = tuple(document for document in documents.documents if _is_one(document))
    models = merge(replace(documents, documents=manifests)).models
    return Identities(
        names=frozenset(name for model in models for name in _names(model)),
        ids=frozenset(value for model in models if isinstance(value := _said(model, "id"), str)),
        unread=(*unread, *(unknown for model in models for unknown in _unknown(model, documents.unresolved))),
    )


def _is_one(document: Document) -> bool:
    """Whether models or templates may stand in it."""
    return isinstance(document.root.value, dict) and "version" in document.root.value


def _may_be_one(file: Found) -> bool:
    """Whether a file that could not be read looks like a manifest; what holds no text that is seen may be anything."""
    encoding = "utf-16" if file.data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    text = file.data.decode(encoding, errors="replace")
    return bool(file.rule) or all(mark.search(text) for mark in MARKS)


def _names(model: Declared) -> Iterator[tuple[str, str]]:
    vendor = _said(model, "model_vendor")
    for key in ("name", "renamed_from"):
        name = _said(model, key)
        if isinstance(name, str):
            yield vendor if isinstance(vendor, str) else "", name


def _unknown(model: Declared, unresolved: AbstractSet[Source]) -> Iterator[str]:
    """Identities that hold variables which are not set here."""
    for key in ("id", "name", "renamed_from", "model_vendor"):
        node = model.merged.find((key,))
        if node is not None and node.source in unresolved:
            yield f"{node.source}: the {key} holds a variable that is not set here"


def _said(model: Declared, key: str) -> object:
    return model.merged.value.get(key) if isinstance(model.merged.value, dict) else None

"""Checked Documents in, Desired out: the defaults of each file merged under its models."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from egpsync.fields.table import family_of
from egpsync.model.manifest import Desired, DesiredModel, Document, Documents, Lifecycle, Node, State
from egpsync.model.values import JsonMap

API_FIELDS = ("model_type", "model_metadata", "vendor_configuration")
OF_A_FAMILY = frozenset({"model_type", "vendor_configuration"})
"""Fields of defaults that are meant for the vendor that the defaults name, and those that take the same fields."""


def resolve(documents: Documents) -> Desired:
    """Every model with the defaults of its file under it, in the order of the files.

    For documents that `check` found nothing wrong with.
    """
    models = [_desired(document, model) for document in documents.documents for model in declared(document)]
    owners = {document.root.value["owner"] for document in documents.documents if "owner" in document.root.value}
    return Desired(models=tuple(models), owners=tuple(sorted(owners)), digest=documents.digest)


class Declared(NamedTuple):
    """One item of a document's list of models."""

    written: Node  # as it stands there
    merged: Node  # with the defaults under it


def declared(document: Document) -> Iterator[Declared]:
    """The document's models, whether they are valid or not."""
    defaults = _child(document.root, "defaults")
    models = _child(document.root, "models")
    for model in models.children if models and isinstance(models.children, tuple) else ():
        beneath = _beneath(defaults, model) if defaults else None
        yield Declared(model, merge(beneath, model) if beneath else model)


def merge(base: Node, over: Node) -> Node:
    """Mappings key by key, all else replaced: `over` wins, and each value keeps its own place."""
    if not (isinstance(base.children, Mapping) and isinstance(over.children, Mapping)):
        return over
    children = dict(base.children)
    for key, node in over.children.items():
        children[key] = merge(children[key], node) if key in children else node
    return _with_children(over, children)


def _beneath(defaults: Node, model: Node) -> Node | None:
    """What of the defaults goes under this model; None for nothing."""
    if not (isinstance(defaults.children, Mapping) and isinstance(model.children, Mapping)):
        return None
    taken = defaults.children
    if model.value.get("state") == State.ABSENT:
        wanted = {"model_vendor"} if "name" in model.children else set()
        taken = {key: node for key, node in taken.items() if key in wanted}
    elif "model_vendor" in taken and "model_vendor" in model.children and not _same_family(defaults, model):
        taken = {key: node for key, node in taken.items() if key not in OF_A_FAMILY}
    return _with_children(defaults, taken)


def _same_family(one: Node, other: Node) -> bool:
    vendors = [node.value["model_vendor"] for node in (one, other)]
    return all(isinstance(vendor, str) for vendor in vendors) and len(set(map(family_of, vendors))) == 1


def _with_children(node: Node, children: Mapping[str, Node]) -> Node:
    return node._replace(value={key: child.value for key, child in children.items()}, children=children)


def _child(node: Node, key: str) -> Node | None:
    return node.children.get(key) if isinstance(node.children, Mapping) else None


def _desired(document: Document, model: Declared) -> DesiredModel:
    value = model.merged.value
    return DesiredModel(
        vendor=value.get("model_vendor", ""),
        name=value.get("name", ""),
        id=value.get("id"),
        renamed_from=value.get("renamed_from"),
        state=State(value.get("state", State.PRESENT)),
        owner=document.root.value.get("owner"),
        lifecycle=_lifecycle(value.get("lifecycle", {})),
        fields={key: value[key] for key in API_FIELDS if key in value},
        node=model.merged,
        source=model.written.source,
    )


def _lifecycle(said: JsonMap) -> Lifecycle:
    return Lifecycle(
        prevent_destroy=said.get("prevent_destroy"),
        prevent_redeploy=said.get("prevent_redeploy"),
        ignore_changes=tuple(tuple(path.split(".")) for path in said.get("ignore_changes") or ()),
    )

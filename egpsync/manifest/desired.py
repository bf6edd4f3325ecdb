"""Merged and checked manifests in, Desired out: what the models should be."""

from collections.abc import Iterator, Mapping

from egpsync.fields.table import is_secret
from egpsync.manifest.rules import API_FIELDS
from egpsync.model.manifest import Declared, Desired, DesiredModel, Lifecycle, Merged, Node, State
from egpsync.model.values import JsonMap, Path


def desired(merged: Merged) -> Desired:
    """Every model in the order of the files. For manifests that `check` found no error in."""
    roots = [document.root.value for document in merged.documents.documents]
    owners = {root["owner"] for root in roots if "owner" in root}
    references = merged.documents.references
    models = tuple(_desired(model, references) for model in merged.models)
    return Desired(models=models, owners=tuple(sorted(owners)), digest=digest_of(merged.documents.files))


def digest_of(files: Mapping[str, bytes]) -> str:
    """SHA-256 over the files' names and bytes, hex."""
    from hashlib import sha256  # noqa: PLC0415 - OpenSSL, for those alone who plan

    digest = sha256()
    for file, data in files.items():
        name = file.encode(errors="surrogateescape")
        digest.update(b"%d:%b%d:%b" % (len(name), name, len(data), data))
    return digest.hexdigest()


def _desired(model: Declared, references: Mapping[tuple[str, int], str]) -> DesiredModel:
    value: JsonMap = model.merged.value
    return DesiredModel(
        vendor=value.get("model_vendor", ""),
        name=value.get("name", ""),
        id=value.get("id"),
        renamed_from=value.get("renamed_from"),
        state=STATES[value.get("state", "present")],
        owner=model.owner,
        lifecycle=_lifecycle(value.get("lifecycle")),
        fields={key: value[key] for key in API_FIELDS if key in value},
        node=model.merged,
        source=model.written.source,
        references=dict(_secrets(model.merged, (), references)) if references else {},
    )


def _secrets(node: Node, path: Path, references: Mapping[tuple[str, int], str]) -> Iterator[tuple[Path, str]]:
    """The values that secrets give, as they are written."""
    for key, value in node.value.items() if isinstance(node.value, dict) else ():
        below = node.get(key)
        if below is not None and isinstance(value, dict):
            yield from _secrets(below, (*path, key), references)
        elif below is not None and is_secret((*path, key)):
            layer = below.layers[0]
            written = references.get((layer.places.file, layer.at), "")
            if REFERENCE in written:
                yield (*path, key), written


REFERENCE = "${secret:"
STATES = {state.value: state for state in State}
NO_RULES = Lifecycle(prevent_destroy=None, prevent_redeploy=None, ignore_changes=())


def _lifecycle(said: JsonMap | None) -> Lifecycle:
    if not said:
        return NO_RULES
    return Lifecycle(
        prevent_destroy=said.get("prevent_destroy"),
        prevent_redeploy=said.get("prevent_redeploy"),
        ignore_changes=_paths(said, "ignore_changes"),
        exact=_paths(said, "exact"),
    )


def _paths(said: JsonMap, key: str) -> tuple[Path, ...]:
    return tuple(tuple(path.split(".")) for path in said.get(key) or ())

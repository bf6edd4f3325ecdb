"""Merged and checked manifests in, Desired out: what the models should be."""

from egpsync.manifest.rules import API_FIELDS
from egpsync.model.manifest import Declared, Desired, DesiredModel, Lifecycle, Merged, State
from egpsync.model.values import JsonMap


def desired(merged: Merged) -> Desired:
    """Every model in the order of the files. For manifests that `check` found no error in."""
    roots = [document.root.value for document in merged.documents.documents]
    owners = {root["owner"] for root in roots if "owner" in root}
    models = tuple(map(_desired, merged.models))
    return Desired(models=models, owners=tuple(sorted(owners)), digest=merged.documents.digest)


def _desired(model: Declared) -> DesiredModel:
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
    )


STATES = {state.value: state for state in State}
NO_RULES = Lifecycle(prevent_destroy=None, prevent_redeploy=None, ignore_changes=())


def _lifecycle(said: JsonMap | None) -> Lifecycle:
    if not said:
        return NO_RULES
    return Lifecycle(
        prevent_destroy=said.get("prevent_destroy"),
        prevent_redeploy=said.get("prevent_redeploy"),
        ignore_changes=tuple(tuple(path.split(".")) for path in said.get("ignore_changes") or ()),
    )

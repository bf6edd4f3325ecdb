"""A desired model and what differs in; the smallest bodies that the API takes, out.

The API has three update bodies that never mix: metadata, configuration (metadata may ride along), and a name.
Inside the configuration only the leaves that differ travel. A free-form map travels as the whole intended map (live
keys kept, declared keys set or dropped), which is right whether the server replaces the stored map or merges into it.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from json import dumps

from egpsync.core.diff import wanted
from egpsync.core.maps import Semantics, merges
from egpsync.core.mark import intended_mark, keeps_former_name, marked_otherwise
from egpsync.core.normalise import covers, left_alone
from egpsync.fields.table import creation_type, field_at, policy_of
from egpsync.model.live import MARK, LiveModel
from egpsync.model.manifest import DesiredModel
from egpsync.model.plan import FieldChange
from egpsync.model.values import Json, JsonMap, Path, value_at

METADATA = ("model_metadata",)
CONFIGURATION = "vendor_configuration"


def update_body(
    desired: DesiredModel,
    live: LiveModel,
    fields: Iterable[FieldChange],
    *,
    adopt: bool = False,
    maps: Semantics = (),
) -> JsonMap:
    """The PATCH body that settles `fields` (those of metadata and configuration), {} where there is nothing to send.

    The mark rides along with any change; on its own it is sent to `adopt` the model, and after a rename, as the name
    that it keeps is how a model that is renamed outside is found again. Of a map that is known to be merged only the
    keys that differ travel.
    """
    paths = [field.path for field in fields]
    in_configuration = sorted({field_at(desired.vendor, path) for path in paths if path[0] == CONFIGURATION})
    body: dict[str, Json] = {}
    for path in in_configuration:
        intended = _intended(desired, live, path)
        _put(body, path, _changed_keys(path, intended, paths) if merges(maps, path) else intended)
    in_metadata = any(path[0] == METADATA[0] for path in paths)
    if (
        in_metadata
        or (marked_otherwise(desired, live) and (in_configuration or adopt))
        or keeps_former_name(desired, live)
    ):
        metadata = _metadata(desired, live)
        mark = {MARK: metadata[MARK]} if MARK in metadata and marked_otherwise(desired, live) else {}
        merged = merges(maps, METADATA) and METADATA not in paths
        body[METADATA[0]] = {**_changed_keys(METADATA, metadata, paths), **mark} if merged else metadata
    return body


def _changed_keys(path: Path, intended: Json, paths: Iterable[Path]) -> Json:
    """The keys of the map at `path` that differ; all where it differs as a whole."""
    keys = {other[len(path)] for other in paths if len(other) > len(path) and other[: len(path)] == path}
    if not isinstance(intended, Mapping) or path in paths:
        return intended
    return {key: value for key, value in intended.items() if key in keys}


def create_body(desired: DesiredModel, *, name: str, mark: JsonMap) -> JsonMap:
    """A complete POST body; nulls are left out, as there is nothing to unset.

    The mark gets an operation id, the same for the same body: it tells our model from another's after a lost answer.
    """
    metadata = _without_nulls(desired.fields.get("model_metadata") or {})
    body: dict[str, Json] = {"name": name, "model_vendor": desired.vendor, "on_conflict": "error"}
    model_type = desired.fields.get("model_type") or creation_type(desired.vendor)
    if model_type is not None:
        body["model_type"] = model_type
    configuration = desired.fields.get(CONFIGURATION)
    if configuration is not None:
        body[CONFIGURATION] = _complete(desired.vendor, (CONFIGURATION,), configuration)
    operation = sha256(dumps([body, metadata, mark], sort_keys=True).encode()).hexdigest()[:16]
    return {**body, "model_metadata": {**metadata, MARK: {**mark, "op": operation}}}


def _intended(desired: DesiredModel, live: LiveModel, path: Path) -> Json:
    declared = value_at(wanted(desired, live), path)
    if policy_of(desired.vendor, path).free_form and isinstance(declared, Mapping):
        held = value_at(live.fields, path)
        return _intended_map(desired, path, declared, held if isinstance(held, Mapping) else {})
    return declared


def _intended_map(desired: DesiredModel, path: Path, declared: JsonMap, held: JsonMap) -> dict[str, Json]:
    ignored = desired.lifecycle.ignore_changes
    owned = {
        key: left_alone((*path, key), value, held.get(key), ignored)
        for key, value in declared.items()
        if not covers(ignored, (*path, key))
    }
    return _without_nulls({**held, **owned}, only=owned)


def _metadata(desired: DesiredModel, live: LiveModel) -> dict[str, Json]:
    declared = (
        {} if covers(desired.lifecycle.ignore_changes, METADATA) else wanted(desired, live).get("model_metadata", {})
    )
    intended = {} if declared is None else _intended_map(desired, METADATA, declared, live.metadata)
    mark = intended_mark(desired, live)
    return {**intended, MARK: dict(mark)} if mark or marked_otherwise(desired, live) else intended


def _complete(vendor: str, path: Path, value: JsonMap) -> dict[str, Json]:
    """A configuration for a new model: nulls of fields and of map keys left out, nulls inside values kept."""
    complete: dict[str, Json] = {}
    for key, item in value.items():
        policy = policy_of(vendor, (*path, key))
        if item is None:
            continue
        if isinstance(item, Mapping) and policy.structured:
            item = _complete(vendor, (*path, key), item)  # noqa: PLW2901
        elif isinstance(item, Mapping) and policy.free_form:
            item = _without_nulls(item)  # noqa: PLW2901
        complete[key] = item
    return complete


def _without_nulls(values: JsonMap, only: JsonMap | None = None) -> dict[str, Json]:
    """Drop the keys whose value is null; of those in `only`, where given."""
    return {key: value for key, value in values.items() if value is not None or (only is not None and key not in only)}


def _put(body: dict[str, Json], path: Path, value: Json) -> None:
    for key in path[:-1]:
        body = body.setdefault(key, {})
    body[path[-1]] = value

"""What a run did and the account as it is now in; the models as they were before it, as desired models, out.

A field is put back where the server still holds what the run sent; what somebody changed since is left and named.
Secrets are not kept anywhere, so a field that held one is named and left.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from egpsync.core.diff import value_at
from egpsync.core.mark import read_mark
from egpsync.core.normalise import same
from egpsync.fields.table import policy_of
from egpsync.model.live import MARK, Live, LiveModel
from egpsync.model.manifest import Desired, DesiredModel, Lifecycle, Node, State
from egpsync.model.plan import Action
from egpsync.model.values import Json, JsonMap, Path, Source

KEEPS_ITS_RULES = Lifecycle(prevent_destroy=None, prevent_redeploy=None, ignore_changes=())


@dataclass(frozen=True, slots=True, kw_only=True)
class PastField:
    """One field that a run changed."""

    path: Path
    before: Json
    after: Json
    sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PastChange:
    """One change that a run attempted."""

    action: Action
    vendor: str
    name: str  # after the run
    id: str | None  # of the model that has the name after the run
    fields: tuple[PastField, ...]
    place: str  # the file it was read from


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """What to want so that the run is undone, and what cannot be."""

    desired: Desired
    notes: Mapping[tuple[str, str], tuple[str, ...]]  # (vendor, id or name) -> what is left as it is, and why


def plan_way_back(past: Iterable[PastChange], live: Live) -> WayBack:
    """Desired models, pinned by id where they exist, that hold what the run found."""
    models: list[DesiredModel] = []
    notes: dict[tuple[str, str], tuple[str, ...]] = {}
    for change in past:
        model, left = _before(change, live)
        if model is not None:
            models.append(model)
        if left:
            notes[change.vendor, change.id or change.name] = tuple(left)
    return WayBack(desired=Desired(models=tuple(models), owners=(), digest=""), notes=notes)


def _before(change: PastChange, live: Live) -> tuple[DesiredModel | None, list[str]]:
    found = live.by_id().get(change.id or "")
    match change.action:
        case Action.DELETE:
            return _undeleted(change, live)
        case Action.CREATE:
            return _uncreated(change, found)
        case _ if found is None:
            return None, [f"{change.name!r} is not in the account any more"]
        case _:
            return _restored(change, found)


def _restored(change: PastChange, found: LiveModel) -> tuple[DesiredModel, list[str]]:
    fields: dict[str, Any] = {}
    name, left = found.name, []
    for field in change.fields:
        dotted = ".".join(field.path)
        if field.sensitive:
            left.append(f"{dotted} held a secret, which is kept nowhere: it is left as it is")
        elif field.path == ("name",):
            name = field.before if found.name == field.after else found.name
            left += [] if found.name == field.after else [f"it was renamed since, to {found.name!r}"]
        elif not _is_still(found, field):
            left.append(f"{dotted} was changed since: it is left as it is")
        else:
            _put_back(fields, change.vendor, field, found)
    return _wanted(change, name=name, id=found.id, fields=fields, owner=read_mark(found).owner), left


def _uncreated(change: PastChange, found: LiveModel | None) -> tuple[DesiredModel | None, list[str]]:
    if found is None:
        return None, [f"{change.name!r}, which the run created, is gone already"]
    moved = [".".join(field.path) for field in change.fields if not field.sensitive and not _is_still(found, field)]
    if moved:
        return None, [f"the run created it, and {', '.join(moved)} was changed since: it is left"]
    wanted = _wanted(change, name="", id=found.id, fields={}, owner=read_mark(found).owner)
    return replace(wanted, state=State.ABSENT), ["the run created it"]


def _undeleted(change: PastChange, live: Live) -> tuple[DesiredModel | None, list[str]]:
    if (change.vendor, change.name) in live.by_name():
        return None, [f"the run deleted it, and there is a {change.name!r} again: it is left"]
    held = {field.path[0]: field.before for field in change.fields if field.before is not None}
    secret: list[str] = []
    fields = {part: _without_secrets(change.vendor, (part,), value, secret) for part, value in held.items()}
    mark = (fields.get("model_metadata") or {}).get(MARK)
    if "model_metadata" in fields:
        fields["model_metadata"] = {key: item for key, item in fields["model_metadata"].items() if key != MARK}
    owner = mark.get("owner") if isinstance(mark, Mapping) else None
    left = [f"{path} held secrets, which are kept nowhere: the model is created without them" for path in secret]
    return _wanted(change, name=change.name, id=None, fields=fields, owner=owner), left


def _is_still(found: LiveModel, field: PastField) -> bool:
    return same(value_at(found.fields, field.path), field.after)


def _put_back(fields: dict[str, Any], vendor: str, field: PastField, found: LiveModel) -> None:
    """Want the value of before; below a free-form map's key the whole value, as it is now, with that one put back."""
    unit = _unit(vendor, field.path)
    inside = fields
    for key in unit[:-1]:
        inside = inside.setdefault(key, {})
    if unit == field.path:
        inside[unit[-1]] = field.before
        return
    whole = inside.setdefault(unit[-1], deepcopy(value_at(found.fields, unit)))
    for key in field.path[len(unit) : -1]:
        whole = whole[key]
    if field.before is None:
        whole.pop(field.path[-1], None)
    else:
        whole[field.path[-1]] = field.before


def _unit(vendor: str, path: Path) -> Path:
    """What a manifest declares as one: the field, or the key of a free-form map."""
    for length in range(1, len(path) + 1):
        policy = policy_of(vendor, path[:length])
        if not policy.structured:
            return path[: length + 1] if policy.free_form else path[:length]
    return path


def _without_secrets(vendor: str, path: Path, value: Json, secret: list[str]) -> Any:
    if not isinstance(value, Mapping) or policy_of(vendor, path).free_form:
        return value
    kept = {}
    for key, item in value.items():
        if policy_of(vendor, (*path, key)).secret and item:
            secret.append(".".join((*path, key)))
        else:
            kept[key] = _without_secrets(vendor, (*path, key), item, secret)
    return kept


def _wanted(change: PastChange, *, name: str, id: str | None, fields: JsonMap, owner: str | None) -> DesiredModel:  # noqa: A002
    node = Node(fields, change.place, 1, 1, 1, 1, None)
    return DesiredModel(
        vendor=change.vendor,
        name=name,
        id=id,
        renamed_from=None,
        state=State.PRESENT,
        owner=owner,
        lifecycle=KEEPS_ITS_RULES,
        fields=fields,
        node=node,
        source=Source(file=change.place, line=1, column=1),
    )

"""What a run did and the account as it is now in; the models as they were before it, as desired models, out.

A field is put back where the server still holds what the run sent; what somebody changed since is left and named.
Secrets are not kept anywhere, so a field that held one is named and left.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from egpsync.core.diff import declarable
from egpsync.core.normalise import differing, same
from egpsync.fields.table import declared_at, is_secret, policy_of
from egpsync.model.live import MARK, Live, LiveModel, Mark
from egpsync.model.manifest import Desired, DesiredModel, Lifecycle, State, node_of
from egpsync.model.plan import Action, Change
from egpsync.model.record import UNKNOWN, ChangeRecord, FieldRecord
from egpsync.model.report import MASK
from egpsync.model.values import Json, JsonMap, Path, Source, value_at
from egpsync.value import Value, replace

MARKED = "the run changed its owner's mark, which is not taken back: --adopt, --adopt-from or `state: released` does"


class WayBack(Value, frozen=True, kw_only=True):
    """What to want so that the run is undone, and what cannot be."""

    desired: Desired
    notes: Mapping[tuple[str, str], tuple[str, ...]]  # (vendor, id or name) -> what is left as it is, and why
    left: tuple[Change, ...]  # models of which nothing is put back, each with the reason


class _Before(Value, frozen=True, kw_only=True):
    """One model's way back."""

    wanted: DesiredModel | None  # None: nothing is put back
    left: tuple[str, ...] = ()  # what is not put back, and why


def plan_way_back(past: Iterable[ChangeRecord], live: Live, place: str) -> WayBack:
    """Desired models, pinned by id where they exist, that hold what the run found.

    `past` is what the run attempted, `place` the file that says so.
    """
    source = Source(file=place, line=1, column=1)
    models: list[DesiredModel] = []
    notes: dict[tuple[str, str], tuple[str, ...]] = {}
    left: list[Change] = []
    for change in past:
        before = _before(replace(change, source=source), live)
        if before.wanted is not None:
            models.append(before.wanted)
            notes[change.model_vendor, before.wanted.id or change.name] = before.left
        elif before.left:
            left.append(_left_alone(replace(change, source=source), before.left))
    return WayBack(desired=Desired(models=tuple(models), owners=(), digest=""), notes=notes, left=tuple(left))


def _before(change: ChangeRecord, live: Live) -> _Before:
    found = _found(change, live)
    match change.action:
        case Action.DELETE:
            return _undeleted(change, live)
        case Action.CREATE:
            return _uncreated(change, found)
        case _ if found is None:
            return _Before(wanted=None, left=("is not in the account any more",))
        case Action.RECREATE if (old := live.by_id.get(found.mark.replaces or "")) is not None:
            why = f"{found.id} was to replace {old.id}, and both are there: finish it with egpsync apply, then revert"
            return _Before(wanted=None, left=(why,))
        case _ if any(field.path == ("model_vendor",) for field in change.fields):
            why = f"took the place of another vendor's model, which was not kept: {found.id} is left"
            return _Before(wanted=None, left=(why,))
        case _:
            return _restored(change, found)


def _found(change: ChangeRecord, live: Live) -> LiveModel | None:
    """The model as it is now: by its id, or by what the mark says of how it came about."""
    if change.action == Action.RECREATE:
        heirs = [model for model in live.models if change.id and model.mark.replaces == change.id]
        if heirs:
            return heirs[0]
    if change.id is not None:
        return live.by_id.get(change.id)
    operation = _operation(change)
    made = [model for model in live.models if operation and model.mark.operation == operation]
    return made[0] if made else None


def _operation(change: ChangeRecord) -> str | None:
    """The operation of its create, which the mark of what it made holds."""
    created = next((request.body for request in change.requests if request.method == "POST"), None) or {}
    metadata = created.get("model_metadata")
    return Mark.of(metadata.get(MARK)).operation if isinstance(metadata, Mapping) else None


def _restored(change: ChangeRecord, found: LiveModel) -> _Before:
    fields: dict[str, Any] = {}
    name, left = found.name, [MARKED] if _wrote_its_mark_alone(change) else []
    for field in change.fields:
        dotted = ".".join(field.path)
        if field.sensitive or _hides(field.before) or _hides(field.after):
            left.append(f"{dotted} held a secret, which is kept nowhere: it is left as it is")
        elif field.path == ("name",):
            name = field.before if found.name == field.after else found.name
            left += [] if found.name in (field.before, field.after) else [f"it was renamed since, to {found.name!r}"]
        elif _holds(found, field.path, field.before):
            continue
        elif not _holds(found, field.path, field.after) or not _put_back(fields, field, found):
            left.append(f"{dotted} was changed since: it is left as it is")
    wanted = _wanted(change, name=name, id=found.id, fields=fields, mark=found.mark)
    return _Before(wanted=wanted, left=tuple(left))


def _wrote_its_mark_alone(change: ChangeRecord) -> bool:
    """Whether the run adopted, handed over or released the model: no field says so, as a mark is none."""
    return not change.fields and any("model_metadata" in (request.body or {}) for request in change.requests)


def _uncreated(change: ChangeRecord, found: LiveModel | None) -> _Before:
    if found is None:
        return _Before(wanted=None, left=("the run was to create it, and it is not there (any more)",))
    moved = [
        ".".join(field.path)
        for field in change.fields
        if not field.sensitive and not _holds(found, field.path, field.after)
    ]
    moved += [] if found.name == change.name else [f"its name (to {found.name!r})"]
    if moved:
        return _Before(wanted=None, left=(f"the run created it, and {', '.join(moved)} was changed since: it is left",))
    wanted = _wanted(change, name="", id=found.id, fields={}, mark=found.mark)
    return _Before(wanted=replace(wanted, state=State.ABSENT), left=("the run created it",))


def _undeleted(change: ChangeRecord, live: Live) -> _Before:
    if change.id in live.by_id:
        return _Before(wanted=None)
    if (change.model_vendor, change.name) in live.by_name:
        why = f"the run deleted it, and there is a {change.name!r} again: it is left"
        return _Before(wanted=None, left=(why,))
    held = {field.path[0]: field.before for field in change.fields if field.before is not None}
    secret: list[str] = []
    fields = {part: _without_secrets(change.model_vendor, (part,), value, secret) for part, value in held.items()}
    metadata = fields.get("model_metadata") or {}
    if "model_metadata" in fields:
        fields["model_metadata"] = {key: item for key, item in metadata.items() if key != MARK}
    left = tuple(f"{path} held secrets, which are kept nowhere: the model is created without them" for path in secret)
    wanted = _wanted(change, name=change.name, id=None, fields=fields, mark=Mark.of(metadata.get(MARK)))
    return _Before(wanted=wanted, left=("the run deleted it", *left))


def _holds(found: LiveModel, path: Path, value: Json) -> bool:
    """Whether the model holds `value` at `path`, in whatever spelling the server gives it."""
    if declared_at(found.vendor, path) != path:
        return same(value_at(found.fields, path), value)
    declared: Json = value
    for key in reversed(path):
        declared = {key: declared}
    return not differing(found.vendor, declared, declarable(found))


def _hides(value: Json) -> bool:
    """Whether a secret was masked somewhere in it."""
    match value:
        case Mapping():
            return any(map(_hides, value.values()))
        case list():
            return any(map(_hides, value))
        case _:
            return bool(value == MASK)


def _put_back(fields: dict[str, Any], field: FieldRecord, found: LiveModel) -> bool:
    """Want the value of before; below a free-form map's key the whole value, as it is now, with that one put back.

    False where what enclosed it is no map any more.
    """
    unit = declared_at(found.vendor, field.path)
    inside: Any = fields
    for key in unit[:-1]:
        inside = inside.setdefault(key, {})
    if unit == field.path:
        inside[unit[-1]] = field.before
        return True
    whole = inside[unit[-1]] if unit[-1] in inside else deepcopy(value_at(found.fields, unit))
    enclosing = value_at(whole, field.path[len(unit) : -1])
    if not isinstance(enclosing, dict):
        return False
    inside[unit[-1]] = whole
    if field.before is None:
        enclosing.pop(field.path[-1], None)
    else:
        enclosing[field.path[-1]] = field.before
    return True


def _without_secrets(vendor: str, path: Path, value: Json, secret: list[str]) -> Any:
    if not isinstance(value, Mapping):
        return value
    of_the_user, kept = policy_of(vendor, path).free_form, {}
    for key, item in value.items():
        if _hides(item) if of_the_user else item == MASK or (is_secret((*path, key)) and item):
            secret.append(".".join((*path, key)))
        elif of_the_user:
            kept[key] = item
        else:
            kept[key] = _without_secrets(vendor, (*path, key), item, secret)
    return kept


def _wanted(change: ChangeRecord, *, name: str, id: str | None, fields: JsonMap, mark: Mark) -> DesiredModel:  # noqa: A002
    source = change.source or Source(file="", line=1, column=1)
    protected = True if mark.prevent_destroy and id is None else None
    return DesiredModel(
        vendor=change.model_vendor,
        name=name,
        id=id,
        renamed_from=None,
        state=State.PRESENT,
        owner=mark.owner if change.owner == UNKNOWN else change.owner,
        lifecycle=Lifecycle(prevent_destroy=protected, prevent_redeploy=None, ignore_changes=()),
        fields=fields,
        node=node_of(fields, source),
        source=source,
    )


def _left_alone(change: ChangeRecord, why: tuple[str, ...]) -> Change:
    return Change(
        action=Action.UNCHANGED,
        vendor=change.model_vendor,
        name=change.name,
        id=change.id,
        reason="",
        fields=(),
        steps=(),
        source=change.source,
        desired=None,
        live=None,
        notes=why,
    )

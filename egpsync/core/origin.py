"""A plan and the manifests of a base revision in; the plan with where each difference comes from out.

Of the base's value, the desired and the live one it is told whether this change makes the difference.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from egpsync.core.diff import declarable
from egpsync.core.normalise import differing
from egpsync.fields.table import is_secret, policy_of
from egpsync.model.manifest import Desired, DesiredModel, State
from egpsync.model.plan import Change, FieldChange, Op, Origin, Plan
from egpsync.model.values import Json, JsonMap, Path, value_at
from egpsync.value import replace

Search: TypeAlias = Callable[[Callable[[Desired], bool]], str | None]
"""The commit after the newest one whose manifests are as asked for; None where no such one is in reach."""


def with_origins(plan: Plan, base: Desired, search: Search) -> Plan:
    """Every field with its origin, and the fields that this change asks for and the account has already."""
    known = _Known(base)
    return replace(plan, changes=tuple(_explained(change, known, search) for change in plan.changes))


class _Known:
    """The models of a revision, by whatever a change can be recognised."""

    def __init__(self, desired: Desired) -> None:
        self.ids = {model.id: model for model in desired.models if model.id is not None}
        self.names = {(model.vendor, model.name): model for model in desired.models}

    def of(self, change: Change) -> DesiredModel | None:
        """The entry that meant the change's model then."""
        names = [change.name, *([change.live.name] if change.live is not None else [])]
        if change.desired is not None and change.desired.renamed_from is not None:
            names.append(change.desired.renamed_from)
        found = self.ids.get(change.id or "") or next(
            (self.names[key] for name in names if (key := (change.vendor, name)) in self.names), None
        )
        return found if found is not None and found.state == State.PRESENT else None


def _explained(change: Change, known: _Known, search: Search) -> Change:
    desired = change.desired
    if desired is None or desired.state != State.PRESENT:
        return change
    before = known.of(change)
    fields = [_with_origin(change, desired, before, field, search) for field in change.fields]
    converged = _converged(change, desired, before) if before is not None else ()
    return replace(change, fields=tuple(sorted((*fields, *converged), key=lambda field: field.path)))


def _with_origin(
    change: Change, desired: DesiredModel, before: DesiredModel | None, field: FieldChange, search: Search
) -> FieldChange:
    path, live = field.path, _live(change)
    if before is None or not _declares(before, path) or (change.live is not None and _same(before, live, path)):
        return replace(field, origin=Origin.THIS_CHANGE)
    untouched = _same(before, _fields(desired), path)
    if change.live is None:
        since = search(lambda then: _Known(then).of(change) is None) if untouched else None
        return replace(field, origin=Origin.OUTSTANDING if untouched else Origin.THIS_CHANGE, pending_since=since)
    since = search(lambda then: _declared_live(_Known(then).of(change), live, path))
    if untouched:
        return replace(field, origin=Origin.OUTSTANDING, pending_since=since)
    return replace(field, origin=Origin.CONFLICT if since is None else Origin.THIS_CHANGE, pending_since=since)


def _declared_live(model: DesiredModel | None, live: JsonMap, path: Path) -> bool:
    return model is not None and _declares(model, path) and _same(model, live, path)


def _converged(change: Change, desired: DesiredModel, before: DesiredModel) -> Iterator[FieldChange]:
    """What this change asks for anew, and the account holds already."""
    if change.live is None:
        return
    differs = [field.path for field in change.fields]
    for one in differing(desired.vendor, desired.fields, before.fields):
        if any(path[: len(one.path)] == one.path or one.path[: len(path)] == path for path in differs):
            continue
        value = value_at(desired.fields, one.path)
        yield FieldChange(
            path=one.path,
            op=Op.CHANGE,
            before=value,
            after=value,
            effect=policy_of(desired.vendor, one.path).effect,
            sensitive=is_secret(one.path),
            source=desired.source_of(one.path),
            reason="",
            origin=Origin.CONVERGED,
        )


def _live(change: Change) -> JsonMap:
    """What the account holds, the name included."""
    return {} if change.live is None else {**declarable(change.live), "name": change.live.name}


def _fields(model: DesiredModel) -> JsonMap:
    return {**model.fields, "name": model.name}


def _declares(model: DesiredModel, path: Path) -> bool:
    held: Json = _fields(model)
    for key in path:
        if not isinstance(held, Mapping) or key not in held:
            return False
        held = held[key]
    return True


def _same(model: DesiredModel, held: JsonMap, path: Path) -> bool:
    """Whether what the model declares at the path means what is held there."""
    if path == ("name",):
        return bool(model.name == held.get("name"))
    for one in differing(model.vendor, model.fields, held):
        if path[: len(one.path)] == one.path:
            wanted, there = (value_at(value, path[len(one.path) :]) for value in (one.wanted, one.held))
            if type(wanted) is not type(there) or wanted != there:
                return False
        elif one.path[: len(path)] == path:
            return False
    return True

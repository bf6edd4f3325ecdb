"""One desired model and what it means in the account in; its Change out: the action, the fields, the steps."""

from collections.abc import Iterator

from egpsync.core.diff import differences, left_out
from egpsync.core.maps import Semantics, without_stuck
from egpsync.core.mark import intended_mark
from egpsync.core.match import Pair
from egpsync.core.names import Names, delete_step
from egpsync.core.patch import create_body, update_body
from egpsync.core.recreate import left_behind, replace_model
from egpsync.fields.table import place_of
from egpsync.model.live import DEPLOYING, FAILED_STATUSES, MARK, NO_MARK, Live, LiveModel, Mark
from egpsync.model.manifest import DesiredModel, State
from egpsync.model.plan import (
    Action,
    Change,
    Create,
    Created,
    Effect,
    FieldChange,
    Op,
    Rename,
    Step,
    StepKey,
    Swap,
    Until,
    Update,
    Wait,
)
from egpsync.model.values import Json, JsonMap, Path, value_at
from egpsync.value import Value, replace

IS_DEPLOYING = "is deploying now"


class PlanOptions(Value, frozen=True, kw_only=True):
    """What a plan may contain beyond what the manifests declare."""

    prune: bool = False  # delete what carries this owner's mark and stands in no manifest
    adopt: bool = False  # write the mark to models that lack it, on its own
    retry_failed: bool = False  # redeploy models that differ in nothing and failed
    adopt_from: str | None = None  # take the marks of this owner over
    map_semantics: Semantics = ()  # what the installation does to maps, where it is known


class Account(Value, frozen=True, kw_only=True):
    """What planning one model has to know of the others."""

    live: Live
    unmanaged: Live  # what no entry means: the other half of a replacement is among these
    names: Names
    options: PlanOptions


def plan_change(pair: Pair, fields: tuple[FieldChange, ...], account: Account) -> Change:
    """What happens to one desired model; `fields` is what of it differs."""
    desired, live = pair.desired, pair.live
    if desired.state == State.ABSENT and not (live and live.odd):
        return plan_delete(live, desired, account) if live is not None else _settled(desired, None, "is absent already")
    if desired.state == State.RELEASED and not (live and live.odd):
        return plan_release(desired, live)
    if live is None:
        return _create(desired, account)
    if live.odd:
        return replace(_settled(desired, live, ""), id=live.id, notes=(left_alone_as_odd(live),))
    if any(field.effect == Effect.IMMUTABLE for field in fields):
        return _recreate(pair, live, fields, account)
    if (old := left_behind(desired, live, account.unmanaged)) is not None:
        return _finish_recreate(plan_update(pair, live, fields, account), live, old)
    return plan_update(pair, live, fields, account)


def followed(change: Change) -> Change:
    """The change of a model that differs in nothing and is deploying, with its deployment followed to its end."""
    if change.live is None or change.steps or change.live.status != DEPLOYING:
        return change
    wait = Wait(key=StepKey(change.live.id, "wait"), model=change.live)
    notes = (
        *(note for note in change.notes if note != IS_DEPLOYING),
        f"{IS_DEPLOYING}: an earlier run began it, and apply follows it",
    )
    return replace(change, steps=(wait,), notes=notes)


def plan_release(desired: DesiredModel, live: LiveModel | None) -> Change:
    """Remove the owner's mark; nothing else of the model changes."""
    if live is None or live.mark == NO_MARK:
        return _settled(desired, live, "is not in the account" if live is None else "carries no mark (any more)")
    metadata = {**{key: value for key, value in live.metadata.items() if key != MARK}, MARK: {}}
    body = {"model_metadata": metadata}  # emptied, which holds whether the server replaces maps or merges into them
    blocked = live.status == DEPLOYING
    owner = f"the mark of {live.mark.owner!r}" if live.mark.owner else "the mark"
    return Change(
        action=Action.BLOCKED if blocked else Action.UPDATE,
        vendor=live.vendor,
        name=live.name,
        id=live.id,
        reason=f"state: released: {owner} is removed, and the model stays as it is",
        fields=(),
        steps=(*_at_rest(live), Update(key=StepKey(live.id, "update"), model=live, body=body)),
        source=desired.source,
        desired=desired,
        live=live,
    )


def left_alone_as_odd(live: LiveModel) -> str:
    """What is said of a model that nothing is done to, as the server's answer about it cannot be worked with."""
    return f"is left alone: the server's answer about it cannot be worked with ({live.odd})"


def plan_update(pair: Pair, live: LiveModel, fields: tuple[FieldChange, ...], account: Account) -> Change:
    """A change without a replacement: rename, metadata, configuration, or nothing."""
    desired = pair.desired
    fields, stuck = without_stuck(desired.vendor, fields, account.options.map_semantics)
    taken_over = account.options.adopt_from is not None and live.mark.owner == account.options.adopt_from
    adopt, maps = account.options.adopt or taken_over, account.options.map_semantics
    body = update_body(desired, live, fields, adopt=adopt, maps=maps)
    retry = not fields and _failed_here(live) and account.options.retry_failed
    if retry:
        body = {**_same_configuration(live), **body}
    steps: list[Step] = [*_rename_steps(live, account), *_named_by_another(live, account)]
    if body:
        steps.append(Update(key=StepKey(live.id, "update"), model=live, body=body))
    if "vendor_configuration" in body:
        steps.append(Wait(key=StepKey(live.id, "wait"), model=live))
    action, reason = _action(live, fields, body, retry=retry)
    reason = "; ".join(part for part in (pair.astray, reason) if part)
    return Change(
        action=action,
        vendor=desired.vendor,
        name=desired.name,
        id=live.id,
        reason=reason,
        fields=fields,
        steps=(*_at_rest(live), *steps) if any(not isinstance(step, Wait) for step in steps) else tuple(steps),
        source=desired.source,
        desired=desired,
        live=live,
        notes=(*_notes(pair, live, body, account), *map(_is_stuck, stuck)),
        ignored=left_out(desired, live),
    )


def _is_stuck(path: Path) -> str:
    return f"cannot remove {'.'.join(path)}: this installation merges maps, so that the key stays (map_semantics)"


def _action(live: LiveModel, fields: tuple[FieldChange, ...], body: JsonMap, *, retry: bool) -> tuple[Action, str]:
    """The action of the most severe field, and why where the fields do not say."""
    server_says = f": {live.status_reason}" if live.status_reason else ""
    if live.status == DEPLOYING and (fields or body):
        return Action.BLOCKED, "is deploying now: apply waits for it, then changes it"
    if "vendor_configuration" in body and not retry:
        return Action.REDEPLOY, ""
    if retry:
        return Action.REDEPLOY, f"its deployment is {live.status}{server_says}; the same configuration is tried again"
    if live.status in FAILED_STATUSES and not fields:
        return Action.UNHEALTHY, f"its deployment is {live.status}{server_says}; no declared field differs"
    if any(field.path == ("name",) for field in fields):
        return Action.RENAME, ""
    if body:
        return Action.UPDATE, "" if fields else f"{_why_marked(live, body)}: only the mark is written"
    return Action.UNCHANGED, ""


def _why_marked(live: LiveModel, body: JsonMap) -> str:
    before, after = live.mark, Mark.of(body["model_metadata"].get(MARK))
    if before.owner not in (None, after.owner):
        return f"is adopted from {before.owner!r}"
    if before.owner is not None and before.name not in (None, after.name):
        return f"its mark still has its former name, {before.name!r}"
    return "is adopted"


def _notes(pair: Pair, live: LiveModel, body: JsonMap, account: Account) -> Iterator[str]:
    if pair.note:
        yield pair.note
    given = account.names.given.get(live.id) if live.id not in account.names.steps else None
    if given is not None:
        yield f"gets its name from the exchange {given.key.model} asks for"
    if live.status == DEPLOYING and not body and live.id not in account.names.steps:
        yield IS_DEPLOYING
    if pair.desired.renamed_from is not None and live.name == pair.desired.name:
        yield "is renamed already: renamed_from can go from its entry"
    unprotected = pair.desired.lifecycle.prevent_destroy and not live.mark.prevent_destroy
    if unprotected and "model_metadata" not in body:
        yield "prevent_destroy is not on the live model yet: it is written with the next change, or now with --adopt"


def _rename_steps(live: LiveModel, account: Account) -> Iterator[Step]:
    """The model's own rename: after the step that frees the name, and with the other model of an exchange at rest."""
    match account.names.steps.get(live.id):
        case None:
            return
        case Swap() as swap:
            if swap.other.status == DEPLOYING:
                yield Wait(key=StepKey(live.id, "other"), model=swap.other, until=Until.REST)
            yield swap
        case Rename() as rename:
            freed = account.names.freed.get((live.vendor, rename.name))
            waits_for = {*rename.after, *([freed] if freed else [])} - {rename.key}
            yield replace(rename, after=tuple(sorted(waits_for)))


def _named_by_another(live: LiveModel, account: Account) -> Iterator[Step]:
    """For a model that gets its name from another one's exchange: a reading after it, to see that it did."""
    given = account.names.given.get(live.id)
    if given is not None and live.id not in account.names.steps:
        key, settles = StepKey(live.id, "named"), frozenset({"name"})
        yield Wait(key=key, model=live, until=Until.REST, after=(given.key,), settles=settles)


def _at_rest(live: LiveModel) -> Iterator[Step]:
    """A deploying model refuses every change: it is waited for, however its deployment ends."""
    if live.status == DEPLOYING:
        yield Wait(key=StepKey(live.id, "before"), model=live, until=Until.REST)


def _failed_here(live: LiveModel) -> bool:
    """Whether it is a deployment of the platform's own that failed: a hosted model takes no configuration."""
    return live.status in FAILED_STATUSES and live.configuration is not None


def _same_configuration(live: LiveModel) -> JsonMap:
    """The smallest configuration body that changes nothing: the API redeploys on any configuration."""
    path = next(path for name in ("tag", "model") if (path := place_of(live.vendor, name)) is not None)
    same: Json = value_at(live.fields, path)
    for key in reversed(path):
        same = {key: same}
    return dict(same)


def _create(desired: DesiredModel, account: Account) -> Change:
    key = StepKey(f"{desired.vendor}/{desired.name}", "create")
    freed = account.names.freed.get((desired.vendor, desired.name))
    body = create_body(desired, name=desired.name, mark=intended_mark(desired, None))
    former = f" or {desired.renamed_from!r}" if desired.renamed_from else ""
    create = Create(key=key, body=body, after=(freed,) if freed else ())
    return Change(
        action=Action.CREATE,
        vendor=desired.vendor,
        name=desired.name,
        id=None,
        reason=f"the account has no {desired.vendor} model {desired.name!r}{former}",
        fields=differences(_with_what_it_ignores(desired), _nothing(desired)),
        steps=(create, Wait(key=StepKey(key.model, "wait"), model=Created(by=key))),
        source=desired.source,
        desired=desired,
        live=None,
    )


def _with_what_it_ignores(desired: DesiredModel) -> DesiredModel:
    """As it is created: what is left alone later has no other value yet, and is sent."""
    return replace(desired, lifecycle=replace(desired.lifecycle, ignore_changes=()))


def _nothing(desired: DesiredModel) -> LiveModel:
    """A live model that holds no field at all: what a create differs from."""
    return LiveModel(
        id="",
        name=desired.name,
        vendor=desired.vendor,
        model_type=None,
        status="",
        status_reason="",
        metadata={},
        configuration=None,
    )


def plan_delete(live: LiveModel, desired: DesiredModel | None, account: Account) -> Change:
    """Delete a model, by its tombstone or, where `desired` is None, as no manifest names it any more."""
    given = account.names.given.get(live.id)
    delete = delete_step(live, given.expects if given else live.name, (given.key,) if given else ())
    return Change(
        action=Action.DELETE,
        vendor=live.vendor,
        name=live.name,
        id=live.id,
        reason="state: absent" if desired else f"stands in no manifest, and carries the mark of {live.mark.owner}",
        fields=tuple(_gone(live, part) for part in sorted(live.fields) if live.fields[part]),
        steps=(*_at_rest(live), delete),
        source=desired.source if desired else None,
        desired=desired,
        live=live,
    )


def _gone(live: LiveModel, part: str) -> FieldChange:
    """What a deletion destroys, for the reviewer and for whoever has to put it back."""
    return FieldChange(
        path=(part,),
        op=Op.REMOVE,
        before=live.fields[part],
        after=None,
        effect=Effect.IN_PLACE,
        sensitive=False,
        source=None,
        reason="",
    )


def _recreate(pair: Pair, live: LiveModel, fields: tuple[FieldChange, ...], account: Account) -> Change:
    desired = pair.desired
    replacement = replace_model(desired, live, account.unmanaged)
    renaming = (*_rename_steps(live, account), *_named_by_another(live, account))
    immutable = [field for field in fields if field.effect == Effect.IMMUTABLE]
    why = "; ".join(f"{'.'.join(field.path)}: {field.reason}" for field in immutable)
    return Change(
        action=Action.RECREATE,
        vendor=desired.vendor,
        name=desired.name,
        id=live.id,
        reason=f"{why}{'; ' + replacement.reason if replacement.reason else ''}",
        fields=fields,
        steps=(*_at_rest(live), *renaming, *replacement.steps),
        source=desired.source,
        desired=desired,
        live=live,
        notes=(*_notes(pair, live, {}, account), f"the model gets a new id: {live.id} is gone after it"),
    )


def _finish_recreate(change: Change, live: LiveModel, old: LiveModel) -> Change:
    """Beside whatever differs by now: delete the old model, once the new one is ready."""
    waits = any(isinstance(step, Wait) and step.until == Until.READY for step in change.steps)
    wait = () if waits else (Wait(key=StepKey(live.id, "wait"), model=live),)
    return replace(
        change,
        action=Action.RECREATE,
        reason=f"replaced {old.id} in an earlier run; the old model ({old.name!r}) is still to be deleted",
        steps=(*change.steps, *wait, delete_step(old, old.name)),
    )


def _settled(desired: DesiredModel, live: LiveModel | None, reason: str) -> Change:
    return Change(
        action=Action.UNCHANGED,
        vendor=desired.vendor,
        name=desired.name or (desired.id or ""),
        id=desired.id,
        reason=reason,
        fields=(),
        steps=(),
        source=desired.source,
        desired=desired,
        live=live,
    )

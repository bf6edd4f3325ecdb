"""A model whose immutable field differs in; the steps that put a new one in its place, out.

The new model is created beside the old one under a name of its own, waited for, given the name by an exchange, and
the old one is deleted: the name serves all the while. The new model's mark says which model it replaces, so that a
run that was cut short goes on where it stood.
"""

from egpsync.core.diff import declarable, differences, wanted
from egpsync.core.mark import intended_mark, standby_name
from egpsync.core.names import delete_step
from egpsync.core.normalise import left_alone
from egpsync.core.overlay import overlaid, without
from egpsync.core.patch import create_body
from egpsync.fields.table import place_of
from egpsync.model.live import FAILED_STATUSES, Live, LiveModel
from egpsync.model.manifest import DesiredModel
from egpsync.model.plan import Create, Created, Ref, Step, StepKey, Swap, Wait
from egpsync.model.values import JsonMap, value_at
from egpsync.value import Value, replace


class Replacement(Value, frozen=True, kw_only=True):
    """Where a replacement stands and what is left of it."""

    steps: tuple[Step, ...]
    reason: str


def replace_model(desired: DesiredModel, old: LiveModel, unmanaged: Live) -> Replacement:
    """All that is left to do to put a new model in the place of `old`."""
    name = desired.name if desired.vendor != old.vendor else standby_name(desired.name)
    begun = unmanaged.by_name.get((desired.vendor, name))
    if begun is not None and begun.mark.replaces != old.id:
        begun = None  # not of this replacement's making: the creation will meet that the name is taken
    creation = _creation(desired, old, name)
    takeover = _takeover(desired, old, Created(by=creation.key))
    anew = (creation, Wait(key=_key(old, "wait"), model=Created(by=creation.key)), *takeover)
    if begun is None:
        return Replacement(steps=anew, reason="")
    if begun.status not in FAILED_STATUSES and _is_what_is_wanted(desired, old, begun):
        wait = Wait(key=_key(old, "wait"), model=begun)
        reason = f"goes on with {begun.id}, created by an earlier run"
        return Replacement(steps=(wait, *_takeover(desired, old, begun)), reason=reason)
    return Replacement(
        steps=(delete_step(begun, begun.name), *anew),
        reason=f"begins again: {begun.id}, created by an earlier run, is {begun.status} or no longer what is wanted",
    )


def left_behind(desired: DesiredModel, live: LiveModel, unmanaged: Live) -> LiveModel | None:
    """The old model of a replacement that already serves, where it is still to be deleted."""
    replaced = unmanaged.by_id.get(live.mark.replaces or "")
    if replaced is None or replaced.vendor != live.vendor or replaced.name != standby_name(desired.name):
        return None
    return replaced


def _key(old: LiveModel, part: str) -> StepKey:
    return StepKey(old.id, part)


def _creation(desired: DesiredModel, old: LiveModel, name: str) -> Create:
    mark = {part: value for part, value in intended_mark(desired, old).items() if part != "op"}
    body = create_body(_carried_over(desired, old), name=name, mark={**mark, "replaces": old.id})
    return Create(key=_key(old, "create"), body=body)


def _takeover(desired: DesiredModel, old: LiveModel, new: Ref) -> tuple[Step, ...]:
    """Give the new model the name, unless it has it already among another vendor's; then delete the old one."""
    if desired.vendor != old.vendor:
        return (delete_step(old, old.name),)
    standby = standby_name(desired.name)
    swap = Swap(key=_key(old, "swap"), model=new, other=old, expects=standby, name=desired.name)
    return (swap, delete_step(old, standby))


def _is_what_is_wanted(desired: DesiredModel, old: LiveModel, begun: LiveModel) -> bool:
    return not differences(replace(_carried_over(desired, old), name=begun.name), begun)


def _carried_over(desired: DesiredModel, old: LiveModel) -> DesiredModel:
    """What the new model is to hold: what the manifest declares, over what the old one holds undeclared or ignored."""
    held: JsonMap = declarable(old)
    if desired.vendor != old.vendor:
        held = {"model_metadata": held["model_metadata"]}
    fields = overlaid(
        desired.vendor, (), held, left_alone((), wanted(desired, old), held, desired.lifecycle.ignore_changes)
    )
    return replace(desired, fields=_without_idle_gpu_type(desired.vendor, fields))


def _without_idle_gpu_type(vendor: str, fields: JsonMap) -> JsonMap:
    """Drop the GPU type of a model without GPUs: the platform refuses it (llm-engine, common/resource_limits.py)."""
    gpus, kind = place_of(vendor, "gpus"), place_of(vendor, "gpu_type")
    return fields if gpus is None or kind is None or value_at(fields, gpus) else without(fields, kind)

"""Pairs and models to delete in; the step that gives each model its name, and who waits for whom, out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from egpsync.core.match import Pair
from egpsync.core.rename import NEVER, Mover, order_renames, unpinned_rings
from egpsync.model.live import Live, LiveModel
from egpsync.model.plan import Delete, Refusal, Rename, StepKey, Swap
from egpsync.value import Value


class Names(Value, frozen=True, kw_only=True):
    """How every model comes by its name."""

    steps: Mapping[str, Rename | Swap]  # live id -> its own rename
    given: Mapping[str, Swap]  # live id -> the other model's exchange that gives it its (last) name
    freed: Mapping[tuple[str, str], StepKey]  # (vendor, name) -> the step after which the name is free
    refusals: tuple[Refusal, ...]


def plan_names(pairs: Iterable[Pair], deleted: Iterable[LiveModel], live: Live) -> Names:
    """Order the renames of all vendors; a name held by a model that stays is a refusal."""
    pairs, leaving = list(pairs), list(deleted)
    moving = {pair.live.id: (pair, pair.live) for pair in pairs if pair.live is not None and _moves(pair, pair.live)}
    refusals = {pair.desired.source: refusal for pair, refusal in _taken_names(moving, leaving, live)}
    movers: dict[str, list[Mover]] = defaultdict(list)
    for pair, model in moving.values():
        if pair.desired.source not in refusals:
            movers[model.vendor].append(Mover(model=model, target=pair.desired.name, pinned=pair.pinned))
    paired = {pair.live.id for pair in pairs if pair.live is not None}
    creating = {pair.desired.vendor for pair in pairs if pair.live is None}
    for model in leaving:
        if model.name:  # no entry wants to be called nothing
            found_by_id = model.id in paired or model.vendor not in creating  # else an entry could take it for its own
            movers[model.vendor].append(Mover(model=model, target=NEVER, pinned=found_by_id))
    loose = [mover.model.id for group in movers.values() for mover in unpinned_rings(group)]
    renames = [rename for group in movers.values() for rename in order_renames(group)]
    return Names(
        steps={rename.key.model: rename for rename in renames},
        given={rename.other.id: rename for rename in renames if isinstance(rename, Swap)},
        freed=_freed(moving, leaving, renames),
        refusals=(*refusals.values(), *(_unpinned(*moving[model_id]) for model_id in loose if model_id in moving)),
    )


def delete_step(model: LiveModel, name: str, after: tuple[StepKey, ...] = ()) -> Delete:
    """Delete the model, which must be called `name` by then, and otherwise be as it is."""
    return Delete(key=_delete_key(model), model=model, expects=name, after=after)


def _delete_key(model: LiveModel) -> StepKey:
    return StepKey(model.id, "delete")


def _moves(pair: Pair, live: LiveModel) -> bool:
    desired = pair.desired
    return desired.state == "present" and desired.vendor == live.vendor and desired.name != live.name


Moving = Mapping[str, tuple[Pair, LiveModel]]
"""Live id -> the pair whose live model changes its name, and that model."""


def _taken_names(moving: Moving, leaving: list[LiveModel], live: Live) -> Iterable[tuple[Pair, Refusal]]:
    by_name = live.by_name if moving else {}
    gone = moving.keys() | {model.id for model in leaving}
    for pair, _ in moving.values():
        holder = by_name.get((pair.desired.vendor, pair.desired.name))
        if holder is not None and holder.id not in gone:
            yield (
                pair,
                Refusal(
                    guard="name-taken",
                    message=f"cannot take the name {pair.desired.name!r}: {holder.id} has it and no manifest moves it "
                    "away",
                    consent="give that model an entry by its id, with another name or `state: absent`",
                    model=(pair.desired.vendor, pair.desired.name),
                    source=pair.desired.source,
                ),
            )


def _unpinned(pair: Pair, live: LiveModel) -> Refusal:
    return Refusal(
        guard="unpinned-ring",
        message="is part of a ring of renames in which a run cut short could not tell the models apart again",
        consent=f"write its id: {live.id}",
        model=(pair.desired.vendor, pair.desired.name),
        source=pair.desired.source,
    )


def _freed(moving: Moving, leaving: list[LiveModel], renames: list[Rename | Swap]) -> dict[tuple[str, str], StepKey]:
    """After which step each name that is given up is free: the last one that takes it away from someone."""
    freed = {(model.vendor, model.name): _delete_key(model) for model in leaving}
    for rename in renames:
        vendor = moving[rename.key.model][1].vendor
        match rename:
            case Rename():
                freed[vendor, rename.expects] = rename.key
            case Swap() if rename.other.id not in moving:
                freed[vendor, rename.expects] = _delete_key(rename.other)
            case Swap():
                pass  # the other model gets the name, and moves on with it
    return freed

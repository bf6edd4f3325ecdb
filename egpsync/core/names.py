"""Pairs and models to delete in; the rename request of each model that needs one, and who waits for whom, out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from egpsync.core.match import Pair
from egpsync.core.rename import NEVER, Mover, Rename, order_renames, unpinned_rings
from egpsync.model.live import Live, LiveModel
from egpsync.model.plan import Refusal, Send

MODELS = "/v5/models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """How every model comes by its name."""

    requests: Mapping[str, Send]  # live id -> its rename
    given: Mapping[str, Send]  # live id -> the other model's exchange that gives it its (last) name
    freed: Mapping[tuple[str, str], str]  # (vendor, name) -> key of the step after which the name is free
    refusals: tuple[Refusal, ...]


def plan_names(pairs: Iterable[Pair], deleted: Iterable[LiveModel], live: Live) -> Names:
    """Order the renames of all vendors; a name held by a model that stays is a refusal."""
    pairs, leaving = list(pairs), list(deleted)
    moving = [pair for pair in pairs if _moves(pair)]
    paired = {pair.live.id for pair in pairs if pair.live is not None}
    creating = {pair.desired.vendor for pair in pairs if pair.live is None}
    refusals = [*_taken_names(moving, leaving, live)]
    movers: dict[str, list[Mover]] = defaultdict(list)
    for pair in moving:
        if pair.live is not None and not any(refusal.source == pair.desired.source for refusal in refusals):
            movers[pair.live.vendor].append(
                Mover(id=pair.live.id, name=pair.live.name, target=pair.desired.name, pinned=pair.pinned)
            )
    for model in leaving:
        if not model.name:
            continue  # no entry wants to be called nothing
        found_by_id = model.id in paired or model.vendor not in creating  # else an entry could take it for its own
        movers[model.vendor].append(Mover(id=model.id, name=model.name, target=NEVER, pinned=found_by_id))
    loose = {mover.id for group in movers.values() for mover in unpinned_rings(group)}
    refusals += [_unpinned(pair) for pair in moving if pair.live is not None and pair.live.id in loose]
    renames = [rename for group in movers.values() for rename in order_renames(group)]
    requests = {rename.id: _request(rename) for rename in renames}
    return Names(
        requests=requests,
        given={request.swap_with: request for request in requests.values() if request.swap_with is not None},
        freed=_freed(moving, leaving, renames),
        refusals=tuple(refusals),
    )


def rename_key(model_id: str) -> str:
    """The key of a model's rename step."""
    return f"{model_id}#rename"


def delete_key(model_id: str) -> str:
    """The key of a model's delete step."""
    return f"{model_id}#delete"


def delete_request(model: LiveModel, name: str) -> Send:
    """Delete the model, which must be called `name` by then, and otherwise be as it is."""
    path = f"{MODELS}/{model.id}"
    key = delete_key(model.id)
    return Send(key=key, method="DELETE", path=path, body=None, expects_name=name, expects_fields=model.fields)


def _moves(pair: Pair) -> bool:
    desired, live = pair.desired, pair.live
    return (
        live is not None and desired.state == "present" and desired.vendor == live.vendor and desired.name != live.name
    )


def _taken_names(moving: list[Pair], leaving: list[LiveModel], live: Live) -> Iterable[Refusal]:
    by_name = live.by_name()
    gone = {pair.live.id for pair in moving if pair.live is not None} | {model.id for model in leaving}
    for pair in moving:
        holder = by_name.get((pair.desired.vendor, pair.desired.name))
        if holder is not None and holder.id not in gone:
            yield Refusal(
                guard="name-taken",
                message=f"cannot take the name {pair.desired.name!r}: {holder.id} has it and no manifest moves it away",
                consent="give that model an entry by its id, with another name or `state: absent`",
                model=(pair.desired.vendor, pair.desired.name),
                source=pair.desired.source,
            )


def _unpinned(pair: Pair) -> Refusal:
    live = pair.live
    return Refusal(
        guard="unpinned-ring",
        message="is part of a ring of renames in which a run cut short could not tell the models apart again",
        consent=f"write its id: {live.id if live else ''}",
        model=(pair.desired.vendor, pair.desired.name),
        source=pair.desired.source,
    )


def _request(rename: Rename) -> Send:
    return Send(
        key=rename_key(rename.id),
        method="PATCH",
        path=f"{MODELS}/{rename.id}",
        body={"name": rename.name, **({"on_conflict": "swap"} if rename.swap_with else {})},
        after=() if rename.after is None else (rename_key(rename.after),),
        expects_name=rename.expects,
        swap_with=rename.swap_with,
    )


def _freed(moving: list[Pair], leaving: list[LiveModel], renames: list[Rename]) -> dict[tuple[str, str], str]:
    """After which step each name that is given up is free: the last request that takes it away from someone."""
    vendors = {pair.live.id: pair.live.vendor for pair in moving if pair.live is not None}
    freed = {(model.vendor, model.name): delete_key(model.id) for model in leaving}
    for rename in renames:
        if rename.swap_with is None:
            freed[vendors[rename.id], rename.expects] = rename_key(rename.id)
        elif rename.swap_with not in vendors:
            freed[vendors[rename.id], rename.expects] = delete_key(rename.swap_with)
    return freed

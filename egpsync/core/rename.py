"""Models that change their names in; the fewest steps that do it, in an order that loses no name, out.

A rename onto a free name is one request. Where the name is held by another model that is to move on as well, the
two either exchange names, so that the name always serves, or the other one moves first. Swapping is only taken where
the other model is pinned by its id: after a crash its former name would otherwise be found at the wrong model. A ring
of n models takes n - 1 swaps.
"""

from collections.abc import Iterable, Mapping

from egpsync.model.live import LiveModel
from egpsync.model.plan import Rename, StepKey, Swap
from egpsync.value import Value

NEVER = ""
"""The target of a model that is to be deleted: it gives its name up and needs none."""


class Mover(Value, frozen=True, kw_only=True):
    """A live model whose name is to change or to be given up; all movers of one call share a vendor."""

    model: LiveModel
    target: str  # or NEVER
    pinned: bool  # identified by its id, so that a swap cannot confuse a later run


def rename_key(model: LiveModel) -> StepKey:
    """The key of the step that gives a model its name."""
    return StepKey(model.id, "rename")


def order_renames(movers: Iterable[Mover]) -> tuple[Rename | Swap, ...]:
    """The steps in order. A target held by a model that does not move is the caller's to refuse."""
    by_name = {mover.model.name: mover for mover in movers}
    targets = {mover.target for mover in by_name.values()}
    heads = [mover for name, mover in sorted(by_name.items()) if name not in targets]
    renames: list[Rename | Swap] = []
    seen: set[str] = set()
    for head in heads:
        path = _follow(head, by_name, seen)
        for run in reversed(_runs(path)):
            renames += _exchange_along(run, by_name)
    for _, mover in sorted(by_name.items()):
        if mover.model.id not in seen:
            renames += _exchange_along(_follow(mover, by_name, seen), by_name)[:-1]
    return tuple(renames)


def _follow(mover: Mover | None, by_name: Mapping[str, Mover], seen: set[str]) -> list[Mover]:
    """From `mover` to whoever holds the name it wants, and on, until a free name or the start of a ring."""
    path: list[Mover] = []
    while mover is not None and mover.model.id not in seen:
        seen.add(mover.model.id)
        path.append(mover)
        mover = by_name.get(mover.target)
    return path


def _runs(path: list[Mover]) -> list[list[Mover]]:
    """Cut where a mover's holder is not pinned: that holder must move first, with all behind it."""
    runs: list[list[Mover]] = [path[:1]]
    for mover in path[1:]:
        if mover.pinned:
            runs[-1].append(mover)
        else:
            runs.append([mover])
    return runs


def _exchange_along(run: list[Mover], by_name: Mapping[str, Mover]) -> list[Rename | Swap]:
    """Swap each with the next; the last one takes its own target. The first name wanders to the end."""
    first = run[0].model.name
    swaps: list[Rename | Swap] = [
        Swap(
            key=rename_key(mover.model),
            model=mover.model,
            other=following.model,
            expects=first,
            name=mover.target,
            after=() if mover is run[0] else (rename_key(before.model),),
        )
        for before, mover, following in zip([run[0], *run], run, run[1:], strict=False)
    ]
    last, holder = run[-1], by_name.get(run[-1].target)
    if last.target == NEVER:
        return swaps
    ahead = holder if holder is not None and holder not in run and holder.target != NEVER else None
    waits_for = ahead or (run[-2] if len(run) > 1 else None)
    final = Rename(
        key=rename_key(last.model),
        model=last.model,
        expects=first,
        name=last.target,
        after=() if waits_for is None else (rename_key(waits_for.model),),
    )
    return [*swaps, final]


def unpinned_rings(movers: Iterable[Mover]) -> tuple[Mover, ...]:
    """Members found by name of rings longer than two, in which a run cut short could not tell them apart again."""
    by_name = {mover.model.name: mover for mover in movers}
    targets = {mover.target for mover in by_name.values()}
    seen: set[str] = set()
    for name, mover in sorted(by_name.items()):
        if name not in targets:
            _follow(mover, by_name, seen)
    rings = [_follow(mover, by_name, seen) for _, mover in sorted(by_name.items()) if mover.model.id not in seen]
    return tuple(mover for ring in rings if len(ring) > 2 for mover in ring if not mover.pinned)

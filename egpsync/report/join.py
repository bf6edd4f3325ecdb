"""Saved reports in, one a target out: the shards of a target are one report, as if it had been made in one go."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise
from operator import attrgetter
from typing import TypeVar

from egpsync.model.plan import Capacity
from egpsync.model.report import Report, ReportTiming
from egpsync.value import replace

T = TypeVar("T")
_WORST_FIRST = (130, 143, 64, 1, 4, 5, 3, 2, 0)  # exit codes, by how much somebody has to look
_SHARD = re.compile(r"\d+ models? (?:is|are) left out by (?:--)?shard (\d+)/(\d+)")


class SharedModelError(ValueError):
    """Two reports of one target tell of one model: they are no shards of one run."""


def join(reports: Iterable[Report]) -> tuple[Report, ...]:
    """One report for each command, target and section, in the order in which they come first.

    Raises SharedModelError where two tell of the same model.
    """
    groups: dict[tuple[object, ...], list[Report]] = {}
    for report in reports:
        key = (report.kind, report.target_name, report.base_url, report.account_id, report.section)
        groups.setdefault(key, []).append(report)
    return tuple(shards[0] if len(shards) == 1 else _joined(shards) for shards in groups.values())


def _joined(shards: Sequence[Report]) -> Report:
    changes = sorted(
        (change for shard in shards for change in shard.changes),
        key=lambda one: (one.model_vendor, one.name, one.id or ""),
    )
    for one, other in pairwise(changes):
        if (one.model_vendor, one.name, one.id) == (other.model_vendor, other.name, other.id):
            raise SharedModelError(f"two of the reports tell of {one.name!r} ({one.model_vendor})")
    seen = {(change.model_vendor, change.id) for change in changes}
    live = _unique(model for shard in shards for model in shard.unmanaged)
    unmanaged = [model for model in live if (model.model_vendor, model.id) not in seen]
    first = shards[0]
    return replace(
        first,
        repeat=first.repeat if len({shard.repeat for shard in shards}) == 1 else "",
        files=max(shard.files for shard in shards),
        models=max(shard.models for shard in shards),
        summary={**_summed([shard.summary for shard in shards]), "unmanaged": len(unmanaged)},
        outcomes=_summed([shard.outcomes for shard in shards]),
        applyable=any(shard.applyable for shard in shards) and not any(shard.refusals for shard in shards),
        complete=all(shard.complete for shard in shards),
        errored=any(shard.errored for shard in shards),
        interrupted=any(shard.interrupted for shard in shards),
        problems=tuple(
            sorted(
                _unique(one for shard in shards for one in shard.problems), key=lambda one: (str(one.source), one.rule)
            )
        ),
        refusals=tuple(_unique(one for shard in shards for one in shard.refusals)),
        changes=tuple(changes),
        unmanaged=tuple(sorted(unmanaged, key=lambda one: (one.model_vendor, one.name, one.id))),
        capacity=_grown([shard.capacity for shard in shards]),
        notes=tuple(_notes(shards)),
        rules=tuple(sorted(_unique(one for shard in shards for one in shard.rules), key=attrgetter("id"))),
        declared=tuple(_unique(one for shard in shards for one in shard.declared)),
        error=next((shard.error for shard in shards if shard.error), None),
        timing=_spanned([shard.timing for shard in shards if shard.timing]),
        exit_code=min((shard.exit_code for shard in shards), key=_urgency),
    )


def _unique(items: Iterable[T]) -> list[T]:
    """Each once, in their order."""
    return list(dict.fromkeys(items))


def _summed(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    names = dict.fromkeys(chain.from_iterable(counts))
    return {name: sum(count.get(name, 0) for count in counts) for name in names}


def _grown(shards: Sequence[Mapping[str, Capacity]]) -> dict[str, Capacity]:
    """What all shards together make of the one account that each of them saw."""
    grown: dict[str, Capacity] = {}
    for kind, at in chain.from_iterable(shard.items() for shard in shards):
        by_now = grown.get(kind)
        grown[kind] = at if by_now is None else _and(by_now, at)
    return dict(sorted(grown.items()))


def _and(by_now: Capacity, more: Capacity) -> Capacity:
    return replace(
        by_now,
        minimum_after=by_now.minimum_after + more.minimum_after - more.minimum_before,
        maximum_after=by_now.maximum_after + more.maximum_after - more.maximum_before,
    )


def _notes(shards: Sequence[Report]) -> list[str]:
    """Those of all; that a shard left models out is no news where every shard is here."""
    notes: list[str] = _unique(one for shard in shards for one in shard.notes)
    said = {note: found.groups() for note in notes if (found := _SHARD.fullmatch(note))}
    here = {number for number, _ in said.values()}
    whole = {count for _, count in said.values() if here == {str(number + 1) for number in range(int(count))}}
    return [note for note in notes if note not in said or said[note][1] not in whole]


def _spanned(times: Sequence[ReportTiming]) -> ReportTiming | None:
    if not times:
        return None
    spans = sorted(chain.from_iterable(one.changes for one in times), key=lambda one: (one.model_vendor, one.name))
    return ReportTiming(
        started=min(one.started for one in times), ended=max(one.ended for one in times), changes=tuple(spans)
    )


def _urgency(code: int) -> int:
    return _WORST_FIRST.index(code) if code in _WORST_FIRST else 0

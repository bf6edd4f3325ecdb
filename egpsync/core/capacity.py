"""Live models and changes in, GPUs by type before and after out."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple, TypeAlias, assert_never

from egpsync.core.overlay import overlaid
from egpsync.fields.table import place_of
from egpsync.model.live import Live
from egpsync.model.plan import Capacity, Change, Create, Delete, Rename, Swap, Update, Wait, deploys
from egpsync.model.values import JsonMap, Path, value_at

Total: TypeAlias = "Counter[tuple[str, str]]"
"""GPUs by their type, and by whether workers are at their least ("min") or most ("max")."""


def count_gpus(live: Live, changes: Iterable[Change]) -> dict[str, Capacity]:
    """GPUs (gpus x workers x nodes) of all the account's models by type, now and after the changes.

    A model between two deployments takes both for a while; this counts the states, not the way between.
    """
    now: Total = Counter()
    for model in live.models:
        _add(now, model.vendor, model.fields)
    then = Counter(now)
    for change in changes:
        _carry_out(then, change)
    kinds = sorted({kind for kind, _ in (*now, *then)})
    return {
        kind: Capacity(
            minimum_before=now[kind, "min"],
            maximum_before=now[kind, "max"],
            minimum_after=then[kind, "min"],
            maximum_after=then[kind, "max"],
        )
        for kind in kinds
    }


def _carry_out(total: Total, change: Change) -> None:
    for step in change.steps:
        match step:
            case Create():
                _add(total, change.vendor, step.body)
            case Update() if deploys(step):
                vendor, held = step.model.vendor, step.model.fields
                _add(total, vendor, held, times=-1)
                _add(total, vendor, overlaid(vendor, (), held, step.body))
            case Delete():
                _add(total, step.model.vendor, step.model.fields, times=-1)
            case Update() | Rename() | Swap() | Wait():
                pass
            case _:
                assert_never(step)


def _add(total: Total, vendor: str, fields: JsonMap, *, times: int = 1) -> None:
    places = _places(vendor)
    kind = value_at(fields, places.kind) if places is not None else None
    if places is not None and isinstance(kind, str):
        per_worker = times * _whole(fields, places.gpus, 0) * _whole(fields, places.nodes, 1)
        total[kind, "min"] += per_worker * _whole(fields, places.least, 0)
        total[kind, "max"] += per_worker * _whole(fields, places.most, 1)


class _Places(NamedTuple):
    """Where one vendor's models hold what is counted; None for a field that they do not have."""

    kind: Path
    gpus: Path | None
    nodes: Path | None
    least: Path | None
    most: Path | None


@cache
def _places(vendor: str) -> _Places | None:
    kind = place_of(vendor, "gpu_type")
    names = ("gpus", "nodes_per_worker", "min_workers", "max_workers")
    return None if kind is None else _Places(kind, *(place_of(vendor, name) for name in names))


def _whole(fields: JsonMap, path: Path | None, default: int) -> int:
    value = value_at(fields, path) if path is not None else None
    return value if isinstance(value, int) else default

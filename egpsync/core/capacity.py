"""Live models and changes in, GPUs by type before and after out."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple, TypeAlias, assert_never

from egpsync.core.overlay import overlaid
from egpsync.fields.table import place_of
from egpsync.model.live import Live
from egpsync.model.plan import Capacity, Change, Create, Delete, Rename, Swap, Update, Wait
from egpsync.model.values import JsonMap, Path, value_at

Holding: TypeAlias = tuple[str, JsonMap]
"""A model's vendor and its fields."""


def count_gpus(live: Live, changes: Iterable[Change]) -> dict[str, Capacity]:
    """GPUs (gpus x workers x nodes) of all the account's models by type, now and after the changes.

    A model between two deployments takes both for a while; this counts the states, not the way between.
    """
    before: dict[str, Holding] = {model.id: (model.vendor, model.fields) for model in live.models}
    after = dict(before)
    for change in changes:
        after |= dict(_after(change))
    now, then = _total(before.values()), _total(after.values())
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


def _after(change: Change) -> Iterable[tuple[str, Holding]]:
    for step in change.steps:
        match step:
            case Create():
                yield str(step.key), (change.vendor, step.body)
            case Update():
                if "vendor_configuration" in step.body:
                    yield step.model.id, (change.vendor, overlaid(change.vendor, (), step.model.fields, step.body))
            case Delete():
                yield step.model.id, (change.vendor, {})
            case Rename() | Swap() | Wait():
                pass
            case _:
                assert_never(step)


def _total(held: Iterable[Holding]) -> Counter[tuple[str, str]]:
    total: Counter[tuple[str, str]] = Counter()
    for vendor, fields in held:
        places = _places(vendor)
        if places is None or not fields.get(places.kind[0]):
            continue
        kind = value_at(fields, places.kind)
        if isinstance(kind, str):
            per_worker = _whole(fields, places.gpus, 0) * _whole(fields, places.nodes, 1)
            total[kind, "min"] += per_worker * _whole(fields, places.least, 0)
            total[kind, "max"] += per_worker * _whole(fields, places.most, 1)
    return total


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

"""Live models and changes in, GPUs by type before and after out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple, TypeAlias, assert_never

from egpsync.core.overlay import overlaid
from egpsync.fields.table import place_of
from egpsync.model.live import Live
from egpsync.model.plan import Capacity, Change, Create, Delete, Rename, Swap, Update, Wait, deploys
from egpsync.model.values import JsonMap, Path, is_map, value_at

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
    counted = _counted(vendor)
    held = value_at(fields, counted.place) if counted is not None else None
    if counted is None or not is_map(held) or not isinstance(kind := held.get("gpu_type"), str):
        return
    gpus, nodes, least, most = [
        value if name in counted.names and isinstance(value := held.get(name), int) else default
        for name, default in COUNTED.items()
    ]
    total[kind, "min"] += times * gpus * nodes * least
    total[kind, "max"] += times * gpus * nodes * most


COUNTED: Mapping[str, int] = {"gpus": 0, "nodes_per_worker": 1, "min_workers": 0, "max_workers": 1}
"""The fields beside `gpu_type` that are multiplied, and what they are where they are not said."""


class _Counted(NamedTuple):
    """Where one vendor's models hold what is counted."""

    place: Path  # the map that holds it
    names: frozenset[str]  # of the fields, those that the vendor has there


@cache
def _counted(vendor: str) -> _Counted | None:
    kind = place_of(vendor, "gpu_type")
    if kind is None:
        return None
    *place, _ = kind
    return _Counted(tuple(place), frozenset(name for name in COUNTED if place_of(vendor, name) == (*place, name)))

"""Live models and changes in, GPUs by type before and after out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import assert_never

from egpsync.model.live import Live
from egpsync.model.plan import Capacity, Change, Create, Delete, Rename, Swap, Update, Wait
from egpsync.model.values import Json, JsonMap


def count_gpus(live: Live, changes: Iterable[Change]) -> dict[str, Capacity]:
    """GPUs (gpus x workers x nodes) of all the account's models by type, now and after the changes.

    A model between two deployments takes both for a while; this counts the states, not the way between.
    """
    before = {model.id: model.configuration for model in live.models}
    after: dict[str, JsonMap | None] = dict(before)
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


def _after(change: Change) -> Iterable[tuple[str, JsonMap | None]]:
    for step in change.steps:
        match step:
            case Create():
                yield str(step.key), step.body.get("vendor_configuration")
            case Update():
                if "vendor_configuration" in step.body:
                    held = step.model.configuration or {}
                    yield step.model.id, _overlaid(held, step.body["vendor_configuration"])
            case Delete():
                yield step.model.id, None
            case Rename() | Swap() | Wait():
                pass
            case _:
                assert_never(step)


def _overlaid(under: JsonMap, over: JsonMap) -> JsonMap:
    """A partial configuration over the whole one, two levels deep: enough for what is counted."""
    infra = {**(under.get("model_infra") or {}), **(over.get("model_infra") or {})}
    return {**under, **over, **({"model_infra": infra} if infra else {})}


def _total(configurations: Iterable[JsonMap | None]) -> Counter[tuple[str, str]]:
    total: Counter[tuple[str, str]] = Counter()
    for configuration in configurations:
        infra = (configuration or {}).get("model_infra") or configuration or {}
        if isinstance(infra, Mapping) and isinstance(infra.get("gpu_type"), str):
            per_worker = _whole(infra.get("gpus"), 0) * _whole(infra.get("nodes_per_worker"), 1)
            total[infra["gpu_type"], "min"] += per_worker * _whole(infra.get("min_workers"), 0)
            total[infra["gpu_type"], "max"] += per_worker * _whole(infra.get("max_workers"), 1)
    return total


def _whole(value: Json, default: int) -> int:
    return value if isinstance(value, int) else default

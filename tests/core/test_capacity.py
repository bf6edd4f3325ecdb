"""GPUs by type, before and after a plan."""

from typing import Any

import pytest

from egpsync.model.plan import Capacity
from tests.core.build import entry, item, launched, plan_of

A10 = "nvidia-ampere-a10"


def infra(**fields: Any) -> dict[str, Any]:
    """A launch model's declared infrastructure."""
    return {"vendor_configuration": {"model_infra": fields}}


def gpus(entries: list[Any], items: list[Any]) -> dict[str, tuple[int, int, int, int]]:
    """By type: at minimum and maximum workers before, then after."""
    capacity = plan_of(entries, items).capacity
    return {kind: _figures(figures) for kind, figures in capacity.items()}


def _figures(figures: Capacity) -> tuple[int, int, int, int]:
    return figures.minimum_before, figures.maximum_before, figures.minimum_after, figures.maximum_after


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], {A10: (0, 2, 0, 2)}),
        ([entry("a", "launch", **infra(min_workers=1, max_workers=5))], {A10: (0, 2, 1, 5)}),
        ([entry("a", "launch", **infra(gpus=2))], {A10: (0, 2, 0, 4)}),
        ([entry("a", "launch", **infra(max_workers=None))], {A10: (0, 2, 0, 1)}),
        ([entry("a", "launch", **infra(gpu_type="t4"))], {A10: (0, 2, 0, 0), "t4": (0, 0, 0, 2)}),
        ([entry("a", "launch", state="absent")], {A10: (0, 2, 0, 0)}),
        ([entry("a", "launch", **infra(gpus=0))], {A10: (0, 2, 0, 0)}),
        ([entry("a", "launch", model_type="other")], {A10: (0, 2, 0, 2)}),
    ],
)
def test_one_model(entries: list[Any], expected: dict[str, Any]) -> None:
    """A model of one GPU and up to two workers, left, changed, deleted, and replaced."""
    assert gpus(entries, [launched("m-1", "a")]) == expected


def test_nodes_and_creates() -> None:
    """A flat configuration counts its nodes; a created model counts after."""
    flat = {"model": "llama", "gpus": 8, "gpu_type": "h100", "nodes_per_worker": 2, "min_workers": 1, "max_workers": 3}
    created = entry("new", "llmengine", vendor_configuration=flat)
    held = item("m-1", "old", "llmengine", vendor_configuration=flat)
    assert gpus([created], [held]) == {"h100": (16, 48, 32, 96)}


def test_models_without_gpus() -> None:
    """Hosted models, and configurations of another shape than is known, count nothing."""
    odd = [
        {"model_infra": {"gpu_type": 4, "gpus": 1}},
        {"model_infra": {"gpu_type": A10, "gpus": "2"}},
        {},
    ]
    items = [item("m-9", "z"), *(launched(f"m-{i}", f"n{i}", vendor_configuration=odd[i]) for i in range(len(odd)))]
    assert gpus([], items) == {A10: (0, 0, 0, 0)}


def test_a_replacement_that_is_under_way() -> None:
    """Both models count before, one after."""
    begun = launched("m-2", "a--next", model_type="other", model_metadata={"egpsync": {"replaces": "m-1"}})
    assert gpus([entry("a", "launch", model_type="other")], [launched("m-1", "a"), begun]) == {A10: (0, 4, 0, 2)}

"""When two values mean the same, by the field's policy."""

from typing import Any

import pytest

from egpsync.core.normalise import Difference, covers, differing, left_alone
from egpsync.model.values import Path

INFRA = ("vendor_configuration", "model_infra")


def at_infra(field: str, value: Any) -> dict[str, Any]:
    """A launch model's fields with one of its infrastructure."""
    return {"vendor_configuration": {"model_infra": {field: value}}}


def means_the_same(vendor: str, declared: dict[str, Any], held: dict[str, Any]) -> bool:
    """Whether the server holds what is declared."""
    return not list(differing(vendor, declared, held))


@pytest.mark.parametrize(
    ("field", "declared", "held"),
    [
        ("cpus", 4, "4"),
        ("cpus", "4", 4),
        ("cpus", "4000m", 4),
        ("cpus", "0.5", "500m"),
        ("cpus", "2.50", "2.5"),
        ("cpus", 3, "3000m"),
        ("memory", "8Gi", "8192Mi"),
        ("memory", "1Ti", "1024Gi"),
        ("memory", "1G", "1000M"),
        ("memory", "1.5Gi", "1536Mi"),
        ("storage", "16Gi", "17179869184"),
        ("storage", "1P", "1000T"),
        ("storage", "2Ei", "2048Pi"),
        ("gpu_type", None, None),
        ("labels", {}, None),
        ("labels", None, {}),
        ("labels", {"a": None}, None),
        ("labels", {"a": "1"}, {"a": "1", "other": "2"}),
        ("gpus", 1.0, 1),
    ],
)
def test_equal(field: str, declared: Any, held: Any) -> None:
    """Another spelling of the same amount, an unset field, and keys that nobody declared are no difference."""
    assert means_the_same("launch", at_infra(field, declared), at_infra(field, held))


@pytest.mark.parametrize(
    ("field", "declared", "held"),
    [
        ("cpus", 4, "4001m"),
        ("cpus", "4", None),
        ("cpus", True, 1),
        ("cpus", "\u0664", 4),
        ("memory", "8Gi", "8G"),
        ("memory", "8Gi", "8GB"),
        ("memory", "8Gi", "8Gi\n"),
        ("storage", "1Ki", "1k"),
        ("gpus", 1, "1"),
        ("gpus", True, 1),
        ("gpus", 0, None),
        ("min_workers", 0, False),
        ("high_priority", False, None),
        ("labels", {"a": "1"}, {"a": 1}),
        ("labels", None, {"a": "1"}),
        ("labels", {"a": ""}, {}),
        ("labels", {"a": "1"}, ["a"]),
    ],
)
def test_unequal(field: str, declared: Any, held: Any) -> None:
    """Nothing else is coerced: a number is no text, a truth no number, nothing no zero."""
    assert not means_the_same("launch", at_infra(field, declared), at_infra(field, held))


@pytest.mark.parametrize(
    ("declared", "held", "equal"),
    [
        (1, True, False),
        (1, 1.0, True),
        (1, "1", False),
        (0, False, False),
        (None, 0, False),
        ([1, True], [1, 1], False),
        ([1, 2], [2, 1], False),
        ({"x": 1}, {"x": 1, "y": 2}, False),
        ({"x": 1, "y": 2}, {"y": 2, "x": 1}, True),
        ("8Gi", "8192Mi", False),
        ([], {}, False),
        (1e308, 1e308, True),
        (10**30, 1e30, False),
        ("\u00e9", "e\u0301", False),
    ],
)
def test_metadata_values(declared: Any, held: Any, equal: bool) -> None:
    """In a free-form map values are compared whole, as JSON, whatever they look like."""
    found = means_the_same("openai", {"model_metadata": {"k": declared}}, {"model_metadata": {"k": held}})
    assert found is equal


def test_null_is_absent_in_metadata() -> None:
    """A key declared as null is there or not; a null that the server holds is not there."""
    declared = {"model_metadata": {"k": None}}
    assert means_the_same("openai", declared, {"model_metadata": {}})
    assert means_the_same("openai", declared, {"model_metadata": {"k": None}})
    assert not means_the_same("openai", declared, {"model_metadata": {"k": False}})


def test_only_what_is_declared_is_looked_at() -> None:
    """What the server holds beside it is no difference."""
    held = {"model_type": "generic", **at_infra("cpus", 4), "model_metadata": {"a": 1}}
    held["vendor_configuration"]["model_infra"]["gpus"] = 1
    assert list(differing("launch", at_infra("cpus", "4"), held)) == []


def test_missing_objects_on_the_server() -> None:
    """Fields below an object that the server does not hold are None; amounts are in canonical form."""
    held = {"vendor_configuration": None}
    assert list(differing("launch", at_infra("cpus", "4000m"), held)) == [Difference((*INFRA, "cpus"), "4", None)]


@pytest.mark.parametrize(
    ("vendor", "declared", "held", "equal"),
    [
        ("launch", "1" * 20, "1" * 20, True),
        ("launch", "1" * 5_000, "1" * 5_000 + "000m", False),
    ],
)
def test_endless_amounts(vendor: str, declared: str, held: str, equal: bool) -> None:
    """No amount takes more than twenty digits: what does is compared as the text that it is."""
    assert means_the_same(vendor, at_infra("memory", declared), at_infra("memory", held)) is equal


@pytest.mark.parametrize(
    ("ignored", "left"),
    [((*INFRA, "cpus"), 0), (INFRA, 0), (("vendor_configuration",), 0), ((*INFRA, "cp"), 1)],
)
def test_ignored_fields(ignored: Path, left: int) -> None:
    """An ignored path leaves itself out with all below it, and nothing beside it."""
    assert len(list(differing("launch", at_infra("cpus", "4"), at_infra("cpus", 5), (ignored,)))) == left


def test_ignored_below_a_key_of_a_map() -> None:
    """Below a key that is declared, what is ignored is taken from the server: there or not there."""
    ignored = (("model_metadata", "a", "at"), ("model_metadata", "a", "gone"))
    declared = {"v": 1, "at": "never", "gone": 0, "deep": {"at": 5}}
    held = {"v": 2, "at": "today", "deep": {"at": 6}}
    expected = {"v": 1, "at": "today", "deep": {"at": 5}}
    assert left_alone(("model_metadata", "a"), declared, held, ignored) == expected


def test_covers() -> None:
    """A path is covered by itself and by what stands above it."""
    assert covers((("a", "b"),), ("a", "b", "c"))
    assert covers((("a", "b"),), ("a", "b"))
    assert not covers((("a", "b"),), ("a",))
    assert not covers((), ("a",))

"""Free-form maps that hold what is declared and nothing else, and differences that are left alone."""

from typing import Any

import pytest

from egpsync.core.diff import differences, left_out
from egpsync.core.patch import update_body
from egpsync.model.plan import Action
from egpsync.model.values import Path
from tests.core.build import desired_model, entry, item, launched, live_model, plan_of

ENV_VARS = ("vendor_configuration", "model_image", "env_vars")


def compared(lifecycle: dict[str, Any], fields: dict[str, Any], held: dict[str, Any]) -> tuple[list[Path], Any]:
    """The paths that differ, and the body that settles them."""
    desired, live = (
        desired_model("a", "launch", lifecycle=lifecycle, **fields),
        live_model(launched("m-1", "a", **held)),
    )
    found = differences(desired, live)
    return [field.path for field in found], update_body(desired, live, found)


@pytest.mark.parametrize("declared", [{"team": "nlp"}, {"team": "nlp", "old": None}])
def test_keys_beside_the_declared_ones_are_removed(declared: dict[str, Any]) -> None:
    """The map is sent without them; the mark stays, as it is ours."""
    held = {"model_metadata": {"team": "nlp", "old": 1, "egpsync": {"owner": "a"}}}
    paths, body = compared({"exact": ["model_metadata"]}, {"model_metadata": declared}, held)
    assert paths == [("model_metadata", "old")]
    assert body == {"model_metadata": {"team": "nlp", "egpsync": {"owner": "a"}}}


def test_a_map_that_is_not_declared_becomes_empty() -> None:
    """Exact without a key is exactly nothing."""
    held = {"vendor_configuration": {"model_image": {"tag": "v1", "env_vars": {"A": "x"}}}}
    paths, body = compared({"exact": [".".join(ENV_VARS)]}, {}, held)
    assert paths == [(*ENV_VARS, "A")]
    assert body == {"vendor_configuration": {"model_image": {"env_vars": {}}}}


def test_nothing_is_removed_without_exact() -> None:
    """A manifest owns the keys that it declares."""
    assert compared({}, {"model_metadata": {"a": 1}}, {"model_metadata": {"a": 1, "b": 2}}) == ([], {})


def test_ignored_keys_of_an_exact_map_stay() -> None:
    """What somebody else writes there is left alone, and told."""
    lifecycle = {"exact": ["model_metadata"], "ignore_changes": ["model_metadata.ci_*"]}
    held = {"model_metadata": {"a": 1, "ci_run": 7, "x": 2}}
    paths, body = compared(lifecycle, {"model_metadata": {"a": 1}}, held)
    assert paths == [("model_metadata", "x")]
    assert body == {"model_metadata": {"a": 1, "ci_run": 7}}
    desired = desired_model("a", "launch", lifecycle=lifecycle, model_metadata={"a": 1})
    assert left_out(desired, live_model(launched("m-1", "a", **held))) == (("model_metadata", "ci_run"),)


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("model_metadata.*", []),
        ("model_metadata.*_at", [("model_metadata", "by"), ("model_metadata", "created")]),
        ("model_metadata.c*t*d", [("model_metadata", "by"), ("model_metadata", "seen_at")]),
        ("model_*.by", [("model_metadata", "created"), ("model_metadata", "seen_at")]),
    ],
)
def test_a_star_stands_for_anything_in_a_key(pattern: str, paths: list[Path]) -> None:
    """Within one key of the path, and below it all is left alone."""
    declared = {"model_metadata": {"seen_at": 1, "created": 1, "by": {"x": 1}}}
    assert compared({"ignore_changes": [pattern]}, declared, {"model_metadata": {}})[0] == paths


def test_what_is_left_alone_is_counted_on_the_change() -> None:
    """An unchanged model says where it differs all the same."""
    entries = [entry("a", lifecycle={"ignore_changes": ["model_metadata.b"]}, model_metadata={"a": 1, "b": 2})]
    (change,) = plan_of(entries, [item("m-1", "a", model_metadata={"a": 1, "b": 3})]).changes
    assert (change.action, change.ignored) == (Action.UNCHANGED, (("model_metadata", "b"),))

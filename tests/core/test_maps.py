"""What is known of an installation's maps shrinks what is sent, and is held against what it does."""

from typing import Any

import pytest

from egpsync.core.change import PlanOptions
from egpsync.core.maps import does_otherwise
from egpsync.core.plan import make_plan
from egpsync.model.plan import Action, Change, Update
from tests.core.build import TARGET, desired_of, entry, launched, live_model, live_of

HELD = {"model_metadata": {"team": "nlp", "old": 1, "kept": {"a": 1}}}
EVERYWHERE = (("*", "merge"),)


def planned(declared: dict[str, Any], *semantics: tuple[str, str]) -> tuple[Change, Any]:
    """The one model's change, and the body of its update; None where nothing is sent."""
    desired, live = desired_of(entry("a", "launch", **declared)), live_of(launched("m-1", "a", **HELD))
    (change,) = make_plan(desired, live, TARGET, PlanOptions(map_semantics=semantics)).plan.changes
    bodies = [step.body for step in change.steps if isinstance(step, Update)]
    return change, bodies[0] if bodies else None


@pytest.mark.parametrize(
    ("semantics", "body"),
    [
        ((), {"team": "cv", "old": 1, "kept": {"a": 1}}),
        ((("*", "replace"),), {"team": "cv", "old": 1, "kept": {"a": 1}}),
        ((("env_vars", "merge"),), {"team": "cv", "old": 1, "kept": {"a": 1}}),
        (EVERYWHERE, {"team": "cv"}),
        ((("model_metadata", "merge"),), {"team": "cv"}),
        ((("*", "merge"), ("model_metadata", "replace")), {"team": "cv", "old": 1, "kept": {"a": 1}}),
    ],
)
def test_only_keys_that_differ_are_merged(semantics: tuple[tuple[str, str], ...], body: dict[str, Any]) -> None:
    """A map that is replaced, or of which nothing is known, travels whole."""
    assert planned({"model_metadata": {"team": "cv", "kept": {"a": 1}}}, *semantics)[1] == {"model_metadata": body}


def test_a_map_inside_the_configuration_shrinks_too() -> None:
    """Wherever a free-form map lies."""
    labels = {"vendor_configuration": {"model_infra": {"labels": {"a": "1"}}}}
    assert planned(labels, *EVERYWHERE)[1] == labels


def test_a_key_that_cannot_be_removed_is_told() -> None:
    """A server that merges keeps it: the rest is sent, and the plan says what stays."""
    change, body = planned({"model_metadata": {"team": "cv", "old": None}}, *EVERYWHERE)
    assert body == {"model_metadata": {"team": "cv"}}
    stays = "this installation merges maps, so that the key stays (map_semantics)"
    assert change.notes == (f"cannot remove model_metadata.old: {stays}",)
    assert [field.path for field in change.fields] == [("model_metadata", "team")]


def test_nothing_is_sent_for_a_key_that_cannot_be_removed() -> None:
    """It would be sent again and again."""
    change, body = planned({"model_metadata": {"old": None}}, *EVERYWHERE)
    assert (change.action, body, len(change.notes)) == (Action.UNCHANGED, None, 1)


@pytest.mark.parametrize(
    ("semantics", "after", "said"),
    [
        ("merge", {"team": "cv", "old": 1}, ""),
        ("merge", {"team": "cv"}, "replaces model_metadata, and map_semantics says merge: old went with it"),
        ("replace", {"team": "cv"}, ""),
        ("replace", {"team": "cv", "old": 1}, "merges model_metadata, and map_semantics says replace: old stayed"),
        (None, {"team": "cv"}, ""),
    ],
)
def test_an_installation_that_does_otherwise(semantics: str | None, after: dict[str, Any], said: str) -> None:
    """Told by the keys beside those that were sent."""
    before, now = (live_model(launched("m-1", "a", model_metadata=held)) for held in ({"team": "nlp", "old": 1}, after))
    known = (("*", semantics),) if semantics else ()
    found = does_otherwise(known, {"model_metadata": {"team": "cv"}}, before, now)
    assert found == (f"this installation {said}" if said else "")

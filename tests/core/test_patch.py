"""The smallest legal bodies."""

from typing import Any

import pytest

from egpsync.core.diff import differences
from egpsync.core.patch import create_body, update_body
from tests.core.build import LAUNCH, desired_model, desired_of, entry, item, launched, live_model

IMAGE = ("vendor_configuration", "model_image")


def body_for(found: dict[str, Any], **declared: Any) -> Any:
    """The PATCH body that brings the model to what is declared."""
    live = live_model(found)
    desired = desired_model(live.name, live.vendor, **declared)
    return update_body(desired, live, differences(desired, live))


def image(**fields: Any) -> dict[str, Any]:
    """A launch model's declared image."""
    return {"model_image": fields}


def test_nothing_differs() -> None:
    """An equal model sends nothing."""
    assert body_for(launched("m", "a"), vendor_configuration=LAUNCH) == {}


@pytest.mark.parametrize(
    ("declared", "held", "sent"),
    [
        ({"a": 2}, {"a": 1, "b": None}, {"a": 2, "b": None}),
        ({"a": None}, {"a": 1}, {}),
        ({"a": {"x": 1}}, {"a": {"x": 2, "y": 3}, "z": [1]}, {"a": {"x": 1}, "z": [1]}),
        ({"a": {"x": None}}, {"a": {"x": 2}}, {"a": {"x": None}}),
        ({"a": 1}, None, {"a": 1}),
        ({"a": [2]}, {"a": [1, 2]}, {"a": [2]}),
        (None, {"a": 1}, {}),
    ],
)
def test_metadata(declared: Any, held: Any, sent: Any) -> None:
    """The whole intended map: undeclared keys as they are, declared ones set or dropped, what is below them whole."""
    assert body_for(item("m", "a", model_metadata=held), model_metadata=declared) == {"model_metadata": sent}


@pytest.mark.parametrize(
    ("declared", "held", "sent"),
    [
        ({"tag": "v2"}, LAUNCH["model_image"], {"tag": "v2"}),
        ({"env_vars": {"A": "1"}}, {"env_vars": {"B": "2"}}, {"env_vars": {"B": "2", "A": "1"}}),
        ({"env_vars": {"A": None}}, {"env_vars": {"A": "1", "B": "2"}}, {"env_vars": {"B": "2"}}),
        ({"env_vars": {"A": "1"}}, {"env_vars": None}, {"env_vars": {"A": "1"}}),
        ({"env_vars": {"A": "1"}}, {"env_vars": ["odd"]}, {"env_vars": {"A": "1"}}),
        ({"env_vars": None}, {"env_vars": {"A": "1"}}, {"env_vars": None}),
        ({"predict_route": None}, {"predict_route": "/p"}, {"predict_route": None}),
        ({"tag": "v2", "command": ["a", "b"]}, {"tag": "v1", "command": ["a"]}, {"command": ["a", "b"], "tag": "v2"}),
    ],
)
def test_configuration(declared: Any, held: Any, sent: Any) -> None:
    """Only the leaves that differ; lists and free-form maps whole."""
    found = launched("m", "a", vendor_configuration={"model_image": held})
    assert body_for(found, vendor_configuration=image(**declared)) == {"vendor_configuration": {"model_image": sent}}


def test_metadata_rides_along() -> None:
    """Both differ: one body."""
    assert body_for(launched("m", "a"), vendor_configuration=image(tag="v2"), model_metadata={"k": 1}) == {
        "vendor_configuration": {"model_image": {"tag": "v2"}},
        "model_metadata": {"k": 1},
    }


def test_a_model_without_configuration() -> None:
    """Fields below objects that the server does not hold are sent within them."""
    found = launched("m", "a", vendor_configuration=None)
    assert body_for(found, vendor_configuration=image(tag="v2")) == {
        "vendor_configuration": {"model_image": {"tag": "v2"}}
    }


@pytest.mark.parametrize(
    ("ignored", "sent"),
    [
        ("model_metadata", {}),
        ("model_metadata.a", {"model_metadata": {"a": 1, "b": {"x": 2, "y": 2}}}),
        ("model_metadata.b", {"model_metadata": {"a": 2, "b": {"x": 1, "y": 1}}}),
        ("model_metadata.b.x", {"model_metadata": {"a": 2, "b": {"x": 1, "y": 2}}}),
        ("model_metadata.c", {"model_metadata": {"a": 2, "b": {"x": 2, "y": 2}}}),
    ],
)
def test_ignored_fields_are_sent_as_they_are(ignored: str, sent: Any) -> None:
    """What is ignored keeps the server's value in a map that travels whole."""
    found = item("m", "a", model_metadata={"a": 1, "b": {"x": 1, "y": 1}})
    declared = {"model_metadata": {"a": 2, "b": {"x": 2, "y": 2}}, "lifecycle": {"ignore_changes": [ignored]}}
    assert body_for(found, **declared) == sent


def test_create() -> None:
    """A complete body: the vendor's type, no nulls but those inside values, and the mark."""
    configuration = {
        "model_image": {**LAUNCH["model_image"], "env_vars": {"A": "1", "B": None}, "predict_route": None},
        "model_infra": {"labels": None, "cpus": 2},
    }
    metadata = {"k": {"inner": None}, "gone": None}
    desired = desired_model("a", "launch", vendor_configuration=configuration, model_metadata=metadata)
    assert create_body(desired, name="b", mark={"owner": "p"}) == {
        "name": "b",
        "model_vendor": "launch",
        "model_type": "generic",
        "on_conflict": "error",
        "vendor_configuration": {
            "model_image": {**LAUNCH["model_image"], "env_vars": {"A": "1"}},
            "model_infra": {"cpus": 2},
        },
        "model_metadata": {"k": {"inner": None}, "egpsync": {"owner": "p", "op": "59a29d3024037f62"}},
    }


@pytest.mark.parametrize(
    ("vendor", "declared", "sent"),
    [
        ("launch", {}, "generic"),
        ("llmengine", {}, "chat_completion"),
        ("openai", {"model_type": "completion"}, "completion"),
        ("brand_new", {"model_type": "brand_new"}, "brand_new"),
        ("openai", {}, None),
    ],
)
def test_create_type(vendor: str, declared: dict[str, str], sent: str | None) -> None:
    """Two vendors take one type each; the others need it declared."""
    assert create_body(desired_model("a", vendor, **declared), name="a", mark={}).get("model_type") == sent


def test_the_mark_rides_along() -> None:
    """A missing owner is written with a change of configuration, and alone only to adopt."""
    desired = desired_of(entry("a", "launch", vendor_configuration=image(tag="v2")), owner="p").models[0]
    live = live_model(launched("m", "a", model_metadata={"k": 1}))
    mark = {"model_metadata": {"k": 1, "egpsync": {"owner": "p", "name": "a"}}}
    partial = {"vendor_configuration": {"model_image": {"tag": "v2"}}}
    assert update_body(desired, live, differences(desired, live)) == {**partial, **mark}
    assert update_body(desired, live, ()) == {}
    assert update_body(desired, live, (), adopt=True) == mark

"""Which fields differ, and what is said of each."""

from typing import Any

import pytest

from egpsync.core.diff import declarable, differences, differences_of
from egpsync.model.plan import Effect, FieldChange, Op
from egpsync.model.values import Source, value_at
from tests.core.build import desired_model, item, launched, live_model

INFRA = ("vendor_configuration", "model_infra")


def paths(desired: Any, held: Any) -> list[tuple[str, ...]]:
    """The differing paths of two values of metadata."""
    live = live_model(item("m", "a", model_metadata={"k": held}))
    return [field.path[1:] for field in differences(desired_model("a", model_metadata={"k": desired}), live)]


def test_a_difference_in_full() -> None:
    """Path, both values as they are written, effect, secrecy and line."""
    desired = desired_model("a", "launch", vendor_configuration={"model_image": {"env_vars": {"TOKEN": "x"}}})
    (field,) = differences(desired, live_model(launched("m", "a")))
    assert field == FieldChange(
        path=("vendor_configuration", "model_image", "env_vars", "TOKEN"),
        op=Op.ADD,
        before=None,
        after="x",
        effect=Effect.REDEPLOY,
        sensitive=True,
        source=Source(file="a.yaml", line=10, column=1),
        reason="",
    )


@pytest.mark.parametrize(
    ("desired", "held", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("k", "a", "b")]),
        ({"a": 1}, {"a": 1, "b": 2}, [("k", "b")]),
        ({"a": [1, {"x": 1}]}, {"a": [1, {"x": 2}]}, [("k", "a")]),
        ([1, 2], [1], [("k",)]),
        ({"a": 1}, [1], [("k",)]),
        ([1], {"a": 1}, [("k",)]),
        ({"a": {}}, {"a": []}, [("k", "a")]),
        (1, True, [("k",)]),
        ({"__x__": 1, "a.b": 1, "['q']": 1, "": 1}, {}, [("k", ""), ("k", "['q']"), ("k", "__x__"), ("k", "a.b")]),
        ({"0": "a"}, {"0": "b"}, [("k", "0")]),
        ("line\nline", "line\nlin", [("k",)]),
        ({"same": 1, "x": None}, {"same": 1}, [("k", "x")]),
    ],
)
def test_paths(desired: Any, held: Any, expected: list[tuple[str, ...]]) -> None:
    """Maps are gone through key by key, lists are one field, and no key is too odd."""
    assert paths(desired, held) == expected


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        (0, 1, Effect.IMMUTABLE),
        (None, 1, Effect.IMMUTABLE),
        (2, 0, Effect.IMMUTABLE),
        (2, None, Effect.IMMUTABLE),
        (None, 0, Effect.REDEPLOY),
        (1, 2, Effect.REDEPLOY),
    ],
)
@pytest.mark.parametrize("vendor", ["launch", "llmengine"])
def test_gpus_across_zero(vendor: str, before: int | None, after: int | None, effect: Effect) -> None:
    """Between no GPU and some, the model has to be replaced, in either vendor's shape."""

    def configuration(gpus: int | None) -> dict[str, Any]:
        return {"model_infra": {"gpus": gpus}} if vendor == "launch" else {"gpus": gpus}

    live = live_model(item("m", "a", vendor, vendor_configuration=configuration(before)))
    (field,) = differences(desired_model("a", vendor, vendor_configuration=configuration(after)), live)
    inferred = vendor == "llmengine" and before is None  # the platform fills in what is not set
    assert field.effect is (Effect.REDEPLOY if inferred else effect)
    assert (field.reason != "") is (field.effect is Effect.IMMUTABLE)


def test_name_and_vendor_are_fields() -> None:
    """A rename and another vendor show like any other difference, sorted among them."""
    fields = differences(desired_model("b", "cohere", model_metadata={"k": 1}), live_model(item("m", "a")))
    assert [(field.path, field.before, field.after, field.effect) for field in fields] == [
        (("model_metadata", "k"), None, 1, Effect.IN_PLACE),
        (("model_vendor",), "openai", "cohere", Effect.IMMUTABLE),
        (("name",), "a", "b", Effect.IN_PLACE),
    ]


def test_the_mark_is_no_field() -> None:
    """Our own mark is not declarable, and no difference."""
    live = live_model(item("m", "a", model_metadata={"egpsync": {"owner": "p"}, "k": 1}))
    assert declarable(live)["model_metadata"] == {"k": 1}
    assert differences(desired_model("a", model_metadata={"k": 1}), live) == ()


def test_ignored_fields_are_no_difference() -> None:
    """Above a field, at it, and below a key of a map."""
    lifecycle = {"ignore_changes": ["vendor_configuration.model_infra", "model_metadata.k.at"]}
    other = {
        "model_metadata": {"k": {"at": 1, "v": 1}},
        "vendor_configuration": {"model_infra": {"gpus": 0, "cpus": 9}},
    }
    live = live_model(launched("m", "a", model_metadata={"k": {"at": 2, "v": 2, "more": 3}}))
    fields = differences(desired_model("a", "launch", lifecycle=lifecycle, **other), live)
    assert [field.path for field in fields] == [("model_metadata", "k", "more"), ("model_metadata", "k", "v")]


@pytest.mark.parametrize(
    ("path", "value"), [((), {"a": {"b": 1}}), (("a", "b"), 1), (("a", "c"), None), (("a", "b", "c"), None)]
)
def test_value_at(path: tuple[str, ...], value: Any) -> None:
    """The value at a path, or None where it leads nowhere."""
    assert value_at({"a": {"b": 1}}, path) == value


def test_many_models_are_compared_as_each_alone() -> None:
    """More differences than deepdiff is shown at once, of models with several, one and none."""
    desired = [desired_model(f"m{at}", model_metadata={f"k{key}": at for key in range(at % 4)}) for at in range(900)]
    live = [live_model(item(f"m-{at}", f"m{at}", model_metadata={"k1": {"deep": 1}})) for at in range(900)]
    together = differences_of(zip(desired, live, strict=True))
    assert [len(fields) for fields in together[:8]] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert together == [differences(one, other) for one, other in zip(desired, live, strict=True)]

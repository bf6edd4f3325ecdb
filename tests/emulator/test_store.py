"""The store as a test uses it: another actor, and a look at what is there."""

import pytest

from egpsync.emulator.store import Store
from tests.emulator.samples import Clock, hosted


def test_another_actor_follows_no_rules() -> None:
    """Models are added, edited, deployed and removed as told."""
    clock = Clock()
    store = Store(clock=clock)
    model_id = store.add(hosted("a"))
    store.edit(model_id, {"name": "b", "model_metadata": {"x": 1}})
    store.deploy(model_id, seconds=5, outcome="failed", reason="no memory")
    deploying = store.model(model_id)
    clock.now += 5
    failed = store.model(model_id)
    store.remove(model_id)
    assert (deploying["name"], deploying["model_metadata"], deploying["status"]) == ("b", {"x": 1}, "deploying")
    assert (failed["status"], failed["status_reason"]) == ("failed", "no memory")
    assert store.models() == []


def test_deployments_end_one_by_one() -> None:
    """The end of one deployment leaves the others under way."""
    clock = Clock()
    store = Store(clock=clock)
    for seconds in (5, 10, 15):
        store.deploy(store.add(hosted(f"m{seconds}")), seconds=seconds)
    seen = []
    for _ in range(4):
        seen.append([model["status"] for model in store.models()])
        clock.now += 5
    assert seen == [
        ["deploying", "deploying", "deploying"],
        ["ready", "deploying", "deploying"],
        ["ready", "ready", "deploying"],
        ["ready", "ready", "ready"],
    ]


def test_what_is_handed_out_is_a_copy() -> None:
    """Changing an answer or what was added changes nothing that is stored."""
    given = hosted("a", model_metadata={"x": [1]})
    store = Store()
    model_id = store.add(given)
    given["model_metadata"]["x"].append(2)
    store.model(model_id)["model_metadata"]["x"].append(3)
    assert store.models()[0]["model_metadata"] == {"x": [1]}


def test_a_model_that_is_not_there_is_a_key_error() -> None:
    """A test that names the wrong model learns it at once."""
    store = Store()
    for attempt in (
        lambda: store.model("nope"),
        lambda: store.named("nope"),
        lambda: store.edit("nope", {}),
        lambda: store.remove("nope"),
        lambda: store.deploy("nope", seconds=1),
    ):
        with pytest.raises(KeyError, match="nope"):
            attempt()

"""Whole plans that are meant to be awkward: hostile names, odd servers, entries that cross each other."""

from itertools import permutations

import pytest

from egpsync.core.change import PlanOptions
from egpsync.core.plan import make_plan
from egpsync.core.replan import Replanner
from egpsync.model.live import Live
from egpsync.model.manifest import Problem
from egpsync.model.plan import Create
from egpsync.model.values import Source
from egpsync.value import replace
from tests.core.build import (
    TARGET,
    desired_of,
    entry,
    item,
    launched,
    live_model,
    live_of,
    only_change,
    plan_of,
    planned_of,
    sent,
    steps_in_words,
)
from tests.core.server import Server, play

HOSTILE = [
    "a/b",
    "a#rename",
    "../m-1",
    "m-1",
    "\u202egnp.exe",
    "e\u0301",
    "\u00e9",
    " ",
    "{created}",
    "x" * 300,
    "a?b=c",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name: str) -> None:
    """A name stands in bodies alone: it is created, replaced, renamed and deleted like any other."""
    create = [entry(name, model_type="completion")]
    server = Server([item("m-1", "other"), item("m-2", name, "cohere")])
    play(plan_of(create, list(server.items.values())), server)
    play(plan_of([entry(name, model_type="generic")], list(server.items.values())), server)
    assert plan_of([entry(name, model_type="generic")], list(server.items.values())).empty
    play(plan_of([entry("plain", renamed_from=name)], list(server.items.values())), server)
    play(plan_of([entry(name, renamed_from="plain")], list(server.items.values())), server)
    play(plan_of([entry(name, state="absent")], list(server.items.values())), server)
    assert server.names() == {("openai", "other"): "m-1", ("cohere", name): "m-2"}


def test_keys_of_hostile_names_are_unique() -> None:
    """Names that look like keys, ids that look like names: every step has a key of its own."""
    items = [item(name, f"n{number}", model_metadata={}) for number, name in enumerate(["a", "b", "openai"])]
    entries = [
        *(entry(f"n{number}x", renamed_from=f"n{number}", model_type="generic") for number in range(3)),
        *(entry(name, model_type="generic") for name in ["a", "a#create", "a#wait", "b#rename", "openai/a", *HOSTILE]),
    ]
    plan = plan_of(entries, items)
    keys = [step.key for change in plan.changes for step in change.steps]
    assert len(keys) == len(set(keys)) == 3 * 5 + 2 * (5 + len(HOSTILE))


def test_an_id_that_looks_like_a_name() -> None:
    """An id is never taken for a name, nor a name for an id."""
    items = [item("a", "b"), item("b", "a")]
    assert plan_of([entry("a"), entry("b")], items).empty
    assert plan_of([entry("a", id="b"), entry("b", id="a")], items).empty


def test_one_name_under_three_vendors() -> None:
    """Each vendor's model is its own."""
    items = [item("m-1", "a"), item("m-2", "a", "cohere"), item("m-3", "a", "brand_new_vendor")]
    plan = plan_of([entry("a", "cohere", model_metadata={"k": 1})], items)
    assert sent(plan) == [("PATCH", "/v5/models/m-2", {"model_metadata": {"k": 1}})]
    assert [model.id for model in plan.unmanaged] == ["m-3", "m-1"]


def test_hosted_failure_is_not_redeployed() -> None:
    """A hosted model takes no configuration, so there is nothing to send for one that failed."""
    change = only_change([entry("a")], [item("m-1", "a", status="failed")], retry_failed=True)
    assert (change.action, change.steps) == ("unhealthy", ())


def test_retry_of_a_flat_configuration() -> None:
    """The smallest configuration body that changes nothing."""
    held = item("m-1", "a", "llmengine", vendor_configuration={"model": "llama", "gpus": 1}, status="failed")
    assert sent(plan_of([entry("a", "llmengine")], [held], retry_failed=True)) == [
        ("PATCH", "/v5/models/m-1", {"vendor_configuration": {"model": "llama"}})
    ]


@pytest.mark.parametrize("status", ["", "brand_new_status", "ready"])
def test_unknown_statuses(status: str) -> None:
    """A status that is not known is neither a failure nor a deployment."""
    assert only_change([entry("a")], [item("m-1", "a", status=status)]).action == "unchanged"


def test_deploying_and_in_sync() -> None:
    """A deployment under way that this tool did not begin is told, and not followed."""
    change = only_change([entry("a")], [item("m-1", "a", status="deploying")])
    assert (change.action, change.notes, steps_in_words(change)) == (
        "unchanged",
        ("is deploying now",),
        [],
    )


def test_pruning_beside_a_chain_and_a_create() -> None:
    """A model that is pruned cannot be taken for a new entry's, wherever the run is cut short."""
    mark = {"egpsync": {"owner": "p"}}
    entries = [entry("b", id="m-1"), entry("a", model_type="completion")]
    items = [item("m-1", "a"), item("m-2", "b", model_metadata=mark)]
    for cut in range(4):
        server = Server(items)
        play(plan_of(entries, items, "p", prune=True), server, stop_after=cut)
        play(plan_of(entries, list(server.items.values()), "p", prune=True), server)
        assert server.names()["openai", "b"] == "m-1"
        assert "m-2" not in server.items
        assert server.requests == 3


def test_pruning_beside_a_chain() -> None:
    """Where nothing is created the name goes over by an exchange, and serves all the while."""
    items = [item("m-1", "a"), item("m-2", "b", model_metadata={"egpsync": {"owner": "p"}})]
    assert sent(plan_of([entry("b", id="m-1")], items, "p", prune=True)) == [
        ("PATCH", "/v5/models/m-1", {"name": "b", "on_conflict": "swap"}),
        ("DELETE", "/v5/models/m-2", None),
    ]


def test_without_prune_nothing_is_deleted() -> None:
    """What carries this owner's mark and stands in no manifest is shown as unmanaged, no more."""
    plan = plan_of([], [item("m-2", "b", model_metadata={"egpsync": {"owner": "p"}})], "p")
    assert (plan.empty, [model.id for model in plan.unmanaged]) == (True, ["m-2"])


def test_without_an_owner_nothing_is_pruned() -> None:
    """Manifests of no owner own nothing; models of no owner are nobody's."""
    items = [item("m-1", "a", model_metadata={"egpsync": {"owner": "p"}}), item("m-2", "b")]
    assert plan_of([], items, prune=True).empty
    assert plan_of([], [item("m-2", "b", model_metadata={"egpsync": {"owner": None}})], "p", prune=True).empty


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_refusals_in_any_order_of_entries(order: tuple[int, ...]) -> None:
    """Refusals are sorted like everything else."""
    desired = desired_of(
        entry("a", id="gone"), entry("b", renamed_from="x"), entry("d", id="m-4"), entry("y", renamed_from="z")
    )
    live = live_of(item("m-1", "b"), item("m-2", "x"), item("m-4", "c"), item("m-5", "d"))
    shuffled = replace(desired, models=tuple(desired.models[index] for index in order))
    assert make_plan(shuffled, live, TARGET) == make_plan(desired, live, TARGET)


def test_incomplete_create_in_full() -> None:
    """The problem stands at the entry's place, and knows a name that is near."""
    planned = planned_of([entry("sumarizer")], [item("m-1", "summarizer")])
    assert planned.problems == (
        Problem(
            rule="incomplete-create",
            message="'sumarizer' is not in the account, and creating it needs model_type",
            source=Source(file="a.yaml", line=4, column=1),
            excerpt="",
            expected="every required field, as the model has to be created; or the name of a model that exists",
            suggestion="summarizer",
            related=None,
        ),
    )


def test_changes_are_sorted() -> None:
    """By vendor, name and id."""
    entries = [entry("b", "openai"), entry("b", "cohere"), entry("a", "openai")]
    items = [item("m-1", "a"), item("m-2", "b"), item("m-3", "b", "cohere")]
    changes = plan_of(entries, items).changes
    assert [(change.vendor, change.name) for change in changes] == [("cohere", "b"), ("openai", "a"), ("openai", "b")]


def test_planning_one_change_again() -> None:
    """The step as it would be now, or None where the server holds it; and what is left to settle."""
    change = only_change([entry("a", model_metadata={"k": 1})], [item("m-1", "a")])
    replanner = Replanner(options=PlanOptions())
    moved, held = item("m-1", "a", model_metadata={"x": 1}), item("m-1", "a", model_metadata={"k": 1})
    again, fields = replanner.again(change, live_model(moved))
    assert (again and again.body, [field.path for field in fields]) == (
        {"model_metadata": {"x": 1, "k": 1}},
        [("model_metadata", "k")],
    )
    assert replanner.again(change, live_model(held)) == (None, ())
    unsettled = replanner.unsettled(change, live_model(moved), frozenset({"model_metadata"}))
    assert [field.path for field in unsettled] == [("model_metadata", "k")]
    assert replanner.unsettled(change, live_model(moved), frozenset({"name"})) == ()


def test_planning_a_prune_again() -> None:
    """Without an entry there is nothing to update."""
    change = only_change([], [item("m-2", "b", model_metadata={"egpsync": {"owner": "p"}})], "p", prune=True)
    replanner = Replanner(options=PlanOptions())
    assert change.live is not None
    assert replanner.again(change, change.live) == (None, ())
    assert replanner.unsettled(change, change.live, frozenset({"name"})) == ()


def test_an_empty_account() -> None:
    """Nothing declared, nothing there: nothing to do."""
    assert make_plan(desired_of(), Live(models=()), TARGET).plan.empty


def test_null_metadata() -> None:
    """A server that holds null for metadata holds an empty map."""
    assert plan_of([entry("a", "launch", model_metadata={})], [launched("m-1", "a", model_metadata=None)]).empty


def test_a_create_shows_what_it_ignores_later() -> None:
    """What is left alone once the model is there is sent with its creation, so it is shown."""
    wanted = entry(
        "a", model_type="completion", model_metadata={"k": 1}, lifecycle={"ignore_changes": ["model_metadata.k"]}
    )
    change = only_change([wanted], [])
    assert [field.path for field in change.fields] == [("model_metadata", "k"), ("model_type",)]
    (create,) = [step for step in change.steps if isinstance(step, Create)]
    assert create.body["model_metadata"]["k"] == 1

"""The mark in a model's metadata: what it says, what it should say, when it is written."""

from typing import Any

import pytest

from egpsync.account.requests import requests_of
from egpsync.core.guard import Limits, check_guards
from egpsync.core.mark import intended_mark, marked_otherwise
from egpsync.model.live import Mark
from tests.core.build import desired_of, entry, item, live_model, only_change, plan_of, sent
from tests.core.server import Server, play

EMPTY = Mark(owner=None, name=None, prevent_destroy=False, operation=None, replaces=None)


def marked(mark: Any, **metadata: Any) -> dict[str, Any]:
    """A hosted model with that mark."""
    return item("m", "a", model_metadata={"egpsync": mark, **metadata})


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        (
            {"owner": "p/m", "name": "a", "prevent_destroy": True, "op": "ab", "replaces": "m-0"},
            Mark(owner="p/m", name="a", prevent_destroy=True, operation="ab", replaces="m-0"),
        ),
        ({"owner": 1, "name": 2, "prevent_destroy": "true", "op": [], "replaces": None}, EMPTY),
        ({"prevent_destroy": 1}, EMPTY),
        ("mine", EMPTY),
        (["owner"], EMPTY),
        (None, EMPTY),
        ({}, EMPTY),
    ],
)
def test_read(mark: Any, said: Mark) -> None:
    """What a mark says; what is malformed says nothing."""
    assert live_model(marked(mark)).mark == said


def test_no_mark() -> None:
    """Metadata that is null says nothing."""
    assert live_model(item("m", "a", model_metadata=None)).mark == EMPTY


@pytest.mark.parametrize(
    ("owner", "protect", "held", "intended"),
    [
        (None, None, None, {}),
        ("p/m", None, None, {"owner": "p/m", "name": "a"}),
        ("p/m", True, {"op": "ab"}, {"op": "ab", "owner": "p/m", "name": "a", "prevent_destroy": True}),
        (None, False, {"owner": "x", "prevent_destroy": True}, {"owner": "x"}),
        (None, None, {"prevent_destroy": True}, {"prevent_destroy": True}),
        ("p/m", None, "nonsense", {"owner": "p/m", "name": "a"}),
        (None, None, {"later": {"version": 2}}, {"later": {"version": 2}}),
    ],
)
def test_intended(owner: str | None, protect: bool | None, held: Any, intended: dict[str, Any]) -> None:
    """What is there stays, with the owner and the protection that the manifest states."""
    lifecycle: dict[str, Any] = {} if protect is None else {"lifecycle": {"prevent_destroy": protect}}
    desired = desired_of(entry("a", **lifecycle), owner=owner).models[0]
    live = live_model(marked(held) if held is not None else item("m", "a"))
    assert intended_mark(desired, live) == intended


def test_a_malformed_mark_is_left_alone() -> None:
    """Where the manifest has nothing to say, even nonsense under our key is left as it is."""
    live = live_model(marked("nonsense"))
    assert not marked_otherwise(desired_of(entry("a")).models[0], live)
    assert sent(plan_of([entry("a", model_metadata={"k": 1})], [marked("nonsense")])) == [
        ("PATCH", "/v5/models/m", {"model_metadata": {"egpsync": "nonsense", "k": 1}})
    ]


def test_never_a_change_of_its_own() -> None:
    """A model that lacks the owner's mark is unchanged, until something else of it changes."""
    assert plan_of([entry("a")], [item("m", "a")], owner="p/m").empty
    assert sent(plan_of([entry("a", model_metadata={"k": 1})], [item("m", "a")], owner="p/m")) == [
        ("PATCH", "/v5/models/m", {"model_metadata": {"k": 1, "egpsync": {"owner": "p/m", "name": "a"}}})
    ]


def test_adopting() -> None:
    """With `adopt` the mark is written on its own, and once."""
    change = only_change([entry("a")], [item("m", "a")], owner="p/m", adopt=True)
    assert (change.action, change.reason) == ("update", "is adopted: only the mark is written")
    assert plan_of([entry("a")], [marked({"owner": "p/m", "name": "a"})], owner="p/m", adopt=True).empty
    older = marked({"owner": "p/m", "op": "ab"})
    assert sent(plan_of([entry("a")], [older], owner="p/m", adopt=True)) == [
        ("PATCH", "/v5/models/m", {"model_metadata": {"egpsync": {"owner": "p/m", "op": "ab", "name": "a"}}})
    ]


def test_adopting_from_another_owner() -> None:
    """Only the marks of the owner that gives up are taken over, and nothing else of them is touched."""
    items = [marked({"owner": "old", "op": "ab"}, k=1), item("m-2", "b", model_metadata={"egpsync": {"owner": "x"}})]
    plan = plan_of([entry("a"), entry("b")], items, owner="p/m", adopt_from="old")
    assert [(change.name, change.reason) for change in plan.changes if change.writes] == [
        ("a", "is adopted from 'old': only the mark is written")
    ]
    mark = {"owner": "p/m", "op": "ab", "name": "a"}
    assert sent(plan) == [("PATCH", "/v5/models/m", {"model_metadata": {"k": 1, "egpsync": mark}})]


@pytest.mark.parametrize("maps", ["replace", "merge"])
def test_releasing(maps: str) -> None:
    """The owner gives a model up: its mark is emptied, all else stays, and the next plan has nothing to do."""
    entries = [entry("a", state="released")]
    server = Server([marked({"owner": "p/m", "name": "a", "prevent_destroy": True}, k=1)], maps=maps)
    plan = plan_of(entries, list(server.items.values()), owner="p/m")
    (change,) = plan.changes
    assert (change.action, change.reason) == (
        "update",
        "state: released: the mark of 'p/m' is removed, and the model stays as it is",
    )
    assert sent(plan) == [("PATCH", "/v5/models/m", {"model_metadata": {"k": 1, "egpsync": {}}})]
    play(plan, server)
    assert plan_of(entries, list(server.items.values()), owner="p/m").empty


def test_releasing_what_another_owner_has_or_nobody() -> None:
    """Another's mark is refused; a model that is not there, or carries none, is settled."""
    entries = [entry("a", state="released"), entry("gone", state="released"), entry("b", state="released")]
    plan = plan_of(entries, [marked({"owner": "them"}), item("m-2", "b")], owner="p/m")
    assert [refusal.guard for refusal in check_guards(plan, Limits())] == ["foreign-owner"]
    assert [(change.name, change.reason) for change in plan.changes if not change.writes] == [
        ("b", "carries no mark (any more)"),
        ("gone", "is not in the account"),
    ]


def test_a_rename_renews_the_name_that_the_mark_keeps() -> None:
    """After it the model is found again whoever renames it; a run cut between the two is finished by the next."""
    entries = [entry("b", renamed_from="a")]
    server = Server([marked({"owner": "p/m", "name": "a"})])
    plan = plan_of(entries, list(server.items.values()), owner="p/m")
    play(plan, server, stop_after=1)
    left = plan_of(entries, list(server.items.values()), owner="p/m")
    assert [change.reason for change in left.changes] == [
        "its mark still has its former name, 'a': only the mark is written"
    ]
    play(left, server)
    assert server.items["m"]["model_metadata"] == {"egpsync": {"owner": "p/m", "name": "b"}}
    assert plan_of(entries, list(server.items.values()), owner="p/m").empty


@pytest.mark.parametrize("maps", ["replace", "merge"])
def test_giving_up_the_only_thing_that_it_says(maps: str) -> None:
    """A mark that is to say nothing is emptied, which holds whether maps are replaced or merged."""
    entries = [entry("a", lifecycle={"prevent_destroy": False})]
    server = Server([marked({"prevent_destroy": True}, k=1)], maps=maps)
    plan = plan_of(entries, list(server.items.values()), adopt=True)
    assert sent(plan) == [("PATCH", "/v5/models/m", {"model_metadata": {"k": 1, "egpsync": {}}})]
    play(plan, server)
    assert plan_of(entries, list(server.items.values()), adopt=True).empty


def test_dropping_all_metadata_keeps_the_mark() -> None:
    """Keys are dropped one by one, and the mark is not among them."""
    entries = [entry("a", model_metadata={"k": None})]
    assert sent(plan_of(entries, [marked({"owner": "p/m", "op": "ab"}, k=1)], owner="p/m")) == [
        ("PATCH", "/v5/models/m", {"model_metadata": {"egpsync": {"owner": "p/m", "op": "ab", "name": "a"}}})
    ]


def test_a_create_carries_the_same_operation_for_the_same_body() -> None:
    """The operation's id depends on the body alone, and tells two bodies apart."""

    def operation(**metadata: Any) -> Any:
        (change,) = plan_of([entry("a", model_type="completion", model_metadata=metadata)], []).changes
        return (requests_of(change)[0].body or {})["model_metadata"]["egpsync"]["op"]

    assert operation(x=1, y=2) == operation(y=2, x=1)
    assert operation(x=1) != operation(x=2)


def test_protection_that_is_not_live_yet_is_noted() -> None:
    """The reviewer is told that the mark does not hold the protection yet."""
    change = only_change([entry("a", lifecycle={"prevent_destroy": True})], [item("m", "a")])
    assert change.notes == (
        "prevent_destroy is not on the live model yet: it is written with the next change, or now with --adopt",
    )

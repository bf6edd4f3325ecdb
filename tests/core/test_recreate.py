"""Replacing a model: cut short after any request, the next plan finishes it, and the name serves all the while."""

from typing import Any

import pytest

from egpsync.account.requests import requests_of
from egpsync.core.mark import standby_name
from tests.core.build import LAUNCH, entry, item, launched, only_change, plan_of, planned_of, sent, steps_in_words
from tests.core.server import Server, play

KINDS: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "by name": ([entry("chat", model_type="generic", model_metadata={"k": 1})], [item("old", "chat")]),
    "by id": ([entry("chat", id="old", model_type="generic")], [item("old", "chat", model_metadata={"x": [1]})]),
    "renamed too": ([entry("chat", renamed_from="talk", model_type="generic")], [item("old", "talk")]),
    "off its GPUs": ([entry("a", "launch", vendor_configuration={"model_infra": {"gpus": 0}})], [launched("old", "a")]),
    "an owner's": (
        [entry("chat", model_type="generic")],
        [item("old", "chat", model_metadata={"egpsync": {"owner": "p"}})],
    ),
    "longest name": ([entry("n" * 63, model_type="generic")], [item("old", "n" * 63)]),
    "another vendor": ([entry("chat", "cohere", id="old")], [item("old", "chat")]),
    "with strangers": (
        [entry("chat", model_type="generic")],
        [item("old", "chat"), item("m-2", "chat", "cohere"), item("m-3", "chat--next", "cohere")],
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("owner", [None, "p"])
def test_resumes_from_anywhere(kind: str, owner: str | None) -> None:
    """One new model in the place of the old one, with nothing left beside it, however often the run was cut."""
    entries, items = KINDS[kind]
    if kind == "another vendor":
        entries = [entry("chat", "cohere", id="old", model_type="completion")]
    total = play(plan_of(entries, items, owner), whole := Server(items))
    for cut in range(total + 1):
        server = Server(items)
        play(plan_of(entries, items, owner), server, stop_after=cut)
        plan = plan_of(entries, list(server.items.values()), owner)
        assert plan.refusals == ()
        play(plan, server)
        assert server.requests == total, cut
        assert plan_of(entries, list(server.items.values()), owner).empty
        assert server.names().keys() == whole.names().keys()
        assert "old" not in server.items


@pytest.mark.parametrize(
    ("kind", "owner"), [(kind, owner) for kind in KINDS for owner in (None, "p") if owner or kind != "an owner's"]
)
def test_the_old_one_that_somebody_deletes_on_the_way_leaves_nothing_beside_its_heir(
    kind: str, owner: str | None
) -> None:
    """What was created to take the name of a model that is gone takes it: no second one is created beside it."""
    entries, items = KINDS[kind]
    if kind == "another vendor":
        entries = [entry("chat", "cohere", id="old", model_type="completion")]
    total = play(plan_of(entries, items, owner), whole := Server(items))
    for cut in range(1, total):
        server = Server(items)
        play(plan_of(entries, items, owner), server, stop_after=cut)
        del server.items["old"]
        play(plan_of(entries, list(server.items.values()), owner), server)
        assert server.names().keys() == whole.names().keys(), cut


def test_the_heir_of_a_model_that_is_gone_says_why_it_is_renamed() -> None:
    """A reviewer learns where the model of another name comes from."""
    heir = item("m-2", "a--next", model_type="completion", model_metadata={"egpsync": {"replaces": "m-1"}})
    plan = plan_of([entry("a", model_type="completion")], [heir])
    assert [(change.action, change.id, change.reason) for change in plan.changes] == [
        ("rename", "m-2", "goes on with m-2, created to replace m-1, which is gone")
    ]
    assert sent(plan) == [("PATCH", "/v5/models/m-2", {"name": "a"})]


@pytest.mark.parametrize(
    ("mark", "beside"),
    [
        ({"replaces": "m-1"}, [item("m-1", "elsewhere")]),
        ({"replaces": "m-1", "owner": "them"}, []),
        ({}, []),
    ],
)
def test_a_stranger_of_the_standby_name_stays_what_it_is(mark: dict[str, Any], beside: list[dict[str, Any]]) -> None:
    """It is taken over only where what it was created to replace is gone, and where it is this owner's."""
    stranger = item("m-2", "a--next", model_metadata={"egpsync": mark})
    plan = plan_of([entry("a", model_type="completion")], [stranger, *beside])
    assert [(change.action, change.id) for change in plan.changes] == [("create", None)]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"another vendor", "renamed too"}])
def test_the_name_always_serves(kind: str) -> None:
    """After every request some model has the name."""
    entries, items = KINDS[kind]
    key = (entries[0]["model_vendor"], entries[0]["name"])
    for cut in range(4):
        server = Server(items)
        play(plan_of(entries, items), server, stop_after=cut)
        assert key in server.names()


def test_what_nobody_declares_is_carried_over() -> None:
    """The new model has the old one's undeclared fields, without a GPU type that would go idle."""
    change = only_change(
        [entry("a", "launch", vendor_configuration={"model_infra": {"gpus": 0, "max_workers": 3}})],
        [launched("m-1", "a", model_metadata={"k": {"deep": 1}, "egpsync": {"owner": "p", "op": "x"}})],
    )
    body = requests_of(change)[0].body or {}
    infra = {"cpus": "4", "gpus": 0, "memory": "8Gi", "min_workers": 0, "max_workers": 3}
    assert body["vendor_configuration"] == {"model_image": LAUNCH["model_image"], "model_infra": infra}
    assert body["model_metadata"]["k"] == {"deep": 1}
    assert {**body["model_metadata"]["egpsync"], "op": ""} == {"owner": "p", "replaces": "m-1", "op": ""}


def test_configuration_that_is_null_inside() -> None:
    """A server that holds null where an object belongs does not stop the planning."""
    held = launched("m-1", "a", vendor_configuration={"model_image": LAUNCH["model_image"], "model_infra": None})
    held["model_type"] = "completion"
    planned = planned_of([entry("a", "launch", model_type="generic")], [held])
    assert [problem.message for problem in planned.problems] == [
        "'a' can only be replaced by a new model, and creating it needs vendor_configuration.model_infra"
    ]


def test_a_ring_with_a_replacement_in_it() -> None:
    """A model that gets its name by another one's exchange is replaced after that."""
    entries = [entry("b", id="m-1"), entry("a", id="m-2", model_type="generic")]
    server = Server([item("m-1", "a"), item("m-2", "b")])
    play(plan_of(entries, list(server.items.values())), server)
    assert {key[1] for key in server.names()} == {"a", "b"}
    assert server.names()["openai", "b"] == "m-1"
    assert plan_of(entries, list(server.items.values())).empty


def test_the_old_one_waits_for_the_new_one() -> None:
    """The old model goes only once the new one is ready, though the new one differs in metadata by now."""
    new = item("m-2", "chat", model_metadata={"egpsync": {"replaces": "m-1"}}, status="deploying")
    change = only_change([entry("chat", model_metadata={"k": 1})], [item("m-1", "chat--next"), new])
    assert steps_in_words(change) == [
        "wait m-2 rest",
        "PATCH /v5/models/m-2",
        "wait m-2 ready",
        "DELETE /v5/models/m-1",
    ]


def test_an_old_one_that_has_a_tombstone_of_its_own() -> None:
    """What another entry means is that entry's: it is deleted once."""
    new = item("m-2", "chat", model_metadata={"egpsync": {"replaces": "m-1"}})
    entries = [entry("chat"), entry("chat--next", state="absent")]
    assert sent(plan_of(entries, [item("m-1", "chat--next"), new])) == [("DELETE", "/v5/models/m-1", None)]


def test_a_failed_new_one_that_has_a_tombstone_of_its_own() -> None:
    """A half that another entry means is left to it, and its name is taken: the server will say so."""
    begun = item("m-2", "chat--next", model_type="generic", model_metadata={"egpsync": {"replaces": "m-1"}})
    begun["status"] = "failed"
    entries = [entry("chat", model_type="generic"), entry("chat--next", state="absent")]
    plan = plan_of(entries, [item("m-1", "chat"), begun])
    keys = [str(step.key) for change in plan.changes for step in change.steps]
    assert sorted(keys) == ["m-1#create", "m-1#delete", "m-1#swap", "m-1#wait", "m-2#delete"]


def test_a_stranger_under_the_standby_name() -> None:
    """A model that this replacement did not make is neither taken for its own nor deleted."""
    items = [item("m-1", "chat"), item("m-2", "chat--next", model_metadata={"egpsync": {"replaces": "m-9"}})]
    plan = plan_of([entry("chat", model_type="generic")], items)
    assert [model.id for model in plan.unmanaged] == ["m-2"]
    assert [method for method, _, _ in sent(plan)] == ["POST", "PATCH", "DELETE"]


def test_another_vendors_model_is_not_left_behind() -> None:
    """What a mark names is only deleted where it stands under the standby name of the same vendor."""
    new = item("m-2", "chat", model_metadata={"egpsync": {"replaces": "m-1"}})
    assert plan_of([entry("chat")], [new, item("m-1", "chat--next", "cohere")]).empty
    assert plan_of([entry("chat")], [new, item("m-1", "chat-old")]).empty


def test_pruning_spares_the_halves_of_a_replacement() -> None:
    """Neither the model that is being made nor the old one that is left is pruned on the side."""
    mark = {"owner": "p"}
    old = item("m-1", "chat", model_metadata={"egpsync": mark})
    begun = item("m-2", "chat--next", model_type="generic", model_metadata={"egpsync": {**mark, "replaces": "m-1"}})
    entries = [entry("chat", model_type="generic")]
    assert sent(plan_of(entries, [old, begun], "p", prune=True)) == [
        ("PATCH", "/v5/models/m-2", {"name": "chat", "on_conflict": "swap"}),
        ("DELETE", "/v5/models/m-1", None),
    ]
    swapped = [old | {"name": "chat--next"}, begun | {"name": "chat"}]
    assert sent(plan_of(entries, swapped, "p", prune=True)) == [("DELETE", "/v5/models/m-1", None)]


@pytest.mark.parametrize(
    ("name", "standby"),
    [
        ("chat", "chat--next"),
        ("n" * 57, "n" * 57 + "--next"),
        ("n" * 58, "n" * 48 + "-f35e6e58--next"),
        ("n" * 63, "n" * 48 + "-73dcf996--next"),
    ],
)
def test_standby_names(name: str, standby: str) -> None:
    """A name that leaves no room is cut, and told from its like by a digest."""
    assert standby_name(name) == standby
    assert len(standby) <= 63


def test_what_is_ignored_is_carried_over_as_it_is() -> None:
    """A value in ignore_changes stays the live one, in the new model too."""
    wanted = entry(
        "chat",
        model_type="generic",
        model_metadata={"tier": "gold", "team": "nlp"},
        lifecycle={"ignore_changes": ["model_metadata.tier"]},
    )
    change = only_change([wanted], [item("old", "chat", model_metadata={"tier": "silver"})])
    body = requests_of(change)[0].body or {}
    assert {key: body["model_metadata"][key] for key in ("tier", "team")} == {"tier": "silver", "team": "nlp"}

"""Which live model each entry means, in every reading."""

from itertools import permutations
from typing import Any

import pytest

from egpsync.core.match import Matches, match
from tests.core.build import desired_of, entry, item, live_of, plan_of, sent


def matched(entries: list[Any], items: list[Any]) -> Matches:
    """The matches of one manifest's entries."""
    return match(desired_of(*entries), live_of(*items))


def pairs(found: Matches) -> list[tuple[str, str | None, bool]]:
    """Each entry's name, the id of its model, and whether an id found it."""
    return [(pair.desired.name, pair.live.id if pair.live else None, pair.pinned) for pair in found.pairs]


FORMER = entry("new", renamed_from="old")


@pytest.mark.parametrize(
    ("entries", "items", "expected"),
    [
        ([entry("a")], [item("m-1", "a")], [("a", "m-1", False)]),
        ([entry("a")], [], [("a", None, False)]),
        ([entry("a", id="m-1")], [item("m-1", "b")], [("a", "m-1", True)]),
        ([entry("a", id="m-1")], [item("m-1", "a", "cohere"), item("m-2", "a")], [("a", "m-1", True)]),
        ([entry("m-2")], [item("m-1", "m-2"), item("m-2", "m-1")], [("m-2", "m-1", False)]),
        ([FORMER], [item("m-1", "old")], [("new", "m-1", False)]),
        ([FORMER], [item("m-1", "new")], [("new", "m-1", False)]),
        ([FORMER], [], [("new", None, False)]),
        ([FORMER], [item("m-1", "old", "cohere")], [("new", None, False)]),
        (
            [FORMER, entry("old", id="m-1")],
            [item("m-1", "old"), item("m-2", "new")],
            [("new", "m-2", False), ("old", "m-1", True)],
        ),
        (
            [FORMER, entry("old")],
            [item("m-1", "old"), item("m-2", "new")],
            [("new", "m-2", False), ("old", "m-1", False)],
        ),
        ([entry("a", state="absent", id="gone")], [item("m-1", "b")], [("a", None, True)]),
        ([{"id": "m-1", "state": "absent"}], [item("m-1", "b", "new_vendor")], [("", "m-1", True)]),
        ([entry("a", "launch"), entry("a")], [item("m-1", "a")], [("a", None, False), ("a", "m-1", False)]),
    ],
)
def test_one_reading(entries: list[Any], items: list[Any], expected: list[Any]) -> None:
    """An id says which model; a name and a former name do where only one of them can be meant."""
    found = matched(entries, items)
    assert (pairs(found), found.refusals) == (expected, ())


@pytest.mark.parametrize(
    ("entries", "items", "refusals"),
    [
        (
            [FORMER],
            [item("m-1", "old"), item("m-2", "new")],
            [("ambiguous-rename", "renamed from 'old' to 'new', but both names exist: 'new' is m-2 and 'old' is m-1")],
        ),
        (
            [FORMER, entry("old")],
            [item("m-1", "old")],
            [
                (
                    "ambiguous-rename",
                    "renamed from 'old', but another entry can mean the same model: 'old' is m-1",
                ),
                ("ambiguous-rename", "'old' is declared here, and another entry is renamed from it: 'old' is m-1"),
            ],
        ),
        ([entry("a", id="gone")], [item("m-1", "a")], [("unknown-id", "no model in this account has the id gone")]),
    ],
)
def test_no_reading_or_two(entries: list[Any], items: list[Any], refusals: list[Any]) -> None:
    """Where it cannot be told, it is a refusal that names what is there."""
    found = matched(entries, items)
    assert [(refusal.guard, refusal.message) for refusal in found.refusals] == refusals
    assert found.pairs == ()


def test_entries_in_any_order() -> None:
    """A chain by former names is read the same way whatever its order, at each stage of being carried out."""
    entries = [entry("b", renamed_from="a"), entry("c", renamed_from="b"), entry("d", renamed_from="c")]
    for names in ("abc", "abd", "acd", "bcd"):
        items = [item(f"m-{number}", name) for number, name in enumerate(names)]
        for order in permutations(entries):
            found = matched(list(order), items)
            assert sorted(pairs(found)) == [("b", "m-0", False), ("c", "m-1", False), ("d", "m-2", False)]


def test_what_no_entry_means() -> None:
    """The rest of the account is unmanaged, models that a refused entry may mean excepted."""
    items = [item("m-1", "old"), item("m-2", "new"), item("m-3", "x"), item("m-4", "new", "cohere")]
    assert [model.id for model in matched([FORMER], items).unmanaged] == ["m-4", "m-3"]


def test_an_id_that_was_replaced() -> None:
    """The heir is found by what its mark says, with a hint at the id to write."""
    heir = item("m-2", "a", model_metadata={"egpsync": {"replaces": "m-1"}})
    (pair,) = matched([entry("a", id="m-1")], [heir]).pairs
    assert (pair.live and pair.live.id, pair.note) == ("m-2", "it replaced m-1: write id: m-2 in the manifest")


def test_the_same_model_for_two_entries() -> None:
    """A second entry that comes to a model that is taken is refused."""
    heir = item("m-2", "a", model_metadata={"egpsync": {"replaces": "m-1"}})
    found = matched([entry("a", id="m-1"), entry("b", id="m-2")], [heir])
    assert [(refusal.guard, refusal.message) for refusal in found.refusals] == [
        ("claimed-twice", "the live model 'a' (m-2) is meant by another entry too")
    ]


def renamed(**mark: Any) -> dict[str, Any]:
    """A model called "elsewhere" with a mark of "us"."""
    return item("m-1", "elsewhere", model_metadata={"egpsync": {"owner": "us", **mark}})


def test_a_model_renamed_outside_is_renamed_back() -> None:
    """It is no create, and with prune no delete: its mark keeps the name that its owner declares."""
    plan = plan_of([entry("a", model_type="completion")], [renamed(name="a")], owner="us", prune=True)
    assert [(change.action, change.id, change.reason) for change in plan.changes] == [
        ("rename", "m-1", "was renamed outside, from 'a' to 'elsewhere'")
    ]
    assert sent(plan) == [("PATCH", "/v5/models/m-1", {"name": "a"})]


@pytest.mark.parametrize(
    ("entries", "items", "owner"),
    [
        ([entry("a", model_type="completion")], [renamed(name="b")], "us"),
        ([entry("a", model_type="completion")], [renamed(name="a")], "them"),
        ([entry("a", model_type="completion")], [renamed(name="a")], None),
        ([entry("a", model_type="completion"), entry("elsewhere")], [renamed(name="a")], "us"),
        (
            [entry("a", model_type="completion")],
            [renamed(name="a"), {**renamed(name="a"), "id": "m-2", "name": "copy"}],
            "us",
        ),
    ],
    ids=["another name", "another owner", "no owner", "meant by another entry", "two of them"],
)
def test_a_mark_that_does_not_tell_where_a_model_went(
    entries: list[dict[str, Any]], items: list[dict[str, Any]], owner: str | None
) -> None:
    """One that is not this owner's, that another entry means, or one of several: the model is missing."""
    (change,) = [each for each in plan_of(entries, items, owner=owner).changes if each.name == "a"]
    assert change.action == "create"


@pytest.mark.parametrize(
    ("heir", "old", "found"),
    [
        ({"owner": "us"}, "a--next", "m-2"),
        ({"owner": "them"}, "a--next", "m-1"),
        ({"owner": "us"}, "elsewhere", "m-1"),
        ({}, "a--next", "m-1"),
    ],
    ids=["own, unfinished", "another owner's", "not exchanged", "nobody's"],
)
def test_an_id_is_the_identity_while_its_model_is_there(heir: dict[str, Any], old: str, found: str) -> None:
    """A mark that claims to replace it counts only for this owner's own replacement, half done."""
    items = [
        item("m-1", old, model_metadata={"egpsync": {"owner": "us"}}),
        item("m-2", "a", model_metadata={"egpsync": {**heir, "replaces": "m-1"}}),
    ]
    plan = plan_of([entry("a", id="m-1")], items, owner="us")
    assert [change.id for change in plan.changes] == [found]

"""Which live model each entry means, in every reading."""

from itertools import permutations
from typing import Any

import pytest

from egpsync.core.match import Matches, match
from tests.core.build import desired_of, entry, item, live_of


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

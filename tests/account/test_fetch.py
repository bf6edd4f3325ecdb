"""The whole account, or an error: nothing may be inferred from an incomplete listing."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from egpsync.account.client import Client
from egpsync.account.listing import fetch_all, fetch_one, find_by_name
from egpsync.emulator.faults import Answer, Intervene, Rewritten, Rule
from egpsync.emulator.server import Running
from egpsync.errors import ApiError, IncompleteListing, Misanswered, NotFound
from egpsync.model.live import Live, LiveModel
from tests.account.samples import Asked
from tests.conftest import StartEmulator

ADVICE = "Nothing was sent: what is absent may still exist. Run again; if it stays so, ask who runs the API."


def hosted(count: int) -> list[dict[str, Any]]:
    """Models of one hosted vendor."""
    return [{"name": f"m{number:04}", "model_vendor": "openai"} for number in range(count)]


def fetched(running: Running) -> Live:
    """The listing."""

    async def fetch() -> Live:
        async with Asked(running.base_url).client() as client:
            return await fetch_all(client)

    return asyncio.run(fetch())


def error_of(running: Running) -> ApiError:
    """The error that the listing ends in."""
    with pytest.raises(ApiError) as caught:
        fetched(running)
    return caught.value


def rewritten(change: Callable[[Any], Any], nth: range | None = None) -> Rule:
    """Listings whose JSON is changed in place."""

    def changed(page: Any) -> Any:
        change(page)
        return page

    return Rule(method="GET", nth=nth, kind=Rewritten(change=changed))


def test_an_empty_account_is_complete(emulator: StartEmulator) -> None:
    """One GET, no model."""
    running = emulator()
    assert fetched(running) == Live(models=())
    assert len(running.log.entries) == 1


def test_models_come_sorted_with_all_that_the_server_says(emulator: StartEmulator) -> None:
    """By vendor, name and id, whatever the server's order; values that are not known yet are kept."""
    seed: list[dict[str, Any]] = [
        {"name": "b", "model_vendor": "openai", "status": "hibernating", "model_metadata": None, "id": "id-b"},
        {"name": "a", "model_vendor": "openai", "status_reason": "slow", "id": "id-a", "model_metadata": {"x": 1}},
        {"name": "c", "model_vendor": "a-new-vendor", "model_type": "a-new-type", "id": "id-c"},
    ]
    models = fetched(emulator(seed=seed)).models
    assert [(model.id, model.vendor, model.status) for model in models] == [
        ("id-c", "a-new-vendor", "ready"),
        ("id-a", "openai", "ready"),
        ("id-b", "openai", "hibernating"),
    ]
    assert (models[1].status_reason, models[1].metadata, models[2].metadata) == ("slow", {"x": 1}, {})
    assert models[0].model_type == "a-new-type"


@pytest.mark.parametrize(("count", "most"), [(999, 1), (1000, 2)])
def test_a_thousand_models_take_two_requests(emulator: StartEmulator, count: int, most: int) -> None:
    """Pages are as long as the API surely allows."""
    running = emulator(seed=hosted(count))
    assert len(fetched(running).models) == count
    assert [entry.method for entry in running.log.entries] == ["GET"] * most
    assert running.log.entries[0].query == {"limit": "999"}


def test_a_server_with_short_pages_is_asked_until_the_end(emulator: StartEmulator) -> None:
    """A page may hold fewer than its limit while there are more."""
    running = emulator(seed=hosted(10), page_cap=3)
    assert [model.name for model in fetched(running).models] == [f"m{number:04}" for number in range(10)]
    assert len(running.log.entries) == 4
    assert running.log.entries[1].query["starting_after"] == running.store.named("m0007")["id"]


def test_a_cursor_that_comes_twice_is_incomplete(emulator: StartEmulator) -> None:
    """A server that ignores the cursor would be asked for ever."""
    running = emulator(seed=hosted(4), page_cap=2)

    def first_page_again(page: Any) -> None:
        records = sorted(running.store.models(), key=lambda one: one["created_at"], reverse=True)[:2]
        page.update(items=records, has_more=True)

    running.faults.add(rewritten(first_page_again))
    error = error_of(running)
    assert type(error) is IncompleteListing
    last = running.store.named("m0002")["id"]
    assert error.what == f"the listing is incomplete: the cursor {last} came twice"
    assert error.advice == ADVICE


def test_fewer_models_than_announced_are_incomplete(emulator: StartEmulator) -> None:
    """What is missing may exist: nothing can be told from its absence."""
    running = emulator(seed=hosted(3), faults=[rewritten(lambda page: page["items"].pop())])
    error = error_of(running)
    assert type(error) is IncompleteListing
    assert error.what == "the listing is incomplete: 3 models were announced and 2 came"


def test_a_model_that_comes_twice_does_not_make_up_for_a_missing_one(emulator: StartEmulator) -> None:
    """Models are counted by their ids."""
    running = emulator(seed=hosted(3), faults=[rewritten(lambda page: page["items"].__setitem__(1, page["items"][0]))])
    assert error_of(running).what == "the listing is incomplete: 3 models were announced and 2 came"


def test_an_empty_page_with_more_announced_is_incomplete(emulator: StartEmulator) -> None:
    """There is no cursor to go on with."""
    running = emulator(seed=hosted(3), faults=[rewritten(lambda page: page.update(items=[], has_more=True))])
    assert error_of(running).what == "the listing is incomplete: a page was empty while more were announced"


def test_without_has_more_the_end_is_an_empty_page(emulator: StartEmulator) -> None:
    """The official client asks once more, too."""
    running = emulator(seed=hosted(5), page_cap=3, faults=[rewritten(lambda page: page.pop("has_more"))])
    assert len(fetched(running).models) == 5
    assert len(running.log.entries) == 3


def test_a_short_listing_is_asked_for_again(emulator: StartEmulator) -> None:
    """A listing that was disturbed once is complete the next time."""
    running = emulator(seed=hosted(3), faults=[rewritten(lambda page: page["items"].pop(), range(1, 3))])
    assert len(fetched(running).models) == 3
    assert len(running.log.entries) == 3


def test_a_model_that_is_born_while_paging_is_not_lost(emulator: StartEmulator) -> None:
    """The newest come first, so it stands before the cursor; the count tells, and the listing begins anew."""
    running = emulator(seed=hosted(4), page_cap=2)
    birth = Intervene(action=lambda store: store.add({"name": "new", "model_vendor": "openai"}))
    running.faults.add(Rule(method="GET", nth=(2,), kind=birth))
    assert [model.name for model in fetched(running).models] == ["m0000", "m0001", "m0002", "m0003", "new"]


def test_a_model_that_is_deleted_while_paging_does_not_stop_it(emulator: StartEmulator) -> None:
    """Where the cursor's own model is gone, the server refuses the page, and the listing begins anew."""
    running = emulator(seed=hosted(4), page_cap=2)
    cursor = running.store.named("m0002")["id"]
    death = Intervene(action=lambda store: store.remove(cursor))
    running.faults.add(Rule(method="GET", nth=(2,), kind=death))
    assert [model.name for model in fetched(running).models] == ["m0000", "m0001", "m0003"]


@pytest.mark.parametrize(
    ("page", "what"),
    [
        ({}, "the answer is not a list"),
        ([], "the answer is not a list"),
        (None, "the answer is not a list"),
        ({"items": {}}, "the answer is not a list"),
        ({"items": ["x"]}, "the answer is not a model"),
        ({"items": [{}]}, "the answer is not a model"),
        ({"items": [{"id": 1, "name": "x"}]}, "the answer is not a model"),
        ({"items": [{"id": "x", "name": None}]}, "the answer is not a model"),
        ({"items": [], "total": "many", "has_more": False}, "the total of the list is no count"),
        ({"items": [], "total": -1, "has_more": False}, "the total of the list is no count"),
    ],
)
def test_what_is_no_listing_is_told(emulator: StartEmulator, page: Any, what: str) -> None:
    """Another API, or a broken one, is an error with what to check."""
    running = emulator(faults=[Rule(kind=Answer(status=200, body=page))])
    error = error_of(running)
    assert type(error) is Misanswered
    assert error.what == what
    assert error.advice == "Is the base URL that of the API?"


@pytest.mark.parametrize(
    "hostile", ["", ".", "..", "a/b", "../x", "a?b", "a#b", "a b", "a%2fb", "a\n", "\u202e", "a\\b", "x" * 10 + "\x00"]
)
def test_an_id_that_cannot_stand_in_a_url_is_refused(emulator: StartEmulator, hostile: str) -> None:
    """It would lead a PATCH or a DELETE to another path."""
    page = {"items": [{"id": hostile, "name": "x"}], "has_more": False}
    running = emulator(faults=[Rule(kind=Answer(status=200, body=page))])
    error = error_of(running)
    assert type(error) is Misanswered
    assert error.what == f"the id {hostile!r} cannot stand in a URL"


def one(running: Running, model_id: str) -> LiveModel:
    """One model as it is now."""

    async def fetch() -> LiveModel:
        async with Asked(running.base_url).client() as client:
            return await fetch_one(client, model_id)

    return asyncio.run(fetch())


def test_one_model_is_read_by_its_id(emulator: StartEmulator) -> None:
    """As it is now."""
    running = emulator(seed=hosted(2))
    assert one(running, running.store.named("m0001")["id"]).name == "m0001"


def test_a_model_that_is_not_there_is_not_found(emulator: StartEmulator) -> None:
    """404 has its own error."""
    with pytest.raises(NotFound, match="HTTP 404: Model none not found"):
        one(emulator(), "none")


def test_another_model_than_asked_for_is_no_answer(emulator: StartEmulator) -> None:
    """A cache that mixes up answers must not decide what is changed."""
    running = emulator(seed=hosted(2))
    other = running.store.named("m0000")
    running.faults.add(Rule(kind=Answer(status=200, body=other)))
    with pytest.raises(Misanswered):
        one(running, running.store.named("m0001")["id"])


def test_a_name_is_asked_of_the_server(emulator: StartEmulator) -> None:
    """By vendor and name, and None where there is none."""
    running = emulator(seed=[*hosted(2), {"name": "m0001", "model_vendor": "cohere"}])

    async def find(client: Client, vendor: str, name: str) -> str | None:
        found = await find_by_name(client, vendor, name)
        return found.vendor if found else None

    async def both() -> tuple[str | None, str | None]:
        async with Asked(running.base_url).client() as client:
            return await find(client, "cohere", "m0001"), await find(client, "cohere", "m0000")

    assert asyncio.run(both()) == ("cohere", None)


@pytest.mark.parametrize(
    ("field", "value", "odd"),
    [
        ("model_metadata", [1], "its model_metadata is no map"),
        ("model_metadata", "text", "its model_metadata is no map"),
        ("vendor_configuration", "text", "its vendor_configuration is no map"),
        ("vendor_configuration", {"model_infra": "text"}, "its vendor_configuration.model_infra is no map"),
        ("model_metadata", {"k": json.loads("[" * 480 + "]" * 480)}, "it is nested more than 64 deep"),
        ("model_metadata", {"k": 10**399}, ""),
        ("model_metadata", {"k": 10**400}, "it holds a number of more than 400 digits"),
        ("model_metadata", {"\ud800": 1}, "it holds text that is no Unicode"),
        ("model_metadata", {"k": ["\udfff"]}, "it holds text that is no Unicode"),
        ("name", "a\ud800", "it holds text that is no Unicode"),
        ("status", 4, "its status is no text"),
        ("model_vendor", 10**400, "its model_vendor is no text"),
    ],
)
def test_an_odd_model_is_kept_apart(emulator: StartEmulator, field: str, value: Any, odd: str) -> None:
    """The listing goes on without what it says; who it is stays known, so that nothing is inferred from its absence."""
    running = emulator(seed=hosted(2), faults=[rewritten(lambda page: page["items"][0].update({field: value}))])
    models = fetched(running).models
    assert [model.odd for model in models if model.odd] == ([odd] if odd else [])
    assert len(models) == 2
    assert all(not model.odd or (model.metadata, model.configuration) == ({}, None) for model in models)


def test_a_total_that_shrinks_is_incomplete(emulator: StartEmulator) -> None:
    """The most that was ever announced counts."""
    running = emulator(seed=hosted(4), page_cap=2)
    running.faults.add(rewritten(lambda page: page.update(total=4 if page["has_more"] else 2)))
    running.faults.add(rewritten(lambda page: page["items"].pop() if not page["has_more"] else None))
    assert error_of(running).what == "the listing is incomplete: 4 models were announced and 3 came"

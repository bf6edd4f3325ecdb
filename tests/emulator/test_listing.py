"""GET /v5/models: order, pages, filters."""

import time
from typing import Any

import pytest

from tests.conftest import StartEmulator
from tests.emulator.samples import client, hosted, launch


def names(answer: Any) -> list[str]:
    """The names on a page."""
    return [model["name"] for model in answer.json()["items"]]


def test_an_empty_account_is_an_empty_list(emulator: StartEmulator) -> None:
    """The envelope has the API's five keys."""
    with client(emulator()) as http:
        answer = http.get("/v5/models")
    assert answer.json() == {"object": "list", "items": [], "limit": 100, "total": 0, "has_more": False}


def test_the_newest_model_comes_first(emulator: StartEmulator) -> None:
    """Without a sort order, models come newest first."""
    with client(emulator(seed=[hosted("a"), hosted("c"), hosted("b")])) as http:
        assert names(http.get("/v5/models")) == ["b", "c", "a"]


def test_models_can_be_sorted(emulator: StartEmulator) -> None:
    """sort_by and sort_order do what they say."""
    with client(emulator(seed=[hosted("a"), hosted("c"), hosted("b")])) as http:
        answer = http.get("/v5/models", params={"sort_by": "name", "sort_order": "asc"})
    assert names(answer) == ["a", "b", "c"]


def test_an_unknown_sort_key_is_answered_400(emulator: StartEmulator) -> None:
    """Only plain fields can be sorted by."""
    with client(emulator()) as http:
        answer = http.get("/v5/models", params={"sort_by": "colour"})
    assert (answer.status_code, answer.json()) == (400, {"detail": "Models cannot be sorted by 'colour'"})


def test_starting_after_gives_the_next_page(emulator: StartEmulator) -> None:
    """The id of a page's last item opens the next page, and has_more says whether there is one."""
    with client(emulator(seed=[hosted(name) for name in "edcba"])) as http:
        first = http.get("/v5/models", params={"limit": 2})
        second = http.get("/v5/models", params={"limit": 2, "starting_after": first.json()["items"][-1]["id"]})
        third = http.get("/v5/models", params={"limit": 2, "starting_after": second.json()["items"][-1]["id"]})
    assert [names(first), names(second), names(third)] == [["a", "b"], ["c", "d"], ["e"]]
    assert [page.json()["has_more"] for page in (first, second, third)] == [True, True, False]
    assert [page.json()["total"] for page in (first, second, third)] == [5, 5, 5]


def test_ending_before_gives_the_page_before(emulator: StartEmulator) -> None:
    """The id of a page's first item opens the page before it."""
    running = emulator(seed=[hosted(name) for name in "edcba"])
    with client(running) as http:
        answer = http.get("/v5/models", params={"limit": 2, "ending_before": running.store.named("d")["id"]})
    assert (names(answer), answer.json()["has_more"]) == (["b", "c"], True)


def test_an_unknown_cursor_is_answered_400(emulator: StartEmulator) -> None:
    """A cursor whose model was deleted is an error, and not an empty page."""
    with client(emulator(seed=[hosted("a")])) as http:
        answer = http.get("/v5/models", params={"starting_after": "gone"})
    assert (answer.status_code, answer.json()) == (400, {"detail": "starting_after: no model 'gone' in this listing"})


@pytest.mark.parametrize("limit", ["0", "1001", "many"])
def test_a_limit_out_of_range_is_answered_422(emulator: StartEmulator, limit: str) -> None:
    """The limit goes from 1 to 1000."""
    with client(emulator()) as http:
        answer = http.get("/v5/models", params={"limit": limit})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "limit"]


def test_a_listing_can_be_filtered_by_name_and_vendor(emulator: StartEmulator) -> None:
    """Filters narrow the total as well."""
    running = emulator(seed=[hosted("a"), launch("a"), launch("b")])
    with client(running) as http:
        by_name = http.get("/v5/models", params={"name": "a"}).json()
        by_both = http.get("/v5/models", params={"name": "a", "model_vendor": "launch"}).json()
    assert (by_name["total"], by_both["total"], by_both["items"][0]["model_vendor"]) == (2, 1, "launch")


def test_a_page_can_be_smaller_than_its_limit(emulator: StartEmulator) -> None:
    """A capped page holds fewer items than the limit while has_more is true."""
    with client(emulator(seed=[hosted(name) for name in "abc"], page_cap=2)) as http:
        page = http.get("/v5/models", params={"limit": 100}).json()
    assert (len(page["items"]), page["limit"], page["has_more"]) == (2, 100, True)


def test_a_thousand_models_are_listed_quickly(emulator: StartEmulator) -> None:
    """A page of 1000 is joined from JSON that was made once."""
    with client(emulator(seed=[launch(f"model-{number}") for number in range(3000)])) as http:
        http.get("/v5/models", params={"limit": 1000})
        before = time.perf_counter()
        page = http.get("/v5/models", params={"limit": 1000})
        took = time.perf_counter() - before
    assert len(page.json()["items"]) == 1000
    assert took < 0.5, f"{took:.3f} s"

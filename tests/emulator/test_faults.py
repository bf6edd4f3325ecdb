"""Scripted faults, as a client meets them."""

import time
from typing import Any

import httpx
import pytest

from egpsync.emulator.faults import (
    GATEWAY_PAGE,
    Answer,
    Cut,
    Delay,
    Hang,
    Intervene,
    Kind,
    Rewritten,
    Rule,
    TooMany,
    Truncated,
)
from egpsync.emulator.server import Running
from tests.conftest import StartEmulator
from tests.emulator.samples import client, hosted, launch, path_of

TAG = {"model_metadata": {"x": 1}}


def met(emulator: StartEmulator, kind: Kind) -> tuple[httpx.Response | Exception, Running]:
    """What a PATCH of the metadata comes to when it meets a fault."""
    running = emulator(seed=[hosted("gpt")], faults=[Rule(method="PATCH", kind=kind)])
    with client(running) as http:
        try:
            return http.patch(path_of(running, "gpt"), json=TAG), running
        except httpx.HTTPError as exc:
            return exc, running


def acted(running: Running) -> tuple[bool, bool]:
    """Whether the store changed, and whether the log says so."""
    return running.store.named("gpt")["model_metadata"] == {"x": 1}, running.log.changes[-1].acted


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (Cut(), httpx.RemoteProtocolError),
        (Cut(reset=True), httpx.ReadError),
        (Hang(seconds=0.05), httpx.RemoteProtocolError),
    ],
)
def test_a_cut_before_the_server_acts_changes_nothing(
    emulator: StartEmulator, kind: Kind, error: type[Exception]
) -> None:
    """The connection ends without an answer, and the state is as it was."""
    answer, running = met(emulator, kind)
    assert type(answer) is error
    assert acted(running) == (False, False)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (Cut(after=True), httpx.RemoteProtocolError),
        (Cut(after=True, reset=True), httpx.ReadError),
        (Cut(after=True, partial=True), httpx.RemoteProtocolError),
        (Hang(seconds=0.05, after=True), httpx.RemoteProtocolError),
    ],
)
def test_a_cut_after_the_server_acted_loses_only_the_answer(
    emulator: StartEmulator, kind: Kind, error: type[Exception]
) -> None:
    """The connection ends without a whole answer, and the change has happened."""
    answer, running = met(emulator, kind)
    assert type(answer) is error
    assert acted(running) == (True, True)
    assert running.log.changes[-1].status is None


def test_a_partial_cut_sends_the_headers_first(emulator: StartEmulator) -> None:
    """Status and half of the body arrive before the connection ends."""
    running = emulator(seed=[hosted("gpt")], faults=[Rule(kind=Cut(after=True, partial=True))])
    with client(running) as http, http.stream("GET", path_of(running, "gpt")) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            answer.read()


def test_a_truncated_answer_is_whole_for_http(emulator: StartEmulator) -> None:
    """The JSON is cut short, though the HTTP answer is complete; the server has acted."""
    answer, running = met(emulator, Truncated())
    assert isinstance(answer, httpx.Response)
    assert (answer.status_code, answer.text[:1], answer.text[-1:] == "}") == (200, "{", False)
    assert acted(running) == (True, True)


@pytest.mark.parametrize("after", [False, True])
def test_an_answer_stands_in_for_the_servers(emulator: StartEmulator, *, after: bool) -> None:
    """Another status with another body, before or after the server acted."""
    answer, running = met(emulator, Answer(status=503, body={"detail": "later"}, after=after))
    assert isinstance(answer, httpx.Response)
    assert (answer.status_code, answer.json(), answer.headers["content-type"]) == (
        503,
        {"detail": "later"},
        "application/json",
    )
    assert acted(running) == (after, after)
    assert running.log.changes[-1].status == 503


def test_a_page_of_html_can_come_with_status_200(emulator: StartEmulator) -> None:
    """A gateway's page is no JSON, whatever its status."""
    answer, _ = met(emulator, Answer(status=200, body=GATEWAY_PAGE))
    assert isinstance(answer, httpx.Response)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<html>")


def test_a_redirect_carries_its_location(emulator: StartEmulator) -> None:
    """Headers are sent as given."""
    answer, _ = met(emulator, Answer(status=307, headers={"Location": "https://login.example/"}))
    assert isinstance(answer, httpx.Response)
    assert (answer.status_code, answer.headers["location"]) == (307, "https://login.example/")


@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [
        (TooMany(seconds=1.2), "retry-after", "2"),
        (TooMany(seconds=1.2, retry_after="milliseconds"), "retry-after-ms", "1200"),
        (TooMany(seconds=1.2, retry_after="none"), "retry-after", None),
    ],
)
def test_a_429_says_when_to_come_again(emulator: StartEmulator, kind: Kind, header: str, value: str | None) -> None:
    """In seconds, in milliseconds, or not at all."""
    answer, running = met(emulator, kind)
    assert isinstance(answer, httpx.Response)
    assert (answer.status_code, answer.headers.get(header)) == (429, value)
    assert answer.json()["error"] == "Too many requests"
    assert acted(running) == (False, False)


def test_a_429_can_name_an_http_date(emulator: StartEmulator) -> None:
    """Retry-After as a date lies in the future."""
    answer, _ = met(emulator, TooMany(seconds=90, retry_after="date"))
    assert isinstance(answer, httpx.Response)
    when = time.strptime(answer.headers["retry-after"], "%a, %d %b %Y %H:%M:%S GMT")
    assert time.gmtime(time.time() + 80) < when < time.gmtime(time.time() + 100)


@pytest.mark.parametrize("after", [False, True])
def test_a_delay_changes_nothing_but_the_time(emulator: StartEmulator, *, after: bool) -> None:
    """The answer is the usual one, later."""
    before = time.monotonic()
    answer, running = met(emulator, Delay(seconds=0.1, after=after))
    assert time.monotonic() - before >= 0.1
    assert isinstance(answer, httpx.Response)
    assert (answer.status_code, acted(running)) == (200, (True, True))


def test_a_hanging_request_leaves_a_client_to_its_timeout(emulator: StartEmulator) -> None:
    """Nothing arrives until the client gives up, and the server stops at once all the same."""
    running = emulator(faults=[Rule(kind=Hang())])
    with client(running) as http, pytest.raises(httpx.ReadTimeout):
        http.get("/v5/models", timeout=0.05)


def test_an_answer_can_be_rewritten(emulator: StartEmulator) -> None:
    """The parsed JSON passes through a function of the test's."""

    def without_has_more(page: Any) -> Any:
        return {key: value for key, value in page.items() if key != "has_more"}

    running = emulator(faults=[Rule(kind=Rewritten(change=without_has_more))])
    with client(running) as http:
        assert http.get("/v5/models").json() == {"object": "list", "items": [], "limit": 100, "total": 0}


def test_somebody_else_can_act_just_before_a_request(emulator: StartEmulator) -> None:
    """An intervention sees the store before the request does."""
    running = emulator(seed=[launch("sum", id="id-1")])
    elsewhere = Intervene(action=lambda store: store.deploy("id-1", seconds=60))
    running.faults.add(Rule(method="PATCH", kind=elsewhere))
    with client(running) as http:
        answer = http.patch("/v5/models/id-1", json=TAG)
    assert answer.status_code == 409


def test_somebody_else_can_act_just_after_a_request(emulator: StartEmulator) -> None:
    """An intervention after the request changes what the next one sees, and not its answer."""
    running = emulator(seed=[launch("sum", id="id-1")])
    running.faults.add(
        Rule(method="PATCH", kind=Intervene(action=lambda store: store.edit("id-1", {"name": "x"}), after=True))
    )
    with client(running) as http:
        answer = http.patch("/v5/models/id-1", json=TAG).json()
        assert (answer["name"], http.get("/v5/models/id-1").json()["name"]) == ("sum", "x")


def test_a_listing_can_change_while_it_is_paged(emulator: StartEmulator) -> None:
    """A model that goes between two pages makes the cursor unknown."""
    running = emulator(seed=[hosted("a", id="id-a"), hosted("b", id="id-b")])
    running.faults.add(Rule(nth=(2,), kind=Intervene(action=lambda store: store.remove("id-b"))))
    with client(running) as http:
        http.get("/v5/models", params={"limit": 1})
        assert http.get("/v5/models", params={"limit": 1, "starting_after": "id-b"}).status_code == 400


def test_rules_choose_by_method_path_and_count(emulator: StartEmulator) -> None:
    """Only the counted ones of the requests that fit meet the fault."""
    rule = Rule(method="GET", path="/v5/models/*", nth=range(2, 4), kind=Answer(status=500))
    running = emulator(seed=[hosted("a", id="id-a")], faults=[rule], base_path="/public")
    with client(running) as http:
        paths = ["/v5/models/id-a", "/v5/models", "/v5/models/id-a", "/v5/models/id-a", "/v5/models/id-a"]
        statuses = [http.get(path).status_code for path in paths]
    assert statuses == [200, 200, 500, 500, 200]


def test_rules_choose_by_what_a_request_holds(emulator: StartEmulator) -> None:
    """A condition sees the request as the log has it."""
    renames = Rule(where=lambda entry: isinstance(entry.body, dict) and "name" in entry.body, kind=Answer(status=500))
    running = emulator(seed=[hosted("a", id="id-a")], faults=[renames])
    with client(running) as http:
        statuses = [http.patch("/v5/models/id-a", json=body).status_code for body in (TAG, {"name": "b"})]
    assert statuses == [200, 500]


def test_chance_is_the_same_for_the_same_seed(emulator: StartEmulator) -> None:
    """A rule with a probability draws from a generator of its own."""

    def statuses(seed: int) -> list[int]:
        rule = Rule(probability=0.5, seed=seed, kind=Answer(status=500))
        with client(emulator(faults=[rule])) as http:
            return [http.get("/v5/models").status_code for _ in range(20)]

    assert statuses(1) == statuses(1)
    assert statuses(1) != statuses(2)


def test_rules_can_be_taken_back(emulator: StartEmulator) -> None:
    """After clear nothing is disturbed, and reset brings back the rules of the start."""
    running = emulator(faults=[Rule(kind=Answer(status=500))])
    with client(running) as http:
        running.faults.clear()
        undisturbed = http.get("/v5/models").status_code
        running.faults.reset()
        assert (undisturbed, http.get("/v5/models").status_code) == (200, 500)

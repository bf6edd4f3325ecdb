"""What stands before the API: latency, the rate limit, stale reads, the log, and the control calls."""

import socket
import time

import httpx

from egpsync.emulator.log import Entry
from tests.conftest import StartEmulator
from tests.emulator.samples import KEY, Clock, client, hosted, launch, path_of


def test_latency_is_spent_on_every_request(emulator: StartEmulator) -> None:
    """Each answer comes so much later."""
    with client(emulator(latency=0.1)) as http:
        before = time.monotonic()
        http.get("/v5/models")
        assert time.monotonic() - before >= 0.1


def test_requests_above_the_rate_are_answered_429(emulator: StartEmulator) -> None:
    """The limit lets so many requests a second through, and fills up by the clock."""
    clock = Clock()
    with client(emulator(rate=2, clock=clock)) as http:
        first = [http.get("/v5/models") for _ in range(3)]
        clock.now += 0.5
        second = [http.get("/v5/models") for _ in range(2)]
    assert [answer.status_code for answer in first + second] == [200, 200, 429, 200, 429]
    assert first[2].headers["retry-after"] == "1"


def test_a_refused_request_does_not_act(emulator: StartEmulator) -> None:
    """A change that meets the rate limit is logged as not done."""
    running = emulator(seed=[hosted("gpt")], rate=0.1, clock=Clock())
    with client(running) as http:
        http.get("/v5/models")
        http.delete(path_of(running, "gpt"))
    assert [(entry.status, entry.acted) for entry in running.log.entries] == [(200, False), (429, False)]
    assert len(running.store.models()) == 1


def test_reads_can_be_stale_after_a_write(emulator: StartEmulator) -> None:
    """For a while, reads answer what was there before; the answer of the write itself is fresh."""
    clock = Clock()
    running = emulator(seed=[hosted("gpt", id="id-1")], stale_seconds=15, clock=clock)
    with client(running) as http:
        written = http.patch("/v5/models/id-1", json={"model_metadata": {"x": 1}}).json()["model_metadata"]
        clock.now += 14
        stale = http.get("/v5/models/id-1").json()["model_metadata"]
        listed = http.get("/v5/models").json()["items"][0]["model_metadata"]
        clock.now += 1
        fresh = http.get("/v5/models/id-1").json()["model_metadata"]
    assert (written, stale, listed, fresh) == ({"x": 1}, {}, {}, {"x": 1})


def test_stale_reads_miss_what_is_new_and_see_what_is_gone(emulator: StartEmulator) -> None:
    """A created model is not there yet, and a deleted one still is."""
    clock = Clock()
    running = emulator(seed=[hosted("old", id="id-1")], stale_seconds=15, clock=clock)
    clock.now += 60
    with client(running) as http:
        http.post("/v5/models", json=hosted("new"))
        http.delete("/v5/models/id-1")
        stale = [model["name"] for model in http.get("/v5/models").json()["items"]]
        clock.now += 15
        fresh = [model["name"] for model in http.get("/v5/models").json()["items"]]
    assert (stale, fresh) == (["old"], ["new"])


def test_every_request_is_logged_in_order(emulator: StartEmulator) -> None:
    """An entry holds the request as it was sent, its outcome, and never the key."""
    running = emulator(seed=[hosted("gpt", id="id-1")], base_path="/public", clock=Clock())
    with client(running) as http:
        http.get("/v5/models", params={"limit": 5})
        http.patch("/v5/models/id-1", json={"model_metadata": {"x": 1}})
        http.delete("/v5/models/id-2")
    listing, patch, delete = running.log.entries
    headers = {"host": running.base_url.split("/")[2], "x-api-key": "********"}
    assert {name: listing.headers[name] for name in headers} == headers
    assert KEY not in repr(running.log.entries)
    assert listing == Entry(
        method="GET",
        path="/v5/models",
        query={"limit": "5"},
        headers=listing.headers,
        body=None,
        at=1000.0,
        status=200,
        acted=False,
    )
    assert (patch.method, patch.path, patch.body) == ("PATCH", "/v5/models/id-1", {"model_metadata": {"x": 1}})
    assert (patch.status, patch.acted) == (200, True)
    assert (delete.method, delete.body, delete.status, delete.acted) == ("DELETE", None, 404, False)
    assert running.log.changes == (patch, delete)


def test_a_request_that_does_not_arrive_whole_is_none(emulator: StartEmulator) -> None:
    """A client that leaves in the middle of its body has changed nothing, and is not logged."""
    running = emulator(seed=[hosted("gpt", id="id-1")])
    port = int(running.root_url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port)) as half:
        half.sendall(b"PATCH /v5/models/id-1 HTTP/1.1\r\nhost: x\r\nx-api-key: k\r\ncontent-length: 50\r\n\r\n{}")
    with client(running) as http:
        http.get("/v5/models")
    assert [entry.method for entry in running.log.entries] == ["GET"]


def test_log_and_state_are_readable_over_http(emulator: StartEmulator) -> None:
    """The control calls need no key, and are not logged."""
    running = emulator(seed=[launch("sum", account="mine")])
    with client(running) as http:
        http.get("/v5/models")
    log = httpx.get(running.root_url + "/_emulator/log").json()["requests"]
    state = httpx.get(running.root_url + "/_emulator/state").json()
    assert [(entry["method"], entry["path"], entry["status"]) for entry in log] == [("GET", "/v5/models", 200)]
    assert state == {"accounts": {"mine": running.store.models("mine")}}
    assert len(running.log.entries) == 1


def test_reset_goes_back_to_the_seed(emulator: StartEmulator) -> None:
    """Models, ids and the log are as at the start."""
    running = emulator(seed=[hosted("gpt")])
    before = running.store.models()
    with client(running) as http:
        http.post("/v5/models", json=hosted("new"))
        http.delete(path_of(running, "gpt"))
    assert httpx.post(running.root_url + "/_emulator/reset").json() == {"reset": True}
    assert (running.store.models(), running.log.entries) == (before, ())

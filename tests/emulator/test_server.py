"""Starting and stopping, and the network beyond this machine."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from egpsync.emulator.server import Setup, serve
from egpsync.emulator.switches import Switches
from tests.emulator.samples import client, hosted

PROGRAM = """
from egpsync.emulator.server import Setup, run
run(Setup(), lambda running: print(running.base_url, flush=True))
print("stopped")
"""


def test_starting_and_stopping_takes_no_time_and_leaves_nothing() -> None:
    """Twenty emulators in a row leave no thread, and each is up and down at once."""
    before = time.perf_counter()
    for _ in range(20):
        with serve(Setup()) as running, client(running) as http:
            assert http.get("/v5/models").status_code == 200
    assert time.perf_counter() - before < 10
    assert "egpsync-emulator" not in {thread.name for thread in threading.enumerate()}


def test_a_stopped_emulator_is_unreachable() -> None:
    """The port is closed when the block ends, also under open connections."""
    with httpx.Client(headers={"x-api-key": "k"}) as http:
        with serve(Setup()) as running:
            url = running.base_url + "/v5/models"
            assert http.get(url).status_code == 200
        with pytest.raises(httpx.ConnectError):
            http.get(url)


def test_stopping_does_not_wait_for_a_slow_request() -> None:
    """A request that is under way is cut off."""
    outcome: list[type[Exception]] = []

    def ask(url: str) -> None:
        try:
            httpx.get(url + "/v5/models", headers={"x-api-key": "k"}, timeout=30)
        except httpx.TransportError as exc:
            outcome.append(type(exc))

    with serve(Setup(switches=Switches(latency=30))) as running:
        asking = threading.Thread(target=ask, args=(running.base_url,))
        asking.start()
        while not running.log.entries:
            time.sleep(0.01)
        before = time.perf_counter()
    assert time.perf_counter() - before < 5
    asking.join()
    assert outcome == [httpx.RemoteProtocolError]


def test_requests_are_answered_side_by_side() -> None:
    """Ten slow requests at once take as long as one."""
    with serve(Setup(seed=(hosted("gpt"),), switches=Switches(latency=0.3))) as running, client(running) as http:
        threads = [threading.Thread(target=http.get, args=("/v5/models",)) for _ in range(10)]
        before = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.perf_counter() - before < 2
        assert [entry.status for entry in running.log.entries] == [200] * 10


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_blocking_run_ends_with_a_signal(number: signal.Signals) -> None:
    """SIGINT and SIGTERM stop it in good order."""
    with subprocess.Popen([sys.executable, "-W", "error", "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(url + "/v5/models", headers={"x-api-key": "k"}).status_code == 200
        process.send_signal(number)
        rest = process.stdout.read()
        assert (process.wait(10), rest) == (0, "stopped\n")


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_no_test_can_leave_this_machine(host: str) -> None:
    """A connection beyond loopback is refused before a packet is sent."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as outward, pytest.raises(PermissionError, match="reach no host"):
        outward.connect((host, 80))


def test_no_test_can_look_up_a_name() -> None:
    """A name look-up beyond this machine is refused as well."""
    with pytest.raises(PermissionError, match=r"api\.egp\.example"):
        socket.getaddrinfo("api.egp.example", 443)

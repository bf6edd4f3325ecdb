"""`drift --interval`: round after round, through outages and edits, answering over HTTP, until SIGTERM."""

import http.client
import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from egpsync.emulator.faults import Answer, Rule
from tests.cli.samples import Shell, hosted
from tests.conftest import StartEmulator
from tests.forge.server import serving

GOLD = {"model_metadata": {"tier": "gold"}}


class Watching:
    """A `drift --interval` that runs, and what it answers."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def ask(self, path: str) -> tuple[int, str]:
        """Status and text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metrics(self) -> dict[str, float]:
        """By name, with the labels that tell some of them apart."""
        found = {}
        for family in text_string_to_metric_families(self.ask("/metrics")[1]):
            for sample in family.samples:
                told = sample.labels.get("result") or sample.labels.get("state") or ""
                found[f"{sample.name}{':' if told else ''}{told}"] = sample.value
        return found

    def until(self, holds: Callable[[dict[str, float]], bool]) -> dict[str, float]:
        """The metrics, as soon as they say so."""
        for _ in range(600):
            found = self.metrics()
            if holds(found):
                return found
            time.sleep(0.05)
        raise AssertionError(f"it never came to hold: {found}")

    def end(self) -> tuple[int, str, str]:
        """Stop it; its exit code, stdout and stderr."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err


Start = Callable[..., Watching]


@pytest.fixture
def start(shell: Shell) -> Iterator[Start]:
    """Begins one, every second, on a port of its own."""
    with ExitStack() as stack:

        def begin(*arguments: str, **environ: str) -> Watching:
            shell.environ |= {"EGPSYNC_RETRIES": "1", **environ}
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            process = stack.enter_context(shell.start("drift", "--interval", "1", "--listen", str(port), *arguments))
            for _ in range(400):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, process.communicate()
                time.sleep(0.05)
            return Watching(process, port)

        yield begin


def ok(rounds: int) -> Callable[[dict[str, float]], bool]:
    """So many rounds compared everything."""
    return lambda found: found.get("egpsync_watch_rounds_total:ok", 0) >= rounds


def test_rounds_tell_what_changed_and_sigterm_ends_them_well(
    emulator: StartEmulator, shell: Shell, start: Start
) -> None:
    """The whole report at first and where something changed, a line where nothing did; files each time; exit 0."""
    running = emulator(seed=[hosted("a")])
    shell.knows(running).wants(hosted("a", **GOLD))
    watching = start("--report", "json=now.json")
    found = watching.until(ok(2))
    assert (found["egpsync_drift_fields"], found["egpsync_watch_up"]) == (1, 1)
    running.store.edit(running.store.models()[0]["id"], GOLD)
    watching.until(lambda found: found["egpsync_drift_fields"] == 0)
    watching.until(ok(int(found["egpsync_watch_rounds_total:ok"]) + 3))
    code, out, err = watching.end()
    assert code == 0
    assert (out.count("egpsync drift  http"), out.count("0 new, 1 gone, 0 as before")) == (2, 1)
    assert ": as before: " in err
    assert json.loads(shell.read("now.json"))["summary"]["unchanged"] == 1


def test_an_outage_leaves_what_is_known_and_says_how_old_it_is(
    emulator: StartEmulator, shell: Shell, start: Start
) -> None:
    """It fails round by round and goes on; then all is well again."""
    broken: list[bool] = []
    running = emulator(
        seed=[hosted("a")],
        faults=[Rule(method="GET", path="/v5/models", where=lambda _: bool(broken), kind=Answer(status=503))],
    )
    shell.knows(running).wants(hosted("a", **GOLD))
    watching = start()
    watching.until(ok(1))
    assert watching.ask("/readyz")[0] == 200
    broken.append(True)
    found = watching.until(lambda found: found["egpsync_watch_rounds_total:failed"] >= 1)
    assert (found["egpsync_watch_up"], found["egpsync_drift_fields"]) == (0, 1)
    assert found["egpsync_watch_reading_age_seconds"] > 0
    status, said = watching.ask("/readyz")
    assert (status, "since then: " in said) == (200, True)
    broken.clear()
    watching.until(lambda found: found["egpsync_watch_up"] == 1)
    code, _, err = watching.end()
    assert (code, "this round failed, the next follows" in err) == (0, True)


def test_it_begins_while_the_account_is_away(shell: Shell, start: Start) -> None:
    """Alive, and not ready; nothing but its own metrics is known."""
    shell.wants(hosted("a"))
    watching = start(SGP_CLIENT_BASE_URL="http://127.0.0.1:1")
    watching.until(lambda found: found["egpsync_watch_rounds_total:failed"] >= 1)
    assert watching.ask("/healthz") == (200, "ok\n")
    status, said = watching.ask("/readyz")
    assert (status, said.startswith("not ready: ")) == (503, True)
    assert "egpsync_drift_fields" not in watching.metrics()
    assert watching.ask("/elsewhere")[0] == 404
    assert watching.end()[0] == 0


def test_files_are_read_anew(emulator: StartEmulator, shell: Shell, start: Start) -> None:
    """What is broken in between is told, and mended without a restart."""
    shell.knows(emulator(seed=[hosted("a")])).wants(hosted("a", **GOLD))
    watching = start()
    watching.until(ok(1))
    shell.file("configs/models/all.yaml", "version: 1\nmodels: [{name: a}]\n")
    watching.until(lambda found: found["egpsync_watch_up"] == 0)
    shell.wants(hosted("a"))
    watching.until(lambda found: found["egpsync_watch_up"] == 1 and found["egpsync_drift_fields"] == 0)
    code, out, err = watching.end()
    assert (code, "invalid manifests" in err, "[missing-field]" in out) == (0, True, True)


def test_slow_and_hostile_clients_do_not_stop_it(emulator: StartEmulator, shell: Shell, start: Start) -> None:
    """Connections that say nothing, or nonsense, are cut; others are answered, and rounds go on."""
    shell.knows(emulator(seed=[hosted("a")])).wants(hosted("a"))
    watching = start()
    with ExitStack() as stack:
        for text in [b"", b"GET ", b"\x00" * 100, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200] * 3:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", watching.port), timeout=10))
            client.sendall(text)
        watching.until(ok(2))
    code, _, err = watching.end()
    assert (code, "Traceback" in err) == (0, False)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--listen", "9464"], 64, "--listen needs --interval"),
        (["--interval", "1", "--listen", "here:there"], 64, "is no address"),
        (["--interval", "1", "--listen", "99999"], 64, "is no address"),
        (["--interval", "0"], 64, "x>=1"),
        (["--interval", "1", "--target", "none"], 64, "target"),
    ],
)
def test_wrong_usage_ends_it_at_once(
    emulator: StartEmulator, shell: Shell, arguments: list[str], code: int, said: str
) -> None:
    """No round can mend it."""
    shell.knows(emulator(seed=[hosted("a")])).wants(hosted("a"))
    done = shell.run("drift", *arguments)
    assert (done.code, said in done.err) == (code, True), done.err


def test_a_port_that_is_taken(emulator: StartEmulator, shell: Shell) -> None:
    """An error with the address, before the account is asked."""
    running = emulator(seed=[hosted("a")])
    shell.knows(running).wants(hosted("a"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = shell.run("drift", "--interval", "1", "--listen", address)
    assert (done.code, f"--listen {address}: cannot listen" in done.err, len(running.log.entries)) == (1, True, 0)


def test_a_notice_is_sent_where_something_changed(emulator: StartEmulator, shell: Shell, start: Start) -> None:
    """Not with every round."""
    running = emulator(seed=[hosted("a")])
    shell.knows(running).wants(hosted("a", **GOLD))
    with serving() as forge:
        watching = start("--notify", "HOOK", HOOK=f"{forge.url}/notices")
        watching.until(ok(3))
        running.store.edit(running.store.models()[0]["id"], GOLD)
        watching.until(lambda found: found["egpsync_drift_fields"] == 0)
        assert watching.end()[0] == 0
        texts: list[Any] = [one["text"] for one in forge.notices]
    assert (len(texts), "1 gone" in texts[-1]) == (2, True)

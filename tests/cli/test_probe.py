"""egpsync probe: what it finds out, and that its model is gone again whatever happens."""

import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from egpsync.emulator.faults import Answer, Cut, Delay, Rule
from egpsync.emulator.server import Running
from tests.cli.samples import Shell, ShellHere, hosted
from tests.conftest import StartEmulator


@pytest.fixture
def shell(tmp_path: Path) -> ShellHere:
    """The command line in this process: nothing here is about signals or streams."""
    return ShellHere(tmp_path)


def left(running: Running) -> list[str]:
    """The names of the models that are there."""
    return [model["name"] for model in running.store.models()]


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({}, {"maps": "replace", "nested": "replace", "unknown": "dropped"}),
        ({"maps": "merge"}, {"maps": "merge", "unknown": "dropped"}),
        ({"bodies": "strict"}, {"maps": "replace", "unknown": "refused"}),
        ({"nulls": "keep"}, {"null_map": "kept"}),
        ({"nulls": "unset"}, {"null_map": "emptied"}),
        ({"maps": "merge", "stale_seconds": 0.6}, {"maps": "merge"}),
    ],
)
def test_what_it_finds_out(
    emulator: StartEmulator, shell: Shell, switches: dict[str, Any], expected: dict[str, str]
) -> None:
    """Whatever the installation does, also where its readings lag; one hosted model is created, and gone."""
    running = emulator(seed=[hosted("mine")], **switches)
    done = shell.knows(running).run("probe", "--yes", "--format", "json")
    assert done.code == 0, done.err
    assert done.json["map_semantics"] == {"model_metadata": done.json["maps"]}
    assert {key: done.json[key] for key in expected} == expected
    created = [entry.body for entry in running.log.changes if entry.method == "POST"]
    assert [(body["model_vendor"], "vendor_configuration" in body) for body in created] == [("openai", False)]
    assert re.fullmatch(r"egpsync-probe-\d{14}-[0-9a-f]{8}", created[0]["name"])
    assert left(running) == ["mine"]


def test_it_says_what_to_write(emulator: StartEmulator, shell: Shell) -> None:
    """In words, and as a line of the project file."""
    done = shell.knows(emulator(maps="merge")).run("probe", "--yes")
    assert done.out.startswith("A PATCH merges")
    assert done.out.endswith("Write at this target in egpsync.yaml:\n    map_semantics: {model_metadata: merge}\n")


def test_it_asks_first(emulator: StartEmulator, shell: Shell) -> None:
    """Where nobody can be asked, --yes is needed."""
    running = emulator()
    done = shell.knows(running).run("probe")
    assert (done.code, done.out) == (64, "")
    assert "--yes" in done.err
    assert running.log.entries == ()


def test_where_hosted_vendors_are_off_it_cannot_find_out(emulator: StartEmulator, shell: Shell) -> None:
    """Exit 1, and nothing is deployed instead."""
    running = emulator(hosted=False)
    done = shell.knows(running).run("probe", "--yes")
    assert (done.code, done.out) == (1, "")
    assert "cannot be found out here" in done.err
    assert [entry.method for entry in running.log.entries] == ["POST"]


def test_another_account_is_not_asked(emulator: StartEmulator, shell: Shell) -> None:
    """The expectation holds here too."""
    running = emulator()
    done = shell.knows(running).run("probe", "--yes", "--expect-base-url", "https://egp.example")
    assert done.code == 5
    assert running.log.entries == ()


@pytest.mark.parametrize(
    "rule",
    [
        Rule(method="PATCH", nth=(1,), kind=Answer(status=500)),
        Rule(method="PATCH", nth=(2,), kind=Cut(after=True)),
        Rule(method="POST", nth=(1,), kind=Cut(after=True)),
        Rule(method="POST", nth=(1,), kind=Answer(status=502, after=True)),
        Rule(method="PATCH", nth=(3,), kind=Answer(status=422, body={"detail": "no"})),
    ],
)
def test_a_failure_leaves_no_model(emulator: StartEmulator, shell: Shell, rule: Rule) -> None:
    """Whichever request fails, also where the answer to the creation is lost."""
    running = emulator(faults=[rule])
    done = shell.knows(running).run("probe", "--yes", EGPSYNC_RETRIES="0")
    assert done.code == 1
    assert "Traceback" not in done.err
    assert left(running) == []


def test_a_model_that_cannot_be_deleted_is_named(emulator: StartEmulator, shell: Shell) -> None:
    """With the request that deletes it."""
    running = emulator(faults=[Rule(method="DELETE", kind=Answer(status=403, body={"detail": "no"}))])
    done = shell.knows(running).run("probe", "--yes")
    assert done.code == 1
    assert "the model of the probe is still there" in done.err
    assert f"Delete it: DELETE {running.base_url}/v5/models/" in done.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_signal_leaves_no_model(
    emulator: StartEmulator, shell: Shell, number: signal.Signals, code: int, method: str
) -> None:
    """While it is created as while it is patched."""
    running = emulator(faults=[Rule(method=method, nth=(1,), kind=Delay(seconds=0.7, after=True))])
    with shell.knows(running).start("probe", "--yes") as process:
        deadline = time.monotonic() + 30
        while not left(running) or (method == "PATCH" and not _patched(running)):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert left(running) == []


def _patched(running: Running) -> bool:
    return any(entry.method == "PATCH" for entry in running.log.entries)

"""A state folder that cannot be written: nothing is sent that is not on disk first, and the report says so."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from egpsync.emulator.server import Running
from tests.cli.samples import Done, Shell
from tests.conftest import StartEmulator
from tests.crash.samples import journals, run_here
from tests.workflow.samples import Repository, hosted

Make = Callable[..., Repository]
ADVICE = "Nothing is sent that is not on disk first. Free the place, or name another with --state-dir."
LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
sys.argv = ["egpsync", *sys.argv[2:]]
runpy.run_module("egpsync", run_name="__main__")
"""
"""egpsync where no file can grow beyond so many bytes: what is written there at once arrives in part."""


def limited(size: int, shell: Shell, *arguments: str) -> Done:
    """Run egpsync under such a limit."""
    command = [sys.executable, "-B", "-c", LIMITED, str(size), *arguments]  # -B: no compiled module is cut short
    done = subprocess.run(
        command, cwd=shell.folder, env=shell.environ, capture_output=True, text=True, timeout=60, check=False
    )
    return Done(code=done.returncode, out=done.stdout, err=done.stderr)


def refused(done: Done, running: Running) -> None:
    """A clear error, and nothing sent."""
    assert done.code == 1
    assert ADVICE in done.err
    assert "Traceback" not in done.err
    assert running.log.changes == ()


@pytest.mark.parametrize("place", ["state", "state/below"])
def test_a_file_in_the_folders_place_stops_the_run(emulator: StartEmulator, shell: Shell, place: str) -> None:
    """Where no journal can be, nothing is sent; the advice names --state-dir."""
    running = emulator(seed=[hosted("gpt")])
    shell.knows(running).wants(hosted("gpt", model_metadata={"x": 1})).file("state", "in the way")
    done = shell.run("apply", "--yes", EGPSYNC_STATE_DIR=str(shell.folder / place))
    refused(done, running)
    assert str(shell.folder / place) in done.err


@pytest.mark.parametrize("place", ["state", "state/below"])
def test_planning_needs_no_state_folder(emulator: StartEmulator, shell: Shell, place: str) -> None:
    """It only reads what earlier runs left, and there is none."""
    running = emulator(seed=[hosted("gpt")])
    shell.knows(running).wants(hosted("gpt", model_metadata={"x": 1})).file("state", "in the way")
    done = shell.run("plan", EGPSYNC_STATE_DIR=str(shell.folder / place))
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("size", [0, 300])
def test_a_full_disk_at_the_start_stops_the_run(emulator: StartEmulator, shell: Shell, size: int) -> None:
    """At the lock, and in the middle of the journal's first line."""
    running = emulator(seed=[hosted("gpt")])
    shell.knows(running).wants(hosted("gpt", model_metadata={"x": 1}))
    refused(limited(size, shell, "apply", "--yes"), running)
    assert run_here(shell, "apply", "--yes").code == 0
    assert [entry.acted for entry in running.log.changes] == [True]


@pytest.mark.parametrize(("room", "sent"), [(0, 0), (420, 1), (1100, 2)])
def test_a_disk_that_fills_up_ends_the_sending(emulator: StartEmulator, shell: Shell, *, room: int, sent: int) -> None:
    """What has its intent on disk is sent and told as applied; the rest is told as not attempted, and why."""
    names = [f"m{number}" for number in range(6)]
    running = emulator(seed=[hosted(name) for name in names])
    wanted = [hosted(name, model_metadata={"x": 1}) for name in names]
    shell.knows(running).wants(*wanted)
    begins_with = size_of_a_begun_journal(emulator, shell, names)

    done = limited(begins_with + room, shell, "apply", "--yes", "--parallelism", "1", "--format", "json")
    acted = {running.store.model(entry.path.rpartition("/")[2])["name"] for entry in running.log.changes if entry.acted}
    outcomes = {change["name"]: change["outcome"] for change in json.loads(done.out)["changes"]}
    assert done.code == (4 if sent else 1)
    assert {name for name, outcome in outcomes.items() if outcome["result"] == "applied"} == acted
    assert {outcome["result"] for name, outcome in outcomes.items() if name not in acted} == {"not_attempted"}
    for name in set(names) - acted:
        assert "the journal cannot be written: File too large" in outcomes[name]["message"]
        assert outcomes[name]["advice"] == ADVICE
    journaled = journals(shell.folder / "state")[0].read_text(encoding="utf-8")
    assert all(entry.path in journaled for entry in running.log.changes)
    assert len(acted) == sent

    assert run_here(shell, "apply", "--yes").code == 0
    assert len(running.log.changes) == len(names)


def size_of_a_begun_journal(emulator: StartEmulator, shell: Shell, names: list[str]) -> int:
    """How long the first line of such a run's journal is: that of the same run, elsewhere."""
    twin = emulator(seed=[hosted(name) for name in names])
    scratch = shell.folder / "scratch"
    done = run_here(shell, "apply", "--yes", "--base-url", twin.base_url, "--state-dir", str(scratch))
    assert done.code == 0
    return len(journals(scratch)[0].read_bytes().partition(b"\n")[0]) + 1

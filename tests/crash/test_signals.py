"""Signals in the middle of a run: what is under way is finished, everything is told, and the exit code says which."""

import json
import signal
import time
from typing import Any

import pytest

from egpsync.emulator.faults import Delay, Hang, Intervene, Rule
from tests.cli.samples import Shell
from tests.conftest import StartEmulator
from tests.crash.samples import Signaller, journals, left_unknown, lines, run_here, run_with, wait_until
from tests.workflow.samples import hosted, launch


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_what_has_not_begun(emulator: StartEmulator, shell: Shell, number: int, code: int) -> None:
    """Nothing more is sent or waited for, and the report tells of every model."""
    signaller = Signaller(number)
    running = emulator(
        seed=[hosted("a"), *(launch(f"m{index}") for index in range(3))],
        deploy_seconds=60,
        faults=[
            Rule(method="GET", path="/v5/models/*", where=lambda _: deploying(), kind=Intervene(action=signaller)),
        ],
    )

    def deploying() -> bool:
        held = {one["name"]: one for one in running.store.models()}
        return (held["m0"]["status"], held["a"]["model_metadata"]) == ("deploying", {"x": 1})

    shell.knows(running).wants(
        hosted("a", model_metadata={"x": 1}), *(launch(f"m{index}", image={"tag": "v2"}) for index in range(3))
    )
    done = run_with(
        signaller, shell, "apply", "--yes", "--max-redeploys", "1", "--format", "json", "--report", "markdown=report.md"
    )
    assert done.code == code
    report = done_json(done.out)
    assert report["interrupted"] is True
    assert {change["name"]: change["outcome"]["result"] for change in report["changes"]} == {
        "a": "applied",
        "m0": "in_flight",
        "m1": "not_attempted",
        "m2": "not_attempted",
    }
    assert report["changes"][2]["outcome"]["message"] == "the run was interrupted"
    assert len(running.log.changes) == 2
    assert "not attempted" in shell.read("report.md")
    assert [line["event"] for line in lines(journals(shell.folder / "state")[0])][-1] == "end"


def test_a_request_under_way_is_finished(emulator: StartEmulator, shell: Shell) -> None:
    """Its answer is awaited and told; the next one is not sent."""
    signaller = Signaller(signal.SIGINT)
    running = emulator(
        seed=[hosted("a"), hosted("b")],
        faults=[
            Rule(method="PATCH", kind=Intervene(action=signaller)),
            Rule(method="PATCH", kind=Delay(seconds=0.3)),
        ],
    )
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}), hosted("b", model_metadata={"x": 1}))
    done = run_with(signaller, shell, "apply", "--yes", "--parallelism", "1", "--format", "json")
    outcomes = [change["outcome"]["result"] for change in done_json(done.out)["changes"]]
    assert (done.code, outcomes) == (130, ["applied", "not_attempted"])
    assert [entry.acted for entry in running.log.changes] == [True]
    says = "stopping: requests under way are finished, deployments go on by themselves; once more leaves at once"
    assert says in done.err
    again = run_here(shell, "apply", "--yes")
    assert (again.code, left_unknown(again)) == (0, [])
    assert len(running.log.changes) == 2


def test_a_change_of_two_requests_that_is_stopped_between_them_says_so(emulator: StartEmulator, shell: Shell) -> None:
    """It is renamed and not yet changed: neither applied nor untouched."""
    signaller = Signaller(signal.SIGINT)
    running = emulator(
        seed=[hosted("old")], faults=[Rule(method="PATCH", nth=(1,), kind=Intervene(action=signaller, after=True))]
    )
    running.faults.add(Rule(method="PATCH", nth=(1,), kind=Delay(seconds=0.3, after=True)))
    shell.knows(running).wants(hosted("new", renamed_from="old", model_metadata={"x": 1}))
    done = run_with(signaller, shell, "apply", "--yes", "--format", "json")
    (change,) = done_json(done.out)["changes"]
    assert (done.code, change["outcome"]["result"]) == (130, "failed")
    assert change["outcome"]["message"] == "stopped half way: the run was interrupted"
    assert change["outcome"]["note"] == "1 of its 2 requests were carried out"
    assert running.store.named("new")["model_metadata"] == {}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_second_signal_leaves_at_once(emulator: StartEmulator, shell: Shell, number: int, code: int) -> None:
    """The request under way is not awaited; the next apply tells of it."""
    running = emulator(seed=[hosted("gpt")], faults=[Rule(method="PATCH", nth=(1,), kind=Hang(seconds=60))])
    shell.knows(running).wants(hosted("gpt", model_metadata={"x": 1}))
    with shell.start("apply", "--yes") as process:
        wait_until(lambda: running.log.changes)
        process.send_signal(number)
        assert process.stderr is not None
        while "stopping:" not in process.stderr.readline():
            pass
        began = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert time.monotonic() - began < 10
    assert err == (
        "egpsync: left at once, without a report: requests may have arrived whose answers were not read. "
        "The next egpsync apply says which, and finishes what is left.\n"
    )
    again = run_here(shell, "apply", "--yes")
    assert again.code == 0
    assert left_unknown(again) == ["PATCH gpt: the server does not hold it, and it is planned again"]


def test_a_signal_while_the_report_is_written_does_not_cut_it(emulator: StartEmulator, shell: Shell) -> None:
    """By then the run has come to its end: it is told whole, as it ended."""
    count = 300
    running = emulator(seed=[hosted("gpt"), *(hosted(f"a-rather-long-name-{index}") for index in range(count))])
    shell.knows(running).wants(
        hosted("gpt", model_metadata={"x": 1}), *(hosted(f"a-rather-long-name-{index}") for index in range(count))
    )
    with shell.start("apply", "--yes", "--format", "json") as process:
        wait_until(lambda: journals(shell.folder / "state") and ended(shell))
        time.sleep(0.5)  # the report is longer than a pipe takes in: it waits for its reader
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, "nothing was sent" in err) == (0, False)
    assert len(done_json(out)["changes"]) == count + 1


def ended(shell: Shell) -> bool:
    """Whether the run's journal has its last line."""
    return '"event":"end"' in journals(shell.folder / "state")[0].read_text(encoding="utf-8")


def done_json(out: str) -> dict[str, Any]:
    """The report on stdout, whole."""
    report: dict[str, Any] = json.loads(out)
    return report

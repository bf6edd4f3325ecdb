"""Exit codes, consent, and what apply does to the account, at the real command line."""

import json
import os
import pty
import re
import select
import signal
import time
from typing import Any

import pytest

from egpsync.emulator.faults import Answer, Hang, Rule
from egpsync.emulator.server import Running
from tests.cli.samples import Shell, hosted, launch
from tests.conftest import StartEmulator


def methods(running: Running) -> list[str]:
    """What arrived."""
    return [entry.method for entry in running.log.entries]


@pytest.mark.parametrize(
    ("arguments", "in_sync", "code"),
    [
        (["plan"], True, 0),
        (["plan"], False, 0),
        (["plan", "--detailed-exitcode"], True, 0),
        (["plan", "--detailed-exitcode"], False, 2),
        (["drift"], True, 0),
        (["drift"], False, 2),
        (["apply", "--dry-run"], False, 0),
        (["apply", "--yes"], True, 0),
        (["apply"], True, 0),
    ],
)
def test_exit_codes_of_what_only_reads(
    emulator: StartEmulator, shell: Shell, arguments: list[str], *, in_sync: bool, code: int
) -> None:
    """One GET of the listing, and an exit code that a script can act upon."""
    running = emulator(seed=[hosted("a", model_metadata={"team": "x"})])
    shell.knows(running).wants(hosted("a", model_metadata={"team": "x" if in_sync else "y"}))
    assert shell.run(*arguments).code == code
    assert methods(running) == ["GET"]


def test_drift_counts_a_failed_deployment(emulator: StartEmulator, shell: Shell) -> None:
    """No field differs, and yet it is not as it should be."""
    running = emulator(seed=[{**launch("a"), "status": "failed", "status_reason": "no image"}])
    done = shell.knows(running).wants(launch("a")).run("drift")
    assert done.code == 2
    assert "no image" in done.out


def test_apply_with_yes_changes_the_account(emulator: StartEmulator, shell: Shell) -> None:
    """Exit 0, a report on stdout, and an empty plan after it."""
    running = emulator(seed=[hosted("a"), launch("b")], deploy_seconds=0.05)
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}), launch("b", tag="v2"))
    done = shell.run("apply", "--yes", "--format", "json")
    assert done.code == 0
    assert [(change["name"], change["outcome"]["result"]) for change in done.json["changes"]] == [
        ("b", "applied"),
        ("a", "applied"),
    ]
    assert running.store.named("a")["model_metadata"] == {"x": 1}
    assert running.store.named("b")["vendor_configuration"]["model_image"]["tag"] == "v2"
    assert shell.run("plan", "--detailed-exitcode").code == 0


def test_a_guard_refuses_with_5_and_names_the_consent(emulator: StartEmulator, shell: Shell) -> None:
    """In the plan as in apply; nothing is sent, and the very count consents."""
    running = emulator(seed=[launch(f"m{number}") for number in range(5)], deploy_seconds=0.01)
    shell.knows(running).wants(*(launch(f"m{number}", tag="v2") for number in range(5)))
    refused = shell.run("apply", "--yes", "--limit-percent", "30")
    assert refused.code == 5
    assert "--confirm-redeploy 5" in refused.out
    assert running.log.changes == ()
    assert shell.run("apply", "--yes", "--limit-percent", "30", "--confirm-redeploy", "5").code == 0
    assert len(running.log.changes) == 5


def test_another_account_than_expected_is_refused(emulator: StartEmulator, shell: Shell) -> None:
    """--expect-account-id guards against a wrong environment."""
    running = emulator(seed=[hosted("a")])
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}))
    done = shell.run("apply", "--yes", "--expect-account-id", "mine", SGP_ACCOUNT_ID="theirs")
    assert done.code == 5
    assert "the account is theirs, and mine is expected" in done.out
    assert running.log.changes == ()


def test_some_failures_exit_4(emulator: StartEmulator, shell: Shell) -> None:
    """Some were applied; the report tells which were not, and why."""
    running = emulator(seed=[hosted("a"), hosted("b")])
    path = f"/v5/models/{running.store.named('b')['id']}"
    running.faults.add(Rule(method="PATCH", path=path, kind=Answer(status=422, body={"detail": "not today"})))
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}), hosted("b", model_metadata={"x": 1}))
    done = shell.run("apply", "--yes")
    assert done.code == 4
    assert "HTTP 422: not today" in done.out


def test_nothing_but_failures_exits_4(emulator: StartEmulator, shell: Shell) -> None:
    """Something was sent, and not all of it is done."""
    running = emulator(seed=[hosted("a")], faults=[Rule(method="PATCH", kind=Answer(status=422))])
    assert shell.knows(running).wants(hosted("a", model_metadata={"x": 1})).run("apply", "--yes").code == 4


@pytest.mark.parametrize(("arguments", "code"), [(["--timeout", "0.1"], 4), (["--no-wait"], 0)])
def test_a_deployment_that_is_not_ready_in_time(
    emulator: StartEmulator, shell: Shell, arguments: list[str], code: int
) -> None:
    """Exit 4 where it was to be waited for; with --no-wait all went as asked."""
    running = emulator(seed=[launch("a")], deploy_seconds=60)
    done = shell.knows(running).wants(launch("a", tag="v2")).run("apply", "--yes", "--format", "json", *arguments)
    assert done.code == code
    assert done.json["changes"][0]["outcome"]["result"] == "in_flight"


def test_without_a_terminal_and_without_yes_nothing_is_sent(emulator: StartEmulator, shell: Shell) -> None:
    """Nobody can be asked: 64, and what to do."""
    running = emulator(seed=[hosted("a")])
    done = shell.knows(running).wants(hosted("a", model_metadata={"x": 1})).run("apply", stdin="yes\n")
    assert (done.code, done.out) == (64, "")
    assert "there is no terminal to ask at" in done.err
    assert "--yes" in done.err
    assert methods(running) == ["GET"]


def at_a_terminal(shell: Shell, answer: bytes, *arguments: str) -> tuple[int, str]:
    """Run at a pseudo-terminal, answer the question, and give the exit code and all that the terminal showed."""
    ours, theirs = pty.openpty()
    with shell.start(*arguments, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    shown += os.read(ours, 65536)
                except OSError:
                    break
            if answer and b"Only yes is a yes" in shown:
                os.write(ours, answer)
                answer = b""
        os.close(ours)
        return process.wait(30), shown.decode()


def test_a_yes_at_the_terminal_sends(emulator: StartEmulator, shell: Shell) -> None:
    """The plan is shown, the target is named, and the count."""
    running = emulator(seed=[hosted("a")])
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}))
    code, shown = at_a_terminal(shell, b"yes\n", "apply")
    assert code == 0
    assert f"Send 1 request to {running.base_url}?" in shown
    assert "model_metadata.x" in shown
    assert len(running.log.changes) == 1


@pytest.mark.parametrize(("answer", "expected"), [(b"no\n", 1), (b"y\n", 1), (b"\n", 1), (b"\x04", 130)])
def test_anything_else_at_the_terminal_does_not(
    emulator: StartEmulator, shell: Shell, answer: bytes, expected: int
) -> None:
    """No, a mere y, Return and Ctrl-D send nothing."""
    running = emulator(seed=[hosted("a")])
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}))
    code, shown = at_a_terminal(shell, answer, "apply")
    assert code == expected
    assert "othing was sent" in shown
    assert running.log.changes == ()


def wait_for(running: Running, count: int) -> None:
    """Until so many changes have arrived."""
    until = time.monotonic() + 30
    while len(running.log.changes) < count and time.monotonic() < until:
        time.sleep(0.02)


def interrupted(
    emulator: StartEmulator, shell: Shell, *signals: signal.Signals, options: tuple[str, ...] = ()
) -> tuple[int, str, str, Running]:
    """An apply of three slow redeployments, one at a time, that gets these signals during the first."""
    running = emulator(seed=[launch(f"m{number}") for number in range(3)], deploy_seconds=60)
    shell.knows(running).wants(*(launch(f"m{number}", tag="v2") for number in range(3)))
    arguments = ("apply", "--yes", "--format", "json", "--max-redeploys", "1", *options)
    with shell.start(*arguments) as process:
        wait_for(running, 1)
        for number in signals:
            os.kill(process.pid, number)
            time.sleep(0.2)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err, running


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_with_a_whole_report(
    emulator: StartEmulator, shell: Shell, number: signal.Signals, code: int
) -> None:
    """What is deploying is in flight, the rest is not attempted; every model is told of, also in the file."""
    ended, out, err, running = interrupted(emulator, shell, number, options=("--report", "json=report.json"))
    assert ended == code
    report: Any = json.loads(out)
    assert [change["outcome"]["result"] for change in report["changes"]] == [
        "in_flight",
        "not_attempted",
        "not_attempted",
    ]
    assert report["complete"] is False
    assert shell.read("report.json") == out
    assert "stopping: requests under way are finished" in err
    assert len(running.log.changes) == 1


def test_a_second_interrupt_leaves_at_once(emulator: StartEmulator, shell: Shell) -> None:
    """While a request hangs: no further request, and a word on what to do."""
    running = emulator(seed=[hosted("a")])
    running.faults.add(Rule(method="PATCH", kind=Hang(seconds=60)))
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}))
    with shell.start("apply", "--yes") as process:
        wait_for(running, 1)
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "left at once, without a report" in err
    assert "Traceback" not in err


def test_an_interrupt_while_planning_sends_nothing(emulator: StartEmulator, shell: Shell) -> None:
    """130, and it says that nothing was sent."""
    running = emulator(seed=[hosted("a")])
    running.faults.add(Rule(method="GET", kind=Hang(seconds=60)))
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}))
    with shell.start("apply", "--yes") as process:
        until = time.monotonic() + 20
        while not running.log.entries and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Interrupted: nothing was sent." in err
    assert "Traceback" not in err


def test_a_reader_that_leaves_is_no_crash(emulator: StartEmulator, shell: Shell) -> None:
    """As with `| head`: no traceback; apply has done its work."""
    running = emulator(seed=[hosted(f"m{number:04}") for number in range(300)])
    shell.knows(running).wants(*(hosted(f"m{number:04}", model_metadata={"x": "y" * 300}) for number in range(300)))
    with shell.start("plan", "-v") as process:
        assert process.stdout is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        assert process.wait(30) == 1
    assert re.sub(r"(?m)^egpsync: .*\n", "", err) == ""


def test_plan_over_a_thousand_models_asks_twice(emulator: StartEmulator, shell: Shell) -> None:
    """Through the whole command: at most two GETs and nothing else."""
    running = emulator(seed=[launch(f"m{number:04}") for number in range(1000)])
    shell.knows(running).wants(*(launch(f"m{number:04}", tag="v2" if number < 3 else "v1") for number in range(1000)))
    done = shell.run("plan", "--format", "json")
    assert done.code == 0
    assert (done.json["summary"]["redeploy"], done.json["summary"]["unchanged"]) == (3, 997)
    assert methods(running) == ["GET", "GET"]


def test_nothing_is_left_in_the_working_directory(emulator: StartEmulator, shell: Shell) -> None:
    """A run leaves its reports and nothing else there."""
    running = emulator(seed=[hosted("a")])
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}))
    shell.run("apply", "--yes", "--report", "text=out/report.txt")
    found = {str(path.relative_to(shell.folder)) for path in shell.folder.rglob("*") if path.is_file()}
    assert {name for name in found if not name.startswith("home")} == {"configs/models/all.yaml", "out/report.txt"}

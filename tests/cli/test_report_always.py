"""A command that was asked for a report writes one, whatever ends it, and no output replaces what is read."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from egpsync.emulator.faults import Answer, Delay, Hang, Rule
from tests.cli.samples import Shell, hosted
from tests.conftest import StartEmulator
from tests.crash.samples import journals, wait_until

FORMATS = ("json", "markdown", "text", "junit", "sarif", "github", "summary")


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["drift"]])
def test_a_command_that_cannot_go_on_reports_that_in_every_format(
    emulator: StartEmulator, shell: Shell, command: list[str]
) -> None:
    """Yesterday's reports are replaced, so that no pipeline posts them; stdout holds the JSON that was asked for."""
    fault = Rule(method="GET", kind=Answer(status=503, body={"detail": "out for lunch"}))
    shell.knows(emulator(seed=[hosted("a")], faults=[fault])).wants(hosted("a", model_metadata={"x": 1}))
    reports = [f"--report={form}=out.{form}" for form in FORMATS]
    for form in FORMATS:
        shell.file(f"out.{form}", "yesterday")
    done = shell.run(*command, "--format", "json", *reports, EGPSYNC_RETRIES="0")
    assert done.code == 1
    assert (done.json["errored"], done.json["complete"], done.json["exit_code"]) == (True, False, 1)
    assert "out for lunch" in done.json["error"]["what"]
    assert "out for lunch" in done.err
    for form in FORMATS:
        assert "out for lunch" in shell.read(f"out.{form}"), form
        assert "yesterday" not in shell.read(f"out.{form}")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["validate", "missing.yaml"], 1), (["plan", "--target", "nowhere"], 64), (["revert", "missing.jsonl"], 1)],
)
def test_errors_before_the_account_is_asked_are_reported_too(shell: Shell, arguments: list[str], code: int) -> None:
    """Files, settings, journals."""
    done = shell.run(*arguments, "--report", "json=out.json")
    assert (done.code, done.out) == (code, "")
    report = json.loads(shell.read("out.json"))
    assert (report["kind"], report["exit_code"], report["errored"]) == (arguments[0], code, True)
    assert report["error"]["what"] in done.err


def test_a_fault_of_our_own_is_a_sentence_and_a_report(
    emulator: StartEmulator, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The traceback is for those who ask with -vv, and holds no secret."""
    program = (
        "import sys, egpsync.workflow.plan as flow, egpsync.cli as cli\n"
        "def broken(*_): raise KeyError('key-SENTINEL-7319')\n"
        "flow.make_plan = broken\n"
        "sys.argv = ['egpsync', *sys.argv[1:]]\n"
        "cli.run()\n"
    )
    shell.knows(emulator(seed=[hosted("a")])).wants(hosted("a"))
    for more in ([], ["-vv"]):
        done = subprocess.run(
            [sys.executable, "-c", program, "plan", "--format", "json", *more],
            cwd=shell.folder,
            env=shell.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "a fault of egpsync (KeyError at " in done.stderr
        assert ("Traceback" in done.stderr) == bool(more)
        assert "SENTINEL" not in done.stderr + done.stdout
        assert json.loads(done.stdout)["errored"] is True


def test_apply_leaves_the_report_of_before_until_it_has_another(emulator: StartEmulator, shell: Shell) -> None:
    """Whole or not at all, with the mode of what it replaces; what a killed run left beside it is cleared away."""
    running = emulator(seed=[hosted("a")], faults=[Rule(method="PATCH", kind=Delay(seconds=1))])
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1})).file("out.json", "yesterday")
    shell.file(".out.json.0123abcd.part", "half")
    (shell.folder / "out.json").chmod(0o640)
    with shell.start("apply", "--yes", "--report", "json=out.json") as process:
        wait_until(lambda: running.log.changes)
        assert shell.read("out.json") == "yesterday"
        process.communicate(timeout=20)
    assert json.loads(shell.read("out.json"))["outcomes"]["applied"] == 1
    assert stat.S_IMODE((shell.folder / "out.json").stat().st_mode) == 0o640
    assert [path.name for path in shell.folder.iterdir() if path.name.endswith(".part")] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["validate", "--report", "json=configs/models/all.yaml"], "is read, and cannot be written too"),
        (["validate", "configs/models/*.yaml", "--report", "json=configs/models/all.yaml"], "is read"),
        (["plan", "--report", "json=out", "--report", "text=./out"], "are one file, and both are to be written"),
        (["plan", "--api-key-file", "api-key", "--report", "json=api-key"], "is read"),
        (["plan", "--out", "out", "--report", "json=out"], "are one file"),
        (["plan", "--out", "configs/models/all.yaml"], "is read"),
        (["plan", "--report", "json=-"], "names no file: --format json writes to stdout"),
        (["plan", "--out", "-"], "names no file"),
    ],
)
def test_an_output_that_is_an_input_or_another_output_is_wrong_usage(
    emulator: StartEmulator, shell: Shell, arguments: list[str], says: str
) -> None:
    """Exit 64, and every file is as it was."""
    running = emulator(seed=[])
    shell.knows(running).wants(hosted("a")).file("api-key", "the-key")
    before = shell.read("configs/models/all.yaml")
    done = shell.run(*arguments)
    assert done.code == 64
    assert says in done.err
    assert (shell.read("configs/models/all.yaml"), shell.read("api-key")) == (before, "the-key")
    assert running.log.entries == ()


@pytest.mark.parametrize(("text", "code"), [("notes", 1), ('{"format": "another"}', 1), ("", 0)])
def test_a_plan_replaces_nothing_but_a_plan(emulator: StartEmulator, shell: Shell, text: str, code: int) -> None:
    """An empty file may be replaced, as mktemp makes one."""
    shell.knows(emulator(seed=[])).wants(hosted("a")).file("a.plan", text)
    done = shell.run("plan", "--out", "a.plan")
    assert done.code == code
    assert (shell.read("a.plan") == text) == (code == 1)
    assert ("holds something else than a saved plan" in done.err) == (code == 1)
    if code == 0:
        assert shell.run("plan", "--out", "a.plan").code == 0


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "> /dev/full", "2> /dev/full"])
def test_a_stream_that_takes_nothing_is_known_before_anything_is_sent(
    emulator: StartEmulator, shell: Shell, closed: str
) -> None:
    """Stdout is for the report, so apply does not begin without it; without stderr it goes on."""
    running = emulator(seed=[hosted("a")])
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}))
    command = f"exec {sys.executable} -m egpsync apply --yes {closed}"
    done = subprocess.run(["sh", "-c", command], cwd=shell.folder, env=shell.environ, capture_output=True, check=False)
    without_stdout = closed.startswith(">")
    assert done.returncode == (1 if without_stdout else 0)
    assert len(running.log.changes) == (0 if without_stdout else 1)
    assert b"Traceback" not in done.stderr + done.stdout


def test_a_reader_that_goes_during_a_run_does_not_change_its_exit(emulator: StartEmulator, shell: Shell) -> None:
    """What was sent was sent; the journal is settled."""
    running = emulator(seed=[hosted("a")], faults=[Rule(method="PATCH", kind=Delay(seconds=0.5))])
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}))
    with shell.start("apply", "--yes") as process:
        wait_until(lambda: running.log.changes)
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        process.communicate(timeout=20)
    assert process.returncode == 0
    assert '"event":"end"' in journals(shell.folder / "home" / ".local" / "state" / "egpsync")[0].read_text()


def test_five_quick_interrupts_end_in_130(emulator: StartEmulator, shell: Shell) -> None:
    """Without a traceback; the report says that the run was left."""
    running = emulator(seed=[hosted("a")], faults=[Rule(method="PATCH", kind=Hang(seconds=60))])
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}))
    with shell.start("apply", "--yes", "--report", "json=out.json") as process:
        wait_until(lambda: running.log.changes)
        for _ in range(5):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)  # signals that wait for the process become one
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "nothing was sent" not in err.lower()
    report = json.loads(shell.read("out.json"))
    assert (report["interrupted"], report["exit_code"], "left at once" in report["error"]["what"]) == (True, 130, True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_a_signal_while_planning_is_reported(
    emulator: StartEmulator, shell: Shell, number: signal.Signals, code: int
) -> None:
    """Nothing was sent, and the report says so."""
    running = emulator(seed=[hosted("a")], faults=[Rule(method="GET", kind=Hang(seconds=60))])
    shell.knows(running).wants(hosted("a"))
    with shell.start("plan", "--format", "json") as process:
        wait_until(lambda: running.log.entries)
        process.send_signal(number)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in err
    assert (json.loads(out)["interrupted"], json.loads(out)["exit_code"]) == (True, code)


def test_a_run_goes_on_where_hangups_are_ignored(emulator: StartEmulator, shell: Shell) -> None:
    """As under nohup."""
    running = emulator(seed=[hosted("a")], faults=[Rule(method="PATCH", kind=Delay(seconds=0.5))])
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with shell.start("apply", "--yes") as process:
            wait_until(lambda: running.log.changes)
            process.send_signal(signal.SIGHUP)
            process.communicate(timeout=20)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.returncode == 0


def test_a_report_to_a_file_descriptor_is_no_collision(emulator: StartEmulator, shell: Shell, tmp_path: Path) -> None:
    """/dev/null may be named as often as one likes."""
    shell.knows(emulator(seed=[])).wants()
    assert shell.run("plan", "--report", f"json={os.devnull}").code == 0

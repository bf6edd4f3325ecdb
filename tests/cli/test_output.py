"""Where the result goes, how it looks, and what stays beside it."""

import json
import os
import re
from pathlib import Path

import pytest

from egpsync.emulator.server import Running
from tests.cli.samples import Shell, hosted, launch
from tests.conftest import StartEmulator

TIMES = re.compile(r'  "timing": \{.*?\n  \},\n', re.DOTALL)
COLOR = re.compile(r"\x1b\[[0-9;]*m")


def one_change(emulator: StartEmulator, shell: Shell) -> Running:
    """An account that differs in one key of one model."""
    running = emulator(seed=[hosted("a", model_metadata={"team": "x"})])
    shell.knows(running).wants(hosted("a", model_metadata={"team": "y"}))
    return running


@pytest.mark.parametrize("verbosity", [[], ["-vv"], ["-q"]])
def test_stdout_carries_the_result_alone(emulator: StartEmulator, shell: Shell, verbosity: list[str]) -> None:
    """JSON parses, whatever is said on stderr."""
    one_change(emulator, shell)
    done = shell.run("apply", "--yes", "--format", "json", *verbosity)
    assert done.code == 0
    assert done.json["outcomes"]["applied"] == 1


def test_progress_is_on_stderr_in_plain_lines(emulator: StartEmulator, shell: Shell) -> None:
    """One when it ended, and with -v one when it is sent."""
    running = one_change(emulator, shell)
    path = f"/v5/models/{running.store.named('a')['id']}"
    done = shell.run("apply", "--yes", "-v")
    lines = done.err.splitlines()
    assert lines[:2] == [f"egpsync: a (openai): PATCH {path}", "egpsync: a (openai): applied"]
    shell.wants(hosted("a", model_metadata={"team": "z"}))
    assert shell.run("apply", "--yes").err.splitlines()[0] == "egpsync: a (openai): applied"
    assert "\x1b" not in done.err


def test_quiet_says_nothing_beside_the_result(emulator: StartEmulator, shell: Shell) -> None:
    """-q: no progress."""
    one_change(emulator, shell)
    done = shell.run("apply", "--yes", "-q")
    assert (done.code, done.err) == (0, "")
    assert done.out != ""


def test_requests_are_shown_with_v(emulator: StartEmulator, shell: Shell) -> None:
    """The body that apply would send."""
    running = one_change(emulator, shell)
    path = f"/v5/models/{running.store.named('a')['id']}"
    assert f"PATCH {path}" not in shell.run("plan").out
    assert f"PATCH {path}" in shell.run("plan", "-v").out


def test_each_request_is_logged_with_vv(emulator: StartEmulator, shell: Shell) -> None:
    """Method, URL and status on stderr, as they are made."""
    running = one_change(emulator, shell)
    done = shell.run("plan", "-vv")
    assert f"egpsync: GET {running.base_url}/v5/models: 200\n" in done.err


def test_apply_dry_run_is_exactly_plan(emulator: StartEmulator, shell: Shell) -> None:
    """The same bytes on stdout, the same exit code."""
    one_change(emulator, shell)
    dry, plan = shell.run("apply", "--dry-run"), shell.run("plan")
    assert (dry.code, dry.out) == (plan.code, plan.out)


def test_equal_input_gives_equal_bytes(emulator: StartEmulator, shell: Shell) -> None:
    """In the machine-readable format, but for the times, which stand under one key."""
    one_change(emulator, shell)
    first, second = (shell.run("plan", "--format", "json").out for _ in range(2))
    assert TIMES.sub("", first) == TIMES.sub("", second)
    assert TIMES.search(first)


def test_several_reports_are_written_in_one_run(emulator: StartEmulator, shell: Shell) -> None:
    """Each whole, in folders that are made for them; nothing else is left beside them."""
    one_change(emulator, shell)
    done = shell.run(
        *("plan", "--format", "json", "--report", "markdown=out/plan.md", "--report", "json=out/deep/plan.json"),
        *("--report", "text=plan.txt"),
    )
    assert done.code == 0
    assert shell.read("out/deep/plan.json") == done.out
    assert shell.read("out/plan.md").startswith("<!-- egpsync:plan:")
    assert "model_metadata.team" in shell.read("plan.txt")
    assert [path.name for path in (shell.folder / "out").iterdir() if path.is_file()] == ["plan.md"]


def test_a_report_replaces_an_older_one(emulator: StartEmulator, shell: Shell) -> None:
    """Nothing of it is left."""
    one_change(emulator, shell)
    shell.file("plan.json", "x" * 100_000)
    shell.run("plan", "--report", "json=plan.json")
    assert json.loads(shell.read("plan.json"))["kind"] == "plan"


def test_a_report_that_cannot_be_written_exits_1_and_stops_no_other(emulator: StartEmulator, shell: Shell) -> None:
    """Stdout and the other files are written all the same, and the message names the file."""
    one_change(emulator, shell)
    shell.file("file", "")
    done = shell.run("plan", "--report", "json=file/below.json", "--report", "json=other.json", "--format", "json")
    assert done.code == 1
    assert done.err.startswith("Error: file/below.json: cannot be written: ")
    assert done.json["kind"] == "plan"
    assert shell.read("other.json") == done.out


def test_a_report_that_cannot_be_written_is_noticed_before_anything_is_sent(
    emulator: StartEmulator, shell: Shell
) -> None:
    """A run whose report would be lost is not begun."""
    running = one_change(emulator, shell)
    shell.file("file", "")
    done = shell.run("apply", "--yes", "--report", "json=file/below.json", "--format", "json")
    assert (done.code, done.json["errored"]) == (1, True)
    assert done.json["error"]["where"].endswith("below.json")
    assert "below.json: cannot be written: " in done.err
    assert running.log.changes == ()


@pytest.mark.parametrize(
    ("arguments", "environ", "color"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_who_decides_on_colour(
    emulator: StartEmulator, shell: Shell, arguments: list[str], environ: dict[str, str], *, color: bool
) -> None:
    """The flag, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal."""
    one_change(emulator, shell)
    assert bool(COLOR.search(shell.run("plan", *arguments, **environ).out)) is color


def test_forced_colour_draws_no_live_display_into_a_file(emulator: StartEmulator, shell: Shell) -> None:
    """CI sets FORCE_COLOR: colour is welcome there, moving the cursor is not."""
    running = emulator(seed=[launch("a")], deploy_seconds=0.3)
    done = shell.knows(running).wants(launch("a", tag="v2")).run("apply", "--yes", FORCE_COLOR="1")
    assert done.code == 0
    assert "\x1b" not in COLOR.sub("", done.err)
    assert "egpsync: a (launch): applied" in COLOR.sub("", done.err)


def test_reports_on_disk_have_no_colour(emulator: StartEmulator, shell: Shell) -> None:
    """Whatever the terminal gets."""
    one_change(emulator, shell)
    shell.run("plan", "--color", "always", "--report", "text=plan.txt")
    assert "\x1b" not in shell.read("plan.txt")


def test_a_run_goes_on_when_nobody_listens_to_its_progress(emulator: StartEmulator, shell: Shell) -> None:
    """A closed pipe behind stderr: what the plan holds is carried out and reported."""
    running = one_change(emulator, shell)
    reader, writer = os.pipe()
    os.close(reader)
    with shell.start("apply", "--yes", "-vv", "--report", "json=report.json", stderr=writer) as process:
        assert process.wait(30) == 0
    os.close(writer)
    assert json.loads(shell.read("report.json"))["outcomes"]["applied"] == 1
    assert running.store.named("a")["model_metadata"] == {"team": "y"}


def test_a_full_disk_behind_stdout_is_told(emulator: StartEmulator, shell: Shell) -> None:
    """The files are written by then."""
    one_change(emulator, shell)
    report = ("--report", "json=report.json")
    with Path("/dev/full").open("w") as full, shell.start("plan", *report, stdout=full) as process:
        assert process.wait(30) == 1
        assert process.stderr is not None
        assert process.stderr.read() == "Error: [Errno 28] No space left on device\n"
    assert json.loads(shell.read("report.json"))["summary"]["update"] == 1


def test_a_name_that_stdout_cannot_hold_is_escaped(emulator: StartEmulator, shell: Shell) -> None:
    """An ASCII-only CI log still gets the report of the run."""
    shell.knows(emulator(seed=[hosted("caf\u00e9")])).wants(hosted("caf\u00e9", model_metadata={"team": "y"}))
    done = shell.run("plan", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert (done.code, r"caf\xe9 (openai)" in done.out) == (0, True)


def test_a_base_url_that_no_host_can_have_is_wrong_usage(shell: Shell) -> None:
    """It is found when it is asked, and told like any other."""
    shell.wants(hosted("a"))
    done = shell.run("plan", "--base-url", "https://999.999.1.1")
    assert (done.code, done.err) == (64, "Error: base URL: cannot be used: Invalid IPv4 address: '999.999.1.1'\n")


def test_annotations_bring_the_comment_into_the_steps_summary(emulator: StartEmulator, shell: Shell) -> None:
    """Behind what the step has written there; other formats leave it alone."""
    one_change(emulator, shell)
    summary = {"GITHUB_STEP_SUMMARY": str(shell.folder / "summary.md")}
    shell.file("summary.md", "before\n")
    assert shell.run("plan", **summary).code == 0
    assert shell.read("summary.md") == "before\n"
    done = shell.run("plan", "--format", "github", **summary)
    assert done.out.startswith("::notice file=configs/models/all.yaml,line=1,col=")
    assert shell.run("plan", "--report", "github=lines.txt", **summary).code == 0
    assert shell.read("lines.txt") == done.out
    assert shell.read("summary.md").startswith("before\n<!-- egpsync:plan:")
    assert shell.read("summary.md").count("### egpsync plan: 1 model to change") == 2


def test_a_full_summary_is_left_as_it_is(emulator: StartEmulator, shell: Shell) -> None:
    """Above 1 MiB all of it would be dropped."""
    one_change(emulator, shell)
    shell.file("summary.md", "x" * 1_000_000)
    done = shell.run("plan", "--format", "github", GITHUB_STEP_SUMMARY=str(shell.folder / "summary.md"))
    assert (done.code, done.err) == (0, "egpsync: the step's summary is full, so the report is not added to it\n")
    assert len(shell.read("summary.md")) == 1_000_000


def test_after_a_yes_only_endings_are_told(emulator: StartEmulator, shell: Shell) -> None:
    """The report of --yes holds the details, once."""
    one_change(emulator, shell)
    assert shell.run("apply", "--yes").out.count("model_metadata.team") == 1


def test_findings_are_placed_in_the_repository_and_explained(shell: Shell) -> None:
    """From a folder below its root, with the rule's own help, and links where the project file knows the way."""
    (shell.folder / ".git").mkdir()
    shell.file("egpsync.yaml", "version: 1\nrepository_url: https://git.example/models\n")
    shell.file("deploy/m.yaml", "version: 1\nmodels:\n- {name: a, model_vendor: openai, modeltype: x}\n")
    below = Shell(shell.folder / "deploy")
    (run,) = below.run("validate", "m.yaml", "--format", "sarif").json["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "deploy/m.yaml"}
    assert run["tool"]["driver"]["rules"][0]["help"]["text"] != run["tool"]["driver"]["rules"][0]["id"]
    page = below.run("validate", "m.yaml", "--format", "html").out
    assert 'href="https://git.example/models/blob/HEAD/deploy/m.yaml#L3"' in page


def test_every_declared_model_is_a_case(shell: Shell) -> None:
    """Also where another one is invalid."""
    shell.wants(hosted("a"), hosted("b", modeltype="x"))
    out = shell.run("validate", "--format", "junit").out
    assert '<testcase classname="egpsync.validate.openai" name="a"/>' in out
    assert '<testcase classname="egpsync.validate.openai" name="b"><failure type="unknown-field"' in out


def test_metrics_keep_the_last_success(emulator: StartEmulator, shell: Shell) -> None:
    """A run that fails replaces the file, and not what it says of the last one that did not."""
    one_change(emulator, shell)
    assert shell.run("drift", "--report", "prometheus=m.prom").code == 2
    kept = [line for line in shell.read("m.prom").splitlines() if line.startswith("egpsync_last_success")]
    failed = shell.run("drift", "--report", "prometheus=m.prom", "--expect-account-id", "other")
    assert failed.code == 5
    assert "egpsync_errored" in shell.read("m.prom")
    assert [line for line in shell.read("m.prom").splitlines() if line.startswith("egpsync_last_success")] == kept
    assert len(kept) == 1

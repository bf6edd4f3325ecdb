"""Saved reports rendered again and joined, and the list of earlier runs; neither needs a key."""

import json
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest

from egpsync.emulator.faults import Cut, Rule
from egpsync.emulator.server import Running
from egpsync.report.formats import FORMATS
from tests.cli.samples import ROOT, Shell, ShellHere, hosted, launch
from tests.conftest import StartEmulator


@pytest.fixture
def shell(tmp_path: Path) -> ShellHere:
    """The command line in this process: nothing here is about signals or streams."""
    return ShellHere(tmp_path)


NAMES = tuple(f"model-{number:02}" for number in range(12))


@pytest.fixture
def differing(emulator: StartEmulator, shell: Shell) -> Running:
    """An account of twelve models, each of which differs from its manifest; one more is unmanaged."""
    running = emulator(seed=[*(hosted(name) for name in NAMES), launch("stranger")])
    shell.knows(running).wants(*(hosted(name, model_metadata={"x": 1}) for name in NAMES))
    return running


def without_key(shell: Shell) -> Shell:
    """The same folder, where nothing is known of the account."""
    for name in ("SGP_API_KEY", "SGP_CLIENT_BASE_URL"):
        shell.environ.pop(name, None)
    return shell


@pytest.mark.parametrize("command", [["plan"], ["drift"], ["apply", "--yes"]])
def test_a_saved_report_is_rendered_to_the_same_bytes(differing: Running, shell: Shell, command: list[str]) -> None:
    """Later, in every format, on stdout and in files."""
    reports = [f"--report={form}=then.{form}" for form in FORMATS]
    shown = shell.run(*command, "--format", "text", *reports).out
    assert without_key(shell).run("report", "then.json").out == shown
    done = shell.run("report", "then.json", *(f"--report={form}=now.{form}" for form in FORMATS))
    assert (done.code, done.err) == (0, "")
    for form in FORMATS:
        assert shell.read(f"now.{form}") == shell.read(f"then.{form}"), form


def test_shards_of_a_target_become_one_report(differing: Running, shell: Shell) -> None:
    """As if the plan had been made in one go; that each left some out is no news any more."""
    whole = shell.run("plan", "--format", "json").json
    for number in (1, 2, 3):
        assert shell.run("plan", f"--shard={number}/3", f"--report=json={number}.json").code == 0
    joined = without_key(shell).run("report", "1.json", "2.json", "3.json", "--format", "json").json
    for document in (whole, joined):
        document.pop("timing")
    assert joined == whole
    assert [change["name"] for change in joined["changes"]] == list(NAMES)
    two = shell.run("report", "1.json", "3.json", "--format", "json").json
    assert len(two["notes"]) == 2


def test_one_model_in_two_reports_is_an_error(differing: Running, shell: Shell) -> None:
    """They are no shards of one run."""
    shell.run("plan", "--report", "json=a.json")
    done = shell.run("report", "a.json", "a.json")
    assert (done.code, done.out) == (1, "")
    assert "two of the reports tell of 'model-00' (openai)" in done.err


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_several_targets_become_sections(differing: Running, shell: Shell, form: str) -> None:
    """Each format stays one of its kind; both accounts are in it."""
    shell.run("plan", "--report", "json=a.json")
    shell.run("plan", "--account-id", "other", "--report", "json=b.json")
    out = without_key(shell).run("report", "a.json", "b.json", "--format", form).out
    if form not in ("gitlab", "codequality", "sarif", "github"):
        assert "other" in out
    match form:
        case "json":
            jsonschema.validate(json.loads(out), json.loads((ROOT / "schemas" / "report.schema.json").read_text()))
            accounts = [report["target"]["account_id"] for report in json.loads(out)["reports"]]
            assert accounts == [None, "other"]
        case "gitlab":
            assert json.loads(out) == {"create": 12, "update": 12, "delete": 0}
        case "sarif":
            assert len(json.loads(out)["runs"]) == 2
        case "codequality":
            assert isinstance(json.loads(out), list)
        case "junit":
            assert (out.count("<testsuites"), out.count("</testsuites>")) == (1, 1)
        case "prometheus":
            lines = [line for line in out.splitlines() if line.startswith("# TYPE")]
            assert len(lines) == len(set(lines))
            names = [line.partition("{")[0] for line in out.splitlines() if not line.startswith("#")]
            assert sum(one != other for one, other in pairwise(names)) == len(set(names)) - 1
        case _:
            assert "default account" in out or "egpsync plan" in out


def test_a_joined_report_is_read_again(differing: Running, shell: Shell) -> None:
    """Sections stay sections."""
    shell.run("plan", "--report", "json=a.json")
    shell.run("plan", "--account-id", "other", "--report", "json=b.json")
    joined = shell.run("report", "a.json", "b.json", "--format", "json").out
    shell.file("joined.json", joined)
    assert shell.run("report", "joined.json", "--format", "json").out == joined


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is no JSON, or cut short"),
        ("[]", "it is no report of egpsync"),
        ('{"kind": "plan", "format_version": "9.0"}', "its format has version 9.0, and this egpsync reads 1"),
        ('{"kind": "plan", "format_version": "1.0"}', "Object missing required field"),
        ('{"reports": [1]}', "it is no report of egpsync"),
    ],
)
def test_what_is_no_report_is_a_clear_error(shell: Shell, text: str, says: str) -> None:
    """Exit 1, with the file and what to give instead."""
    done = shell.file("a.json", text).run("report", "a.json")
    assert (done.code, done.out) == (1, "")
    assert f"a.json: is no report of egpsync in JSON ({says}" in done.err


def test_a_report_of_0_1_is_read(differing: Running, shell: Shell) -> None:
    """It lacks what came later."""
    old = shell.run("plan", "--format", "json").json
    for key in ("error", "exit_code", "timing", "notes", "section", "rules", "declared", "repository"):
        old.pop(key, None)
    old["target"].pop("name")
    shell.file("old.json", json.dumps(old | {"format_version": "1.0"}))
    done = shell.run("report", "old.json", "--format", "markdown")
    assert done.code == 0
    assert "12 models to change" in done.out


def test_a_section_can_be_named_later(differing: Running, shell: Shell) -> None:
    """So that the comments of two saved reports do not overwrite each other."""
    shell.run("plan", "--report", "json=a.json")
    assert shell.run("report", "a.json", "--section", "nightly", "--format", "json").json["section"] == "nightly"


def test_the_file_that_is_read_is_not_written(differing: Running, shell: Shell) -> None:
    """Wrong usage."""
    shell.run("plan", "--report", "json=a.json")
    assert shell.run("report", "a.json", "--report", "text=a.json").code == 64


def test_earlier_runs_are_listed_with_their_journals(differing: Running, shell: Shell) -> None:
    """The newest first, how each ended, and the journal that revert takes."""
    assert shell.run("runs").err == "egpsync: no run is kept here\n"
    assert shell.run("apply", "--yes").code == 0
    differing.faults.add(Rule(method="PATCH", kind=Cut(after=True)))
    shell.wants(hosted(NAMES[0], model_metadata={"x": 2}))
    shell.run("apply", "--yes")
    shell.file("home/.local/state/egpsync/elsewhere/run-1.jsonl", "garbage")
    done = without_key(shell).run("runs")
    head, newest, oldest = done.out.splitlines()
    assert head.split() == ["started", "base", "URL", "account", "changes", "ended", "journal"]
    assert "12 applied" in oldest
    assert differing.base_url in newest
    assert "run-1.jsonl: it does not tell what it was to do" in done.err
    listed = shell.run("runs", "--format", "json").json["runs"]
    assert [run["outcomes"] for run in listed][1] == {"applied": 12}
    assert all(run["journal"] in done.out for run in listed)


def test_a_run_that_was_cut_short_is_listed_as_such(differing: Running, shell: Shell) -> None:
    """How many of its requests nobody knows about."""
    shell.run("apply", "--yes", "--parallelism", "1")
    (listed,) = shell.run("runs", "--format", "json").json["runs"]
    lines = (shell.folder / listed["journal"]).read_text().splitlines()
    cut = next(number for number, line in enumerate(lines) if '"event":"outcome"' in line)
    (shell.folder / listed["journal"]).write_text("\n".join(lines[:cut]))
    assert "cut short, or under way: 1 of 1 requests unknown" in shell.run("runs").out

"""The file that revert is given, and the command line around it: clear errors, right exit codes, consent."""

import json
from pathlib import Path

import pytest

from egpsync.emulator.server import Running
from egpsync.errors import ExitCode, FileError
from egpsync.model.plan import Action, Request, Target
from egpsync.workflow.revert import read_run
from tests.cli.samples import Shell, hosted
from tests.conftest import StartEmulator


@pytest.fixture
def applied(emulator: StartEmulator, shell: Shell) -> Running:
    """An account after an apply that created two models; the report in run.json, the journal in run.jsonl."""
    running = emulator()
    shell.knows(running).wants(hosted("a"), hosted("b"))
    done = shell.run("apply", "--yes", "--report", "json=run.json", "--report", "text=run.txt")
    assert done.code == 0
    journal = done.err.partition("egpsync revert ")[2].partition(" plans the way back")[0]
    shell.file("run.jsonl", shell.read(journal))
    return running


def test_the_journal_and_the_report_put_it_back(shell: Shell, applied: Running) -> None:
    """--dry-run shows the way back and sends nothing; --yes carries it out."""
    sent = len(applied.log.changes)
    dry = shell.run("revert", "run.jsonl", "--dry-run")
    assert dry.code == 0
    assert "2 to delete" in dry.out
    assert len(applied.log.changes) == sent
    assert shell.run("revert", "run.json", "--yes").code == 0
    assert applied.store.models() == []


def test_consent_guards_hold_for_the_way_back(shell: Shell, applied: Running) -> None:
    """Undoing two creates deletes two models, and more than is allowed takes the count."""
    for arguments in (["--dry-run"], ["--yes"]):
        done = shell.run("revert", "run.json", *arguments, "--limit-count", "1")
        assert done.code == 5
        assert "would delete 2 of 2 models; 1 are allowed without consent" in done.out
        assert "--confirm-delete 2" in done.out
    assert len(applied.store.models()) == 2
    assert shell.run("revert", "run.json", "--yes", "--limit-count", "1", "--confirm-delete", "2").code == 0
    assert applied.store.models() == []


def test_without_a_terminal_it_asks_for_yes(shell: Shell, applied: Running) -> None:
    """As apply does."""
    done = shell.run("revert", "run.json")
    assert done.code == 64
    assert "--yes" in done.err
    assert len(applied.store.models()) == 2


def test_a_run_that_was_killed_is_put_back_as_far_as_it_came(shell: Shell, applied: Running) -> None:
    """Its journal's last line is cut, at any place, also where what is left looks whole."""
    lines = shell.read("run.jsonl").splitlines()
    outcome = next(number for number, line in enumerate(lines) if '"outcome"' in line)
    shell.file("cut.jsonl", "\n".join([*lines[:outcome], '{"event":"outcome","id":{"a":1}']))
    done = shell.run("revert", "cut.jsonl", "--dry-run", "--format", "json")
    assert done.code == 0
    intended = [json.loads(line)["name"] for line in lines[:outcome] if '"intent"' in line]
    assert [change["name"] for change in done.json["changes"]] == sorted(intended)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it does not tell what the run was to do"),
        ("garbage", "it does not tell what the run was to do"),
        ("{}", "it does not tell what the run was to do"),
        ("[1]", "it does not tell what the run was to do"),
        ("[" * 100_000, "it does not tell what the run was to do"),
        ('{"event":"begin"}', "is neither the journal of a run nor the JSON report of one"),
        ('{"event":"begin","version":3}', "it is a journal of version 3, and this egpsync reads 2"),
        ('{"kind":"apply"}', "is neither the journal of a run nor the JSON report of one"),
        ('{"kind":"apply","format_version":"1.0","changes":7}', "is neither the journal of a run nor the JSON report"),
        (
            '{"kind":"apply","format_version":"1.0","changes":[7]}',
            "is neither the journal of a run nor the JSON report",
        ),
        ('{"kind":"apply","format_version":"2.0"}', "its format has version 2.0, and this egpsync reads 1"),
        ('{"kind":"plan","format_version":"1.0"}', "it is a report of plan, which changed nothing"),
        ('{"kind":"drift","format_version":"1.0"}', "it is a report of drift, which changed nothing"),
        ('{"format":"egpsync-plan"}', "it does not tell what the run was to do"),
    ],
)
def test_what_is_no_record_is_a_clear_error(tmp_path: Path, text: str, says: str) -> None:
    """Whatever the file holds; the advice says what to give instead."""
    file = tmp_path / "record"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FileError) as caught:
        read_run(str(file))
    assert says in caught.value.what
    assert caught.value.exit_code == ExitCode.ERROR
    assert "Give the journal that apply names at its end, or what its --report json=FILE wrote." in str(caught.value)


def test_a_journal_of_0_1_is_read(tmp_path: Path) -> None:
    """It holds less of each change, and all that the way back needs: ids that the run learnt, and what was sent."""
    begin = {
        "event": "begin",
        "at": "2026-01-01T00:00:00.000Z",
        "version": 1,
        "tool_version": "0.1.0",
        "base_url": "http://127.0.0.1:1",
        "account_id": None,
        "digest": "d",
        "changes": [
            {
                "name": "new",
                "model_vendor": "openai",
                "id": None,
                "action": "create",
                "steps": ["openai/new#create"],
                "fields": [
                    {"path": ["model_metadata", "a"], "op": "add", "before": None, "after": 1, "sensitive": False}
                ],
            },
            {"name": "x", "model_vendor": "openai", "id": "m", "action": "update", "steps": ["m#update"], "fields": []},
        ],
    }
    step = {"step": "openai/new#create", "at": "2026-01-01T00:00:00.000Z"}
    intent = {"vendor": "openai", "name": "new", "id": None, "method": "POST", "path": "/v5/models", "body": {"a": 1}}
    outcome = {"event": "outcome", **step, "result": "done", "status": None, "id": "m-new"}
    file = tmp_path / "run.jsonl"
    file.write_text("\n".join(map(json.dumps, [begin, {"event": "intent", **step, **intent}, outcome])))
    run = read_run(str(file))
    assert run.target == Target(base_url="http://127.0.0.1:1", account_id=None)
    (change,) = run.attempted
    assert (change.name, change.id, change.action) == ("new", "m-new", Action.CREATE)
    assert [(field.path, field.after) for field in change.fields] == [(("model_metadata", "a"), 1)]
    assert change.requests == (Request(method="POST", path="/v5/models", body={"a": 1}),)


@pytest.mark.parametrize(
    ("part", "value", "says"),
    [
        ("action", "destroy", "Invalid enum value 'destroy'"),
        ("fields", [{}], "Object missing required field `path`"),
        ("steps", None, "Expected `array`, got `null`"),
    ],
)
def test_a_forged_journal_is_a_clear_error(shell: Shell, applied: Running, part: str, value: object, says: str) -> None:
    """A part of another kind is named; nothing is asked of the account."""
    begin, *rest = shell.read("run.jsonl").splitlines()
    forged = json.loads(begin)
    forged["changes"][0][part] = value
    shell.file("forged.jsonl", "\n".join([json.dumps(forged), *rest]))
    asked = len(applied.log.entries)
    done = shell.run("revert", "forged.jsonl", "--yes")
    assert (done.code, done.out) == (1, "")
    assert says in done.err
    assert len(applied.log.entries) == asked


def test_the_journal_and_the_saved_plan_hold_what_the_report_shows(shell: Shell, emulator: StartEmulator) -> None:
    """One form of a change, beside which stand a journal's steps and a saved plan's fingerprint."""
    shell.knows(emulator(seed=[hosted("a")])).wants(hosted("a", model_metadata={"x": 1}), hosted("b"))
    shown = shell.run("plan", "--out", "reviewed.plan", "--format", "json").json["changes"]
    pinned = json.loads(shell.read("reviewed.plan"))["changes"]
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes")
    journal = done.err.partition("egpsync revert ")[2].partition(" plans the way back")[0]
    begun = json.loads(shell.read(journal).splitlines()[0])["changes"]
    assert [set(change) - set(kept) for change, kept in zip(shown, pinned, strict=True)] == [set(), set()]
    assert [{key: kept[key] for key in change} for change, kept in zip(shown, pinned, strict=True)] == shown
    assert [{key: kept[key] for key in change} for change, kept in zip(shown, begun, strict=True)] == shown


def test_bytes_that_are_no_text_are_a_clear_error(tmp_path: Path) -> None:
    """A file that is not even text."""
    (tmp_path / "record").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileError, match="is no text in UTF-8"):
        read_run(str(tmp_path / "record"))


def test_the_text_report_is_no_record(shell: Shell, applied: Running) -> None:
    """It does not hold what is needed; exit 1, and what to give instead."""
    done = shell.run("revert", "run.txt", "--yes")
    assert (done.code, done.out) == (1, "")
    assert "run.txt: is neither the journal of a run nor the JSON report of one" in done.err


def test_a_missing_record_is_named(shell: Shell) -> None:
    """Exit 1 before anything is asked."""
    done = shell.run("revert", "missing.jsonl")
    assert done.code == 1
    assert "missing.jsonl: cannot be read: No such file or directory" in done.err


def test_a_report_that_was_formatted_anew_is_a_report(shell: Shell, applied: Running) -> None:
    """On one line, as jq -c writes it."""
    shell.file("compact.json", json.dumps(json.loads(shell.read("run.json"))))
    assert shell.run("revert", "compact.json", "--yes").code == 0
    assert applied.store.models() == []


@pytest.mark.parametrize("record", ["run.json", "run.jsonl"])
def test_another_accounts_record_is_refused(shell: Shell, applied: Running, record: str) -> None:
    """Exit 5, both accounts are named, and nothing is asked."""
    asked = len(applied.log.entries)
    done = shell.run("revert", record, "--yes", SGP_ACCOUNT_ID="theirs")
    assert done.code == 5
    url = applied.base_url
    assert f"{record}: the run was on {url}, account not set; the settings mean {url}, account theirs" in done.err
    assert "Give the run's own --base-url and --account-id." in done.err
    assert len(applied.log.entries) == asked

"""`drift --since`: what is new, what went away and what stays since an earlier report."""

import json
from pathlib import Path

import jsonschema
import pytest

from egpsync.emulator.server import Running
from tests.cli.samples import ROOT, Shell, ShellHere, hosted
from tests.conftest import StartEmulator


@pytest.fixture
def shell(tmp_path: Path) -> ShellHere:
    """The command line in this process: nothing here is about signals or streams."""
    return ShellHere(tmp_path)


TIER = {"model_vendor": "openai", "what": "model_metadata.tier"}


@pytest.fixture
def running(emulator: StartEmulator) -> Running:
    """An account in which a and b lack what the manifests declare, and d is missing."""
    return emulator(seed=[hosted(name) for name in "abc"])


@pytest.fixture
def told(shell: Shell, running: Running) -> Shell:
    """A first drift, with its report in then.json."""
    gold = {"model_metadata": {"tier": "gold"}}
    shell.knows(running).wants(hosted("a", **gold), hosted("b", **gold), hosted("c"), hosted("d"))
    assert shell.run("drift", "--report", "json=then.json").code == 2
    return shell


def move(running: Running) -> None:
    """Mend a by hand, and break c."""
    ids = {model["name"]: model["id"] for model in running.store.models()}
    running.store.edit(ids["a"], {"model_metadata": {"tier": "gold"}})
    running.store.edit(ids["c"], {"model_type": "completion"})


def test_new_gone_and_as_before(told: Shell, running: Running) -> None:
    """Each difference by its model and field; a missing model is one."""
    move(running)
    done = told.run("drift", "--since", "then.json", "--format", "json")
    assert (done.code, done.json["since"]) == (
        2,
        {
            "new": [{"model_vendor": "openai", "name": "c", "what": "model_type"}],
            "gone": [{"name": "a", **TIER}],
            "stays": [{"name": "b", **TIER}, {"model_vendor": "openai", "name": "d", "what": "missing"}],
        },
    )
    assert done.json["timing"]["since"] == json.loads(told.read("then.json"))["timing"]["ended"]
    jsonschema.validate(done.json, json.loads((ROOT / "schemas" / "report.schema.json").read_text()))


@pytest.mark.parametrize("kind", ["text", "markdown", "html", "summary", "github"])
def test_people_read_it_too(told: Shell, running: Running, kind: str) -> None:
    """The counts, and the names of what moved."""
    move(running)
    done = told.run("drift", "--since", "then.json", "--format", kind)
    words = done.out.replace("\\", "")
    assert (done.code, "1 new, 1 gone, 2 as before" in words) == (2, True)
    assert "New: c (openai) model_type." in words
    assert "Gone: a (openai) model_metadata.tier." in words


def test_nothing_moved(told: Shell) -> None:
    """All of it is as before, and the exit code is that of the drift."""
    done = told.run("drift", "--since", "then.json")
    assert (done.code, "0 new, 0 gone, 3 as before" in done.out) == (2, True)
    assert "New:" not in done.out


def test_the_report_does_not_replace_the_one_that_it_is_compared_with(told: Shell) -> None:
    """A run that fails would leave nothing to compare the next one with."""
    done = told.run("drift", "--since", "then.json", "--report", "json=then.json")
    assert (done.code, "then.json is read, and cannot be written too" in done.err) == (64, True)


def test_a_saved_report_is_rendered_to_the_same_bytes(told: Shell, running: Running) -> None:
    """What is new stands in the file."""
    move(running)
    done = told.run("drift", "--since", "then.json", "--report", "json=now.json", "--format", "markdown")
    assert told.run("report", "now.json", "--format", "markdown").out == done.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("{", "is no report of egpsync in JSON"),
        ("[]", "is no report of egpsync in JSON"),
    ],
)
def test_a_file_that_is_none(told: Shell, running: Running, text: str | None, said: str) -> None:
    """An error with the file and what to give, before the account is asked."""
    if text is not None:
        told.file("other.json", text)
    asked = len(running.log.entries)
    done = told.run("drift", "--since", "other.json")
    assert (done.code, "other.json" in done.err, said in done.err) == (1, True, True)
    assert len(running.log.entries) == asked


def test_another_kind_or_account_or_a_failed_run(told: Shell) -> None:
    """Nothing can be said of what was not looked at."""
    told.run("plan", "--report", "json=plan.json")
    done = told.run("drift", "--since", "plan.json")
    assert (done.code, "holds no report of drift" in done.err) == (1, True)
    done = told.run("drift", "--since", "then.json", "--account-id", "another")
    assert (done.code, "or another section" in done.err) == (1, True)
    told.run("drift", "--report", "json=failed.json", SGP_CLIENT_BASE_URL="http://127.0.0.1:1", EGPSYNC_RETRIES="1")
    failed = json.loads(told.read("failed.json"))
    failed["target"] = json.loads(told.read("then.json"))["target"]
    Path(told.folder / "failed.json").write_text(json.dumps(failed))
    done = told.run("drift", "--since", "failed.json")
    assert (done.code, "compared nothing" in done.err) == (1, True)


def test_a_part_is_not_compared(told: Shell) -> None:
    """What is left out would be gone."""
    done = told.run("drift", "--since", "then.json", "--select", "a")
    assert (done.code, "leave --select" in done.err) == (64, True)

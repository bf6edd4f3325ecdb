"""`--notify`: a short summary to a URL that is a secret, after the report, and never in its way."""

import json
from pathlib import Path

import pytest

from egpsync.model.plan import Action
from egpsync.report.build import build_plan
from egpsync.report.notice import LETTERS, SHAPES, notice
from tests.cli.samples import Shell, ShellHere, hosted
from tests.conftest import StartEmulator
from tests.forge.server import Answer, Forge
from tests.report.samples import change, field, head, plan


@pytest.fixture
def shell(tmp_path: Path) -> ShellHere:
    """The command line in this process: nothing here is about signals or streams."""
    return ShellHere(tmp_path)


HOOK = "hook-SENTINEL-8842"


@pytest.fixture
def drifted(emulator: StartEmulator, shell: Shell, forge: Forge) -> Shell:
    """An account that differs in a model, and a receiver."""
    shell.knows(emulator(seed=[hosted("a")])).wants(hosted("a", model_metadata={"tier": "gold"}))
    shell.environ["HOOK"] = f"{forge.url}/notices?key={HOOK}"
    return shell


def test_a_notice_follows_the_report(drifted: Shell, forge: Forge) -> None:
    """The summary, and what a program would ask of it; the exit code is the command's."""
    done = drifted.run("drift", "--notify", "HOOK")
    (sent,) = forge.notices
    assert done.code == 2
    assert sent["text"].startswith("egpsync drift of http://127.0.0.1:")
    (report,) = sent["reports"]
    assert (report["kind"], report["exit_code"], report["summary"]["update"]) == ("drift", 2, 1)
    assert HOOK not in done.out + done.err


@pytest.mark.parametrize("shape", ["slack", "teams"])
def test_the_shapes_of_chats(drifted: Shell, forge: Forge, shape: str) -> None:
    """A message's text, or an adaptive card."""
    assert drifted.run("plan", "--notify", "HOOK", "--notify-shape", shape).code == 0
    (sent,) = forge.notices
    if shape == "slack":
        text = sent["text"]
    else:
        (attachment,) = sent["attachments"]
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        text = "\n".join(block["text"] for block in attachment["content"]["body"])
    assert text.startswith("egpsync plan of http://127.0.0.1:")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer("POST", 500, f"a fault of {HOOK}"), "answered 500"),
        (Answer("POST", 302, headers={"location": f"http://x/{HOOK}"}), "answered 302"),
        (Answer("POST", 0), "did not answer as it should"),
    ],
)
def test_a_notice_that_fails_is_told_and_changes_nothing(
    drifted: Shell, forge: Forge, answer: Answer, why: str
) -> None:
    """The exit code stays, the URL is in no output."""
    forge.answers = [answer]
    done = drifted.run("drift", "--notify", "HOOK")
    assert (done.code, f"egpsync: the notice to HOOK failed: {why}\n" in done.err) == (2, True)
    assert HOOK not in done.out + done.err


def test_nobody_listens(drifted: Shell) -> None:
    """No connection is a failed notice too."""
    done = drifted.run("drift", "--notify", "HOOK", HOOK=f"http://127.0.0.1:1/{HOOK}")
    assert (done.code, "the notice to HOOK failed" in done.err, HOOK in done.err) == (2, True, False)


@pytest.mark.parametrize(
    ("url", "why"), [("", "is not set"), (f"file:///{HOOK}", "holds no http(s) URL"), (f"http://{HOOK} x", "holds no")]
)
def test_a_variable_that_holds_no_url_is_wrong_usage(drifted: Shell, url: str, why: str) -> None:
    """Before anything is asked or sent, and what it holds is not repeated."""
    done = drifted.run("apply", "--yes", "--notify", "HOOK", HOOK=url)
    assert (done.code, f"--notify HOOK: {why}" in done.err, HOOK in done.err) == (64, True, False)


def test_a_run_that_cannot_go_on_is_noticed(drifted: Shell, forge: Forge) -> None:
    """Who waits for the notice learns of the failure."""
    done = drifted.run("drift", "--notify", "HOOK", SGP_CLIENT_BASE_URL="http://127.0.0.1:1", EGPSYNC_RETRIES="1")
    assert done.code == 1
    assert [sent["reports"][0]["verdict"] for sent in forge.notices] == ["failed"]


def test_secrets_are_not_noticed(drifted: Shell, forge: Forge) -> None:
    """As in every other byte that leaves."""
    drifted.run("drift", "--notify", "HOOK")
    assert drifted.environ["SGP_API_KEY"] not in json.dumps(forge.notices)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_notice_of_much_is_short(shape: str) -> None:
    """A chat takes a few thousand characters; how much more there is, is said."""
    changes = [change(Action.UPDATE, f"model-{number}", field("model_metadata.k", 1, number)) for number in range(1000)]
    report = build_plan(head(), plan(*changes))
    text = json.dumps(notice([report], shape))
    assert len(text) < 2 * LETTERS
    assert "more lines in the report" in text


@pytest.mark.parametrize(("shape", "left"), [("slack", "<!channel>"), ("slack", "<http"), ("teams", "[a](b)")])
def test_names_are_no_markup(shape: str, left: str) -> None:
    """Nobody is called, and nothing is linked."""
    name = "<!channel> <http://x|y> [a](b)"
    report = build_plan(head(), plan(change(Action.UPDATE, name, field("model_metadata.k", 1, 2))))
    assert left not in json.dumps(notice([report], shape))

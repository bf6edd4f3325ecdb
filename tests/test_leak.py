"""Known secrets in any spelling: found wherever they stand, replaced at the door, and kept out of what is saved."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egpsync.emulator.faults import Answer, Rule
from egpsync.emulator.server import Running
from egpsync.leak import Known
from tests.cli.samples import Shell, everything, hosted, launch
from tests.conftest import StartEmulator

SECRET = 's3ntinel "ü/+&<\\'
SPELT = {
    "as it is": SECRET,
    "JSON": json.dumps(SECRET),
    "JSON in UTF-8": json.dumps(SECRET, ensure_ascii=False),
    "a URL's path": quote(SECRET),
    "a URL's query": quote(SECRET, safe=""),
    "a form": quote_plus(SECRET),
    "HTML": html.escape(SECRET),
}


@pytest.mark.parametrize("text", SPELT.values(), ids=SPELT)
def test_each_spelling_is_found_and_replaced(text: str) -> None:
    """What is around it stays."""
    known = Known(lambda: [SECRET])
    assert known.stands_in(f"before {text} after")
    hidden = known.hide(f"before {text} after")
    assert "s3ntinel" not in hidden
    assert (hidden[:7], hidden[-6:]) == ("before ", " after")


@given(before=st.binary(max_size=7), after=st.binary(max_size=7), safe=st.booleans())
def test_base64_is_found_amid_other_bytes(before: bytes, after: bytes, safe: bool) -> None:
    """Wherever it begins among the bytes that are spelt."""
    encode = base64.urlsafe_b64encode if safe else base64.b64encode
    assert Known(lambda: [SECRET]).stands_in(encode(before + SECRET.encode() + after).decode())


@given(st.text(max_size=40))
def test_what_holds_no_secret_stays(text: str) -> None:
    """Byte for byte; a secret of seven letters is no secret to the door."""
    known = Known(lambda: [SECRET, "seven77", ""])
    if "s3ntinel" not in text:
        assert known.hide(text) == text


@pytest.fixture
def leaking(emulator: StartEmulator, shell: Shell) -> Running:
    """An account, and a manifest whose secret stands in metadata too."""
    running = emulator(seed=[hosted("a")])
    shell.knows(running)
    shell.environ["EGPSYNC_SECRET_TOKEN"] = "wanted-SENTINEL-4711"
    shell.wants(
        launch("b", env_vars={"TOKEN": "${secret:TOKEN}"}),
        hosted("a", model_metadata={"note": "the token is wanted-SENTINEL-4711, in clear"}),
    )
    return running


def test_a_secret_in_the_wrong_place_is_in_no_output(leaking: Running, shell: Shell) -> None:
    """Streams and reports show that there is something, and not what."""
    reports = [f"--report={form}=out.{form}" for form in ("json", "text", "markdown", "junit", "sarif")]
    done = shell.run("plan", "--format", "json", "-vv", *reports)
    assert done.code == 0
    assert "SENTINEL" not in everything(done, shell.folder)
    assert "the token is (sensitive), in clear" in done.out


OTHERS = "others-SENTINEL-0815"


def test_a_server_that_quotes_another_models_secret_is_not_repeated(emulator: StartEmulator, shell: Shell) -> None:
    """In a status reason, an error's text cut amid it, and in JSON; in no other field."""
    long = "x" * 980 + OTHERS + "y" * 50
    quoted = Rule(method="PATCH", kind=Answer(status=422, body={"detail": long}))
    running = emulator(seed=[launch("a", env_vars={"K": OTHERS}), launch("b"), hosted("c")], faults=[quoted])
    model_id = running.store.named("b")["id"]
    running.store.edit(model_id, {"status": "failed", "status_reason": f"pull of {OTHERS} failed"})
    shell.knows(running).wants(launch("b"), hosted("c", model_metadata={"x": 1}))
    for command in (["plan", "-v"], ["drift"], ["apply", "--yes", "-vv"]):
        done = shell.run(*command, "--format", "json", "--report", "text=out.txt")
        assert "SENTINEL" not in everything(done, shell.folder), command
        assert "others" not in done.out + done.err
        assert "pull of (sensitive) failed" in done.out


def test_many_secrets_are_looked_for_one_by_one() -> None:
    """The answer is the same as of a pattern."""
    many = [f"secret-number-{number}" for number in range(500)]
    known = Known(lambda: many)
    assert known.hide("of secret-number-17 and secret-number-499, not secret-numb") == (
        "of (sensitive) and (sensitive), not secret-numb"
    )


def test_it_fails_the_saving_of_a_plan(leaking: Running, shell: Shell) -> None:
    """What is replaced there would be sent: nothing is written."""
    done = shell.run("plan", "--out", "reviewed.plan")
    assert done.code == 1
    assert "a secret would stand in the saved plan: nothing was written" in done.err
    assert not (shell.folder / "reviewed.plan").exists()
    assert "SENTINEL" not in everything(done, shell.folder)


def test_it_fails_a_run_before_anything_is_sent(leaking: Running, shell: Shell) -> None:
    """What is replaced in the journal would be put back."""
    done = shell.run("apply", "--yes")
    assert done.code == 1
    assert "a secret would stand in the journal" in done.err
    assert leaking.log.changes == ()
    assert "SENTINEL" not in everything(done, shell.folder)

"""The file of a saved plan: what is in it, what is never in it, and what becomes of a file that is not as written."""

import asyncio
import hmac
import json
import stat
from hashlib import sha256
from typing import Any

import pytest

from egpsync.emulator.server import Running, Setup, serve
from egpsync.errors import ExitCode, PlanFileError
from egpsync.settings import load_settings
from egpsync.workflow.plan import Watch
from egpsync.workflow.saved import review
from tests.cli.samples import KEY, Shell, hosted, launch
from tests.conftest import StartEmulator

WANTED = "wanted-SENTINEL-4711"
HELD = "held-SENTINEL-0815"


@pytest.fixture
def saved(emulator: StartEmulator, shell: Shell) -> Running:
    """An account and reviewed.plan, which gives one of its models a metadata key."""
    running = emulator(seed=[hosted("a", model_metadata={"team": "x"})])
    shell.knows(running).wants(hosted("a", model_metadata={"team": "y"}))
    assert shell.run("plan", "--out", "reviewed.plan").code == 0
    return running


def rewritten(shell: Shell, *, sealed: bool, **parts: Any) -> None:
    """reviewed.plan with other top-level parts, its checksum made anew where `sealed`."""
    content = json.loads(shell.read("reviewed.plan")) | parts
    if sealed:
        rest = {name: value for name, value in content.items() if name != "checksum"}
        content["checksum"] = sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
    shell.file("reviewed.plan", json.dumps(content))


def refused(shell: Shell, running: Running, **flags: Any) -> str:
    """Why reviewed.plan is refused, with exit 5, before anything is asked."""
    asked = len(running.log.entries)
    settings = load_settings({"base_url": running.base_url, **flags}, {"SGP_API_KEY": KEY})
    with pytest.raises(PlanFileError) as caught:
        asyncio.run(review(str(shell.folder / "reviewed.plan"), settings, Watch()))
    assert caught.value.exit_code == ExitCode.REFUSED
    assert "Nothing was sent." in caught.value.advice
    assert len(running.log.entries) == asked
    return str(caught.value)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A saved plan as the command line writes it, made once."""
    with serve(Setup(seed=(hosted("a", model_metadata={"team": "x"}),))) as running:
        shell = Shell(tmp_path_factory.mktemp("saved"))
        shell.knows(running).wants(hosted("a", model_metadata={"team": "y"}))
        assert shell.run("plan", "--out", "reviewed.plan").code == 0
        return shell.read("reviewed.plan")


@pytest.fixture
def account(emulator: StartEmulator, shell: Shell, written: str) -> Running:
    """An account, and a saved plan that is sound in itself and for this account."""
    running = emulator()
    shell.file("reviewed.plan", written)
    rewritten(shell, sealed=True, target={"base_url": running.base_url, "account_id": None})
    return running


def test_both_commands_say_why_on_stderr_and_exit_5(shell: Shell, account: Running) -> None:
    """Stdout stays empty, and no traceback is shown."""
    shell.knows(account).file("reviewed.plan", "{")
    for arguments in (["apply", "--yes", "--plan"], ["plan", "--check"]):
        done = shell.run(*arguments, "reviewed.plan")
        assert (done.code, done.out) == (5, "")
        assert done.err.startswith("Error: reviewed.plan: the plan is damaged: it is no JSON, or cut short\n")
        assert "egpsync plan --out" in done.err


def test_the_file_is_its_owners_alone(shell: Shell, saved: Running) -> None:
    """Mode 0600, and nothing is left beside it."""
    assert stat.S_IMODE((shell.folder / "reviewed.plan").stat().st_mode) == 0o600
    assert sorted(path.name for path in shell.folder.iterdir()) == ["configs", "reviewed.plan"]


def test_no_secret_is_in_it(emulator: StartEmulator, shell: Shell) -> None:
    """Neither those that are sent nor those that the account holds, nor their plain hashes."""
    seed = [launch("old", env_vars={"A": HELD}), launch("gone", env_vars={"A": HELD})]
    running = emulator(seed=seed)
    shell.knows(running).wants(
        launch("old", env_vars={"A": WANTED}),
        launch("new", env_vars={"A": WANTED}),
        {"name": "gone", "model_vendor": "launch", "state": "absent"},
    )
    shell.run("plan", "--out", "reviewed.plan")
    text = shell.read("reviewed.plan")
    assert len(json.loads(text)["changes"]) == 3
    for secret in (WANTED, HELD, "key-SENTINEL-7319"):
        assert secret not in text
        assert sha256(secret.encode()).hexdigest() not in text


def test_a_changed_secret_is_noticed_without_being_told(emulator: StartEmulator, shell: Shell) -> None:
    """The request would be another than the reviewed one; which value it was is not said."""
    running = emulator(seed=[launch("a", env_vars={"A": HELD, "B": "kept-SENTINEL"})])
    shell.knows(running).wants(launch("a", env_vars={"A": WANTED}))
    shell.run("plan", "--out", "reviewed.plan")
    configuration = running.store.named("a")["vendor_configuration"]
    configuration["model_image"]["env_vars"]["B"] = "other-SENTINEL"
    running.store.edit(running.store.named("a")["id"], {"vendor_configuration": configuration})
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes")
    assert done.code == 5
    assert "what the model holds beside the fields that the plan changes, or a secret" in done.out
    assert "SENTINEL" not in done.out + done.err
    assert running.log.changes == ()


def test_guessing_a_secret_from_the_file_costs(emulator: StartEmulator, shell: Shell) -> None:
    """A fingerprint over a secret that is sent cannot be made again with the file's salt and a fast hash alone."""
    running = emulator(seed=[])
    shell.knows(running).wants(launch("a", env_vars={"A": "1234"}))
    shown = shell.run("plan", "--out", "reviewed.plan", "--format", "json").json["changes"][0]["requests"]
    content = json.loads(shell.read("reviewed.plan"))
    body = shown[0]["body"]
    body["vendor_configuration"]["model_image"]["env_vars"] = {"A": "1234"}
    requests = [["POST", "/v5/models", body]]
    guesses = [
        [content["changes"][0]["model_vendor"], "a", requests, None],
        [content["changes"][0]["model_vendor"], "a", requests, "", None],
    ]
    salt = bytes.fromhex(content["salt"])
    fast = {hmac.new(salt, json.dumps(guess, sort_keys=True).encode(), sha256).hexdigest() for guess in guesses}
    assert content["changes"][0]["fingerprint"] not in fast


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("created_at", "2099-01-01T00:00:00Z"),
        ("target", {"base_url": "https://elsewhere.example", "account_id": None}),
        ("manifests", {"paths": ["elsewhere"], "digest": ""}),
        ("options", {"prune": True}),
        ("refusals", ["recreate"]),
        ("salt", "00"),
        ("changes", []),
        ("checksum", "0"),
        ("more", 1),
    ],
)
def test_any_part_that_was_tampered_with_is_noticed(shell: Shell, account: Running, part: str, value: object) -> None:
    """The checksum does not fit any more."""
    rewritten(shell, sealed=False, **{part: value})
    assert "was changed since it was written, or is damaged: its checksum does not fit" in refused(shell, account)


@pytest.mark.parametrize(
    ("part", "value", "says"),
    [
        ("created_at", "2020-01-01T00:00:00Z", "old, and 1 day, 0:00:00 is allowed"),
        ("created_at", "2099-01-01T00:00:00Z", "the plan is made in the future"),
        ("created_at", "yesterday", "parts of it are missing"),
        ("created_at", "2026-01-01T00:00:00", "parts of it are missing"),
        ("format", "another", "the file was not written by egpsync plan --out"),
        ("format_version", "1.0", "the plan has version 1.0, and this egpsync reads 2.0"),
        ("format_version", None, "the plan has version None, and this egpsync reads 2.0"),
        ("target", {"base_url": "https://elsewhere.example", "account_id": None}, "is for https://elsewhere.example"),
        ("target", None, "parts of it are missing"),
        ("manifests", {}, "parts of it are missing"),
        ("options", {"prune": True}, "options that this egpsync does not know"),
        (
            "options",
            {
                "prune": False,
                "adopt": False,
                "retry_failed": False,
                "allow_recreate": False,
                "confirmed": [],
                "of_a_later_version": True,
            },
            "options that this egpsync does not know",
        ),
        ("salt", "no hex", "parts of it are missing"),
        ("changes", None, "parts of it are missing"),
    ],
)
def test_a_part_that_cannot_be_is_a_clear_error(
    shell: Shell, account: Running, part: str, value: object, says: str
) -> None:
    """Even where the checksum fits, as in a file of another version."""
    rewritten(shell, sealed=True, **{part: value})
    assert says in refused(shell, account)


def test_a_forged_file_sends_nothing_that_was_not_reviewed(shell: Shell, saved: Running) -> None:
    """What is sent comes from the manifests; a forgery can only take changes out of it."""
    everything_allowed = {
        "prune": False,
        "adopt": False,
        "retry_failed": True,
        "allow_recreate": True,
        "confirmed": [["delete", 1]],
    }
    rewritten(shell, sealed=True, options=everything_allowed, changes=[])
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes")
    assert done.code == 5
    assert "is not in the saved plan, and would be changed now" in done.out
    assert saved.log.changes == ()


def test_an_old_plan_is_refused_by_its_age(shell: Shell, saved: Running) -> None:
    """--plan-max-age, and its variable."""
    refusal = shell.run("apply", "--plan", "reviewed.plan", "--yes", EGPSYNC_PLAN_MAX_AGE="0")
    assert refusal.code == 5
    assert "old, and 0:00:00 is allowed" in refusal.err
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes", "--plan-max-age", "3600", EGPSYNC_PLAN_MAX_AGE="0")
    assert done.code == 0


def test_another_account_is_refused(shell: Shell, account: Running) -> None:
    """The account of the settings is not the plan's."""
    says = refused(shell, account, account_id="theirs")
    url = account.base_url
    assert f"the plan is for {url}, account not set; the settings mean {url}, account theirs" in says
    assert "Give the plan's own --base-url and --account-id." in says


def test_another_url_is_refused(emulator: StartEmulator, shell: Shell, account: Running) -> None:
    """The same manifests against another installation are another plan; that one is not even asked."""
    other = emulator()
    assert f"the settings mean {other.base_url}" in refused(shell, account, base_url=other.base_url)
    assert other.log.entries == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("configs/models/all.yaml", json.dumps({"version": 1, "models": [hosted("a", model_metadata={"team": "z"})]})),
        (
            "configs/models/all.yaml",
            json.dumps({"version": 1, "models": [hosted("a", model_metadata={"team": "y"})]}) + " ",
        ),
        ("configs/models/more.yaml", json.dumps({"version": 1, "models": []})),
    ],
)
def test_changed_manifests_are_refused(shell: Shell, saved: Running, name: str, text: str) -> None:
    """Any byte of them, and any file that came to them."""
    shell.file(name, text)
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes")
    assert done.code == 5
    assert "reviewed.plan: the plan was made from other manifests than configs/models holds now" in done.err
    assert [entry.path for entry in saved.log.entries] == ["/v5/models"], "the first plan's listing alone"


@pytest.mark.parametrize("keep", [0, 1, 200])
def test_a_truncated_file_is_damaged(shell: Shell, account: Running, keep: int) -> None:
    """Cut anywhere, from nothing to almost all."""
    shell.file("reviewed.plan", shell.read("reviewed.plan")[:keep])
    assert "reviewed.plan: the plan is damaged: it is no JSON, or cut short" in refused(shell, account)


@pytest.mark.parametrize("text", ["[]", "null", '"a"', "{}", "[" * 100_000])
def test_other_json_is_no_plan(shell: Shell, account: Running, text: str) -> None:
    """Whatever it is."""
    shell.file("reviewed.plan", text)
    assert "reviewed.plan: the plan is " in refused(shell, account)


def test_a_report_is_no_plan(shell: Shell, account: Running) -> None:
    """The likeliest mistake: the report of plan, given for the plan."""
    shell.file("reviewed.plan", json.dumps({"format_version": "1.0", "kind": "plan", "changes": []}))
    assert "the plan is none: the file was not written by egpsync plan --out" in refused(shell, account)


def test_a_folder_is_wrong_usage(shell: Shell, saved: Running) -> None:
    """A file is expected."""
    assert shell.run("apply", "--plan", "configs", "--yes").code == 64


def test_a_missing_file_is_named(shell: Shell, saved: Running) -> None:
    """Exit 1, as for any file that cannot be read."""
    done = shell.run("apply", "--plan", "missing.plan", "--yes")
    assert done.code == 1
    assert "missing.plan: the plan cannot be read: No such file or directory" in done.err


@pytest.mark.parametrize("out", ["configs/models/all.yaml/below.plan", "/proc/egpsync/reviewed.plan"])
def test_an_unwritable_place_is_named(shell: Shell, saved: Running, out: str) -> None:
    """Exit 1, and nothing claims that a plan was saved."""
    done = shell.run("plan", "--out", out)
    assert done.code == 1
    assert f"{out}: cannot be written" in done.err
    assert "sends exactly" not in done.err
    assert "Traceback" not in done.err


def test_a_new_plan_replaces_the_old_one_whole(shell: Shell, saved: Running) -> None:
    """What is read is one or the other; its mode is 0600 also where the file was open to all."""
    path = shell.folder / "reviewed.plan"
    path.chmod(0o644)
    before = path.read_text()
    shell.run("plan", "--out", "reviewed.plan")
    assert path.read_text() != before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_invalid_manifests_save_no_plan(shell: Shell, saved: Running) -> None:
    """The plan of before stays, and is refused for its manifests."""
    shell.wants(hosted("a", modle_type="x"))
    done = shell.run("plan", "--out", "new.plan")
    assert done.code == 3
    assert not (shell.folder / "new.plan").exists()

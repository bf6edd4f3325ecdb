"""The journal of a run: on disk before anything is sent, bounded, private, and read back whatever it was cut at."""

import itertools
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egpsync.account.requests import requests_of
from egpsync.emulator.faults import Cut, Intervene, Rule
from egpsync.errors import FileError
from egpsync.model.plan import Plan, Target
from egpsync.model.run import Outcome
from egpsync.records import folder
from egpsync.records.folder import StateFolder
from egpsync.records.journal import Journal, fingerprint_of
from egpsync.value import replace
from egpsync.version import __version__
from tests.conftest import StartEmulator
from tests.crash.samples import journals, lines
from tests.workflow.samples import FAST, KEY, Repository, hosted, launch, outcomes, result_of

Make = Callable[..., Repository]
SECRET = "hf_SENTINEL_0123456789"
TARGET = Target(base_url="http://127.0.0.1:1", account_id=None)
EMPTY = Plan(target=TARGET, changes=(), unmanaged=(), refusals=(), capacity={}, digest="d", live_count=0)
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="there is no /dev/full")
INTENT = (
    '{"event":"intent","at":"2026-01-01T00:00:00.000Z","step":"%s#update","vendor":"openai","name":"gpt",'
    '"id":"%s","method":"PATCH","path":"/v5/models/%s","body":{"model_metadata":{}}}\n'
)


def written(folder: Path, text: str) -> StateFolder:
    """A home with one journal of such a text."""
    home = StateFolder(str(folder), TARGET)
    home.folder.mkdir(parents=True)
    (home.folder / "run-1.jsonl").write_text(text, encoding="utf-8")
    return home


def intent(model_id: str) -> str:
    """The line before a PATCH of that model."""
    return INTENT % (model_id, model_id, model_id)


def test_each_request_is_on_disk_before_it_arrives_and_its_outcome_after(
    emulator: StartEmulator, repository: Make
) -> None:
    """While the server handles a POST, PATCH or DELETE, the journal's last line is its intent."""
    running = emulator(seed=[hosted("gone"), hosted("meta")])
    made = repository(
        running,
        {"name": "gone", "model_vendor": "openai", "state": "absent"},
        hosted("meta", model_metadata={"x": 1}),
        hosted("new"),
    )
    plan = made.plan()
    last: list[tuple[str, str | None]] = []

    def look(_: object) -> None:
        line = lines(journals(made.state)[0])[-1]
        last.append((line["event"], line.get("method")))

    for method in ("POST", "PATCH", "DELETE"):
        running.faults.add(Rule(method=method, kind=Intervene(action=look)))
    made.apply(plan, parallelism=1)
    assert last == [("intent", "PATCH"), ("intent", "POST"), ("intent", "DELETE")]
    assert [(line["event"], line.get("result")) for line in lines(journals(made.state)[0])] == [
        ("begin", None),
        *[("intent", None), ("outcome", "done")] * 3,
        ("end", None),
    ]


def test_a_lost_answer_is_journaled_as_lost_until_a_reading_settles_it(
    emulator: StartEmulator, repository: Make
) -> None:
    """The outcome is that nobody knows, and then that it was done."""
    running = emulator(seed=[hosted("meta")])
    made = repository(running, hosted("meta", model_metadata={"x": 1}))
    running.faults.add(Rule(method="PATCH", nth=(1,), kind=Cut(after=True)))
    made.apply()
    results = [line["result"] for line in lines(journals(made.state)[0]) if line["event"] == "outcome"]
    assert results == ["lost", "done"]


def test_a_run_appends_and_changes_no_line_before(emulator: StartEmulator, repository: Make) -> None:
    """What the journal held while the first request was under way is how the whole journal begins."""
    running = emulator(seed=[hosted("a"), hosted("b")])
    made = repository(running, hosted("a", model_metadata={"x": 1}), hosted("b", model_metadata={"x": 1}))
    seen: list[bytes] = []
    look = Intervene(action=lambda _: seen.append(journals(made.state)[0].read_bytes()))
    running.faults.add(Rule(method="PATCH", kind=look))
    made.apply(parallelism=1)
    seen.append(journals(made.state)[0].read_bytes())
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(seen))
    assert len(seen) == 3


def test_a_cut_last_line_is_passed_over(tmp_path: Path) -> None:
    """Wherever a kill cut it: the requests before it are known, and settling it settles them."""
    for cut in range(1, len(intent("b"))):
        home = written(tmp_path / str(cut), intent("a") + intent("b")[:-cut])
        assert [one.intent.id for one in home.unfinished()] == (["a", "b"] if cut == 1 else ["a"])
        home.settle(home.unfinished())
        assert home.unfinished() == ()


@pytest.mark.parametrize(
    "line",
    [
        "\n",
        "not JSON\n",
        "[1]\n",
        '"text"\n',
        "\x00\x00\n",
        '{"event":"intent"}\n',
        '{"event":"outcome"}\n',
        '{"event":"outcome","step":["a#update"],"result":"done"}\n',
        '{"event":"deployed"}\n',
        '{"event":"deployed","fingerprint":["x"]}\n',
        '{"event":"of a later version","step":"a#update"}\n',
        '{"event":null}\n',
        "{}\n",
    ],
)
def test_a_foreign_line_is_passed_over(tmp_path: Path, line: str) -> None:
    """What this version did not write says nothing, and hides nothing."""
    home = written(tmp_path, line + intent("a") + line)
    assert [one.intent.id for one in home.unfinished()] == ["a"]
    assert all(failure.status == "" for failure in home.failed_before().values())


def test_an_intent_is_open_until_its_outcome(tmp_path: Path) -> None:
    """Done and refused are outcomes; lost is none."""
    outcome = '{"event":"outcome","step":"%s#update","result":"%s","status":null,"id":null}\n'
    text = "".join(intent(name) for name in "abcd")
    text += outcome % ("a", "done") + outcome % ("b", "refused") + outcome % ("c", "lost")
    assert [one.intent.id for one in written(tmp_path, text).unfinished()] == ["c", "d"]


def test_nothing_is_left_open_by_a_run_that_ended(tmp_path: Path) -> None:
    """It has told of everything in its report."""
    assert written(tmp_path, intent("a") + '{"event":"end","outcomes":{}}\n').unfinished() == ()


def test_a_line_after_a_cut_one_stands_on_its_own(tmp_path: Path) -> None:
    """A journal that is gone on with loses no line to the one that was cut."""
    file = tmp_path / "run-1.jsonl"
    file.write_bytes(b'{"event":"int')
    with Journal(file, b"") as gone_on_with:
        gone_on_with.settle()
    assert file.read_bytes().startswith(b'{"event":"int\n{"event":"settled",')


def test_no_secret_is_in_the_state_folder(emulator: StartEmulator, repository: Make) -> None:
    """Neither the key nor an env_vars value, before or after, also where the server quotes it as its reason."""
    running = emulator(
        seed=[
            launch("gpt", image={"env_vars": {"TOKEN": f"{SECRET}-old", "OTHER": f"{SECRET}-kept"}}),
            launch("gone", image={"env_vars": {"T": f"{SECRET}-gone"}}),
        ],
        deploy_seconds=0.02,
        fail_names=("gpt",),
        failure_reason=f"cannot log in with {SECRET}-new, nor with {SECRET}-kept",
    )
    made = repository(
        running,
        launch("gpt", image={"env_vars": {"TOKEN": f"{SECRET}-new"}}),
        launch("new", image={"env_vars": {"TOKEN": f"{SECRET}-created"}}),
        {"name": "gone", "model_vendor": "launch", "state": "absent"},
    )
    run = made.apply()
    assert outcomes(run) == {"gone": Outcome.APPLIED, "gpt": Outcome.FAILED, "new": Outcome.APPLIED}
    kept = b"".join(file.read_bytes() for file in Path(made.state).rglob("*") if file.is_file())
    assert b"SENTINEL" not in kept
    assert KEY.encode() not in kept
    assert b"cannot log in with" in kept


def test_the_state_is_its_owners_alone(emulator: StartEmulator, repository: Make) -> None:
    """Folders 0700, files 0600, whatever the umask lets through."""
    running = emulator(seed=[hosted("gpt")])
    made = repository(running, hosted("gpt", model_metadata={"x": 1}))
    before = os.umask(0)
    try:
        made.apply()
    finally:
        os.umask(before)
    state = Path(made.state)
    modes = {path.relative_to(state).parts[1:]: stat.S_IMODE(path.stat().st_mode) for path in state.rglob("*")}
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert modes == {
        (): 0o700,
        ("lock",): 0o600,
        ("salt",): 0o600,
        (journals(state)[0].name,): 0o600,
    }


def test_the_oldest_runs_are_forgotten(tmp_path: Path) -> None:
    """No more than RUNS_KEPT are kept, the newest ones."""
    home = StateFolder(str(tmp_path), TARGET)
    home.folder.mkdir(parents=True)
    files = []
    for _ in range(folder.RUNS_KEPT + 3):
        with home.begin(EMPTY, __version__) as begun:
            files.append(begun.file)
    assert journals(tmp_path) == files[3:]


def test_no_more_bytes_are_kept_than_allowed(tmp_path: Path) -> None:
    """The newest runs that fit into BYTES_KEPT, and the newest one whatever its size."""
    home = StateFolder(str(tmp_path), TARGET)
    home.folder.mkdir(parents=True)
    for number, size in enumerate([10, folder.BYTES_KEPT // 2, folder.BYTES_KEPT // 2 + 1, 10]):
        file = home.folder / f"run-1999{number}.jsonl"
        file.touch()
        os.truncate(file, size)
    with home.begin(EMPTY, __version__):
        pass
    assert [file.name for file in journals(tmp_path)][:-1] == ["run-19992.jsonl", "run-19993.jsonl"]
    os.truncate(journals(tmp_path)[-1], folder.BYTES_KEPT + 1)
    with home.begin(EMPTY, __version__):
        pass
    assert len(journals(tmp_path)) == 2


def test_a_journal_that_vanishes_while_it_is_read_says_nothing(tmp_path: Path) -> None:
    """A run that begins removes the oldest ones under the eyes of whoever is planning."""
    home = StateFolder(str(tmp_path), TARGET)
    home.folder.mkdir(parents=True)
    (home.folder / "run-1.jsonl").symlink_to(tmp_path / "nowhere")
    assert home.unfinished() == ()
    assert home.failed_before() == {}


def test_a_journal_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """What it holds may matter, and it stops nothing."""
    home = StateFolder(str(tmp_path), TARGET)
    (home.folder / "run-1.jsonl").mkdir(parents=True)
    assert home.unfinished() == ()
    assert home.left_out == {str(home.folder / "run-1.jsonl"): "is no regular file"}


@on_linux
def test_a_full_disk_is_told_and_the_next_line_begins_anew(tmp_path: Path) -> None:
    """/dev/full takes nothing: the caller learns that nothing is on disk."""
    with Journal(Path("/dev/full"), b"") as full, pytest.raises(FileError) as caught:
        full.settle()
    assert caught.value.what == "the journal cannot be written: No space left on device"
    assert caught.value.advice == (
        "Nothing is sent that is not on disk first. Free the place, or name another with --state-dir."
    )


def test_accounts_are_kept_apart(tmp_path: Path) -> None:
    """By URL and account id; what one left open is not told to another."""
    folders = {
        StateFolder(str(tmp_path), Target(base_url=url, account_id=account)).folder
        for url in ("https://a.example", "https://b.example")
        for account in (None, "one", "two")
    }
    assert len(folders) == 6


def test_a_configuration_that_failed_before_is_warned_about(emulator: StartEmulator, repository: Make) -> None:
    """With status, time and the server's reason; also after another configuration was deployed in between."""
    running = emulator(seed=[launch("gpt")], fail_tags=("bad",), deploy_seconds=0.02)
    wants_bad = repository(running, launch("gpt", image={"tag": "bad"}))
    assert wants_bad.plan().changes[0].notes == ()
    assert outcomes(wants_bad.apply()) == {"gpt": Outcome.FAILED}
    (failed_at,) = [line["at"] for line in lines(journals(wants_bad.state)[0]) if line["event"] == "deployed"]
    warned = (f"this configuration ended as failed on {failed_at}: The image could not be pulled",)

    wants_good = repository(running, launch("gpt", image={"tag": "good"}))
    assert wants_good.plan().changes[0].notes == ()
    assert outcomes(wants_good.apply()) == {"gpt": Outcome.APPLIED}
    assert repository(running, launch("gpt", image={"tag": "bad"})).plan().changes[0].notes == warned


def test_a_configuration_that_became_ready_since_is_not_warned_about(emulator: StartEmulator, repository: Make) -> None:
    """The last end of a configuration counts."""
    first = emulator(seed=[launch("gpt")], fail_names=("gpt",), deploy_seconds=0.02)
    made = repository(first, launch("gpt", image={"tag": "v2"}))
    made.apply()
    first.store.edit(first.store.named("gpt")["id"], {"name": "gpt-now-sound"})
    renamed = repository(first, launch("gpt-now-sound", image={"tag": "v3"}))
    renamed.apply()
    first.store.edit(first.store.named("gpt-now-sound")["id"], {"name": "gpt"})
    assert len(repository(first, launch("gpt", image={"tag": "v2"})).plan().changes[0].notes) == 1
    first.store.edit(first.store.named("gpt")["id"], {"name": "gpt-now-sound"})
    assert repository(first, launch("gpt-now-sound", image={"tag": "v2"})).plan().changes[0].notes == ()


def test_a_failure_is_not_warned_about_where_nothing_is_deployed(emulator: StartEmulator, repository: Make) -> None:
    """A change of metadata alone does not try the configuration again."""
    running = emulator(seed=[launch("gpt")], fail_names=("gpt",), deploy_seconds=0.02)
    repository(running, launch("gpt", image={"tag": "v2"})).apply()
    plan = repository(running, launch("gpt", image={"tag": "v2"}, model_metadata={"x": 1})).plan()
    assert [request.body for request in requests_of(plan.changes[0])] == [{"model_metadata": {"x": 1}}]
    assert plan.changes[0].notes == ()


def test_a_fingerprint_depends_on_the_folders_own_salt(
    emulator: StartEmulator, repository: Make, tmp_path: Path
) -> None:
    """Who has the journal alone cannot try out secrets against it; the salt of a folder stays."""
    running = emulator(seed=[launch("gpt")])
    change = repository(running, launch("gpt", image={"env_vars": {"TOKEN": SECRET}})).plan().changes[0]
    salts = []
    for name in ("one", "two"):
        home = StateFolder(str(tmp_path / name), TARGET)
        home.folder.mkdir(parents=True)
        salts += [home.salt(), home.salt()]
    assert salts[0] == salts[1] != salts[2] == salts[3]
    assert len(salts[0]) == 32
    assert fingerprint_of(change, salts[0]) == fingerprint_of(replace(change, id="other"), salts[0])
    assert fingerprint_of(change, salts[0]) != fingerprint_of(change, salts[2])


@on_linux
def test_a_deployment_whose_end_cannot_be_journaled_is_still_told_as_it_ended(
    emulator: StartEmulator, repository: Make
) -> None:
    """It was sent and became ready: a journal that is full by then changes nothing about that."""
    running = emulator(seed=[launch("gpt")], deploy_seconds=0.1)
    made = repository(running, launch("gpt", image={"tag": "v2"}))

    def fill(event: Any) -> None:
        """From the first waiting on, the run's open journal is a device that is always full."""
        if event.stage == "waiting":
            redirect(journals(made.state)[0], Path("/dev/full"))

    run = made.apply(progress=fill, pace=FAST)
    assert outcomes(run) == {"gpt": Outcome.APPLIED}
    assert result_of(run, "gpt").failure is None


def redirect(file: Path, other: Path) -> None:
    """Let this process's open descriptors of a file mean another one."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - descriptors, not files
        link = Path("/proc/self/fd", name)
        if link.exists() and link.readlink() == file:
            opened = os.open(other, os.O_WRONLY)
            os.dup2(opened, int(name))
            os.close(opened)

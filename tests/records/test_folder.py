"""The state folder with files of other making in it: each is told and left out, and stops nothing."""

import json
import os
from pathlib import Path

import pytest

from egpsync.emulator.faults import Answer, Rule
from egpsync.emulator.server import Running
from tests.cli.samples import Shell, hosted, launch
from tests.conftest import StartEmulator

FAILED = '{"event":"deployed","at":"t","vendor":"launch","name":"a","fingerprint":"f","status":"failed","reason":""}\n'


@pytest.fixture
def kept(emulator: StartEmulator, shell: Shell) -> tuple[Running, Path]:
    """An account to which an apply was made, and the folder that it left."""
    running = emulator(seed=[hosted("a"), launch("l")])
    shell.knows(running).wants(hosted("a", model_metadata={"x": 1}), launch("l"))
    assert shell.run("apply", "--yes").code == 0
    (salt,) = (shell.folder / "home").rglob("salt")
    shell.wants(hosted("a", model_metadata={"x": 2}), launch("l", tag="v2"))
    return running, salt.parent


@pytest.mark.parametrize("kind", ["folder", "fifo", "deep line", "damaged line", "empty salt"])
def test_damaged_and_foreign_files_stop_no_plan(kept: tuple[Running, Path], shell: Shell, kind: str) -> None:
    """Nor an apply; what cannot be read is named in the report."""
    _, folder = kept
    file = folder / "run-0.jsonl"
    match kind:
        case "folder":
            file.mkdir()
        case "fifo":
            os.mkfifo(file)
        case "deep line":
            file.write_text(f'{{"event":"intent","body":{"[" * 100_000}')
        case "damaged line":
            file.write_text('{"event":"intent","step":7}\n')
        case _:
            (folder / "salt").write_bytes(b"")
            file.write_text(FAILED)
    done = shell.run("plan", "--format", "json")
    assert done.code == 0, done.err
    if kind != "deep line":  # which says nothing to anyone
        (note,) = done.json["notes"]
        assert note.endswith(": it is left out")
        assert str(folder) in note
    assert shell.run("apply", "--yes").code == 0


def test_revert_leaves_what_belongs_to_another_owner_by_now(emulator: StartEmulator, shell: Shell) -> None:
    """It is a plan like any other: refused, and nothing is sent."""
    running = emulator(seed=[hosted("a", model_metadata={"egpsync": {"owner": "us", "name": "a"}, "x": 1})])
    manifest = {"version": 1, "owner": "us", "models": [hosted("a", model_metadata={"x": 2})]}
    shell.knows(running).file("configs/models/all.yaml", json.dumps(manifest))
    assert shell.run("apply", "--yes", "--report", "json=run.json").code == 0
    taken = {"egpsync": {"owner": "them", "name": "a"}, "x": 2}
    running.store.edit(running.store.named("a")["id"], {"model_metadata": taken})
    count = len(running.log.changes)
    done = shell.run("revert", "run.json", "--yes")
    assert done.code == 5
    assert "belongs to 'them', and these manifests are of 'us'" in done.out
    assert len(running.log.changes) == count


def test_revert_does_not_ask_an_account_that_is_not_expected(kept: tuple[Running, Path], shell: Shell) -> None:
    """Exit 5, as for any plan."""
    running, folder = kept
    journal = str(next(folder.glob("run-*.jsonl")))
    asked = len(running.log.entries)
    done = shell.run("revert", journal, "--yes", "--expect-account-id", "ours")
    assert done.code == 5
    assert "the account is not set, and ours is expected" in done.out
    assert len(running.log.entries) == asked


def test_a_refused_field_is_shown_at_the_line_that_set_it(emulator: StartEmulator, shell: Shell) -> None:
    """Whatever shapes the API names on the way to it."""
    detail = [{"loc": ["body", "vendor_configuration", "LaunchVendorConfiguration", "model_image", "tag"], "msg": "no"}]
    fault = Rule(method="PATCH", kind=Answer(status=422, body={"detail": detail}))
    shell.knows(emulator(seed=[launch("a")], faults=[fault]))
    shell.file(
        "configs/models/a.yaml",
        "version: 1\nmodels:\n  - name: a\n    model_vendor: launch\n    vendor_configuration:\n"
        "      model_image: {tag: v2}\n",
    )
    done = shell.run("apply", "--yes", "--format", "json")
    message = done.json["changes"][0]["outcome"]["message"]
    assert message.startswith("configs/models/a.yaml:6:21: the API refuses tag: HTTP 422: ")

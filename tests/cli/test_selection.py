"""A part of the models: which is meant, what is left out and said, and that the guards look at the whole."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egpsync.core.select import _hashed
from tests.cli.samples import Shell, hosted, launch
from tests.conftest import StartEmulator
from tests.test_history import commit, git

HEAD = {"version": 1, "owner": "us"}


def planned(shell: Shell, *arguments: str) -> set[str]:
    """The names of the models that a plan holds."""
    done = shell.run("plan", "--format", "json", *arguments)
    assert done.code == 0, done.err
    return {change["name"] for change in done.json["changes"]}


def gone(index: int) -> dict[str, Any]:
    """A tombstone."""
    return {"name": f"m{index}", "model_vendor": "openai", "state": "absent"}


def five(shell: Shell) -> Shell:
    """Five models to create, in two files."""
    labelled = launch("chat-big")
    labelled["vendor_configuration"]["model_infra"]["labels"] = {"team": "nlp"}
    one = [hosted("chat", model_metadata={"team": "nlp", "n": 3, "on": True}), labelled]
    two = [hosted("rank", model_vendor="cohere"), hosted("rank-2", model_metadata={"team": "vision"}), hosted("a=b")]
    shell.file("configs/models/one.yaml", json.dumps({**HEAD, "models": one}))
    return shell.file("configs/models/two.yaml", json.dumps({**HEAD, "models": two}))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--select", "chat*"], {"chat", "chat-big"}),
        (["--select", "chat", "--select", "rank"], {"chat", "rank"}),
        (["--exclude", "chat*"], {"rank", "rank-2", "a=b"}),
        (["--select", "chat*", "--exclude", "*-big"], {"chat"}),
        (["--select", "vendor=cohere"], {"rank"}),
        (["--select", "vendor=*o*"], {"chat", "rank", "rank-2", "a=b"}),
        (["--select", "metadata.team=nlp"], {"chat"}),
        (["--select", "metadata.team=*"], {"chat", "rank-2"}),
        (["--select", "metadata.n=3"], {"chat"}),
        (["--select", "metadata.on=true"], {"chat"}),
        (["--select", "label.team=n?p"], {"chat-big"}),
        (["--select", "file=*/two.yaml"], {"rank", "rank-2", "a=b"}),
        (["--select", "file=configs/models/one.yaml", "--exclude", "vendor=launch"], {"chat"}),
        (["--select", "a=b"], {"a=b"}),
    ],
)
def test_which_models_are_meant(
    emulator: StartEmulator, shell: Shell, arguments: list[str], expected: set[str]
) -> None:
    """One selector is enough, one exclusion too many."""
    five(shell).knows(emulator())
    assert planned(shell, *arguments) == expected


def test_the_head_says_what_is_left_out(emulator: StartEmulator, shell: Shell) -> None:
    """In every format, and that nothing is pruned."""
    five(shell).knows(emulator(seed=[hosted("old", model_metadata={"egpsync": {"owner": "us"}})]))
    shell.file("configs/models/three.yaml", json.dumps({**HEAD, "models": [hosted("nobody")]}))
    note = "4 models are left out by --select chat* --exclude nobody*: nothing is pruned"
    arguments = ("plan", "--prune", "--select", "chat*", "--exclude", "nobody*")
    assert shell.run(*arguments).out.splitlines()[1] == note
    assert note in shell.run(*arguments, "--format", "markdown").out.replace("\\", "")
    done = shell.run(*arguments, "--format", "json").json
    assert done["notes"] == [note]
    assert done["summary"]["delete"] == 0


@pytest.mark.parametrize("command", ["plan", "drift", "apply", "export"])
@pytest.mark.parametrize("selector", ["chta", "vendor=opnai", "metadata.team=x", "metadata.taem=*", "label.x=*"])
def test_a_selector_that_means_nothing_is_wrong_usage(
    emulator: StartEmulator, shell: Shell, command: str, selector: str
) -> None:
    """Most likely it is misspelt, and nothing would look like all is well."""
    running = emulator(seed=[hosted("live")])
    five(shell).knows(running)
    for flag in ("--select", "--exclude"):
        done = shell.run(command, flag, selector)
        assert (done.code, done.out) == (64, "")
        assert f"{selector} means no model" in done.err
    assert running.log.changes == ()


@pytest.mark.parametrize("value", ["0/2", "3/2", "1/0", "1", "a/b", "1/2/3", "-1/2", "\u0661/\u0662"])
def test_a_shard_is_one_of_so_many(emulator: StartEmulator, shell: Shell, value: str) -> None:
    """From 1."""
    done = five(shell).knows(emulator()).run("plan", "--shard", value)
    assert (done.code, done.out) == (64, "")


def test_shards_are_all_models_once(emulator: StartEmulator, shell: Shell) -> None:
    """One that holds none is no error."""
    five(shell).knows(emulator())
    parts = [planned(shell, "--shard", f"{index}/9") for index in range(1, 10)]
    assert sorted(name for part in parts for name in part) == ["a=b", "chat", "chat-big", "rank", "rank-2"]


@given(vendor=st.text(), name=st.text(), count=st.integers(1, 99))
def test_a_model_is_in_one_shard(vendor: str, name: str, count: int) -> None:
    """Of so many, and always in the same."""
    assert 1 <= _hashed(vendor, name, count) <= count


def test_the_hash_is_the_same_on_every_machine() -> None:
    """Written down, as no other machine is here."""
    assert [_hashed("openai", name, 4) for name in ("a", "b", "c", "d", "e")] == [1, 3, 2, 4, 4]


def test_models_that_exchange_names_stay_together(emulator: StartEmulator, shell: Shell) -> None:
    """Neither could be carried out without the other."""
    seed = [hosted("a", id="m-a"), hosted("b", id="m-b"), hosted("c", id="m-c"), hosted("d", id="m-d")]
    wanted = [hosted("b", id="m-a"), hosted("a", id="m-b"), hosted("e", id="m-c"), hosted("c", id="m-d")]
    shell.knows(emulator(seed=seed)).wants(*wanted)
    assert planned(shell, "--select", "a") == {"a", "b"}
    assert planned(shell, "--select", "c") == {"c", "e"}
    parts = [planned(shell, "--shard", f"{index}/3") for index in (1, 2, 3)]
    assert all({"a", "b"} <= part or not {"a", "b"} & part for part in parts)
    assert all({"c", "e"} <= part or not {"c", "e"} & part for part in parts)
    assert sorted(name for part in parts for name in part) == ["a", "b", "c", "e"]


def test_guards_look_at_the_whole_plan(emulator: StartEmulator, shell: Shell) -> None:
    """A matrix of shards cannot do in parts what is refused as a whole."""
    running = emulator(seed=[hosted(f"m{index}") for index in range(6)])
    shell.knows(running).wants(*map(gone, range(6)))
    done = shell.run("apply", "--yes", "--select", "m1", "--limit-count", "3")
    assert done.code == 5
    assert "would delete 6 of 6 models" in done.out
    assert shell.run("apply", "--yes", "--select", "m1", "--limit-count", "3", "--confirm-delete", "6").code == 0
    assert [entry.method for entry in running.log.changes] == ["DELETE"]


def test_a_saved_plan_keeps_its_selection(emulator: StartEmulator, shell: Shell) -> None:
    """Applying it sends what was reviewed and nothing else; no other selection can be given beside it."""
    running = emulator()
    five(shell).knows(running)
    assert shell.run("plan", "--select", "chat*", "--out", "p.plan").code == 0
    assert shell.run("apply", "--plan", "p.plan", "--select", "rank").code == 64
    assert shell.run("plan", "--check", "p.plan").code == 0
    done = shell.run("apply", "--plan", "p.plan", "--yes", "--format", "json")
    assert done.code == 0, done.out
    assert {entry.body["name"] for entry in running.log.changes} == {"chat", "chat-big"}


def test_drift_and_export_take_a_part_too(emulator: StartEmulator, shell: Shell) -> None:
    """By the same selectors."""
    seed = [hosted("chat"), hosted("rank", model_metadata={"team": "x"})]
    shell.knows(emulator(seed=seed)).wants(hosted("chat"), hosted("rank", model_metadata={"team": "y"}))
    assert shell.run("drift", "--select", "chat").code == 0
    assert shell.run("drift", "--select", "rank").code == 2
    done = shell.run("export", "--select", "metadata.team=x")
    assert [line for line in done.out.splitlines() if "name:" in line] == ["  - name: rank"]
    assert shell.run("export", "--select", "file=x").code == 64


CONSENT = """\
version: 1
manifests: [models]
consent:
  - {action: delete, count: 6, until: %s, reason: "clean-up of | 2026", target: %s}
targets: {a: {}, b: {}}
default_target: a
"""


@pytest.mark.parametrize(
    ("until", "target", "code", "note"),
    [
        ("2999-12-31", "a", 0, "egpsync.yaml:4:5 consents to 6 of delete, through 2999-12-31: clean-up of | 2026"),
        ("2999-12-31", "b", 5, None),
        ("2001-01-01", "a", 5, "egpsync.yaml:4:5 consented to 6 of delete, and lapsed with 2001-01-01"),
    ],
)
def test_consent_in_the_project_file(  # noqa: PLR0917
    emulator: StartEmulator, shell: Shell, until: str, target: str, code: int, note: str | None
) -> None:
    """For its target, through its day, for at most so many; and shown where it is used."""
    shell.knows(emulator(seed=[hosted(f"m{index}") for index in range(6)]))
    shell.file("models/all.yaml", json.dumps({"version": 1, "models": [*map(gone, range(6))]}))
    shell.file("egpsync.yaml", CONSENT % (until, target))
    done = shell.run("plan", "--limit-count", "3", "--format", "json")
    assert (done.code, done.json["notes"]) == (code, [note] if note else [])
    assert shell.run("plan", "--format", "json", "--limit-count", "9").json["notes"] == []


def test_models_that_changed_since_a_revision(emulator: StartEmulator, shell: Shell) -> None:
    """By their resolved value: defaults count, order and layout do not; from a folder below as from the top."""
    shell.knows(emulator())
    git(shell.folder, "init", "-q")
    commit(shell.folder, {"models/one.yaml": json.dumps({**HEAD, "models": [hosted("a"), hosted("b")]})})
    two = {"version": 1, "owner": "us", "defaults": {"model_metadata": {"n": 1}}, "models": [hosted("c"), hosted("d")]}
    commit(shell.folder, {"models/two.yaml": json.dumps(two)})
    arguments = ("--changed-since", "HEAD~1", "models")
    assert planned(shell, *arguments) == {"c", "d"}
    assert planned(shell, "--changed-since", "HEAD", "models") == set()
    reordered = {"models": [dict(reversed(hosted("b").items())), hosted("a")], **HEAD}
    shell.file("models/one.yaml", json.dumps(reordered, indent=3))
    shell.file("models/two.yaml", json.dumps({**two, "defaults": {"model_metadata": {"n": True}}}))
    assert planned(shell, "--changed-since", "HEAD", "models") == {"c", "d"}
    done = shell.run("plan", "--changed-since", "HEAD", "--exclude", "c", "models")
    assert done.out.splitlines()[1] == "3 models are left out by --exclude c --changed-since HEAD"
    assert shell.run("plan", "--changed-since", "nowhere", "models").code == 1


def test_a_revision_without_manifests_changed_all(emulator: StartEmulator, shell: Shell) -> None:
    """As one that could not be read has."""
    shell.knows(emulator())
    git(shell.folder, "init", "-q")
    commit(shell.folder, {"README": ""})
    commit(shell.folder, {"models/one.yaml": "models: ["})
    shell.file("models/one.yaml", json.dumps({**HEAD, "models": [hosted("a")]}))
    assert planned(shell, "--changed-since", "HEAD~1", "models") == {"a"}
    assert planned(shell, "--changed-since", "HEAD", "models") == {"a"}


def test_the_project_file_of_the_revision_says_what_was_read_then(emulator: StartEmulator, shell: Shell) -> None:
    """A folder that it names from now on holds new models, though its files were there."""
    shell.knows(emulator())
    git(shell.folder, "init", "-q")
    files = {
        "old/a.yaml": json.dumps({**HEAD, "models": [hosted("a")]}),
        "new/b.yaml": json.dumps({**HEAD, "models": [hosted("b")]}),
        "egpsync.yaml": "version: 1\nmanifests: [old]\n",
    }
    commit(shell.folder, files)
    shell.file("egpsync.yaml", "version: 1\nmanifests: [old, new]\n")
    assert planned(shell, "--changed-since", "HEAD") == {"b"}
    assert planned(shell, "--changed-since", "HEAD", "new") == set()

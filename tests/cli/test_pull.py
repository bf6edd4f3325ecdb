"""`egpsync pull`: what was edited by hand is taken back into the files, at the place that set it, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from egpsync.emulator.server import Running
from tests.cli.samples import Done, Shell, ShellHere, hosted, launch
from tests.conftest import StartEmulator


@pytest.fixture
def shell(tmp_path: Path) -> ShellHere:
    """The command line in this process: nothing here is about signals or streams."""
    return ShellHere(tmp_path)


ALL = "configs/models/all.yaml"


def edit(running: Running, name: str, **change: Any) -> None:
    """Edit a live model by hand."""
    (model,) = [one for one in running.store.models() if one["name"] == name]
    running.store.edit(model["id"], change)


def infra(**values: Any) -> dict[str, Any]:
    """A change of a launch model's infrastructure."""
    return {"vendor_configuration": {"model_infra": values}}


def pulled(shell: Shell, *arguments: str) -> Done:
    """Pull, and see that the plan is empty then and that pulling again changes nothing."""
    done = shell.run("pull", *arguments)
    assert done.code == 0, done.out + done.err
    files = {path: path.read_bytes() for path in shell.folder.rglob("*.yaml")}
    plan = shell.run("plan", "--detailed-exitcode")
    assert plan.code == 0, plan.out
    again = shell.run("pull", *arguments)
    assert (again.code, again.out, again.err) == (0, "", "egpsync: nothing to take over\n")
    assert {path: path.read_bytes() for path in shell.folder.rglob("*.yaml")} == files
    return done


MANIFEST = """\
# models of ours
version: 1
models:
  - name: a  # the first
    model_vendor: openai
    model_type: chat_completion
    model_metadata:
      tier: 'gold'   # for the launch
      notes: |
        many
        lines
      list:
        - x
        - y  # the second
      flow: {a: 1, b: [1, 2]}
  - {name: b, model_vendor: openai, model_type: chat_completion, model_metadata: {k: 1}}
"""
HELD = {"tier": "gold", "notes": "many\nlines\n", "list": ["x", "y"], "flow": {"a": 1, "b": [1, 2]}}


@pytest.fixture
def running(emulator: StartEmulator) -> Running:
    """An account as MANIFEST says."""
    return emulator(seed=[hosted("a", model_metadata=HELD), hosted("b", model_metadata={"k": 1})])


@pytest.fixture
def ours(shell: Shell, running: Running) -> Shell:
    """That manifest."""
    return shell.knows(running).file(ALL, MANIFEST)


@pytest.mark.parametrize(
    ("held", "line", "instead"),
    [
        ({"tier": "silver"}, "      tier: 'gold'   # for the launch", "      tier: 'silver'   # for the launch"),
        ({"tier": "it's"}, "      tier: 'gold'   # for the launch", "      tier: 'it''s'   # for the launch"),
        ({"tier": 3}, "      tier: 'gold'   # for the launch", "      tier: 3   # for the launch"),
        ({"tier": None}, "      tier: 'gold'   # for the launch", "      tier: null   # for the launch"),
        ({"tier": "${X} $$"}, "      tier: 'gold'   # for the launch", "      tier: '$${X} $$$'   # for the launch"),
        ({"notes": "one"}, "      notes: |\n        many\n        lines", "      notes: one"),
        ({"list": ["x", "z"]}, "        - x\n        - y  # the second", "        - x\n        - z  # the second"),
        ({"flow": {"a": 2, "b": [1, 2]}}, "      flow: {a: 1, b: [1, 2]}", "      flow: {a: 2, b: [1, 2]}"),
        ({"flow": {"a": 1, "b": []}}, "      flow: {a: 1, b: [1, 2]}", "      flow: {a: 1, b: []}"),
    ],
)
def test_a_value_is_changed_where_it_stands(
    ours: Shell, running: Running, held: dict[str, Any], line: str, instead: str
) -> None:
    """In its own quotes, with the comment behind it; every other byte stays."""
    edit(running, "a", model_metadata={**HELD, **held})
    pulled(ours)
    assert ours.read(ALL) == MANIFEST.replace(line, instead)


def test_it_says_what_it_took(ours: Shell, running: Running) -> None:
    """Place, model, field, both values; as JSON too."""
    edit(running, "b", model_metadata={"k": 2})
    done = ours.run("pull", "--dry-run", "--format", "json")
    (taken,) = done.json["taken"]
    assert (taken["name"], taken["path"], taken["before"], taken["after"]) == ("b", ["model_metadata", "k"], 1, 2)
    done = ours.run("pull")
    assert done.out == f"{ALL}:16:83: b (openai) model_metadata.k: 1 -> 2\n"
    assert done.err == "egpsync: 1 difference taken over into 1 file\n"
    assert ours.read(ALL) == MANIFEST.replace("{k: 1}", "{k: 2}")


def test_a_dry_run_is_a_diff_and_writes_nothing(ours: Shell, running: Running) -> None:
    """As `diff -u` prints it."""
    edit(running, "a", model_metadata={**HELD, "tier": "silver"})
    done = ours.run("pull", "--dry-run")
    assert done.code == 0
    assert "-      tier: 'gold'   # for the launch\n+      tier: 'silver'   # for the launch\n" in done.out
    assert done.out.startswith(f"--- {ALL}\n+++ {ALL}\n@@ ")
    assert ours.read(ALL) == MANIFEST
    assert running.log.changes == ()


def test_line_ends_and_byte_order_mark_stay(ours: Shell, running: Running) -> None:
    """Also where a value of several lines goes."""
    file = ours.folder / ALL
    file.write_bytes(b"\xef\xbb\xbf" + MANIFEST.replace("\n", "\r\n").encode())
    edit(running, "a", model_metadata={**HELD, "notes": "one", "list": ["z"]})
    pulled(ours)
    text = file.read_bytes().decode("utf-8-sig")
    assert "      notes: one\r\n" in text
    assert text.count("\n") == text.count("\r\n")


SHARED = """\
version: 1
defaults:
  model_metadata: {team: nlp}
templates:
  small:
    vendor_configuration:
      model_infra: {max_workers: 2}  # small
models:
  - name: a
    model_vendor: launch
    extends: [small]
    vendor_configuration:
      model_infra:
        cpus: "${CPUS:-2}"
  - name: b
    model_vendor: launch
    extends: [small]
"""


@pytest.fixture
def sharing(emulator: StartEmulator, shell: Shell) -> tuple[Shell, Running]:
    """Two models of one template, one default and one variable."""
    seed = [launch(name, tag="v1") for name in "ab"]
    for one in seed:
        one["model_metadata"] = {"team": "nlp"}
        one["vendor_configuration"]["model_infra"] = {"max_workers": 2, "cpus": "2"}
    running = emulator(seed=seed)
    return shell.knows(running).file(ALL, SHARED), running


def test_what_others_share_is_overridden_in_the_model(sharing: tuple[Shell, Running]) -> None:
    """Template, defaults and variable stay as they are for the other one."""
    shell, running = sharing
    edit(running, "a", model_metadata={"team": "vision"}, **infra(max_workers=5, cpus="4"))
    pulled(shell)
    assert shell.read(ALL) == SHARED.replace(
        '        cpus: "${CPUS:-2}"\n',
        '        cpus: "4"\n        max_workers: 5\n    model_metadata:\n      team: vision\n',
    )


def test_what_is_shared_can_be_changed_where_it_stands(sharing: tuple[Shell, Running]) -> None:
    """For all of them, where that is what happened to all of them."""
    shell, running = sharing
    for name in "ab":
        edit(running, name, **infra(max_workers=5, cpus="2"))
    pulled(shell, "--where", "shared")
    assert shell.read(ALL) == SHARED.replace("{max_workers: 2}", "{max_workers: 5}")


@pytest.mark.parametrize(
    ("held", "value", "named"), [({"a": 5, "b": 2}, 2, "a"), ({"a": 5, "b": 7}, 5, "b"), ({"a": 2, "b": 7}, 2, "b")]
)
def test_what_is_shared_never_makes_another_model_differ(
    sharing: tuple[Shell, Running], held: dict[str, int], value: int, named: str
) -> None:
    """One value cannot be right for both: what is left is named, and pulling again changes nothing."""
    shell, running = sharing
    for name, count in held.items():
        edit(running, name, **infra(max_workers=count, cpus="2"))
    for _ in range(2):
        done = shell.run("pull", "--where", "shared")
        assert (done.code, f"not taken over: {named} (launch)" in done.err) == (2, True)
        assert shell.read(ALL) == SHARED.replace("{max_workers: 2}", f"{{max_workers: {value}}}")
    changes = shell.run("plan", "--format", "json").json["changes"]
    assert [change["name"] for change in changes if change["fields"]] == [named]


def test_reports_are_no_options_of_it(shell: Shell) -> None:
    """It writes none, so it takes none."""
    assert shell.run("pull", "--report", "json=x.json").code == 64


def test_a_secret_is_never_written(emulator: StartEmulator, shell: Shell) -> None:
    """Neither into the file nor into the diff, also not as a line beside it; exit 2."""
    held = launch("a", env_vars={"TOKEN": "live-SENTINEL-1"})
    held["model_metadata"] = {"tier": "silver"}
    running = emulator(seed=[held])
    shell.knows(running).file(
        ALL,
        "version: 1\nmodels:\n  - name: a\n    model_vendor: launch\n    model_metadata: {tier: gold}\n"
        "    vendor_configuration:\n      model_image:\n        env_vars: {TOKEN: file-SENTINEL-2}\n",
    )
    before = shell.read(ALL)
    dry = shell.run("pull", "--dry-run")
    done = shell.run("pull")
    assert (dry.code, done.code) == (2, 2)
    said = "a (launch) vendor_configuration.model_image.env_vars.TOKEN: it is a secret, which is never written"
    assert said in done.err
    assert shell.read(ALL) == before.replace("gold", "silver")
    assert "SENTINEL" not in dry.out + dry.err + done.out + done.err


def test_what_cannot_be_placed_alone_is_told(ours: Shell, running: Running) -> None:
    """A value behind an anchor that another model uses: the rest is taken over."""
    text = MANIFEST.replace("tier: 'gold'", "tier: &tier gold").replace("{k: 1}", "{k: 1, tier: *tier}")
    ours.file(ALL, text)
    edit(running, "b", model_metadata={"k": 2, "tier": "gold"})
    edit(running, "a", model_metadata={**HELD, "tier": "silver"})
    done = ours.run("pull")
    assert (done.code, "model_metadata.tier: the anchor &tier gives it to others too" in done.err) == (2, True)
    assert ours.read(ALL) == text.replace("{k: 1,", "{k: 2,")


def test_an_alias_is_replaced_for_its_model_alone(ours: Shell, running: Running) -> None:
    """The anchor's own value stays."""
    text = MANIFEST.replace("tier: 'gold'", "tier: &tier gold").replace("{k: 1}", "{k: 1, tier: *tier}")
    ours.file(ALL, text)
    edit(running, "b", model_metadata={"k": 1, "tier": "silver"})
    pulled(ours)
    assert ours.read(ALL) == text.replace("*tier", "silver")


def test_models_that_are_missing_or_renamed_are_told(ours: Shell, running: Running) -> None:
    """They are no values of a file."""
    ours.file(ALL, MANIFEST + "  - {name: c, model_vendor: openai, model_type: chat_completion}\n")
    done = ours.run("pull")
    assert (done.code, "1 declared model not in the account" in done.err) == (0, True)
    assert ours.read(ALL) == MANIFEST + "  - {name: c, model_vendor: openai, model_type: chat_completion}\n"


def test_what_another_target_loads_is_overridden_in_a_patch(
    emulator: StartEmulator, shell: Shell, tmp_path: Path
) -> None:
    """In a file that this target alone loads; the other target's models stay."""
    running = emulator(seed=[hosted("a", model_metadata={"tier": "silver"})])
    common = json.dumps({"version": 1, "models": [hosted("a", model_metadata={"tier": "gold"})]})
    target = {"base_url": running.base_url}
    project = {
        "version": 1,
        "default_target": "staging",
        "targets": {
            "staging": {**target, "manifests": ["models", "staging"]},
            "production": {**target, "manifests": ["models"]},
        },
    }
    shell.file("egpsync.yaml", json.dumps(project)).file("models/all.yaml", common)
    shell.file("staging/own.yaml", "version: 1\n# what staging has of its own\n")
    pulled(shell)
    assert shell.read("models/all.yaml") == common
    assert shell.read("staging/own.yaml") == (
        "version: 1\n# what staging has of its own\npatches:\n  - name: a\n    model_vendor: openai\n"
        "    model_metadata:\n      tier: silver\n"
    ) or "tier: silver" in shell.read("staging/own.yaml")
    (shell.folder / "link").symlink_to("models")
    done = shell.run("pull", "link/all.yaml", "staging")
    assert shell.read("models/all.yaml") == common, done.out
    running.store.edit(running.store.models()[0]["id"], {"model_metadata": {"tier": "bronze"}})
    pulled(shell)
    assert shell.read("staging/own.yaml").count("name: a") == 1
    shell.file("staging/own.yaml", "version: 1\n")
    project["targets"]["staging"]["manifests"] = ["models"]  # type: ignore[index]
    shell.file("egpsync.yaml", json.dumps(project))
    done = shell.run("pull")
    assert (done.code, "no file is this target's alone" in done.err) == (2, True)


def test_invalid_manifests_and_the_wrong_account_write_nothing(ours: Shell) -> None:
    """As for every other command."""
    assert ours.run("pull", "--expect-account-id", "other").code == 5
    ours.file(ALL, "version: 1\nmodels: [{name: a}]\n")
    assert ours.run("pull").code == 3
    assert ours.read(ALL) == "version: 1\nmodels: [{name: a}]\n"

"""What is left over: models of this owner that no manifest of the repository declares, whatever PATH names."""

import json
import subprocess
from typing import Any

import pytest

from tests.cli.samples import Shell, hosted
from tests.conftest import StartEmulator

OWNED = {"egpsync": {"owner": "us"}}


def owned(*models: dict[str, Any]) -> str:
    """A manifest of the owner."""
    return json.dumps({"version": 1, "owner": "us", "models": models})


@pytest.fixture
def account(emulator: StartEmulator, shell: Shell) -> Any:
    """Three models of the owner, two of which manifests declare, in two folders."""
    running = emulator(seed=[hosted(name, model_metadata=OWNED) for name in ("a", "b", "stray")])
    shell.knows(running)
    shell.file("models/a.yaml", owned(hosted("a")))
    shell.file("other/b.yaml", owned(hosted("b")))
    return running


def deleted(shell: Shell, *arguments: str) -> list[str]:
    """What a plan would prune."""
    done = shell.run("plan", *arguments, "--prune", "--format", "json")
    assert done.code == 0
    return [change["name"] for change in done.json["changes"] if change["action"] == "delete"]


def test_what_another_folder_declares_is_not_pruned(account: Any, shell: Shell) -> None:
    """One path of two was left out: what the other declares stays."""
    assert deleted(shell, "models") == ["stray"]
    assert deleted(shell, "models", "other") == ["stray"]


def test_from_a_folder_of_a_repository_its_root_counts(account: Any, shell: Shell) -> None:
    """The working folder lies below the root, and so do the manifests that declare the others."""
    subprocess.run(["git", "init", "-q", str(shell.folder)], check=True)
    shell.folder = shell.folder / "models"
    assert deleted(shell, "a.yaml") == ["stray"]


def test_a_manifest_that_cannot_be_read_refuses_the_prune(account: Any, shell: Shell) -> None:
    """It could declare what would be deleted; exit 5, with its place."""
    shell.file("other/broken.yaml", "version: 1\nmodels: [\n")
    done = shell.run("plan", "models", "--prune", "--format", "json")
    assert done.code == 5
    assert [refusal["guard"] for refusal in done.json["refusals"]] == ["unread-manifest"]
    assert "other/broken.yaml" in done.json["refusals"][0]["message"]


def test_yaml_of_other_kinds_declares_nothing(account: Any, shell: Shell) -> None:
    """A workflow, or a values file, is no manifest."""
    shell.file("other/workflow.yaml", "on: push\njobs: {stray: {steps: []}}\n")
    assert deleted(shell, "models") == ["stray"]


def test_drift_names_what_is_left_over(account: Any, shell: Shell) -> None:
    """Exit 2, though nothing that is declared differs."""
    done = shell.run("drift", "models", "other", "--format", "json")
    assert done.code == 2
    assert [
        (change["name"], change["action"]) for change in done.json["changes"] if change["action"] != "unchanged"
    ] == [("stray", "delete")]
    assert "left over" in shell.run("drift", "models", "other").out


def test_drift_finds_no_left_over_model_of_another_owner(emulator: StartEmulator, shell: Shell) -> None:
    """It is another's, and manifests without an owner leave nothing over."""
    shell.knows(emulator(seed=[hosted("a"), hosted("x", model_metadata={"egpsync": {"owner": "them"}})]))
    shell.file("models/a.yaml", json.dumps({"version": 1, "models": [hosted("a")]}))
    assert shell.run("drift", "models").code == 0


def test_a_model_without_its_owners_mark_is_noted(emulator: StartEmulator, shell: Shell) -> None:
    """It is no drift by itself: exit 0, and what to do."""
    shell.knows(emulator(seed=[hosted("a")]))
    shell.file("models/a.yaml", owned(hosted("a")))
    done = shell.run("drift", "models")
    assert done.code == 0
    assert "1 model does not carry its owner's mark" in done.out + done.err
    assert "egpsync apply --adopt" in done.out + done.err

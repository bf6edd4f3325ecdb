"""`egpsync init`: a repository that works, from nothing or from an account; what is there is left alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from egpsync.workflow.init import NAMES
from tests.cli.samples import KEY, ROOT, Shell, ShellHere, hosted, launch
from tests.conftest import StartEmulator


@pytest.fixture
def shell(tmp_path: Path) -> ShellHere:
    """The command line in this process: nothing here is about signals or streams."""
    return ShellHere(tmp_path)


def files(folder: Path) -> set[str]:
    """What lies in it."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_repository_from_nothing_validates_and_plans(emulator: StartEmulator, shell: Shell) -> None:
    """Without a key: an example in which nothing is declared yet; it says what to do next."""
    del shell.environ["SGP_API_KEY"]
    done = shell.run("init", "repository")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Made a repository in repository:\n  egpsync.yaml\n")
    assert "\nNext:\n  cd repository\n" in done.out
    assert files(shell.folder / "repository") == set(NAMES)
    running = emulator(seed=[hosted("a")])
    shell.folder = shell.folder / "repository"
    assert shell.run("validate", "--strict").code == 0
    shell.file("egpsync.yaml", shell.read("egpsync.yaml").replace("https://api.egp.scale.com", running.base_url))
    done = shell.run("plan", SGP_API_KEY=KEY)
    assert (done.code, "1 unmanaged" in done.out) == (0, True)


def test_a_repository_from_an_account_plans_empty(emulator: StartEmulator, shell: Shell) -> None:
    """With a key: the account as it is, and where that is."""
    running = emulator(seed=[hosted("a", model_metadata={"tier": "gold"}), launch("b")])
    done = shell.knows(running).run("init", "--owner", "us")
    assert (done.code, "models/models.yaml is the account as it was read" in done.out) == (0, True), done.out + done.err
    assert yaml.safe_load(shell.read("egpsync.yaml"))["targets"]["main"] == {"base_url": running.base_url}
    done = shell.run("plan", "--detailed-exitcode", SGP_CLIENT_BASE_URL="")
    assert (done.code, "No changes" in done.out) == (0, True)
    assert running.log.changes == ()
    assert all(KEY not in path.read_text() for path in shell.folder.rglob("*") if path.is_file())


def test_an_account_that_is_away_leaves_an_example(shell: Shell) -> None:
    """It is told, and the repository is made all the same."""
    done = shell.run("init", SGP_CLIENT_BASE_URL="http://127.0.0.1:1", EGPSYNC_RETRIES="1")
    assert (done.code, "the account could not be read, so an example is written" in done.err) == (0, True)
    assert yaml.safe_load(shell.read("models/models.yaml"))["models"] == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_overwritten(shell: Shell, name: str) -> None:
    """One file that is there is enough: it is named, and nothing else is written."""
    shell.file(name, "mine")
    done = shell.run("init", "--example")
    assert (done.code, f"{name}: is there already" in done.err) == (64, True)
    assert files(shell.folder) - {name} == set()
    assert shell.read(name) == "mine"


def test_a_folder_that_cannot_be_made_leaves_nothing_half_made(shell: Shell) -> None:
    """What was written before is taken away again."""
    shell.file("schemas", "a file where a folder is to be")
    done = shell.run("init", "--example")
    assert done.code == 1
    assert files(shell.folder) == {"schemas"}


def test_what_it_writes_is_what_the_ecosystem_reads(shell: Shell) -> None:
    """The pipeline, the hooks and the editor's settings by their own schemas."""
    shell.run("init", "--example")
    pipeline, hooks = str(shell.folder / NAMES[4]), str(shell.folder / NAMES[2])
    for command in (
        ["check_jsonschema", "--builtin-schema", "vendor.github-workflows", pipeline],
        ["pre_commit", "validate-config", hooks],
    ):
        done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    assert set(json.loads(shell.read(".vscode/settings.json"))["yaml.schemas"]) == {
        "./schemas/manifest.schema.json",
        "./schemas/project.schema.json",
    }

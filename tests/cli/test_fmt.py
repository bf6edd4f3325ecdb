"""`egpsync fmt`: which files change, what is told, and that nothing is half-written."""

import os
import stat
from pathlib import Path

import pytest

from tests.cli.samples import ROOT, Shell, ShellHere


@pytest.fixture
def shell(tmp_path: Path) -> ShellHere:
    """The command line in this process: nothing here is about signals or streams."""
    return ShellHere(tmp_path)


UNTIDY = "models: [] # none\nversion: 1\n"
TIDY = "version: 1\nmodels: [] # none\n"


def test_files_are_put_in_form(shell: Shell) -> None:
    """Those that are not, by name; the next run changes nothing."""
    shell.file("configs/models/a.yaml", UNTIDY).file("configs/models/b.yaml", TIDY)
    done = shell.run("fmt", SGP_API_KEY="")
    assert (done.code, done.out) == (0, "changed configs/models/a.yaml\n")
    assert done.err == "egpsync: 1 file changed, 1 file as it should be\n"
    assert shell.read("configs/models/a.yaml") == TIDY
    assert shell.run("fmt", "--quiet").out == ""


def test_check_writes_nothing(shell: Shell) -> None:
    """Exit 2 where a file would change."""
    shell.file("a.yaml", UNTIDY).file("b.yaml", TIDY)
    done = shell.run("fmt", "--check", "a.yaml", "b.yaml")
    assert (done.code, done.out) == (2, "would change a.yaml\n")
    assert shell.read("a.yaml") == UNTIDY
    assert shell.run("fmt", "--check", "b.yaml").code == 0


def test_a_diff_shows_it(shell: Shell) -> None:
    """As a unified one."""
    shell.file("a.yaml", UNTIDY)
    done = shell.run("fmt", "--diff", "a.yaml")
    assert (done.code, done.out.splitlines()[:2]) == (0, ["--- a.yaml", "+++ a.yaml"])
    assert shell.read("a.yaml") == UNTIDY


def test_a_diff_shows_no_secret(shell: Shell) -> None:
    """Neither in the lines that change nor in those around them."""
    image = "{env_vars: {TOKEN: fmt-SENTINEL-1}, tag: v1}"
    shell.file(
        "a.yaml",
        f"version: 1\nmodels:\n- vendor_configuration:\n    model_image: {image}\n  model_vendor: launch\n  name: a\n",
    )
    done = shell.run("fmt", "--diff", "a.yaml")
    assert (done.code, "env_vars" in done.out, "SENTINEL" in done.out + done.err) == (0, True, False)


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_put_in_form(shell: Shell) -> None:
    """Exit 3, with its place."""
    shell.file("m/a.yaml", "version: [\n").file("m/b.yaml", UNTIDY)
    done = shell.run("fmt", "m")
    assert (done.code, done.out) == (3, "changed m/b.yaml\n")
    assert "m/a.yaml:2:1: error: " in done.err
    assert shell.read("m/a.yaml") == "version: [\n"


def test_mode_and_project_file_stay(shell: Shell) -> None:
    """A file keeps who may read it; egpsync.yaml is no manifest."""
    shell.file("egpsync.yaml", "manifests: [models]\nversion: 1\n").file("models/a.yaml", UNTIDY)
    (shell.folder / "models/a.yaml").chmod(0o640)
    assert shell.run("fmt").code == 0
    assert stat.S_IMODE((shell.folder / "models/a.yaml").stat().st_mode) == 0o640
    assert shell.read("egpsync.yaml") == "manifests: [models]\nversion: 1\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_leaves_the_file(shell: Shell) -> None:
    """An error, and the file is whole."""
    shell.file("m/a.yaml", UNTIDY)
    (shell.folder / "m").chmod(0o500)
    done = shell.run("fmt", "m")
    (shell.folder / "m").chmod(0o700)
    assert (done.code, shell.read("m/a.yaml")) == (1, UNTIDY)


def test_standard_input_is_no_file(shell: Shell) -> None:
    """Wrong usage."""
    assert shell.run("fmt", "-").code == 64


def test_our_own_manifests_are_in_form(shell: Shell) -> None:
    """Those that people copy."""
    done = shell.run("fmt", "--check", str(ROOT / "configs" / "models"), str(ROOT / "configs" / "examples"))
    assert (done.code, done.out) == (0, "")

"""The package as users have it: the wheel and the editable install, each run from another folder."""

import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(params=["wheel_install", "editable_install"])
def python(request: pytest.FixtureRequest) -> Path:
    """The Python of either installation."""
    found: Path = request.getfixturevalue(request.param)
    return found


def run(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python` with `arguments` in `folder`, with no setting from this process but where programs are."""
    command = [str(python), *arguments]
    return subprocess.run(command, cwd=folder, env={"LC_ALL": "C.UTF-8"}, capture_output=True, text=True, check=False)


def test_the_wheel_is_what_runs(wheel_install: Path, root: Path, tmp_path: Path) -> None:
    """The wheel's environment does not see the checkout."""
    done = run(wheel_install, tmp_path, "-c", "import egpsync; print(egpsync.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(wheel_install.parents[1])
    assert not Path(done.stdout.strip()).is_relative_to(root)


def test_the_editable_install_is_the_checkout(editable_install: Path, root: Path, tmp_path: Path) -> None:
    """The editable environment runs the checkout's own files."""
    done = run(editable_install, tmp_path, "-c", "import egpsync; print(egpsync.__file__)")
    assert Path(done.stdout.strip()) == root / "egpsync" / "__init__.py"


def test_the_command_is_installed(python: Path, tmp_path: Path) -> None:
    """`egpsync` stands beside the environment's Python."""
    script = next(python.parent.glob("egpsync*"))
    done = subprocess.run([script, "--version"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_schema_is_found(python: Path, root: Path, tmp_path: Path) -> None:
    """The manifest schema is found wherever the package is, byte for byte."""
    done = run(python, tmp_path, "-m", "egpsync", "schema")
    assert done.stdout == (root / "schemas" / "manifest.schema.json").read_text(encoding="utf-8")


def test_manifests_are_validated(python: Path, root: Path, tmp_path: Path) -> None:
    """The example manifests are valid, read from a folder that is no checkout."""
    shutil.copytree(root / "configs", tmp_path / "configs")
    done = run(python, tmp_path, "-m", "egpsync", "validate")
    assert (done.returncode, done.stderr) == (0, "")

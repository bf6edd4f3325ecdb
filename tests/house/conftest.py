"""What the tests of the house share: the checkout's place, its modules, and two installations of it."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout's top folder."""
    return ROOT


@pytest.fixture(scope="session")
def package_files() -> tuple[Path, ...]:
    """Every Python file of the package, sorted."""
    return tuple(sorted((ROOT / "egpsync").rglob("*.py")))


@pytest.fixture(scope="session")
def modules(package_files: tuple[Path, ...]) -> tuple[str, ...]:
    """Every module's name, sorted; `__main__` left out, as importing it starts the command line."""
    names = (path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") for path in package_files)
    return tuple(sorted(name.removesuffix(".__init__") for name in names if not name.endswith("__main__")))


@pytest.fixture(scope="session")
def wheel_install(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel of this checkout, and nothing of the checkout itself."""
    folder = tmp_path_factory.mktemp("wheel")
    source = _copy_of_what_is_packaged(folder / "source")
    _run("build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source))
    return _environment_with(folder / "venv", str(next(folder.glob("*.whl"))))


@pytest.fixture(scope="session")
def editable_install(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds this checkout as `pip install --editable` installs it."""
    return _environment_with(
        tmp_path_factory.mktemp("editable") / "venv", "--no-build-isolation", "--editable", str(ROOT)
    )


def _copy_of_what_is_packaged(target: Path) -> Path:
    """A copy is built, so that two test processes at once do not meet in one folder."""
    target.mkdir()
    for name in ("egpsync", "schemas", "configs"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, target / name)
    return target


def _environment_with(folder: Path, *requirement: str) -> Path:
    """Its libraries are borrowed from the environment that runs the tests, so nothing is fetched.

    A folder named in a .pth file is searched for packages, but its own .pth files, such as that of an editable
    egpsync, are not read. `.ci/run` installs the wheel with libraries of its own.
    """
    windows = os.name == "nt"
    venv.EnvBuilder(with_pip=False, symlinks=not windows).create(folder)
    python = folder / ("Scripts/python.exe" if windows else "bin/python")
    packages = sysconfig.get_path("purelib", "nt_venv" if windows else "posix_venv", vars={"base": str(folder)})
    Path(packages, "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    install = ("install", "--quiet", "--no-deps", "--no-index", "--ignore-installed")
    _run("pip", "--python", str(python), *install, *requirement)
    return python


def _run(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

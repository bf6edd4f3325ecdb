"""Every module of the package: its first words, and that it can be imported by itself."""

import ast
import subprocess
import sys
from pathlib import Path

IMPORT_EACH_ALONE = """
import importlib, sys, traceback
failed = []
for name in sys.argv[1:]:
    for loaded in [loaded for loaded in sys.modules if loaded.split(".")[0] == "egpsync"]:
        del sys.modules[loaded]
    try:
        importlib.import_module(name)
    except Exception:
        failed.append(name + chr(10) + traceback.format_exc())
sys.exit(chr(10).join(failed) or 0)
"""
"""One process for all, the package forgotten before each: loading the libraries again each time takes minutes."""

READS_ENVIRONMENT = {"environ", "environb", "getenv", "putenv"}
PASSES_IT_ON = "egpsync/cli/demo.py"
"""The demo gives its environment to the commands that it starts, and decides nothing by it."""


def test_modules_say_what_they_do(root: Path, package_files: tuple[Path, ...]) -> None:
    """Every module opens with a docstring."""
    silent = [
        path.relative_to(root).as_posix()
        for path in package_files
        if ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []


def test_packages_hold_a_docstring_and_tables_only(root: Path, package_files: tuple[Path, ...]) -> None:
    """A package's `__init__.py` defines no function or class (the command line's group is its own table)."""
    busy = [
        path.relative_to(root).as_posix()
        for path in package_files
        if path.name == "__init__.py"
        and path.parent.name != "cli"
        and any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in ast.parse(path.read_text()).body)
    ]
    assert busy == []


def test_every_module_imports_by_itself(root: Path, modules: tuple[str, ...]) -> None:
    """Any module can be the first one imported: no circle, and nothing that another must have loaded before."""
    command = [sys.executable, "-W", "error", "-c", IMPORT_EACH_ALONE, *modules]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_only_settings_reads_the_environment(root: Path, package_files: tuple[Path, ...]) -> None:
    """The environment is read in one place, so that what a run depends on can be seen there."""
    readers = [
        path.relative_to(root).as_posix()
        for path in package_files
        if any(
            isinstance(node, ast.Attribute) and node.attr in READS_ENVIRONMENT
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
    ]
    assert readers == [PASSES_IT_ON, "egpsync/settings/forges.py", "egpsync/settings/load.py"]

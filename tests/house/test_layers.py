"""The rooms of the house and their doors, as `[tool.importlinter]` in pyproject.toml draws them."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

INTRUDERS = {
    "layers": ("egpsync/core/plan.py", "import egpsync.report.build"),
    "pure": ("egpsync/core/plan.py", "import os"),
    "http-door": ("egpsync/account/listing.py", "import httpx"),
    "deepdiff-door": ("egpsync/core/plan.py", "import deepdiff"),
    "yaml-door": ("egpsync/manifest/merge.py", "import yaml"),
    "jsonschema-door": ("egpsync/manifest/merge.py", "import jsonschema"),
    "types-door": ("egpsync/records/journal.py", "import msgspec"),
    "lock-door": ("egpsync/records/journal.py", "import filelock"),
    "mask-door": ("egpsync/report/build.py", "import egpsync.fields.mask"),
    "terminal-door": ("egpsync/workflow.py", "import rich"),
    "server-door": ("egpsync/cli/demo.py", "import uvicorn"),
    "emulator-door": ("egpsync/cli/plan.py", "import egpsync.emulator"),
    "emulator-alone": ("egpsync/emulator/__init__.py", "import egpsync.core.plan"),
}
"""For each contract, a file and a line that it must refuse there."""


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter as `make check` runs it, on the checkout in `folder`."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_import_keeps_to_the_layers_and_doors(root: Path) -> None:
    """Every contract holds for the checkout as it is."""
    done = lint_imports(root)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_contract_refuses_an_intruder(root: Path, tmp_path: Path) -> None:
    """No contract is empty words: each breaks when one import is written that it forbids."""
    shutil.copytree(root / "egpsync", tmp_path / "egpsync", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    for file, line in INTRUDERS.values():
        with (tmp_path / file).open("a", encoding="utf-8") as text:
            text.write(f"\n{line}\n")
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == set(INTRUDERS)
    output = lint_imports(tmp_path).stdout
    assert [contract["name"] for contract in contracts if f"{contract['name']} BROKEN" not in output] == []

"""What a command loads before it does anything: no more than it needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENDING = """
import sys
from egpsync.__main__ import run
{before}
sys.argv = ["egpsync", "schema"]
try:
    run()
finally:
    print("went on", file=sys.stderr)
"""

HEAVY = ("aiohttp", "asyncio", "deepdiff", "fastapi", "httpx", "jsonschema", "jsonschema_rs", "pydantic", "yaml")

PROGRAM = """
import sys
from egpsync.__main__ import run
sys.argv = ["egpsync", *sys.argv[1:]]
try:
    run()
except SystemExit:
    pass
print(*sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "light"), [(["--version"], {"click", "msgspec"}), (["--help"], {"msgspec"}), (["schema"], set())]
)
def test_nothing_heavy_is_loaded_to_say_something(root: Path, arguments: list[str], light: set[str]) -> None:
    """Version, help and schema load no library that reads, validates, compares or sends."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert set(done.stderr.split()) & {*HEAVY, *light} == set()


def test_the_version_that_cannot_be_written_is_an_error_in_a_sentence(root: Path) -> None:
    """Answered before the command line is loaded, yet what hinders the answer is told as everywhere."""
    command = [sys.executable, "-m", "egpsync", "--version"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=root, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "Error: [Errno 28] No space left on device\n")


def test_validating_loads_no_network_library(root: Path) -> None:
    """`validate` works offline, so it loads nothing that speaks HTTP."""
    command = [sys.executable, "-c", PROGRAM, "validate", "configs/models"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert set(done.stderr.split()) & {"aiohttp", "httpx", "fastapi", "deepdiff"} == set()


def ended(root: Path, before: str, stdout: int | None = subprocess.PIPE) -> tuple[int, bool, str]:
    """How a command ends after something was done: the code, whether Python's own end was gone through, stdout."""
    command = [sys.executable, "-c", ENDING.format(before=before)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # not measured itself
    done = subprocess.run(command, cwd=root, env=environ, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, "went on" in done.stderr, done.stdout or ""


def test_a_command_ends_at_once_with_all_that_it_said(root: Path) -> None:
    """What is in the streams' buffers is written before; nothing is freed one by one."""
    code, went_on, out = ended(root, "")
    assert (code, went_on) == (0, False)
    assert out == (root / "schemas/manifest.schema.json").read_text()


@pytest.mark.parametrize(
    "before",
    [
        "import threading; threading.Timer(0.2, print, ['late'], {'flush': True}).start()",
        "sys.setprofile(lambda *_: None)",
        "sys.settrace(lambda *_: None)",
    ],
)
def test_nothing_is_cut_off_that_is_under_way(root: Path, before: str) -> None:
    """A thread is waited for, and whoever measures the process has the last word."""
    code, went_on, out = ended(root, before)
    assert (code, went_on, out.endswith("late\n")) == (0, True, "late" in before)


def test_what_cannot_be_written_at_the_end_is_an_error(root: Path) -> None:
    """A full disk shows when the buffers are emptied: the command does not end as if all were well."""
    with Path("/dev/full").open("w") as full:
        code, _, _ = ended(root, "", stdout=full.fileno())
    assert code != 0

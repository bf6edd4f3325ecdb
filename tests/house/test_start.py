"""What a command loads before it does anything: no more than it needs."""

import subprocess
import sys
from pathlib import Path

import pytest

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

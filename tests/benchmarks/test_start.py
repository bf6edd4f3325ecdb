"""How long a command takes that does next to nothing: run by `make bench`, with each figure printed."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5


@pytest.mark.parametrize(("arguments", "limit"), [(["--version"], 1.0), (["validate", "configs"], 2.0)])
def test_a_command_starts_soon(arguments: list[str], limit: float) -> None:
    """The best of five runs ends within the limit, in seconds."""
    best = min(seconds_of(arguments) for _ in range(RUNS))
    print(f"\negpsync {' '.join(arguments)}: {best * 1000:.0f} ms")  # noqa: T201 - the figure is the result
    assert best < limit


def seconds_of(arguments: list[str]) -> float:
    """How long one run takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "egpsync", *arguments], cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - began

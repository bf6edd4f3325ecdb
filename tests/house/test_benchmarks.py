"""The benchmarks' own world: what they call equal is equal, what they call differing differs, refusals are counted."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from egpsync.emulator import seed
from tests.benchmarks.account import account
from tests.benchmarks.measure import Command, Spent, median, spent
from tests.benchmarks.models import live_models, write_manifests, write_seed

COUNT = 1010  # more than one page


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    """Manifests of so many models."""
    write_manifests(tmp_path / "models", COUNT)
    return tmp_path / "models"


def egpsync(url: str, state: Path, *arguments: str) -> Any:
    """The JSON report of a command."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(state), "SGP_API_KEY": "any", "SGP_CLIENT_BASE_URL": url}
    command = [sys.executable, "-m", "egpsync", *arguments, "--format", "json"]
    done = subprocess.run(command, env=environ, capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("differing", [0, 10, COUNT])
def test_a_plan_finds_as_many_as_were_made_to_differ(manifests: Path, tmp_path: Path, differing: int) -> None:
    """Two pages are listed, and so many models are updated in place."""
    with account(COUNT, differing=differing) as asked:
        report = egpsync(asked.url, tmp_path, "plan", str(manifests))
        assert asked.asked().requests == 2
    assert report["summary"]["update"] == differing
    assert report["summary"]["unchanged"] == COUNT - differing


def test_an_apply_is_done_in_two_requests_a_change(tmp_path: Path) -> None:
    """Listing, a reading and a PATCH for each, and the listing that confirms them."""
    write_manifests(tmp_path / "models", 20)
    with account(20, differing=5) as asked:
        report = egpsync(asked.url, tmp_path, "apply", str(tmp_path / "models"), "--yes")
        assert asked.asked().requests == 1 + 5 * 2 + 1
    assert [one["outcome"]["result"] for one in report["changes"] if one["action"] == "update"] == ["applied"] * 5


def test_what_is_over_the_limit_is_refused_and_counted(tmp_path: Path) -> None:
    """A server that allows one request a second refuses the rest, which are sent again."""
    write_manifests(tmp_path / "models", 3)
    with account(3, differing=3, rate=3) as asked:
        egpsync(asked.url, tmp_path, "apply", str(tmp_path / "models"), "--yes")
        assert asked.asked().refused > 0
        assert asked.asked().requests - asked.asked().refused == 1 + 3 * 2 + 1


def test_the_seed_is_the_account(tmp_path: Path) -> None:
    """What the emulator is started with holds the same models as the account, and is YAML too."""
    write_seed(tmp_path / "seed.json", 3)
    assert list(seed.read(tmp_path / "seed.json")) == list(live_models(3, 0))
    assert yaml.safe_load((tmp_path / "seed.json").read_text())["models"] == list(live_models(3, 0))


def test_a_median_is_of_each_figure_by_itself() -> None:
    """The median of three runs takes each figure's middle."""
    runs = [Spent(cpu=3, wall=1, peak=2), Spent(cpu=1, wall=2, peak=9), Spent(cpu=2, wall=9, peak=1)]
    assert median(runs) == Spent(cpu=2, wall=2, peak=2)


def test_what_a_process_starts_counts_too(tmp_path: Path) -> None:
    """The CPU time of a command holds that of its children, and a failed command is no figure."""
    burn = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    run = spent(Command(arguments=(sys.executable, "-c", child), environ={}, folder=tmp_path))
    assert run.cpu >= 0.2
    with pytest.raises(RuntimeError, match="exit 1"):
        spent(Command(arguments=(sys.executable, "-c", "raise SystemExit(1)"), environ={}, folder=tmp_path))

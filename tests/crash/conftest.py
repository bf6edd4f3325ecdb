"""A repository beside an emulated account, and the real command line in a folder of the test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from egpsync.emulator.server import Running
from tests.cli.samples import Shell
from tests.workflow.samples import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Callable[..., Repository]:
    """A function from a running emulator and the models that the manifests want to both together."""

    def make(running: Running, *models: dict[str, object]) -> Repository:
        return Repository(tmp_path, running, *models)

    return make


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """The command line, with its state below the test's folder."""
    made = Shell(tmp_path)
    made.environ["EGPSYNC_STATE_DIR"] = str(tmp_path / "state")
    return made

"""A repository beside an emulated account, in a folder of the test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from egpsync.emulator.server import Running
from tests.workflow.samples import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Callable[..., Repository]:
    """A function from a running emulator and the models that the manifests want to both together."""

    def make(running: Running, *models: dict[str, object]) -> Repository:
        return Repository(tmp_path, running, *models)

    return make

"""The shell, with its state where the tests of crashes look for it."""

from pathlib import Path

import pytest

from tests.cli.samples import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """The command line, with its state below the test's folder."""
    made = Shell(tmp_path)
    made.environ["EGPSYNC_STATE_DIR"] = str(tmp_path / "state")
    return made

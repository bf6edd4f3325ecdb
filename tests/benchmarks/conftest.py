"""The command line for benchmarks, in a folder of their own."""

from pathlib import Path

import pytest

from tests.cli.samples import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """With its state below the test's folder."""
    made = Shell(tmp_path)
    made.environ["EGPSYNC_STATE_DIR"] = str(tmp_path / "state")
    return made

"""A shell in a folder of the test's own."""

from pathlib import Path

import pytest

from tests.cli.samples import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """The command line, in an empty working directory, with a key and no account yet."""
    return Shell(tmp_path)

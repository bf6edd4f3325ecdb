"""A forge that runs until the test ends."""

from collections.abc import Iterator

import pytest

from tests.forge.server import Forge, serving


@pytest.fixture
def forge() -> Iterator[Forge]:
    """Empty, and asked nothing yet."""
    with serving() as running:
        yield running

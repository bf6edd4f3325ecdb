"""The plain values that all else is made of."""

from typing import Any

import pytest

from egpsync.model.values import value_at


@pytest.mark.parametrize(
    ("path", "value"), [((), {"a": {"b": 1}}), (("a", "b"), 1), (("a", "c"), None), (("a", "b", "c"), None)]
)
def test_value_at(path: tuple[str, ...], value: Any) -> None:
    """The value at a path, or None where it leads nowhere."""
    assert value_at({"a": {"b": 1}}, path) == value

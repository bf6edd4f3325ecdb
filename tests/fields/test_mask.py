"""What is shown of values, and what is found to be hidden."""

from typing import Any

import pytest

from egpsync.fields.mask import masked, secrets_in
from egpsync.model.values import Path

HIDDEN = "(sensitive)"
IMAGE = ("vendor_configuration", "model_image")


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ((*IMAGE, "env_vars"), {"A": "x", "B": None}, {"A": HIDDEN, "B": None}),
        ((*IMAGE, "env_vars", "A"), "x", HIDDEN),
        (("vendor_configuration",), {"env_vars": {"A": "x"}, "model": "m"}, {"env_vars": {"A": HIDDEN}, "model": "m"}),
        (("model_metadata",), {"a": [{"deep": {"envVars": ["x"]}}]}, {"a": [{"deep": {"envVars": HIDDEN}}]}),
        (("model_metadata",), {"ENV-VARS": 7}, {"ENV-VARS": HIDDEN}),
        (("model_metadata",), {"environment": "x"}, {"environment": "x"}),
    ],
)
def test_secrets_are_masked_at_any_depth(path: Path, value: Any, shown: Any) -> None:
    """A key that is named like a secret field holds secrets wherever it stands; its own keys stay readable."""
    assert masked(path, value) == shown


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ((), {"vendor_configuration": {"env_vars": {"A": "x1"}, "model": "llama"}}, ["x1"]),
        (("model_metadata",), {"a": [[{"env_vars": "x1"}]], "b": "no"}, ["x1"]),
        ((*IMAGE, "env_vars", "A"), {"deep": ["x1", 7]}, ["x1", "7"]),
    ],
)
def test_secrets_are_found_at_any_depth(path: Path, value: Any, found: list[str]) -> None:
    """What is masked as a value is also cut out of messages."""
    assert list(dict.fromkeys(secrets_in(path, value))) == found

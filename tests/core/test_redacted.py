"""What the server hides is told from what it holds, and never sent back."""

from typing import Any

import pytest

from egpsync.core.diff import differences
from egpsync.core.guard import Limits, check_guards
from egpsync.core.redacted import looks_redacted
from tests.core.build import desired_model, entry, launched, live_model, plan_of

SECRET = ("vendor_configuration", "model_image", "env_vars", "KEY")
OTHER = ("model_metadata", "note")
HIDDEN = {"model_image": {"tag": "v1", "env_vars": {"TOKEN": "********", "LEVEL": "info"}}}


@pytest.mark.parametrize(
    ("value", "among_secrets", "elsewhere"),
    [
        ("***", True, False),
        ("*****", True, False),
        ("********", True, True),
        ("\u2022\u2022\u2022\u2022\u2022\u2022", True, True),
        ("<redacted>", True, True),
        ("[REDACTED]", True, True),
        ("***REDACTED***", True, True),
        ("(sensitive)", True, True),
        ("<sensitive value>", True, True),
        ("redacted", True, True),
        ("**", False, False),
        ("hidden", False, False),
        ("a *** b", False, False),
        ("<team>", False, False),
        ("", False, False),
        (8, False, False),
        (None, False, False),
    ],
)
def test_what_looks_redacted(value: Any, among_secrets: bool, elsewhere: bool) -> None:
    """Nothing but asterisks, or a word for hiding in brackets; outside secrets a rating of five stars is none."""
    assert (looks_redacted(SECRET, value), looks_redacted(OTHER, value)) == (among_secrets, elsewhere)


def env_vars(**values: str | None) -> dict[str, Any]:
    """An entry's configuration with these environment variables."""
    return {"vendor_configuration": {"model_image": {"env_vars": values}}}


def refused(*, declared: dict[str, Any], held: Any = HIDDEN) -> list[tuple[str, str]]:
    """What trips where one model declares this and the server answers that."""
    plan = plan_of([entry("a", "launch", **declared)], [launched("m-1", "a", vendor_configuration=held)])
    return [
        (refusal.guard, refusal.message) for refusal in check_guards(plan, Limits(allow_recreate=True, percent=100))
    ]


def test_a_map_with_a_hidden_value_is_not_sent() -> None:
    """The map would travel whole, and with it what stands for the value."""
    path = "vendor_configuration.model_image.env_vars.TOKEN"
    message = f"would send back what stands for a value that the server hides: {path}"
    assert refused(declared=env_vars(LEVEL="debug")) == [("redacted-value", message)]


@pytest.mark.parametrize(
    "declared",
    [
        env_vars(LEVEL="debug", TOKEN="s3cret"),  # declared, as the advice says
        env_vars(LEVEL="debug", TOKEN=None),
        env_vars(LEVEL="info"),  # nothing differs
        {"vendor_configuration": {"model_image": {"tag": "v2"}}},  # the map does not travel
        env_vars(LEVEL="********", TOKEN="x"),  # the manifest's own words
    ],
)
def test_what_does_not_come_from_the_server_is_sent(declared: dict[str, Any]) -> None:
    """A key that the manifest declares is its own; a map that does not travel hurts nobody."""
    assert refused(declared=declared) == []


def test_a_replacement_does_not_carry_a_hidden_value_over() -> None:
    """A new model would be created with the asterisks."""
    image = {"registry": "r", "repository": "a", "tag": "v1", "command": ["serve"], "env_vars": {"TOKEN": "********"}}
    held = {"model_image": image, "model_infra": {"endpoint_type": "sync"}}
    declared = {"vendor_configuration": {"model_infra": {"endpoint_type": "async"}}}
    assert [guard for guard, _ in refused(declared=declared, held=held)] == ["redacted-value"]


def test_a_declared_value_that_is_hidden_says_so() -> None:
    """It cannot be compared, so it differs every time."""
    live = live_model(launched("m-1", "a", vendor_configuration=HIDDEN))
    (field,) = differences(desired_model("a", "launch", **env_vars(TOKEN="s3cret")), live)
    assert field.reason == (
        "the server hides what it holds here, so that it always differs: lifecycle.ignore_changes leaves it alone"
    )

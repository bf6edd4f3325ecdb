"""Thresholds: exact figures, the flags and variables that move them, and consent that names the very count."""

from collections.abc import Callable
from typing import Any

import pytest

from egpsync.model.plan import Action
from egpsync.workflow.plan import Consent
from tests.conftest import StartEmulator
from tests.guards.samples import absent, only, plan_of, refusals
from tests.workflow.samples import Repository, hosted, launch

Make = Callable[..., Repository]
DEFAULTS: dict[str, Any] = {"limit_percent": 30, "limit_count": 20}


def deleting(emulator: StartEmulator, repository: Make, count: int, of: int) -> Repository:
    """An account of `of` models, of which `count` are to be deleted."""
    running = emulator(seed=[hosted(f"m{number:03}") for number in range(of)])
    return repository(running, *(absent(f"m{number:03}") for number in range(count)))


@pytest.mark.parametrize(
    ("count", "of", "flags", "allowed"),
    [
        (1, 1, {}, True),
        (2, 2, {}, False),
        (3, 10, {}, True),
        (4, 10, {}, False),
        (2, 9, {}, True),
        (3, 9, {}, False),
        (20, 100, {}, True),
        (21, 100, {}, False),
        (21, 100, {"limit_count": 21}, True),
        (5, 10, {"limit_percent": 50}, True),
        (6, 10, {"limit_percent": 50}, False),
        (1, 10, {"limit_percent": 0}, True),
        (1, 10, {"limit_count": 0}, False),
    ],
)
def test_how_many_may_be_deleted(
    emulator: StartEmulator, repository: Make, count: int, of: int, flags: dict[str, Any], *, allowed: bool
) -> None:
    """A percentage rounded down, at least one, at most the cap."""
    plan = plan_of(deleting(emulator, repository, count, of), **(DEFAULTS | flags))
    assert [refusal.guard for refusal in plan.refusals] == ([] if allowed else ["delete-threshold"])


def test_the_refusal_names_the_figures_and_the_flag(emulator: StartEmulator, repository: Make) -> None:
    """What would happen, of how many, what is allowed and by which rule."""
    assert refusals(plan_of(deleting(emulator, repository, 4, 10), **DEFAULTS)) == [
        (
            "delete-threshold",
            "would delete 4 of 10 models; 3 are allowed without consent (30 percent, at least 1, at most 20)",
            "--confirm-delete 4",
        )
    ]


@pytest.mark.parametrize(("confirmed", "allowed"), [(4, True), (3, False), (5, True)])
def test_consent_means_at_most_so_many(
    emulator: StartEmulator, repository: Make, confirmed: int, *, allowed: bool
) -> None:
    """What is left of a run that was cut short needs no consent of its own."""
    consent = Consent(confirmed=((Action.DELETE, confirmed),))
    plan = plan_of(deleting(emulator, repository, 4, 10), consent=consent, **DEFAULTS)
    assert (plan.refusals == ()) is allowed


@pytest.mark.parametrize(("count", "allowed"), [(3, True), (4, False)])
def test_three_redeployments_are_always_allowed(
    emulator: StartEmulator, repository: Make, count: int, *, allowed: bool
) -> None:
    """In a small account a percentage says little."""
    running = emulator(seed=[launch(f"m{number}") for number in range(5)])
    made = repository(running, *(launch(f"m{number}", image={"tag": "v2"}) for number in range(count)))
    plan = plan_of(made, **DEFAULTS)
    assert [refusal.consent for refusal in plan.refusals] == ([] if allowed else ["--confirm-redeploy 4"])


def test_replacements_are_counted_apart(emulator: StartEmulator, repository: Make) -> None:
    """--allow-recreate says that it may be done, --confirm-recreate how often."""
    running = emulator(seed=[hosted("a"), hosted("b")])
    made = repository(running, *({**hosted(name), "model_type": "completion"} for name in "ab"))
    plan = plan_of(made, consent=Consent(allow_recreate=True), **DEFAULTS)
    assert only(plan).guard == "recreate-threshold"
    assert only(plan).consent == "--confirm-recreate 2"
    both = Consent(allow_recreate=True, confirmed=((Action.RECREATE, 2),))
    assert plan_of(made, consent=both, **DEFAULTS).refusals == ()


def test_a_replacement_is_refused_with_its_reason(emulator: StartEmulator, repository: Make) -> None:
    """The field, and why it cannot be changed in place."""
    made = repository(emulator(seed=[hosted("a")]), {**hosted("a"), "model_type": "completion"})
    refusal = only(plan_of(made))
    assert (refusal.guard, refusal.consent) == ("recreate", "--allow-recreate")
    assert refusal.message.startswith("can only be changed by replacing the model: model_type: ")


def test_metadata_has_no_limit(emulator: StartEmulator, repository: Make) -> None:
    """Nothing that runs is torn down, and nothing is added."""
    running = emulator(seed=[hosted(f"m{number}") for number in range(30)])
    wanted: list[Any] = [hosted(f"m{number}", model_metadata={"k": 1}) for number in range(30)]
    assert plan_of(repository(running, *wanted), **DEFAULTS).refusals == ()


def test_creations_are_held_to_the_cap(emulator: StartEmulator, repository: Make) -> None:
    """Whatever the account holds: the manifests of another one would fill it."""
    made = repository(emulator(), *(hosted(f"n{number}") for number in range(21)))
    assert only(plan_of(made, **DEFAULTS)).consent == "--confirm-create 21"
    assert plan_of(made, consent=Consent(confirmed=((Action.CREATE, 21),)), **DEFAULTS).refusals == ()

"""A fault of our own at each step of a run of twelve mixed changes: the report is whole, and the next run converges."""

from collections.abc import Callable
from typing import Any

import pytest

from egpsync.model.run import Event, Outcome
from tests.conftest import StartEmulator
from tests.workflow.samples import Repository, hosted, launch, outcomes

Make = Callable[..., Repository]
SEED = [
    *(hosted(f"meta-{number}", model_metadata={"tier": "gold"}) for number in range(4)),
    *(launch(f"image-{number}") for number in range(3)),
    hosted("old-name"),
    hosted("first"),
    hosted("going"),
]
WANTED: list[dict[str, Any]] = [
    *(hosted(f"meta-{number}", model_metadata={"tier": "silver"}) for number in range(4)),
    *(launch(f"image-{number}", image={"tag": "v2"}) for number in range(3)),
    hosted("new-name", renamed_from="old-name"),
    hosted("second", renamed_from="first", model_metadata={"k": 1}),
    {"name": "going", "model_vendor": "openai", "state": "absent"},
    hosted("fresh"),
    launch("fresh"),
]
EVENTS = 27
"""How often a run of these changes tells what it does, deployments that are waited for apart."""


class Failing:
    """Looks on, and fails at one event; readings of deployments are not counted, as their number varies."""

    def __init__(self, at: int) -> None:
        self.at, self.seen = at, 0

    def __call__(self, event: Event) -> None:
        """Take an event in."""
        if event.stage == "waiting":
            return
        self.seen += 1
        if self.seen == self.at:
            raise LookupError("hf_SENTINEL_0123456789")


@pytest.mark.parametrize("at", range(1, EVENTS, 2))
def test_a_fault_at_a_step(emulator: StartEmulator, repository: Make, at: int) -> None:
    """At most one model ends unknown, every model has an outcome, and a run without the fault does the rest."""
    running = emulator(seed=SEED, deploy_seconds=0.02)
    made = repository(running, *WANTED)
    failing = Failing(at)
    run = made.apply(progress=failing)
    assert failing.seen >= at
    ended = outcomes(run)
    assert len(run.results) == len(WANTED)
    assert sum(outcome == Outcome.UNKNOWN for outcome in ended.values()) <= 1
    assert all("SENTINEL" not in (result.failure.message if result.failure else "") for result in run.results)
    made.apply()
    assert made.plan().empty

"""What the project file says of maps, against servers that do so and servers that do not."""

from collections.abc import Callable
from typing import Literal

import pytest

from egpsync.core.change import PlanOptions
from egpsync.model.run import Outcome
from tests.conftest import StartEmulator
from tests.workflow.samples import Repository, hosted, message_of, outcomes

Make = Callable[..., Repository]


@pytest.mark.parametrize(("does", "says"), [("merge", "merge"), ("replace", "merge"), ("merge", "replace")])
def test_maps_do_as_the_settings_say_or_it_is_told(
    emulator: StartEmulator, repository: Make, does: Literal["merge", "replace"], says: str
) -> None:
    """A key is changed or removed beside one that nobody declares; what the server does otherwise is a failure."""
    running = emulator(seed=[hosted("a", model_metadata={"team": "x", "kept": 1})], maps=does)
    wanted = {"team": "y"} if says == "merge" else {"team": None}
    made = repository(running, hosted("a", model_metadata=wanted))
    semantics = (("*", says),)
    plan = made.plan(map_semantics=says)
    run = made.apply(plan, options=PlanOptions(map_semantics=semantics))
    if does == says:
        assert outcomes(run) == {"a": Outcome.APPLIED}
        assert made.sent() == [("PATCH", "a", {"model_metadata": {"team": "y"}})]
        return
    seen = "kept went with it" if does == "replace" else "team stayed"
    verb = f"{does}s"
    assert message_of(run, "a") == (f"this installation {verb} model_metadata, and map_semantics says {says}: {seen}")

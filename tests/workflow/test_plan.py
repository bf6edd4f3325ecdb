"""Planning over real HTTP: what it asks of the server, and that it never sends more."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from egpsync.core.change import PlanOptions
from egpsync.emulator.faults import Answer, Rewritten, Rule
from egpsync.errors import IncompleteListing, Refused, UsageError
from egpsync.model.plan import Action
from egpsync.settings import load_settings
from egpsync.workflow.plan import Consent, Watch, plan
from tests.conftest import StartEmulator
from tests.workflow.samples import Repository, hosted, launch

Make = Callable[..., Repository]


def test_a_thousand_models_in_sync_but_a_few_take_two_requests(emulator: StartEmulator, repository: Make) -> None:
    """At most two GETs and nothing else, whatever differs."""
    seed: list[Any] = [launch(f"m{number:04}") for number in range(1000)]
    wanted = [launch(f"m{number:04}", image={"tag": "v2" if number < 3 else "v1"}) for number in range(1000)]
    running = emulator(seed=seed)
    made = repository(running, *wanted).plan()
    assert [entry.method for entry in running.log.entries] == ["GET", "GET"]
    assert sum(change.action == Action.REDEPLOY for change in made.changes) == 3
    assert sum(change.action == Action.UNCHANGED for change in made.changes) == 997


def test_planning_sends_nothing_but_reads(emulator: StartEmulator, repository: Make) -> None:
    """Whatever the plan holds: a create, an update, a redeploy, a rename."""
    running = emulator(seed=[hosted("meta"), launch("image"), hosted("old")])
    made = repository(
        running,
        hosted("meta", model_metadata={"team": "x"}),
        launch("image", image={"tag": "v2"}),
        hosted("new", renamed_from="old"),
        hosted("fresh"),
    ).plan()
    assert {change.name: change.action for change in made.changes} == {
        "meta": Action.UPDATE,
        "image": Action.REDEPLOY,
        "new": Action.RENAME,
        "fresh": Action.CREATE,
    }
    assert {entry.method for entry in running.log.entries} == {"GET"}


def test_an_incomplete_listing_makes_no_plan(emulator: StartEmulator, repository: Make) -> None:
    """What is missing from it would look like a create."""

    def shortened(page: Any) -> Any:
        return {**page, "items": page["items"][1:]}

    running = emulator(seed=[hosted("a"), hosted("b")], faults=[Rule(kind=Rewritten(change=shortened))])
    with pytest.raises(IncompleteListing):
        repository(running, hosted("a"), hosted("b")).planned()
    assert running.log.changes == ()


def test_a_refused_key_makes_no_plan(emulator: StartEmulator, repository: Make) -> None:
    """401 is told as it is."""
    running = emulator(faults=[Rule(kind=Answer(status=401, body={"detail": "no such key"}))])
    with pytest.raises(Refused, match="no such key"):
        repository(running, hosted("a")).planned()


def test_without_a_key_nothing_is_asked(emulator: StartEmulator, repository: Make) -> None:
    """The message says where a key is taken from."""
    running = emulator()
    made = repository(running, hosted("a"))
    settings = load_settings({"base_url": running.base_url}, {})
    with pytest.raises(UsageError, match="there is no API key"):
        asyncio.run(plan([str(made.file)], settings, PlanOptions(), Consent(), Watch()))
    assert running.log.entries == ()


def test_invalid_manifests_ask_nothing(emulator: StartEmulator, repository: Make) -> None:
    """Problems are found before the server is."""
    running = emulator()
    planned = repository(running, hosted("a", modle_type="x")).planned()
    assert planned.plan is None
    assert [problem.rule for problem in planned.problems] == ["unknown-field"]
    assert running.log.entries == ()

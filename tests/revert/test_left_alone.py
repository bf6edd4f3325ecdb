"""What the way back leaves, and that it names it: others' changes, secrets, models that are gone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egpsync.emulator.faults import Answer, Cut, Rule
from egpsync.model.run import Outcome
from egpsync.value import replace
from egpsync.workflow.plan import Consent
from tests.conftest import StartEmulator
from tests.revert.samples import (
    RECORDS,
    held,
    journal_of,
    notes_of,
    put_back,
    report_of,
    requests_of,
    reverted,
    sound,
    wants,
)
from tests.workflow.samples import FAST, Repository, hosted, launch, outcomes

Make = Callable[..., Repository]
Record = Callable[..., str]


def changed_since(made: Repository, model: str, **fields: Any) -> None:
    """Somebody else sets top-level fields."""
    made.running.store.edit(made.live(model)["id"], fields)


@pytest.mark.parametrize("record", RECORDS)
def test_a_field_that_was_changed_since_is_left_and_named(
    emulator: StartEmulator, repository: Make, record: Record
) -> None:
    """The other field of the same model is put back."""
    made = repository(
        emulator(seed=[hosted("a", model_metadata={"k": 1, "l": 1})]), hosted("a", model_metadata={"k": 2, "l": 2})
    )
    run = made.apply()
    changed_since(made, "a", model_metadata={"k": 2, "l": 3})
    plan = sound(reverted(made, record(made, run)))
    assert notes_of(plan) == {"a": ("model_metadata.l was changed since: it is left as it is",)}
    assert requests_of(plan) == [("PATCH", {"model_metadata": {"k": 1, "l": 3}})]


def test_a_value_whose_enclosing_map_is_gone_is_left(emulator: StartEmulator, repository: Make) -> None:
    """There is nowhere to put it."""
    made = repository(
        emulator(seed=[hosted("a", model_metadata={"k": {"x": 1, "y": 1}})]),
        hosted("a", model_metadata={"k": {"x": 1}}),
    )
    run = made.apply()
    changed_since(made, "a", model_metadata={})
    plan = sound(reverted(made, journal_of(made, run)))
    assert notes_of(plan) == {"a": ("model_metadata.k.y was changed since: it is left as it is",)}
    assert requests_of(plan) == []


def test_a_model_renamed_since_keeps_its_name(emulator: StartEmulator, repository: Make) -> None:
    """It is found by its id, and its other fields are put back."""
    made = repository(emulator(seed=[hosted("a")]), hosted("b", renamed_from="a", model_metadata={"k": 1}))
    run = made.apply()
    changed_since(made, "b", name="theirs")
    plan = sound(reverted(made, journal_of(made, run)))
    assert notes_of(plan) == {"theirs": ("it was renamed since, to 'theirs'",)}
    assert requests_of(plan) == [("PATCH", {"model_metadata": {}})]


@pytest.mark.parametrize("record", RECORDS)
def test_a_secret_is_named_and_left(emulator: StartEmulator, repository: Make, record: Record) -> None:
    """Neither record keeps it; the tag beside it is put back."""
    running = emulator(seed=[launch("a", image={"env_vars": {"T": "old-SENTINEL"}})], deploy_seconds=0.03)
    made = repository(running, launch("a", image={"tag": "v2", "env_vars": {"T": "new-SENTINEL"}}))
    run = made.apply()
    file = record(made, run)
    assert "SENTINEL" not in Path(file).read_text(encoding="utf-8")
    plan = sound(reverted(made, file))
    where = "vendor_configuration.model_image.env_vars.T"
    assert notes_of(plan) == {"a": (f"{where} held a secret, which is kept nowhere: it is left as it is",)}
    assert requests_of(plan) == [("PATCH", {"vendor_configuration": {"model_image": {"tag": "v1"}}})]


@pytest.mark.parametrize("record", RECORDS)
def test_a_deleted_model_comes_back_without_its_secrets(
    emulator: StartEmulator, repository: Make, record: Record
) -> None:
    """And the plan says so."""
    running = emulator(seed=[launch("a", image={"env_vars": {"T": "old-SENTINEL"}})], deploy_seconds=0.03)
    made = repository(running, {"name": "a", "model_vendor": "launch", "state": "absent"})
    file = record(made, made.apply())
    plan = sound(reverted(made, file))
    where = "vendor_configuration.model_image.env_vars"
    assert notes_of(plan)["a"] == (
        "the run deleted it",
        f"{where} held secrets, which are kept nowhere: the model is created without them",
    )
    assert "env_vars" not in requests_of(plan)[0][1]["vendor_configuration"]["model_image"]


@pytest.mark.parametrize("record", RECORDS)
def test_a_model_that_is_gone_is_named(emulator: StartEmulator, repository: Make, record: Record) -> None:
    """Changed by the run, deleted by somebody since: nothing is planned for it, and it is not created."""
    made = repository(emulator(seed=[hosted("a")]), hosted("a", model_metadata={"k": 1}))
    file = record(made, made.apply())
    made.running.store.remove(made.live("a")["id"])
    plan = sound(reverted(made, file))
    assert notes_of(plan) == {"a": ("is not in the account any more",)}
    assert requests_of(plan) == []


def test_a_created_model_that_was_changed_since_is_left(emulator: StartEmulator, repository: Make) -> None:
    """Somebody has made it theirs."""
    made = repository(emulator(), hosted("a", model_metadata={"k": 1}))
    run = made.apply()
    changed_since(made, "a", model_metadata={"k": 2})
    plan = sound(reverted(made, journal_of(made, run)))
    assert notes_of(plan) == {"a": ("the run created it, and model_metadata.k was changed since: it is left",)}
    assert requests_of(plan) == []


def test_a_deleted_model_that_is_there_again_is_left(emulator: StartEmulator, repository: Make) -> None:
    """Somebody has put another one in its place."""
    made = repository(emulator(seed=[hosted("a")]), {"name": "a", "model_vendor": "openai", "state": "absent"})
    run = made.apply()
    made.running.store.add(hosted("a", model_metadata={"theirs": 1}))
    plan = sound(reverted(made, journal_of(made, run)))
    assert notes_of(plan) == {"a": ("the run deleted it, and there is a 'a' again: it is left",)}
    assert requests_of(plan) == []


def test_reverting_twice_says_nothing_more(emulator: StartEmulator, repository: Make) -> None:
    """What is as before is no change of somebody else."""
    made = repository(
        emulator(seed=[hosted("a", model_metadata={"k": 1}), hosted("b")]),
        hosted("a", model_metadata={"k": 2}),
        hosted("c", renamed_from="b"),
    )
    file = journal_of(made, made.apply())
    put_back(made, file)
    again = sound(reverted(made, file))
    assert notes_of(again) == {}
    assert requests_of(again) == []


@pytest.mark.parametrize("record", RECORDS)
def test_of_a_failed_run_only_what_was_done_is_put_back(
    emulator: StartEmulator, repository: Make, record: Record
) -> None:
    """A request that the server refused changed nothing, and is no change of somebody else."""
    running = emulator(seed=[hosted("a"), hosted("b"), hosted("c")])
    made = repository(running, *(hosted(name, model_metadata={"k": 1}) for name in "abc"))
    running.faults.add(Rule(method="PATCH", path=made.path("b"), kind=Answer(status=422)))
    before = held(made)
    run = made.apply()
    assert outcomes(run) == {"a": Outcome.APPLIED, "b": Outcome.FAILED, "c": Outcome.APPLIED}
    running.faults.clear()
    plan = sound(reverted(made, record(made, run)))
    assert notes_of(plan) == {}
    assert len(requests_of(plan)) == 2
    made.apply(plan)
    assert held(made) == before


@pytest.mark.parametrize("record", RECORDS)
def test_what_an_interrupted_run_did_not_attempt_is_not_touched(
    emulator: StartEmulator, repository: Make, record: Record
) -> None:
    """Though somebody else did meanwhile just what the run was to do."""
    running = emulator(seed=[hosted("a"), hosted("b")])
    made = repository(running, hosted("a", model_metadata={"k": 1}), hosted("b", model_metadata={"k": 1}))
    run = made.apply(progress=lambda event: made.stop.set() if event.text.startswith("PATCH") else None, parallelism=1)
    assert outcomes(run) == {"a": Outcome.APPLIED, "b": Outcome.NOT_ATTEMPTED}
    changed_since(made, "b", model_metadata={"k": 1})
    made.stop.clear()
    plan = sound(reverted(made, record(made, run)))
    assert [change.name for change in plan.changes] == ["a"]


def test_a_rename_done_before_the_update_failed_is_put_back(emulator: StartEmulator, repository: Make) -> None:
    """A change can be carried out in part."""
    running = emulator(seed=[hosted("a")])
    made = repository(running, hosted("b", renamed_from="a", model_metadata={"k": 1}))
    before = held(made)
    fails = Rule(method="PATCH", where=lambda entry: "model_metadata" in (entry.body or {}), kind=Answer(status=422))
    running.faults.add(fails)
    run = made.apply()
    running.faults.clear()
    for file in (journal_of(made, run), report_of(made, run)):
        plan = sound(reverted(made, file))
        assert notes_of(plan) == {}
        assert requests_of(plan) == [("PATCH", {"name": "a"})]
    made.apply(plan)
    assert held(made) == before


@pytest.mark.parametrize("record", RECORDS)
def test_a_create_whose_answer_was_lost_is_found_by_its_mark(
    emulator: StartEmulator, repository: Make, record: Record
) -> None:
    """The run did not live to learn the id; the operation in the mark tells the model from anyone else's."""
    running = emulator(seed=[hosted("kept")])
    made = repository(running, hosted("a"))
    running.faults.add(Rule(method="POST", kind=Cut(after=True)))
    running.faults.add(Rule(method="GET", where=lambda entry: "name" in entry.query, kind=Answer(status=400)))
    run = made.apply(pace=replace(FAST, settle=0.02))
    assert outcomes(run) == {"a": Outcome.UNKNOWN}
    running.faults.clear()
    put_back(made, record(made, run))
    assert [model["name"] for model in running.store.models()] == ["kept"]


def test_a_create_that_was_refused_is_named(emulator: StartEmulator, repository: Make) -> None:
    """There is nothing of it to take away."""
    running = emulator(faults=[Rule(method="POST", kind=Answer(status=422))])
    made = repository(running, hosted("a"))
    run = made.apply()
    plan = sound(reverted(made, journal_of(made, run)))
    assert notes_of(plan) == {"a": ("the run was to create it, and it is not there (any more)",)}


def test_a_delete_that_was_refused_has_nothing_to_put_back(emulator: StartEmulator, repository: Make) -> None:
    """The model is still there under its id."""
    running = emulator(seed=[hosted("a")], faults=[Rule(method="DELETE", kind=Answer(status=422))])
    made = repository(running, {"name": "a", "model_vendor": "openai", "state": "absent"})
    run = made.apply()
    plan = sound(reverted(made, journal_of(made, run)))
    assert plan.changes == ()


@pytest.mark.parametrize("record", RECORDS)
def test_a_recreate_that_was_cut_short_is_left_to_be_finished(
    emulator: StartEmulator, repository: Make, record: Record
) -> None:
    """Both models are there: which one to take away is apply's to say."""
    running = emulator(seed=[hosted("a")])
    made = repository(running, {**hosted("a"), "model_type": "completion"})
    old = made.live("a")["id"]
    plan = made.planned(consent=Consent(allow_recreate=True)).plan
    running.faults.add(Rule(method="DELETE", kind=Answer(status=422)))
    run = made.apply(plan)
    new = made.live("a")["id"]
    way_back = sound(reverted(made, record(made, run)))
    assert requests_of(way_back) == []
    assert notes_of(way_back) == {
        "a": (f"{new} was to replace {old}, and both are there: finish it with egpsync apply, then revert",)
    }


def test_no_other_model_is_the_way_backs_business(emulator: StartEmulator, repository: Make) -> None:
    """What the run did not touch is not shown, whatever else the account holds."""
    made = repository(emulator(seed=[hosted("a"), hosted("other")]), hosted("a", model_metadata={"k": 1}))
    run = made.apply()
    wants(made, hosted("a"), hosted("other", model_metadata={"l": 1}))
    plan = sound(reverted(made, journal_of(made, run)))
    assert [change.name for change in plan.changes] == ["a"]
    assert plan.unmanaged == ()

"""After an apply of every action, the way back leaves the account as it was, from the journal and from the report."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from egpsync.core.change import PlanOptions
from egpsync.model.run import Outcome
from egpsync.workflow.plan import Consent
from tests.conftest import StartEmulator
from tests.revert.samples import RECORDS, held, journal_of, notes_of, put_back, requests_of, reverted, sound, wants
from tests.workflow.samples import Repository, hosted, launch, outcomes

Make = Callable[..., Repository]
Record = Callable[..., str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An account, and what its manifests want of it."""

    seed: list[dict[str, Any]]
    wanted: list[dict[str, Any]]
    anew: bool = False  # whether a model is made anew, under another id


CASES = {
    "a metadata key added": Case(
        seed=[hosted("a", model_metadata={"kept": 1})], wanted=[hosted("a", model_metadata={"new": "x"})]
    ),
    "a metadata key changed": Case(
        seed=[hosted("a", model_metadata={"k": 1, "kept": [1, {}]})], wanted=[hosted("a", model_metadata={"k": True})]
    ),
    "a metadata key removed": Case(
        seed=[hosted("a", model_metadata={"k": {"deep": [1]}, "kept": 1})],
        wanted=[hosted("a", model_metadata={"k": None})],
    ),
    "values inside a metadata key": Case(
        seed=[hosted("a", model_metadata={"k": {"x": 1, "gone": 2, "kept": {"y": [1]}}})],
        wanted=[hosted("a", model_metadata={"k": {"x": 9, "new": 3, "kept": {"y": [1, 2]}}})],
    ),
    "a map in place of a text": Case(
        seed=[hosted("a", model_metadata={"k": "text"})], wanted=[hosted("a", model_metadata={"k": {"x": 1}})]
    ),
    "a redeploy": Case(
        seed=[launch("a", infra={"memory": "8Gi"}, model_metadata={"team": "x"})],
        wanted=[launch("a", image={"tag": "v2"}, infra={"memory": "16Gi", "cpus": 3}, model_metadata={"team": "y"})],
    ),
    "a list": Case(
        seed=[launch("a", image={"command": ["serve", "--all"]})],
        wanted=[launch("a", image={"command": ["serve"]})],
    ),
    "a label": Case(
        seed=[launch("a", infra={"labels": {"team": "x", "product": "p"}})],
        wanted=[launch("a", infra={"labels": {"team": "y", "product": None, "new": "n"}})],
    ),
    "a rename": Case(seed=[hosted("a")], wanted=[hosted("b", renamed_from="a")]),
    "a chain of renames": Case(
        seed=[hosted("a"), hosted("b", model_metadata={"k": 1})],
        wanted=[hosted("b", renamed_from="a"), hosted("c", renamed_from="b", model_metadata={"k": 2})],
    ),
    "a create": Case(seed=[hosted("kept")], wanted=[hosted("kept"), launch("a", image={"tag": "v2"})]),
    "a delete": Case(
        seed=[hosted("kept"), launch("a", infra={"gpus": 1, "gpu_type": "nvidia-ampere-a10"}, model_metadata={"k": 1})],
        wanted=[hosted("kept"), {"name": "a", "model_vendor": "launch", "state": "absent"}],
        anew=True,
    ),
    "a recreate": Case(
        seed=[hosted("a", model_metadata={"k": 1})],
        wanted=[{**hosted("a", model_metadata={"l": 2}), "model_type": "completion"}],
        anew=True,
    ),
}


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("name", CASES)
def test_the_account_is_as_it_was(emulator: StartEmulator, repository: Make, name: str, record: Record) -> None:
    """Byte for byte, apart from our mark and what a new model cannot have; a second way back has nothing to do."""
    case = CASES[name]
    made = repository(emulator(seed=case.seed, deploy_seconds=0.03), *case.wanted)
    before = held(made, anew=case.anew)
    plan = made.planned(consent=Consent(allow_recreate=True)).plan
    assert plan is not None
    run = made.apply(plan)
    assert set(outcomes(run).values()) <= {Outcome.APPLIED, Outcome.NOTHING}
    assert held(made, anew=case.anew) != before
    file = record(made, run)
    back = put_back(made, file)
    assert set(outcomes(back).values()) <= {Outcome.APPLIED, Outcome.NOTHING}
    assert held(made, anew=case.anew) == before
    if not case.anew:
        again = sound(reverted(made, file))
        assert requests_of(again) == []


@pytest.mark.parametrize("record", RECORDS)
def test_an_exchange_by_ids(emulator: StartEmulator, repository: Make, record: Record) -> None:
    """The model that got its name by the other one's request is part of the way back."""
    made = repository(emulator(seed=[hosted("a", model_metadata={"k": 1}), hosted("b")]))
    one, other = made.live("a")["id"], made.live("b")["id"]
    wants(
        made, {"id": one, "name": "b", "model_vendor": "openai"}, {"id": other, "name": "a", "model_vendor": "openai"}
    )
    before = held(made)
    run = made.apply()
    assert (made.live("b")["id"], made.live("a")["id"]) == (one, other)
    put_back(made, record(made, run))
    assert held(made) == before


@pytest.mark.parametrize("record", RECORDS)
def test_a_prune(emulator: StartEmulator, repository: Make, record: Record) -> None:
    """What carried the owner's mark and is created again carries it again."""
    mark = {"egpsync": {"owner": "us"}}
    made = repository(
        emulator(seed=[hosted("a", model_metadata=mark), hosted("left", model_metadata={"k": 1, **mark})])
    )
    wants(made, hosted("a"), owner="us")
    before = held(made, anew=True)
    plan = made.planned(PlanOptions(prune=True)).plan
    assert plan is not None
    run = made.apply(plan)
    assert [model["name"] for model in made.running.store.models()] == ["a"]
    put_back(made, record(made, run))
    assert held(made, anew=True) == before
    assert made.live("left")["model_metadata"]["egpsync"]["owner"] == "us"


def test_the_way_back_has_a_way_back(emulator: StartEmulator, repository: Make) -> None:
    """Its own journal is a run's journal like any other."""
    made = repository(emulator(seed=[hosted("a", model_metadata={"k": 1})]), hosted("a", model_metadata={"k": 2}))
    run = made.apply()
    after = held(made)
    back = put_back(made, journal_of(made, run))
    put_back(made, journal_of(made, back))
    assert held(made) == after


def test_ones_own_mark_does_not_block(emulator: StartEmulator, repository: Make) -> None:
    """A model that this run marked is put back without consent, and keeps the mark."""
    made = repository(emulator(seed=[hosted("a", model_metadata={"k": 1})]))
    wants(made, {**hosted("a", model_metadata={"k": 2}), "lifecycle": {"prevent_destroy": True}}, owner="us")
    run = made.apply()
    put_back(made, journal_of(made, run))
    assert made.live("a")["model_metadata"] == {
        "k": 1,
        "egpsync": {"owner": "us", "name": "a", "prevent_destroy": True},
    }


def test_a_server_that_spells_quantities_its_own_way(emulator: StartEmulator, repository: Make) -> None:
    """8192Mi for the 8Gi that was sent is nobody's change."""
    running = emulator(seed=[launch("a", infra={"memory": "4Gi"})], respell=True, deploy_seconds=0.03)
    made = repository(running, launch("a", infra={"memory": "8Gi", "cpus": 3}))
    run = made.apply()
    plan = sound(reverted(made, journal_of(made, run)))
    assert notes_of(plan) == {}
    assert [field.path[-1] for change in plan.changes for field in change.fields] == ["cpus", "memory"]

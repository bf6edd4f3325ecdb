"""What a write's answer claims is held against the account, and a fault of our own is one model's outcome alone."""

from collections.abc import Callable
from typing import Any

import pytest

from egpsync.core.replan import Replanner
from egpsync.emulator.faults import Answer, Intervene, Rewritten, Rule, TooMany
from egpsync.emulator.store import Store
from egpsync.model.plan import Change, FieldChange, Update
from egpsync.model.run import Outcome
from egpsync.value import replace
from tests.conftest import StartEmulator
from tests.workflow.samples import FAST, Repository, hosted, launch, message_of, outcomes, result_of

Make = Callable[..., Repository]


def undone(name: str, held: dict[str, Any]) -> tuple[Rule, ...]:
    """The server answers a PATCH as asked, and holds what it held."""

    def put_back(store: Store) -> None:
        model = next(one for one in store.models() if one["model_vendor"] == "openai")
        store.edit(model["id"], {"name": name, **held})

    return (Rule(method="PATCH", kind=Intervene(action=put_back, after=True)),)


@pytest.mark.parametrize(
    ("wanted", "held", "message"),
    [
        (
            hosted("gpt", model_metadata={"team": "y"}),
            {"model_metadata": {"team": "x"}},
            "did not converge: model_metadata.team; the server accepted it, and the listing at the end of the run does "
            "not show it",
        ),
        (
            hosted("new", renamed_from="gpt"),
            {},
            "did not converge: the name 'new'; the server accepted it, and the listing at the end of the run does not "
            "show it",
        ),
    ],
    ids=["metadata", "rename"],
)
def test_a_patch_that_is_answered_as_asked_and_not_done(
    emulator: StartEmulator, repository: Make, wanted: dict[str, Any], held: dict[str, Any], message: str
) -> None:
    """Its own answer says that all is well; the listing at the end of the run does not."""
    running = emulator(seed=[hosted("gpt", model_metadata={"team": "x"})], faults=undone("gpt", held))
    made = repository(running, wanted)
    run = made.apply(pace=replace(FAST, settle=0.05))
    assert set(outcomes(run).values()) == {Outcome.FAILED}
    assert message_of(run, wanted["name"]) == message


@pytest.mark.parametrize("body", [{"error": "try later"}, {"id": "x", "object": "model", "deleted": True}])
def test_a_delete_that_is_answered_200_and_not_done(
    emulator: StartEmulator, repository: Make, body: dict[str, Any]
) -> None:
    """Whatever the answer says, the model is still there."""
    running = emulator(seed=[hosted("gpt")], faults=[Rule(method="DELETE", kind=Answer(status=200, body=body))])
    made = repository(running, {"name": "gpt", "model_vendor": "openai", "state": "absent"})
    run = made.apply(pace=replace(FAST, settle=0.05))
    assert outcomes(run) == {"gpt": Outcome.FAILED}
    assert message_of(run, "gpt") == (
        "did not converge: its deletion; the server accepted it, and the listing at the end of the run does not show it"
    )


def test_a_delete_that_is_answered_404_for_a_model_that_is_there(emulator: StartEmulator, repository: Make) -> None:
    """It failed: that the model is gone is believed after a reading alone."""
    running = emulator(seed=[hosted("gpt")], faults=[Rule(method="DELETE", kind=Answer(status=404, body={}))])
    made = repository(running, {"name": "gpt", "model_vendor": "openai", "state": "absent"})
    assert outcomes(made.apply()) == {"gpt": Outcome.FAILED}


@pytest.mark.parametrize("status", [404, 429, 503])
@pytest.mark.parametrize(
    "wanted",
    [
        hosted("gpt", model_metadata={"team": "y"}),
        hosted("new", renamed_from="gpt"),
        {"name": "gpt", "model_vendor": "openai", "state": "absent"},
        hosted("another"),
    ],
    ids=["update", "rename", "delete", "create"],
)
def test_a_write_that_happened_and_was_answered_otherwise(
    emulator: StartEmulator, repository: Make, status: int, wanted: dict[str, Any]
) -> None:
    """A reading shows that it was done, so it is neither failed nor stale; no more than what may be repeated was."""
    method = {"state": "DELETE", "model_metadata": "PATCH", "renamed_from": "PATCH"}
    sent = next((method[part] for part in method if wanted.get(part)), "POST")
    kind = Answer(status=status, body={"detail": "no"}, headers={"retry-after": "0"}, after=True)
    running = emulator(seed=[hosted("gpt", model_metadata={"team": "x"})], faults=[Rule(method=sent, kind=kind)])
    run = repository(running, wanted).apply(retries=1, retry_wait=0.01)
    assert set(outcomes(run).values()) == {Outcome.APPLIED}
    bodies = [(entry.method, entry.body) for entry in running.log.changes if entry.acted]
    assert bodies in ([bodies[0]], [bodies[0]] * 2)


def test_an_answer_that_disagrees_is_no_matter_of_patience(emulator: StartEmulator, repository: Make) -> None:
    """The model fails at once, and is not read again and again."""
    rule = Rule(method="PATCH", kind=Rewritten(change=lambda model: {**model, "model_metadata": {"team": "z"}}))
    running = emulator(seed=[hosted("gpt", model_metadata={"team": "x"})], faults=[rule])
    run = repository(running, hosted("gpt", model_metadata={"team": "y"})).apply()
    assert message_of(run, "gpt") == 'did not converge: model_metadata.team: sent "y", the server holds "z"'
    assert [entry.method for entry in running.log.entries] == ["GET", "GET", "PATCH"]


@pytest.mark.parametrize(
    "wanted",
    [
        launch("a", image={"tag": "v2"}),
        launch("b", renamed_from="a"),
        {"name": "a", "model_vendor": "launch", "state": "absent"},
    ],
    ids=["update", "rename", "delete"],
)
def test_a_model_that_another_owner_took_in_between(
    emulator: StartEmulator, repository: Make, wanted: dict[str, Any]
) -> None:
    """Their mark is read just before the write: the model is stale, and stays as it is."""
    running = emulator(seed=[launch("a")])
    made = repository(running, wanted)
    plan = made.plan()
    running.store.edit(running.store.named("a")["id"], {"model_metadata": {"egpsync": {"owner": "them"}}})
    run = made.apply(plan)
    assert set(outcomes(run).values()) == {Outcome.STALE}
    assert running.log.changes == ()


def test_an_exchange_whose_other_model_was_taken(emulator: StartEmulator, repository: Make) -> None:
    """Both sides of an exchange are read."""
    running = emulator(seed=[launch("a", id="m-a"), launch("b", id="m-b")])
    made = repository(running, launch("b", id="m-a"), launch("a", id="m-b"))
    plan = made.plan()
    running.store.edit("m-b", {"model_metadata": {"egpsync": {"owner": "them"}}})
    run = made.apply(plan)
    assert running.log.changes == ()
    assert "belongs to 'them' now, and has no owner when it was planned" in message_of(run, "b")


class Broken(Replanner, frozen=True, kw_only=True):
    """Fails where the model of one name is planned again."""

    def again(self, change: Change, live: Any) -> tuple[Update | None, tuple[FieldChange, ...]]:
        """A fault of our own."""
        if change.name == "bad":
            raise KeyError("hf_SENTINEL_0123456789")
        return super().again(change, live)


def test_a_fault_of_our_own_is_one_models_outcome(
    emulator: StartEmulator, repository: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run, its report and the other models' deployments go on; what the fault says of its data stays inside."""
    monkeypatch.setattr("egpsync.workflow.apply.Replanner", Broken)
    running = emulator(seed=[hosted("bad"), launch("good")], deploy_seconds=0.05)
    made = repository(running, hosted("bad", model_metadata={"k": 1}), launch("good", image={"tag": "v2"}))
    run = made.apply()
    assert outcomes(run) == {"bad": Outcome.UNKNOWN, "good": Outcome.APPLIED}
    assert message_of(run, "bad").startswith("a fault of egpsync (KeyError at ")
    assert "SENTINEL" not in message_of(run, "bad")
    failure = result_of(run, "bad").failure
    assert failure is not None
    assert failure.advice.startswith("Report it to the maintainers of egpsync")


def test_too_many_requests_for_a_write_that_did_not_happen(emulator: StartEmulator, repository: Make) -> None:
    """It failed with the server's own answer."""
    rule = Rule(method="PATCH", kind=TooMany(seconds=0))
    running = emulator(seed=[hosted("gpt")], faults=[rule])
    made = repository(running, hosted("gpt", model_metadata={"team": "y"}))
    run = made.apply(retries=1, retry_wait=0.01)
    assert outcomes(run) == {"gpt": Outcome.FAILED}
    assert message_of(run, "gpt").startswith("HTTP 429")

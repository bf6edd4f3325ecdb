"""Applying while others act on the same account, and while the server does not do what it says."""

from collections.abc import Callable
from typing import Any

import pytest

from egpsync.emulator.faults import Answer, Intervene, Rewritten, Rule, TooMany
from egpsync.emulator.store import Store
from egpsync.model.run import Outcome
from egpsync.value import replace
from tests.conftest import StartEmulator
from tests.workflow.samples import FAST, Repository, hosted, launch, message_of, outcomes, result_of

Make = Callable[..., Repository]
SECRET = "hf_SENTINEL_0123456789"


def edits(name: str, changes: dict[str, Any]) -> Callable[[Store], None]:
    """Somebody else sets fields of the model of that name."""
    return lambda store: store.edit(store.named(name)["id"], changes)


def test_a_model_that_moved_since_the_plan_is_left_alone(emulator: StartEmulator, repository: Make) -> None:
    """What was reviewed does not hold any more, so nothing is sent for it; the others go on."""
    running = emulator(seed=[hosted("moved", model_metadata={"team": "x"}), hosted("other")])
    made = repository(
        running, hosted("moved", model_metadata={"team": "y"}), hosted("other", model_metadata={"team": "y"})
    )
    plan = made.plan()
    edits("moved", {"model_metadata": {"team": "z"}})(running.store)
    run = made.apply(plan)
    assert outcomes(run) == {"moved": Outcome.STALE, "other": Outcome.APPLIED}
    assert message_of(run, "moved") == (
        'moved since the plan, so nothing was sent: model_metadata.team is "z" now, and was "x"'
    )
    assert [name for _, name, _ in made.sent()] == ["other"]
    assert made.live("moved")["model_metadata"] == {"team": "z"}


def test_an_undeclared_key_that_moved_makes_a_map_stale(emulator: StartEmulator, repository: Make) -> None:
    """The whole map travels: sending the planned one would put the old value back."""
    running = emulator(seed=[hosted("gpt", model_metadata={"team": "x", "theirs": 1})])
    made = repository(running, hosted("gpt", model_metadata={"team": "y"}))
    plan = made.plan()
    edits("gpt", {"model_metadata": {"team": "x", "theirs": 2}})(running.store)
    run = made.apply(plan)
    assert outcomes(run) == {"gpt": Outcome.STALE}
    assert running.log.changes == ()


def test_a_secret_that_moved_is_not_told(emulator: StartEmulator, repository: Make) -> None:
    """Values of env_vars are named by their key alone."""
    running = emulator(seed=[launch("gpt", image={"env_vars": {"TOKEN": f"{SECRET}-a"}})])
    made = repository(running, launch("gpt", image={"env_vars": {"TOKEN": f"{SECRET}-b"}}))
    plan = made.plan()
    configuration = made.live("gpt")["vendor_configuration"]
    configuration["model_image"]["env_vars"]["TOKEN"] = f"{SECRET}-c"
    edits("gpt", {"vendor_configuration": configuration})(running.store)
    run = made.apply(plan)
    assert outcomes(run) == {"gpt": Outcome.STALE}
    assert message_of(run, "gpt") == (
        "moved since the plan, so nothing was sent: "
        "vendor_configuration.model_image.env_vars.TOKEN is (sensitive) now, and was (sensitive)"
    )


def test_what_somebody_else_did_already_is_not_sent(emulator: StartEmulator, repository: Make) -> None:
    """The server holds what is wanted when its turn comes."""
    running = emulator(seed=[hosted("gpt", model_metadata={"team": "x"})])
    made = repository(running, hosted("gpt", model_metadata={"team": "y"}))
    plan = made.plan()
    edits("gpt", {"model_metadata": {"team": "y"}})(running.store)
    run = made.apply(plan)
    assert outcomes(run) == {"gpt": Outcome.APPLIED}
    assert result_of(run, "gpt").note == "held it already when its turn came"
    assert running.log.changes == ()


@pytest.mark.parametrize("status", [409, 400, 422])
def test_a_model_that_somebody_deploys_is_waited_for(emulator: StartEmulator, repository: Make, status: int) -> None:
    """Between the reading and the PATCH: the refusal, whatever its status, is told from others by reading again."""
    running = emulator(seed=[launch("gpt")], deploying_status=status)
    made = repository(running, launch("gpt", model_metadata={"team": "y"}))
    plan = made.plan()
    deploys = Intervene(action=lambda store: store.deploy(store.named("gpt")["id"], seconds=1.0))
    running.faults.add(Rule(method="PATCH", nth=(1,), kind=deploys))
    run = made.apply(plan)
    assert outcomes(run) == {"gpt": Outcome.APPLIED}
    assert [(entry.status, entry.acted) for entry in running.log.changes] == [(status, False), (200, True)]
    assert made.live("gpt")["model_metadata"] == {"team": "y"}


def test_a_model_that_was_deploying_when_read_is_waited_for(emulator: StartEmulator, repository: Make) -> None:
    """No PATCH is wasted on it."""
    running = emulator(seed=[launch("gpt")])
    made = repository(running, launch("gpt", model_metadata={"team": "y"}))
    plan = made.plan()
    running.store.deploy(running.store.named("gpt")["id"], seconds=0.05)
    assert outcomes(made.apply(plan)) == {"gpt": Outcome.APPLIED}
    assert [entry.status for entry in running.log.changes] == [200]


def test_a_model_that_somebody_deleted_is_stale(emulator: StartEmulator, repository: Make) -> None:
    """It is not created anew: the plan did not say so."""
    running = emulator(seed=[hosted("gone"), hosted("other")])
    made = repository(running, hosted("gone", model_metadata={"x": 1}), hosted("other", model_metadata={"x": 1}))
    plan = made.plan()
    running.store.remove(running.store.named("gone")["id"])
    run = made.apply(plan)
    assert outcomes(run) == {"gone": Outcome.STALE, "other": Outcome.APPLIED}
    assert message_of(run, "gone").startswith("HTTP 404: Model ")
    assert len(running.log.changes) == 1


def test_a_model_that_is_deleted_while_it_deploys_failed(emulator: StartEmulator, repository: Make) -> None:
    """The change was sent, and its model is gone."""
    running = emulator(seed=[launch("gone")], deploy_seconds=60)
    made = repository(running, launch("gone", image={"tag": "v2"}))
    plan = made.plan()
    removes = Intervene(action=lambda store: store.remove(store.named("gone")["id"]))
    running.faults.add(Rule(method="GET", nth=(2,), kind=removes))
    assert outcomes(made.apply(plan)) == {"gone": Outcome.FAILED}


def test_a_model_that_is_deleted_already_need_not_be(emulator: StartEmulator, repository: Make) -> None:
    """A tombstone's end is reached, whoever dug it."""
    running = emulator(seed=[hosted("gone")])
    made = repository(running, {"name": "gone", "model_vendor": "openai", "state": "absent"})
    plan = made.plan()
    running.store.remove(running.store.named("gone")["id"])
    run = made.apply(plan)
    assert outcomes(run) == {"gone": Outcome.APPLIED}
    assert result_of(run, "gone").note == "was gone already"
    assert running.log.changes == ()


def test_a_model_that_changed_is_not_deleted(emulator: StartEmulator, repository: Make) -> None:
    """Somebody is using it."""
    running = emulator(seed=[hosted("gone")])
    made = repository(running, {"name": "gone", "model_vendor": "openai", "state": "absent"})
    plan = made.plan()
    edits("gone", {"model_metadata": {"in": "use"}})(running.store)
    run = made.apply(plan)
    assert outcomes(run) == {"gone": Outcome.STALE}
    assert (
        message_of(run, "gone") == "moved since the plan, so nothing was sent: its fields have changed since the plan"
    )
    assert running.log.changes == ()


def test_a_name_that_was_taken_meanwhile_fails_alone(emulator: StartEmulator, repository: Make) -> None:
    """The server's words are told, and the model that took the name is untouched."""
    running = emulator(seed=[hosted("old"), hosted("other")])
    made = repository(running, hosted("new", renamed_from="old"), hosted("other", model_metadata={"x": 1}))
    plan = made.plan()
    taken = running.store.add(hosted("new"))
    run = made.apply(plan)
    assert outcomes(run) == {"new": Outcome.FAILED, "other": Outcome.APPLIED}
    assert message_of(run, "new") == f"HTTP 400: The name 'new' is taken by the model {taken}"
    assert made.live("old")["name"] == "old"


def test_a_model_that_somebody_created_is_not_taken_over(emulator: StartEmulator, repository: Make) -> None:
    """Only our own mark says that a model of the name is ours."""
    running = emulator()
    made = repository(running, hosted("new", model_metadata={"x": 1}))
    plan = made.plan()
    running.store.add(hosted("new", model_metadata={"theirs": True}))
    run = made.apply(plan)
    assert outcomes(run) == {"new": Outcome.FAILED}
    assert message_of(run, "new") == "HTTP 400: A model named 'new' already exists for openai"
    assert made.live("new")["model_metadata"] == {"theirs": True}


def test_a_model_that_was_renamed_meanwhile_is_stale(emulator: StartEmulator, repository: Make) -> None:
    """A rename starts from the name that the plan saw."""
    running = emulator(seed=[hosted("old")])
    made = repository(running, hosted("new", renamed_from="old"))
    plan = made.plan()
    edits("old", {"name": "third"})(running.store)
    run = made.apply(plan)
    assert outcomes(run) == {"new": Outcome.STALE}
    assert message_of(run, "new").endswith("it is called 'third' now, and was to be 'old'")
    assert running.log.changes == ()


def test_what_the_server_drops_did_not_converge(emulator: StartEmulator, repository: Make) -> None:
    """It accepts the request and holds something else: each path says what was sent and what is held."""
    running = emulator(seed=[launch("gpt"), launch("ok")], ignored=("model_infra.cpus",), deploy_seconds=0.02)
    made = repository(running, launch("gpt", infra={"cpus": "4"}), launch("ok", image={"tag": "v2"}))
    run = made.apply()
    assert outcomes(run) == {"gpt": Outcome.FAILED, "ok": Outcome.APPLIED}
    assert message_of(run, "gpt") == (
        'did not converge: vendor_configuration.model_infra.cpus: sent "4", the server holds "2"'
    )


def test_what_did_not_converge_masks_secrets(emulator: StartEmulator, repository: Make) -> None:
    """The values of env_vars are told nowhere."""
    running = emulator(
        seed=[launch("gpt", image={"env_vars": {"TOKEN": f"{SECRET}-old"}})], ignored=("model_image.env_vars",)
    )
    run = repository(running, launch("gpt", image={"env_vars": {"TOKEN": SECRET}})).apply()
    assert message_of(run, "gpt") == (
        "did not converge: vendor_configuration.model_image.env_vars.TOKEN: "
        "sent (sensitive), the server holds (sensitive)"
    )


def test_stale_reads_after_a_write_are_given_time(emulator: StartEmulator, repository: Make) -> None:
    """The platform caches records: what a read still shows of the past is no failure."""
    running = emulator(seed=[launch("gpt"), hosted("meta")], stale_seconds=0.15, deploy_seconds=0.02)
    made = repository(running, launch("gpt", image={"tag": "v2"}), hosted("meta", model_metadata={"x": 1}))
    run = made.apply(pace=replace(FAST, settle=2.0))
    assert outcomes(run) == {"gpt": Outcome.APPLIED, "meta": Outcome.APPLIED}
    assert len(running.log.changes) == 2


def test_a_stale_read_does_not_pass_for_a_finished_deployment(emulator: StartEmulator, repository: Make) -> None:
    """A record from before the PATCH says ready; the deployment then fails, and that is what counts."""
    running = emulator(seed=[launch("gpt")], stale_seconds=0.1, deploy_seconds=0.2, fail_names=("gpt",))
    run = repository(running, launch("gpt", image={"tag": "v2"})).apply(pace=replace(FAST, settle=2.0))
    assert outcomes(run) == {"gpt": Outcome.FAILED}


@pytest.mark.parametrize("respell", [True, False])
def test_another_spelling_of_a_quantity_has_converged(
    emulator: StartEmulator, repository: Make, *, respell: bool
) -> None:
    """8192Mi is 8Gi."""
    running = emulator(seed=[launch("gpt")], respell=respell, deploy_seconds=0.02)
    made = repository(running, launch("gpt", infra={"memory": "16Gi", "cpus": 4}))
    assert outcomes(made.apply()) == {"gpt": Outcome.APPLIED}
    assert made.plan().empty


def test_one_refused_request_does_not_stop_the_others(emulator: StartEmulator, repository: Make) -> None:
    """The failure names the request, the status, the server's words, and what to do."""
    running = emulator(seed=[hosted(f"m{number}") for number in range(5)])
    made = repository(running, *(hosted(f"m{number}", model_metadata={"x": 1}) for number in range(5)))
    plan = made.plan()
    path = made.path("m2")
    running.faults.add(Rule(method="PATCH", path=path, kind=Answer(status=422, body={"detail": "not today"})))
    run = made.apply(plan)
    assert outcomes(run) == {f"m{number}": Outcome.FAILED if number == 2 else Outcome.APPLIED for number in range(5)}
    failure = result_of(run, "m2").failure
    assert failure is not None
    assert (failure.message, failure.method, failure.url, failure.status, failure.advice) == (
        "HTTP 422: not today",
        "PATCH",
        running.base_url + path,
        422,
        "Correct what the message names, and plan again.",
    )


def test_a_refused_key_in_the_middle_fails_each_model(emulator: StartEmulator, repository: Make) -> None:
    """Every model's end is told, though none can go on."""
    running = emulator(seed=[hosted("a"), hosted("b")])
    made = repository(running, hosted("a", model_metadata={"x": 1}), hosted("b", model_metadata={"x": 1}))
    plan = made.plan()
    running.faults.add(Rule(kind=Answer(status=401, body={"detail": "expired"})))
    run = made.apply(plan)
    assert outcomes(run) == {"a": Outcome.FAILED, "b": Outcome.FAILED}
    assert message_of(run, "a") == "HTTP 401: expired"


def test_a_limit_is_waited_out(emulator: StartEmulator, repository: Make) -> None:
    """429 delays the run and fails nothing."""
    running = emulator(seed=[hosted(f"m{number}") for number in range(4)])
    made = repository(running, *(hosted(f"m{number}", model_metadata={"x": 1}) for number in range(4)))
    plan = made.plan()
    limit = TooMany(seconds=0.05, retry_after="milliseconds")
    running.faults.add(Rule(method="PATCH", nth=(1, 2), kind=limit))
    assert set(outcomes(made.apply(plan)).values()) == {Outcome.APPLIED}
    assert sum(entry.acted for entry in running.log.changes) == 4


def test_an_answer_about_another_model_does_not_pass(emulator: StartEmulator, repository: Make) -> None:
    """A model's own answer is what is looked at."""
    running = emulator(seed=[hosted("a"), hosted("b", model_metadata={"x": 1})])
    made = repository(running, hosted("a", model_metadata={"x": 1}))
    plan = made.plan()
    other = made.live("b")
    running.faults.add(Rule(method="PATCH", nth=(1,), kind=Answer(status=200, body=other)))
    run = made.apply(plan)
    assert outcomes(run)["a"] == Outcome.APPLIED
    assert made.live("a")["model_metadata"] == {"x": 1}


@pytest.mark.parametrize("odd", ["1e999", "NaN"])
def test_a_model_that_cannot_be_read_fails_alone(emulator: StartEmulator, repository: Make, odd: str) -> None:
    """A number that is no JSON number ends its model's change, and no other's."""
    running = emulator(seed=[hosted("odd"), hosted("fine")])
    made = repository(running, hosted("odd", model_metadata={"x": 1}), hosted("fine", model_metadata={"x": 1}))
    plan = made.plan()
    path = made.path("odd")
    page = f'{{"id": "{path.rpartition("/")[2]}", "name": "odd", "model_metadata": {{"n": {odd}}}}}'
    running.faults.add(Rule(method="GET", path=path, kind=Answer(status=200, body=page)))
    run = made.apply(plan)
    assert outcomes(run) == {"fine": Outcome.APPLIED, "odd": Outcome.FAILED}


def test_a_patch_that_answers_with_another_shape_is_settled_by_reading(
    emulator: StartEmulator, repository: Make
) -> None:
    """The server acted, and its answer is no model: a reading tells."""
    running = emulator(seed=[hosted("gpt")])
    made = repository(running, hosted("gpt", model_metadata={"x": 1}))
    plan = made.plan()
    running.faults.add(Rule(method="PATCH", kind=Rewritten(change=lambda _: {"ok": True})))
    run = made.apply(plan)
    assert outcomes(run) == {"gpt": Outcome.APPLIED}
    assert result_of(run, "gpt").note == "confirmed by reading, after an answer was lost"
    assert len(running.log.changes) == 1

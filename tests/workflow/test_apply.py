"""Applying over real HTTP, undisturbed: the planned bodies and nothing else, in order, within bounds."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from egpsync.account.requests import requests_of
from egpsync.core.change import PlanOptions
from egpsync.emulator.faults import Delay, Intervene, Rule
from egpsync.emulator.store import Store
from egpsync.model.plan import Action
from egpsync.model.run import Outcome, Stage
from egpsync.run.context import Pace
from egpsync.value import replace
from tests.conftest import StartEmulator
from tests.workflow.samples import FAST, Repository, hosted, launch, message_of, outcomes, result_of

Make = Callable[..., Repository]


def test_the_planned_bodies_arrive_and_nothing_else(emulator: StartEmulator, repository: Make) -> None:
    """Each changed model is sent its smallest body once; what is in sync and what is unmanaged is left alone."""
    seed = [
        hosted("meta", model_metadata={"team": "x", "kept": 1}),
        launch("image", model_metadata={"kept": 2}),
        launch("both"),
        hosted("old"),
        hosted("same", model_metadata={"team": "x"}),
        hosted("foreign"),
    ]
    running = emulator(seed=seed)
    made = repository(
        running,
        hosted("meta", model_metadata={"team": "y"}),
        launch("image", image={"tag": "v2"}),
        launch("both", infra={"max_workers": 3}, model_metadata={"team": "z"}),
        hosted("new", renamed_from="old"),
        hosted("same", model_metadata={"team": "x"}),
    )
    plan = made.plan()
    run = made.apply(plan)
    assert sorted(made.sent(), key=lambda sent: sent[1]) == [
        (
            "PATCH",
            "both",
            {"vendor_configuration": {"model_infra": {"max_workers": 3}}, "model_metadata": {"team": "z"}},
        ),
        ("PATCH", "image", {"vendor_configuration": {"model_image": {"tag": "v2"}}}),
        ("PATCH", "meta", {"model_metadata": {"team": "y", "kept": 1}}),
        ("PATCH", "new", {"name": "new"}),
    ]
    planned = [
        (request.method, request.path, request.body) for change in plan.changes for request in requests_of(change)
    ]
    assert sorted(map(str, planned)) == sorted(
        str((entry.method, entry.path, entry.body)) for entry in running.log.changes
    )
    assert outcomes(run) == {
        "both": Outcome.APPLIED,
        "image": Outcome.APPLIED,
        "meta": Outcome.APPLIED,
        "new": Outcome.APPLIED,
        "same": Outcome.NOTHING,
    }
    assert [result.done for result in run.results] == [1, 1, 1, 1, 0]
    assert made.plan().empty


def test_a_missing_model_is_created_and_followed_to_ready(emulator: StartEmulator, repository: Make) -> None:
    """The POST is complete, and the id is known after it."""
    running = emulator(deploy_seconds=0.05)
    made = repository(running, launch("fresh", model_metadata={"team": "x"}))
    run = made.apply()
    (entry,) = running.log.changes
    assert (entry.method, entry.path, entry.body["on_conflict"]) == ("POST", "/v5/models", "error")
    assert made.live("fresh")["status"] == "ready"
    assert result_of(run, "fresh").id == made.live("fresh")["id"]
    assert made.plan().empty


def test_each_model_is_read_before_it_is_changed(emulator: StartEmulator, repository: Make) -> None:
    """Between the listing and the PATCH lies a GET of that very model; one listing at the end confirms the run."""
    running = emulator(seed=[hosted("gpt")])
    made = repository(running, hosted("gpt", model_metadata={"a": 1}))
    made.apply()
    path = made.path("gpt")
    assert [(entry.method, entry.path) for entry in running.log.entries] == [
        ("GET", "/v5/models"),
        ("GET", path),
        ("PATCH", path),
        ("GET", "/v5/models"),
    ]


def test_an_empty_plan_sends_nothing(emulator: StartEmulator, repository: Make) -> None:
    """Not even a read."""
    running = emulator(seed=[hosted("gpt")])
    made = repository(running, hosted("gpt"))
    plan = made.plan()
    running.log.clear()
    assert outcomes(made.apply(plan)) == {"gpt": Outcome.NOTHING}
    assert running.log.entries == ()


def test_a_deploying_model_is_waited_for_then_changed(emulator: StartEmulator, repository: Make) -> None:
    """It is blocked in the plan, and applied once it is at rest."""
    running = emulator(seed=[launch("slow", deploying_for=2.0)])
    made = repository(running, launch("slow", model_metadata={"team": "x"}))
    plan = made.plan()
    assert plan.changes[0].action == Action.BLOCKED
    assert outcomes(made.apply(plan)) == {"slow": Outcome.APPLIED}
    assert [entry.acted for entry in running.log.changes] == [True]


def test_deletions_come_last(emulator: StartEmulator, repository: Make) -> None:
    """Whatever their names: first what is kept is made right."""
    running = emulator(seed=[hosted("a-gone"), launch("image"), hosted("meta")], deploy_seconds=0.1)
    made = repository(
        running,
        {"name": "a-gone", "model_vendor": "openai", "state": "absent"},
        launch("image", image={"tag": "v2"}),
        hosted("meta", model_metadata={"x": 1}),
    )
    run = made.apply()
    assert [entry.method for entry in running.log.changes] == ["PATCH", "PATCH", "DELETE"]
    assert set(outcomes(run).values()) == {Outcome.APPLIED}
    assert running.log.changes[-1].at - running.log.changes[0].at >= 0.1


def test_a_failed_deployment_is_told_with_the_servers_reason(emulator: StartEmulator, repository: Make) -> None:
    """The change failed though the server took it; the others go on."""
    running = emulator(seed=[launch("bad"), launch("good")], fail_names=("bad",), deploy_seconds=0.02)
    made = repository(running, launch("bad", image={"tag": "v2"}), launch("good", image={"tag": "v2"}))
    run = made.apply()
    assert outcomes(run) == {"bad": Outcome.FAILED, "good": Outcome.APPLIED}
    assert message_of(run, "bad") == "the deployment ended as failed: The image could not be pulled"
    assert result_of(run, "bad").done == 1


def test_a_deployment_that_the_server_gives_up_on_failed(emulator: StartEmulator, repository: Make) -> None:
    """`deployment_timeout` is an end, and no good one."""
    running = emulator(seed=[launch("late")], time_out_names=("late",), deploy_seconds=0.02)
    run = repository(running, launch("late", image={"tag": "v2"})).apply()
    assert outcomes(run) == {"late": Outcome.FAILED}
    assert message_of(run, "late") == "the deployment ended as deployment_timeout: The deployment took too long"


def test_a_deployment_that_takes_too_long_is_in_flight(emulator: StartEmulator, repository: Make) -> None:
    """Our patience ends before it does."""
    running = emulator(seed=[launch("slow")], deploy_seconds=60)
    pace = Pace(deployment=0.1, first_poll=0.01, longest_poll=0.02, settle=0.1)
    run = repository(running, launch("slow", image={"tag": "v2"})).apply(pace=pace)
    assert outcomes(run) == {"slow": Outcome.IN_FLIGHT}
    assert message_of(run, "slow") == "is still deploying: it was waited for 0 s"


def test_a_change_that_a_deployment_kept_from_being_sent_is_not_attempted(
    emulator: StartEmulator, repository: Make
) -> None:
    """In flight is only what was accepted: nothing was sent for this model."""
    running = emulator(seed=[launch("slow", deploying_for=60)])
    pace = Pace(deployment=0.1, first_poll=0.01, longest_poll=0.02, settle=0.1)
    run = repository(running, launch("slow", model_metadata={"x": 1})).apply(pace=pace)
    assert outcomes(run) == {"slow": Outcome.NOT_ATTEMPTED}
    assert running.log.changes == ()


def test_without_waiting_a_redeploy_is_left_in_flight(emulator: StartEmulator, repository: Make) -> None:
    """--no-wait: the listing that confirms the run is the last that is heard."""
    running = emulator(seed=[launch("slow")], deploy_seconds=60)
    made = repository(running, launch("slow", image={"tag": "v2"}))
    plan = made.plan()
    run = made.apply(plan, wait=False)
    assert outcomes(run) == {"slow": Outcome.IN_FLIGHT}
    assert result_of(run, "slow").failure is None
    assert [entry.method for entry in running.log.entries] == ["GET", "GET", "PATCH", "GET"]


def test_a_failed_model_is_deployed_again_on_request(emulator: StartEmulator, repository: Make) -> None:
    """--retry-failed sends the smallest configuration that changes nothing."""
    running = emulator(seed=[launch("broken", status="failed")], deploy_seconds=0.02)
    made = repository(running, launch("broken"))
    options = PlanOptions(retry_failed=True)
    planned = made.planned(options)
    assert planned.plan is not None
    run = made.apply(planned.plan, options=options)
    assert outcomes(run) == {"broken": Outcome.APPLIED}
    assert made.sent() == [("PATCH", "broken", {"vendor_configuration": {"model_image": {"tag": "v1"}}})]
    assert made.live("broken")["status"] == "ready"


class Crowd:
    """Counts who is at the server at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.present = 0
        self.most = 0

    def rules(self, seconds: float) -> tuple[Rule, ...]:
        """Each request comes, stays so long, and goes."""
        return (
            Rule(kind=Intervene(action=self._came)),
            Rule(kind=Delay(seconds=seconds)),
            Rule(kind=Intervene(action=self._left, after=True)),
        )

    def _came(self, _: Store) -> None:
        with self.lock:
            self.present += 1
            self.most = max(self.most, self.present)

    def _left(self, _: Store) -> None:
        with self.lock:
            self.present -= 1


@pytest.mark.parametrize("parallelism", [1, 3])
def test_no_more_requests_than_allowed_are_at_the_server(
    emulator: StartEmulator, repository: Make, parallelism: int
) -> None:
    """--parallelism bounds the requests under way, and is used to the full."""
    running = emulator(seed=[hosted(f"m{number}") for number in range(9)])
    made = repository(running, *(hosted(f"m{number}", model_metadata={"x": 1}) for number in range(9)))
    plan = made.plan()
    crowd = Crowd()
    running.faults.add(*crowd.rules(0.01))
    run = made.apply(plan, parallelism=parallelism)
    assert set(outcomes(run).values()) == {Outcome.APPLIED}
    assert crowd.most == parallelism


def test_no_more_deployments_than_allowed_are_in_flight(emulator: StartEmulator, repository: Make) -> None:
    """--max-redeploys bounds those that are waited for."""
    running = emulator(seed=[launch(f"m{number}") for number in range(5)], deploy_seconds=0.05)
    made = repository(running, *(launch(f"m{number}", image={"tag": "v2"}) for number in range(5)))
    seen: list[int] = []

    def count(store: Store) -> None:
        seen.append(sum(one["status"] == "deploying" for one in store.models()))

    running.faults.add(Rule(method="PATCH", kind=Intervene(action=count, after=True)))
    run = made.apply(max_redeploys=2)
    assert set(outcomes(run).values()) == {Outcome.APPLIED}
    assert max(seen) == 2


def test_canaries_are_ready_before_the_others_begin(emulator: StartEmulator, repository: Make) -> None:
    """One goes first; what is no deployment does not wait for it."""
    running = emulator(seed=[hosted("z"), *(launch(f"m{number}") for number in range(3))], deploy_seconds=0.1)
    made = repository(
        running,
        hosted("z", model_metadata={"x": 1}),
        *(launch(f"m{number}", image={"tag": "v2"}) for number in range(3)),
    )
    run = made.apply(canaries=1)
    assert set(outcomes(run).values()) == {Outcome.APPLIED}
    by_name = {made.name_of(entry): entry.at for entry in running.log.changes}
    first = by_name["m0"]
    assert all(by_name[name] - first >= 0.1 for name in ("m1", "m2"))
    assert by_name["z"] - first < 0.1


def test_a_failed_canary_holds_the_others_back(emulator: StartEmulator, repository: Make) -> None:
    """Nothing else is deployed."""
    running = emulator(seed=[launch("a"), launch("b")], fail_names=("a",), deploy_seconds=0.02)
    made = repository(running, launch("a", image={"tag": "v2"}), launch("b", image={"tag": "v2"}))
    run = made.apply(canaries=1)
    assert outcomes(run) == {"a": Outcome.FAILED, "b": Outcome.NOT_ATTEMPTED}
    assert message_of(run, "b") == "a canary did not become ready"
    assert len(running.log.changes) == 1


def test_canaries_are_followed_without_waiting_for_the_others(emulator: StartEmulator, repository: Make) -> None:
    """--no-wait: who must be ready before the others begin is waited for all the same."""
    running = emulator(seed=[launch("a"), launch("b")], deploy_seconds=0.1)
    made = repository(running, launch("a", image={"tag": "v2"}), launch("b", image={"tag": "v2"}))
    run = made.apply(canaries=1, wait=False)
    assert outcomes(run) == {"a": Outcome.APPLIED, "b": Outcome.IN_FLIGHT}


def test_what_moved_since_the_plan_was_saved_is_no_canary(emulator: StartEmulator, repository: Make) -> None:
    """It is not sent, so it can hold nobody back."""
    running = emulator(seed=[launch(name) for name in "abc"], deploy_seconds=0.02)
    made = repository(running, *(launch(name, image={"tag": "v2"}) for name in "abc"))
    plan = made.plan()
    moved, *others = plan.changes
    pinned = replace(plan, changes=(replace(moved, moved="moved since"), *others))
    run = made.apply(pinned, canaries=1)
    assert outcomes(run) == {"a": Outcome.STALE, "b": Outcome.APPLIED, "c": Outcome.APPLIED}


def test_enough_failures_stop_the_run(emulator: StartEmulator, repository: Make) -> None:
    """--max-failures: what has not begun is not attempted."""
    running = emulator(seed=[launch(f"m{number}") for number in range(6)], fail_names=("m*",), deploy_seconds=0.02)
    made = repository(running, *(launch(f"m{number}", image={"tag": "v2"}) for number in range(6)))
    run = made.apply(max_failures=2, max_redeploys=1)
    assert list(outcomes(run).values()) == [Outcome.FAILED] * 2 + [Outcome.NOT_ATTEMPTED] * 4
    assert message_of(run, "m5") == "the run stopped after 2 failures (--max-failures)"
    assert len(running.log.changes) == 2


def test_a_stopped_run_tells_of_every_model(emulator: StartEmulator, repository: Make) -> None:
    """What is under way is finished, what is deploying is in flight, the rest is not attempted."""
    running = emulator(seed=[launch(f"m{number}") for number in range(4)], deploy_seconds=60)
    made = repository(running, *(launch(f"m{number}", image={"tag": "v2"}) for number in range(4)))

    def stop_when_waiting(event: Any) -> None:
        if event.stage == Stage.WAITING:
            made.stop.set()

    run = made.apply(max_redeploys=1, progress=stop_when_waiting)
    assert list(outcomes(run).values()) == [Outcome.IN_FLIGHT] + [Outcome.NOT_ATTEMPTED] * 3
    assert message_of(run, "m0") == "is still deploying: the run was interrupted"
    assert message_of(run, "m3") == "the run was interrupted"
    assert len(running.log.changes) == 1


def test_a_run_that_is_stopped_before_it_begins_sends_nothing(emulator: StartEmulator, repository: Make) -> None:
    """Neither at once nor after a deployment that it would have waited for; nothing is in flight of ours."""
    running = emulator(seed=[launch("slow", deploying_for=60), hosted("meta")])
    made = repository(running, launch("slow", model_metadata={"x": 1}), hosted("meta", model_metadata={"x": 1}))
    plan = made.plan()
    made.stop.set()
    run = made.apply(plan)
    assert outcomes(run) == {"meta": Outcome.NOT_ATTEMPTED, "slow": Outcome.NOT_ATTEMPTED}
    assert running.log.changes == ()


def test_progress_tells_of_each_step(emulator: StartEmulator, repository: Make) -> None:
    """Sending, waiting, ended, by model."""
    running = emulator(seed=[launch("image")], deploy_seconds=0.05)
    made = repository(running, launch("image", image={"tag": "v2"}))
    made.apply(pace=FAST)
    stages = [event.stage for event in made.events]
    assert (stages[0], stages[-1]) == (Stage.SENDING, Stage.ENDED)
    assert set(stages[1:-1]) == {Stage.WAITING}
    assert made.events[0].text == f"PATCH {made.path('image')}"
    assert made.events[-1].text == "applied"

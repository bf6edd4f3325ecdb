"""Lost answers: the right outcome, and nothing sent twice that must not be."""

from collections.abc import Callable, Mapping
from functools import partial

import pytest

from egpsync.emulator.faults import Answer, Cut, Hang, Kind, Rule, Truncated
from egpsync.emulator.server import Running
from egpsync.model.plan import Plan
from egpsync.model.run import Outcome
from egpsync.value import replace
from tests.conftest import StartEmulator
from tests.workflow.samples import FAST, Repository, hosted, launch, message_of, outcomes, result_of

Make = Callable[..., Repository]
ACTED: Mapping[str, Kind] = {
    "cut": Cut(after=True),
    "reset": Cut(after=True, reset=True),
    "cut while answering": Cut(after=True, partial=True),
    "truncated": Truncated(),
    "502": Answer(status=502, body="<html>", after=True),
    "500": Answer(status=500, body={"error": "Internal error occurred"}, after=True),
    "page": Answer(status=200, body="<html>", after=True),
    "late": Hang(seconds=0.05, after=True),
}
NOT_ACTED: Mapping[str, Kind] = {
    "cut": Cut(),
    "reset": Cut(reset=True),
    "502": Answer(status=502, body="<html>"),
    "500": Answer(status=500, body={"error": "Internal error occurred"}),
    "late": Hang(seconds=0.05),
}


def update(repository: Make, emulator: StartEmulator) -> Repository:
    """A PATCH of metadata."""
    return repository(emulator(seed=[hosted("gpt")]), hosted("gpt", model_metadata={"x": 1}))


def redeploy(repository: Make, emulator: StartEmulator) -> Repository:
    """A PATCH of the configuration."""
    running = emulator(seed=[launch("gpt")], deploy_seconds=0.03)
    return repository(running, launch("gpt", image={"tag": "v2"}))


def rename(repository: Make, emulator: StartEmulator) -> Repository:
    """A PATCH of the name."""
    return repository(emulator(seed=[hosted("old")]), hosted("gpt", renamed_from="old"))


def swap(repository: Make, emulator: StartEmulator) -> Repository:
    """A PATCH that exchanges two names."""
    running = emulator(seed=[hosted("gpt", id="id-1"), hosted("two", id="id-2")])
    return repository(running, hosted("two", id="id-1"), hosted("gpt", id="id-2"))


def create(repository: Make, emulator: StartEmulator) -> Repository:
    """A POST of a hosted model."""
    return repository(emulator(), hosted("gpt", model_metadata={"x": 1}))


def create_deployed(repository: Make, emulator: StartEmulator) -> Repository:
    """A POST of a model that is then deployed."""
    return repository(emulator(deploy_seconds=0.03), launch("gpt"))


def delete(repository: Make, emulator: StartEmulator) -> Repository:
    """A DELETE."""
    running = emulator(seed=[hosted("gpt")])
    return repository(running, {"name": "gpt", "model_vendor": "openai", "state": "absent"})


STEPS = {step.__name__: step for step in (update, redeploy, rename, swap, create, create_deployed, delete)}


def disturbed(made: Repository, kind: Kind, nth: range | tuple[int, ...] = (1,)) -> tuple[Plan, Running]:
    """A plan, and the fault that its first write will meet."""
    plan = made.plan()
    for method in ("PATCH", "POST", "DELETE"):
        made.running.faults.add(Rule(method=method, nth=nth, kind=kind))
    return plan, made.running


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ACTED)
def test_an_answer_lost_after_the_server_acted_is_found_out_by_reading(
    emulator: StartEmulator, repository: Make, step: str, kind: str
) -> None:
    """The change is applied, its request was sent once, and a plan after it is empty."""
    made = STEPS[step](repository, emulator)
    plan, running = disturbed(made, ACTED[kind])
    run = made.apply(plan)
    assert set(outcomes(run).values()) == {Outcome.APPLIED}
    assert [entry.acted for entry in running.log.changes] == [True]
    assert made.plan().empty


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", NOT_ACTED)
def test_an_answer_lost_before_the_server_acted_is_sent_again_after_a_reading(
    emulator: StartEmulator, repository: Make, step: str, kind: str
) -> None:
    """A reading in between says that it did not happen; then it does, once."""
    made = STEPS[step](repository, emulator)
    plan, running = disturbed(made, NOT_ACTED[kind])
    run = made.apply(plan)
    assert set(outcomes(run).values()) == {Outcome.APPLIED}
    assert [entry.acted for entry in running.log.changes] == [False, True]
    writes = [at for at, entry in enumerate(running.log.entries) if entry.method != "GET"]
    assert any(entry.method == "GET" for entry in running.log.entries[writes[0] + 1 : writes[1]])
    assert made.plan().empty


@pytest.mark.parametrize("step", STEPS)
def test_what_is_lost_again_and_again_is_unknown(emulator: StartEmulator, repository: Make, step: str) -> None:
    """After a few readings it is told as it is: it may or may not have happened."""
    made = STEPS[step](repository, emulator)
    plan, running = disturbed(made, Cut(), nth=range(1, 99))
    run = made.apply(plan)
    assert Outcome.UNKNOWN in outcomes(run).values()
    assert not any(entry.acted for entry in running.log.changes)
    assert len(running.log.changes) == 4


@pytest.mark.parametrize("step", ["update", "redeploy", "rename", "create", "delete"])
def test_an_answer_that_is_lost_and_cannot_be_read_after_is_unknown(
    emulator: StartEmulator, repository: Make, step: str
) -> None:
    """The server is gone: the report says that nobody knows, and not that it failed."""
    made = STEPS[step](repository, emulator)
    plan, running = disturbed(made, Cut(after=True))

    def after_the_write(entry: object) -> bool:
        return any(one.acted for one in running.log.entries)

    running.faults.add(Rule(method="GET", where=after_the_write, kind=Answer(status=403, body={"detail": "no more"})))
    run = made.apply(plan)
    assert outcomes(run) == {"gpt": Outcome.UNKNOWN}
    (sent,) = running.log.changes
    assert message_of(run, "gpt") == f"{sent.method} was sent, and whether it happened is not known: HTTP 403: no more"


def test_a_note_says_how_it_was_found_out(emulator: StartEmulator, repository: Make) -> None:
    """The report tells that the answer was lost."""
    made = update(repository, emulator)
    plan, _ = disturbed(made, Cut(after=True))
    assert result_of(made.apply(plan), "gpt").note == "confirmed by reading, after an answer was lost"


def test_a_created_model_that_was_lost_is_known_by_its_mark(emulator: StartEmulator, repository: Make) -> None:
    """The id is known though the answer was not heard."""
    made = create(repository, emulator)
    plan, _ = disturbed(made, Cut(after=True))
    result = result_of(made.apply(plan), "gpt")
    assert result.note == "its creation is confirmed by reading, after an answer was lost"
    assert result.id == made.live("gpt")["id"]


LAGGING: Mapping[str, Kind] = {"cut": Cut(after=True), "503": Answer(status=503, body={}, after=True)}


@pytest.mark.parametrize("step", STEPS)
def test_readings_that_lag_behind_a_lost_request_do_not_send_it_again(
    emulator: StartEmulator, repository: Make, step: str
) -> None:
    """What readings show too late is waited for: the request went out once, and is known to have happened."""
    made = STEPS[step](repository, partial(emulator, stale_seconds=0.2))
    plan, running = disturbed(made, Cut(after=True))
    run = made.apply(plan, pace=replace(FAST, settle=3.0))
    assert set(outcomes(run).values()) == {Outcome.APPLIED}
    assert len(running.log.changes) == len({entry.path for entry in running.log.changes})


@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize("kind", LAGGING)
def test_a_deployment_that_a_lost_request_began_refuses_the_next_without_a_lie(
    emulator: StartEmulator, repository: Make, kind: str, status: int
) -> None:
    """The refusal is of our own doing, and the reading after it lags: it is waited for, and found to have happened."""
    running = emulator(seed=[launch("gpt")], deploy_seconds=0.4, stale_seconds=0.6, deploying_status=status)
    made = repository(running, launch("gpt", image={"tag": "v2"}))
    plan, _ = disturbed(made, LAGGING[kind])
    assert outcomes(made.apply(plan, pace=replace(FAST, settle=5.0))) == {"gpt": Outcome.APPLIED}


@pytest.mark.parametrize("status", [400, 409])
def test_a_refusal_after_a_lost_request_that_no_reading_explains_is_unknown(
    emulator: StartEmulator, repository: Make, status: int
) -> None:
    """Readings lag for longer than they may: nobody knows whether it happened, and nothing says that it failed."""
    running = emulator(seed=[launch("gpt")], deploy_seconds=30.0, stale_seconds=30.0, deploying_status=status)
    made = repository(running, launch("gpt", image={"tag": "v2"}))
    plan, _ = disturbed(made, Cut(after=True))
    assert outcomes(made.apply(plan)) == {"gpt": Outcome.UNKNOWN}


@pytest.mark.parametrize("step", ["update", "redeploy", "rename", "delete"])
def test_503_is_sent_again_as_the_server_did_not_act(emulator: StartEmulator, repository: Make, step: str) -> None:
    """A message broker that is away passes."""
    made = STEPS[step](repository, emulator)
    plan, running = disturbed(made, Answer(status=503, body={"detail": "Message broker temporarily unavailable"}))
    assert set(outcomes(made.apply(plan)).values()) == {Outcome.APPLIED}
    assert [entry.acted for entry in running.log.changes] == [False, True]


def test_a_post_is_never_sent_again_on_503_without_a_reading(emulator: StartEmulator, repository: Make) -> None:
    """A gateway can answer 503 for a server that acted."""
    made = create(repository, emulator)
    plan, running = disturbed(made, Answer(status=503, after=True))
    assert outcomes(made.apply(plan)) == {"gpt": Outcome.APPLIED}
    assert [entry.acted for entry in running.log.changes] == [True]

"""What the matrix found, each as a story of its own."""

from egpsync.core.change import PlanOptions
from egpsync.emulator.faults import Answer, Cut, Intervene, Rewritten, Rule
from egpsync.emulator.store import Store
from egpsync.model.run import ChangeResult, Outcome
from tests.conftest import StartEmulator
from tests.faults.account import Account, Ran
from tests.faults.steps import GPT, GPUS
from tests.workflow.samples import hosted, launch

SEED = (launch("gpt", id=GPT, model_metadata={"team": "a", "theirs": 1}),)
REPLACED = [launch("gpt", infra=GPUS, model_metadata={"team": "b"})]
CHANGED = [launch("gpt", model_metadata={"team": "b"})]


def only(ran: Ran) -> ChangeResult:
    """The run's one change."""
    (result,) = ran.result.results
    return result


def message(ran: Ran) -> str:
    """Why the run's one change did not end as planned."""
    failure = only(ran).failure
    return failure.message if failure else ""


def writes(ran: Ran) -> list[str]:
    """The methods of all requests that were no readings."""
    return [entry.method for entry in ran.entries if entry.method != "GET"]


def edit(store: Store) -> None:
    """Somebody else writes to the model under a key that nobody declared."""
    store.edit(GPT, {"model_metadata": {"team": "a", "theirs": 2}})


def test_a_reading_that_is_cut_again_and_again_is_a_failure(emulator: StartEmulator) -> None:
    """Nothing was sent, so nothing is unknown."""
    running = emulator(seed=SEED)
    account = Account(running=running, entries=CHANGED)
    plan = account.plan()
    running.faults.add(Rule(method="GET", kind=Cut()))
    ran = account.run(plan)
    assert (only(ran).outcome, writes(ran)) == (Outcome.FAILED, [])
    assert len(ran.entries) == 6


def test_a_change_that_stops_half_way_has_failed(emulator: StartEmulator) -> None:
    """Its rename happened: that it is stale would say that nothing was sent for it."""
    running = emulator(seed=[hosted("old", id=GPT, model_metadata={"theirs": 1})])
    account = Account(running=running, entries=[hosted("gpt", renamed_from="old", model_metadata={"team": "b"})])
    plan = account.plan()
    running.faults.add(Rule(method="PATCH", nth=(1,), kind=Intervene(action=edit, after=True)))
    ran = account.run(plan)
    assert (only(ran).outcome, writes(ran)) == (Outcome.FAILED, ["PATCH"])
    assert message(ran).startswith("stopped half way: moved since the plan, so nothing more was sent: ")


def test_a_lost_answer_about_a_model_that_moved_since_is_unknown(emulator: StartEmulator) -> None:
    """The request may have happened: that it is stale would say that nothing was sent."""
    running = emulator(seed=SEED)
    account = Account(running=running, entries=CHANGED)
    plan = account.plan()
    renames = Intervene(action=lambda store: store.edit(GPT, {"name": "elsewhere"}), after=True)
    running.faults.add(Rule(method="PATCH", kind=renames), Rule(method="PATCH", kind=Cut(after=True)))
    ran = account.run(plan)
    assert (only(ran).outcome, writes(ran)) == (Outcome.UNKNOWN, ["PATCH"])


def test_a_model_that_somebody_renamed_is_not_changed(emulator: StartEmulator) -> None:
    """The plan saw it under the name that the manifest declares; no manifest declares the other one."""
    running = emulator(seed=SEED)
    account = Account(running=running, entries=CHANGED)
    plan = account.plan()
    running.store.edit(GPT, {"name": "elsewhere"})
    ran = account.run(plan)
    assert (only(ran).outcome, writes(ran)) == (Outcome.STALE, [])
    assert message(ran).endswith("it is called 'elsewhere' now, and was to be 'gpt'")


def test_a_created_model_that_readings_do_not_show_yet_is_waited_for(emulator: StartEmulator) -> None:
    """A 404 from a reading that lags behind the POST is no failure."""
    running = emulator(stale_seconds=0.08, deploy_seconds=0.03)
    ran = Account(running=running, entries=CHANGED).run(Account(running=running, entries=CHANGED).plan())
    assert (only(ran).outcome, writes(ran)) == (Outcome.APPLIED, ["POST"])


def test_an_answer_that_says_that_nothing_was_deleted_is_believed(emulator: StartEmulator) -> None:
    """200 alone does not say that the model is gone."""
    running = emulator(seed=SEED)
    account = Account(running=running, entries=[{"name": "gpt", "model_vendor": "launch", "state": "absent"}])
    plan = account.plan()
    kept = Answer(status=200, body={"id": GPT, "object": "model", "deleted": False})
    running.faults.add(Rule(method="DELETE", kind=kept))
    ran = account.run(plan)
    assert (only(ran).outcome, writes(ran)) == (Outcome.FAILED, ["DELETE"])


def test_a_name_that_readings_do_not_show_yet_is_waited_for(emulator: StartEmulator) -> None:
    """The old model's reading lags behind the exchange: that it has its former name is not somebody else's doing."""
    running = emulator(seed=SEED, stale_seconds=0.08, deploy_seconds=0.03)
    account = Account(running=running, entries=REPLACED)
    ran = account.run(account.plan())
    assert (only(ran).outcome, writes(ran)) == (Outcome.APPLIED, ["POST", "PATCH", "DELETE"])


def test_a_replacement_is_not_begun_from_what_is_so_no_more(emulator: StartEmulator) -> None:
    """The new model would be made with what the old one held when the plan was made."""
    running = emulator(seed=SEED)
    account = Account(running=running, entries=REPLACED)
    plan = account.plan()
    edit(running.store)
    ran = account.run(plan)
    assert (only(ran).outcome, writes(ran)) == (Outcome.STALE, [])


def test_what_is_written_to_the_old_model_while_the_new_one_deploys_is_kept(emulator: StartEmulator) -> None:
    """The exchange does not take place; the next run makes the new model again, from what the old one holds now."""
    running = emulator(seed=SEED, deploy_seconds=0.03)
    account = Account(running=running, entries=REPLACED)
    plan = account.plan()
    running.faults.add(Rule(method="POST", nth=(1,), kind=Intervene(action=edit, after=True)))
    ran = account.run(plan)
    assert (only(ran).outcome, writes(ran)) == (Outcome.FAILED, ["POST"])
    assert running.store.model(GPT)["name"] == "gpt"
    again = account.run(account.plan())
    assert (only(again).outcome, writes(again)) == (Outcome.APPLIED, ["DELETE", "POST", "PATCH", "DELETE"])
    assert running.store.named("gpt")["model_metadata"]["theirs"] == 2


def test_an_id_that_is_no_id_ends_no_run(emulator: StartEmulator) -> None:
    """A POST that is answered with nonsense is looked up, and the model found by its operation."""
    running = emulator(deploy_seconds=0.01)
    account = Account(running=running, entries=CHANGED)
    plan = account.plan()
    running.faults.add(Rule(method="POST", kind=Rewritten(change=lambda answer: {**answer, "id": 5})))
    ran = account.run(plan)
    assert (only(ran).outcome, writes(ran)) == (Outcome.APPLIED, ["POST"])


def test_a_model_that_waits_lends_its_slot(emulator: StartEmulator) -> None:
    """Somebody has one model deploying: the only slot serves the other change meanwhile."""
    running = emulator(seed=[*SEED, hosted("other", id="o-1")], deploy_seconds=0.2)
    entries = [*CHANGED, hosted("other", model_metadata={"x": 1})]
    account = Account(running=running, entries=entries, parallelism=1)
    plan = account.plan()
    running.store.deploy(GPT, seconds=0.3)
    ran = account.run(plan)
    assert [entry.path for entry in ran.entries if entry.method == "PATCH"] == ["/v5/models/o-1", f"/v5/models/{GPT}"]
    assert {result.outcome for result in ran.result.results} == {Outcome.APPLIED}


def test_a_failure_of_before_is_not_taken_for_the_new_one(emulator: StartEmulator) -> None:
    """The same configuration is tried again: a reading that lags behind shows the old end of it."""
    failed = launch("gpt", id=GPT, status="failed", status_reason="no image")
    running = emulator(seed=[failed], stale_seconds=0.08, deploy_seconds=0.03)
    account = Account(running=running, entries=[launch("gpt")], options=PlanOptions(retry_failed=True))
    ran = account.run(account.plan())
    assert (only(ran).outcome, writes(ran)) == (Outcome.APPLIED, ["PATCH"])


def test_an_old_model_that_changed_is_not_deleted(emulator: StartEmulator) -> None:
    """A replacement that an earlier run left half done: what somebody wrote to the old model since is looked at."""
    mark = {"egpsync": {"replaces": GPT}}
    new = launch("gpt", id="new", infra=GPUS, model_metadata={"team": "b", **mark})
    old = launch("gpt--next", id=GPT, model_metadata={"theirs": 1})
    running = emulator(seed=[new, old])
    account = Account(running=running, entries=REPLACED)
    plan = account.plan()
    running.store.edit(GPT, {"model_metadata": {"theirs": 2}})
    ran = account.run(plan)
    assert (only(ran).outcome, writes(ran)) == (Outcome.STALE, [])


def test_a_change_whose_end_cannot_be_read_tells_what_was_sent(emulator: StartEmulator) -> None:
    """The reading that failed says of itself that nothing was sent; the change's PATCH was accepted."""
    running = emulator(seed=SEED, deploy_seconds=0.05)
    account = Account(running=running, entries=[launch("gpt", image={"tag": "v2"})])
    plan = account.plan()

    def accepted(_: object) -> bool:
        return any(entry.acted for entry in running.log.entries)

    running.faults.add(Rule(method="GET", where=accepted, kind=Cut()))
    ran = account.run(plan)
    failure = only(ran).failure
    assert failure is not None
    assert (only(ran).outcome, failure.method) == (Outcome.UNKNOWN, "PATCH")
    assert failure.message.startswith("PATCH was accepted, and how that ended is not known: no answer: ")
    assert failure.advice.startswith("Run egpsync apply again: ")

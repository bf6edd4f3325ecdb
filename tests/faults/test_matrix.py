"""Every fault at every kind of step: what the first report says is so, and a plain re-run finishes the job."""

import itertools
import time
from collections.abc import Mapping
from typing import Any

import pytest

from egpsync.account.client import Patience
from egpsync.emulator.faults import Intervene, Rule
from egpsync.emulator.seed import plant
from egpsync.emulator.server import Running
from egpsync.emulator.store import Store
from egpsync.emulator.switches import Switches
from egpsync.model.run import Outcome
from tests.conftest import StartEmulator
from tests.faults.account import Account, Ran
from tests.faults.kinds import FAULTS, Fault
from tests.faults.steps import BESIDE, GPT, STEPS, Step
from tests.faults.truth import lies, made_twice, sent_blindly, touched, undeclared

Models = list[dict[str, Any]]
SERVERS = [
    {"maps": maps, "bodies": bodies, "deploying_status": status}
    for maps, bodies, status in itertools.product(["replace", "merge"], ["lenient", "strict"], [409, 400])
]
"""What is not documented about the platform: the cells take turns, so that each fault and each step meets each."""

CELLS = [(fault, step) for fault in FAULTS for step in STEPS if step in FAULTS[fault].steps]
OWN = ("id", "created_at", "model_type")


@pytest.mark.parametrize(("number", "fault", "step"), [(number, *cell) for number, cell in enumerate(CELLS)])
def test_a_fault_at_a_step(emulator: StartEmulator, number: int, fault: str, step: str) -> None:
    """The report tells the truth, nothing is sent blindly or made twice, and one re-run leaves what is declared."""
    fell, taken = FAULTS[fault], STEPS[step]
    switches = {"deploy_seconds": 0.03, **SERVERS[number % len(SERVERS)], **fell.switches}
    running = emulator(seed=taken.seed, **switches)
    account = Account(running=running, entries=list(taken.entries), timeout=fell.timeout)
    if fell.refusing and fell.passes:
        account.patience = Patience(attempts=30)  # jitter can spend six attempts before anybody listens again
    first = _first_run(account, fell, taken)
    if first is not None:
        _check_first(first, fell, step)
    _check_rerun(account, fell, step)
    assert made_twice(running.log.entries) in ([], _begun_again(fell, step))
    _check_undeclared(account, fell, taken, step)


def _first_run(account: Account, fault: Fault, step: Step) -> Ran | None:
    faults, store = account.running.faults, account.running.store
    if fault.paging is not None:
        faults.add(Rule(method="GET", nth=(2,), kind=Intervene(action=fault.paging)))
    plan = account.plan()
    faults.clear()
    if account.refusals(plan):
        return None
    if fault.first and fault.act is not None:
        fault.act(store)
    faults.add(*fault.rules(step))
    ran = account.run(plan, fault.refusing(step) if fault.refusing else None)
    faults.clear()
    time.sleep(account.running.setup.switches.stale_seconds)
    return ran


def _check_first(ran: Ran, fault: Fault, step: str) -> None:
    outcomes = {result.change.name: result.outcome for result in ran.result.results}
    assert lies(ran, moved=fault.moved, relayed=fault.refusing is not None) == []
    assert sent_blindly(ran.entries) == []
    if fault.passes:
        assert set(outcomes.values()) == {Outcome.APPLIED}
    if fault.paging is None and fault.refusing is None:
        assert outcomes["other"] == Outcome.APPLIED


def _check_rerun(account: Account, fault: Fault, step: str) -> None:
    """A plan from what is there now, carried out; or a refusal that says what stands in the way."""
    plan = account.plan()
    refusals = account.refusals(plan)
    assert refusals <= {fault.refused.get(step, "unknown-id" if fault.paging else "")}
    if refusals:
        return
    ran = account.run(plan)
    assert lies(ran) == []
    assert {result.outcome for result in ran.result.results} <= {Outcome.APPLIED, Outcome.NOTHING}
    assert account.plan().empty


def _begun_again(fault: Fault, step: str) -> list[str]:
    """A replacement whose deployment failed, or whose old model moved, is made once more; the first one is deleted."""
    return ["launch gpt--next was created 2 times"] if step.startswith("recreate") else []


def _check_undeclared(account: Account, fault: Fault, step: Step, name: str) -> None:
    before = _as_they_would_be(account.running, fault, step)
    after = account.running.store.models()
    if name in fault.raced:
        before = [model for model in before if model["id"] != GPT]
    assert touched(before, after, step.entries) == []
    if name.startswith("recreate") and name not in fault.raced and _carried(before, step):
        assert _carried(before, step) == _carried(after, step)


def _as_they_would_be(running: Running, fault: Fault, step: Step) -> Models:
    """The account as it would be without us: the seed, and what somebody else did."""
    store = Store()
    plant(store, step.seed, Switches())
    for act in (fault.act, fault.paging):
        if act is not None:
            act(store)
    return store.models()


def _carried(models: Models, step: Step) -> Mapping[str, Any]:
    """What nobody declared of the model that is replaced, or of the one in its place."""
    found = next((model for model in models if model["name"] == "gpt"), None)
    if found is None:
        return {}
    left = undeclared(found, step.entries[-1])
    return {key: value for key, value in left.items() if key not in OWN}


def test_the_one_beside_is_in_every_account() -> None:
    """The model that goes on whatever happens is what makes a fault's reach visible."""
    assert {any(model["id"] == BESIDE for model in step.seed) for step in STEPS.values()} == {True}

"""A model's id in, the model as the server holds it out, when it is as it is waited for: readings lag behind writes."""

from collections.abc import Callable

from egpsync.account.listing import fetch_one
from egpsync.errors import NotFound
from egpsync.model.live import DEPLOYING, FAILED_STATUSES, READY, LiveModel
from egpsync.model.plan import Delete, FieldChange, Rename, Swap, Update
from egpsync.model.run import Event, Stage
from egpsync.run.context import Execution, Run

Wanted = Callable[[LiveModel], bool]


async def read_until(run: Run, execution: Execution, model_id: str, wanted: Wanted) -> LiveModel:
    """The model as read when it first is as wanted, or when patience ends or the run is stopped."""
    started, pause = run.clock(), run.pace.first_poll
    while True:
        live = await read(run, execution, model_id)
        if model_id == execution.id:
            execution.live = live
            execution.saw_deploying |= live.status == DEPLOYING
        waited = run.clock() - started
        if wanted(live) or run.stop.is_set() or waited + pause > run.pace.deployment:
            return live
        run.progress(Event(change=execution.change, stage=Stage.WAITING, text=live.status))
        await run.pause(pause)
        pause = min(pause * 1.5, run.pace.longest_poll)


async def read(run: Run, execution: Execution, model_id: str) -> LiveModel:
    """One reading; with patience for a model that this change created and that readings do not show yet."""
    started, pause = run.clock(), run.pace.first_poll
    while True:
        try:
            return await fetch_one(run.client, model_id)
        except NotFound:
            created = model_id == execution.id != execution.change.id
            if not created or run.stop.is_set() or run.clock() - started + pause > run.pace.settle:
                raise
        await run.pause(pause)
        pause = min(pause * 1.5, run.pace.longest_poll)


async def read_at_rest(
    run: Run, execution: Execution, step: Update | Rename | Swap | Delete, names: tuple[str, ...]
) -> LiveModel:
    """The step's model when it is not deploying; with patience for one of `names`, where a request of this run gave it.

    A reading that lags behind that request shows the name of before, which is not to pass for somebody else's doing.
    """
    model_id = execution.id_of(step.model)
    started, pause = run.clock(), run.pace.first_poll
    while True:
        live = await read(run, execution, model_id)
        if not is_at_rest(live):
            async with run.slot_given_back():
                live = await read_until(run, execution, model_id, is_at_rest)
        given_here = bool(execution.tried or step.after)
        if live.name in names or not given_here or not is_at_rest(live) or run.stop.is_set():
            return live
        if run.clock() - started + pause > run.pace.settle:
            return live
        await run.pause(pause)
        pause = min(pause * 1.5, run.pace.longest_poll)


async def read_settled(
    run: Run, execution: Execution, model_id: str, wanted: Wanted
) -> tuple[LiveModel, tuple[FieldChange, ...]]:
    """The model when it first is as wanted and holds all that was sent; and what it does not hold where it stays so.

    One reading must say both: the status of one that lags behind the request is that of the deployment before it.
    """
    parts = frozenset(execution.sent) if model_id == execution.id else frozenset()
    pause, patience = run.pace.first_poll, run.pace.settle
    while True:
        live = await read_until(run, execution, model_id, wanted)
        left = run.replan.unsettled(execution.change, live, parts)
        doubtful = left or _may_be_of_before(execution, live)
        if not doubtful or not wanted(live) or run.stop.is_set() or pause > patience:
            return live, left
        await run.pause(pause)
        patience -= pause
        pause = min(pause * 1.5, run.pace.longest_poll)


def _may_be_of_before(execution: Execution, live: LiveModel) -> bool:
    """Whether a failure can be the one that the plan saw: the same configuration, tried again, tells nothing apart."""
    before = execution.change.live
    failed_before = before is not None and before.id == live.id and before.status == live.status != READY
    return failed_before and "vendor_configuration" in execution.sent and not execution.saw_deploying


def is_at_rest(live: LiveModel) -> bool:
    """Whether it takes changes: a deploying model refuses them all."""
    return live.status != DEPLOYING


def has_ended(live: LiveModel) -> bool:
    """Whether its deployment has come to an end that is known."""
    return live.status == READY or live.status in FAILED_STATUSES

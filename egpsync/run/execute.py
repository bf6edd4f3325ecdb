"""One step of a change in, carried out and looked at; None out where it went as planned, else how the change ends.

Before a model is changed it is read again, and what the plan saw of it must still hold. After it, the server must
hold what was asked. A request whose answer is lost is never sent again before readings say that it did not happen, for
as long as they may lag behind it.
"""

from collections.abc import Mapping
from typing import assert_never

from egpsync.account.listing import fetch_one, find_by_name, is_id, parse_model
from egpsync.account.requests import request_of
from egpsync.errors import (
    Ambiguous,
    ApiError,
    Conflict,
    FileError,
    Misanswered,
    NotFound,
    RateLimited,
    Rejected,
    ServerFault,
    Unreachable,
)
from egpsync.model.live import DEPLOYING, FAILED_STATUSES, MARK, LiveModel
from egpsync.model.plan import Action, Create, Delete, Rename, Swap, Until, Update, Wait, Write
from egpsync.model.run import Event, Outcome, Stage
from egpsync.model.values import Json, JsonMap
from egpsync.run.context import Execution, Run, Stop
from egpsync.run.endings import (
    AGAIN,
    deployment_failed,
    did_not_converge,
    failed,
    not_deleted,
    not_known,
    not_sent,
    other_semantics,
    stale,
    still_deploying,
    what_moved,
)
from egpsync.run.readings import has_ended, is_at_rest, read_at_rest, read_settled
from egpsync.value import replace

RESENDS = 4  # of one request, each after a reading that says it did not happen
NAMING = frozenset({"name", "model_vendor", "on_conflict"})
"""What of a creation's body is no field that the model must hold: its name may be a preliminary one."""

BUSY = frozenset({400, 409})
"""What a change of a deploying model may be answered: the status is not documented."""

NOTHING_SENT = frozenset({Outcome.STALE, Outcome.NOT_ATTEMPTED})
CONFIRMED = "confirmed by reading, after an answer was lost"
IN_DOUBT = "lost an answer; reading whether it happened"


class _BusyError(Exception):
    """The server refused a change of a model that a reading shows to be deploying."""

    def __init__(self, refusal: ApiError) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class _UnsentError(Exception):
    """The request may not go out: the run was stopped, or the journal cannot take it."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop)
        self.stop = stop


async def execute_step(run: Run, execution: Execution, step: Write) -> Stop | None:
    """Send one request and see that it did what was asked; once more only after a reading says that it did not."""
    lost: ApiError | None = None
    last: ApiError
    for attempt in range(RESENDS):
        if attempt:
            await run.sleep(min(run.pace.first_poll * 2**attempt, run.pace.longest_poll))
        try:
            if lost is not None:
                await _shows(run, execution, step)
            stop = await _act(run, execution, step, lost)
        except _BusyError as busy:
            last = busy.refusal
        except ApiError as error:
            if isinstance(error, Ambiguous) and error.method != "GET":
                lost = last = error
            else:
                return await _ended_by(run, execution, step, error)
        except _UnsentError as unsent:
            return _in_doubt(execution, step, unsent.stop)
        else:
            if lost is not None and stop is None:
                await _record(run, execution, step, "done")
            execution.done += stop is None
            return _in_doubt(execution, step, stop)
    return not_known(run, execution, last) if lost else await _verified(run, execution, step, last)


async def _ended_by(run: Run, execution: Execution, step: Write, error: ApiError) -> Stop | None:
    """How an error that is not to be tried again ends the change, or None where a reading shows that it does not."""
    busy_after_all = error.status in BUSY  # an attempt before it can have begun the deployment that it met
    if error.method != "GET" and (busy_after_all or isinstance(error, NotFound | RateLimited | ServerFault)):
        return await _verified(run, execution, step, error)
    if isinstance(error, NotFound):
        return failed(error, Outcome.FAILED if execution.tried else Outcome.STALE)
    return not_known(run, execution, error) if step.key in execution.tried else failed(error)


async def _verified(run: Run, execution: Execution, step: Write, refusal: ApiError) -> Stop | None:
    """A write that was answered as if it had not happened: a reading says whether it did, never the answer alone.

    Where an attempt before it may have happened, the refusal can be of that one's doing: the server is busy with it.
    """
    doubtful = step.key in execution.tried
    try:
        patient = doubtful or isinstance(refusal, ServerFault)
        held = await (_shows if patient else _holds)(run, execution, step)
    except ApiError:
        return not_known(run, execution, refusal)
    if not held:
        return not_known(run, execution, refusal) if doubtful else failed(refusal)
    execution.notes.append(f"the server answered {refusal.status}, and a reading shows that it did what was asked")
    execution.tried.add(step.key)
    execution.done += 1
    await _record(run, execution, step, "done")
    return None


async def _shows(run: Run, execution: Execution, step: Write) -> bool:
    """Whether readings show what the step asked for before they may lag no longer."""
    started, pause = run.clock(), run.pace.first_poll
    while not await _holds(run, execution, step):
        if run.stop.is_set() or run.clock() - started + pause > run.pace.settle:
            return False
        run.progress(Event(change=execution.change, stage=Stage.WAITING, text=IN_DOUBT))
        async with run.slot_given_back():
            await run.pause(pause)
        pause = min(pause * 1.5, run.pace.longest_poll)
    return True


async def _holds(run: Run, execution: Execution, step: Write) -> bool:
    """Whether a reading shows what the step asked for."""
    match step:
        case Create():
            found = await _ours(run, step.body)
            if found is not None:
                execution.id = found.id
                execution.sent |= step.body.keys() - NAMING
            return found is not None
        case Update():
            update, _ = run.replan.again(execution.change, await fetch_one(run.client, step.model.id))
            execution.sent |= step.body.keys() if update is None else set()
            return update is None
        case Rename() | Swap():
            return (await fetch_one(run.client, execution.id_of(step.model))).name == step.name
        case Delete():
            return await _is_gone(run, step.model.id)
        case _:
            assert_never(step)


async def _is_gone(run: Run, model_id: str) -> bool:
    try:
        await fetch_one(run.client, model_id)
    except NotFound:
        return True
    return False


def _in_doubt(execution: Execution, step: Write, stop: Stop | None) -> Stop | None:
    """An end that says that nothing was sent, where the step's request was: nobody knows whether it happened."""
    if stop is None or stop.outcome not in NOTHING_SENT or step.key not in execution.tried:
        return stop
    return replace(stop, outcome=Outcome.UNKNOWN)


async def follow(run: Run, execution: Execution, step: Wait) -> Stop | None:
    """Wait for a deployment; a model that is ready must hold all that was sent."""
    model_id = execution.id_of(step.model)
    execution.sent |= step.settles
    wanted = has_ended if step.until == Until.READY else is_at_rest
    try:
        live, left = await read_settled(run, execution, model_id, wanted)
        begun_earlier = execution.change.action == Action.UNCHANGED
        if has_ended(live) and model_id == execution.id and ("vendor_configuration" in execution.sent or begun_earlier):
            await run.records.deployed(execution.change, live.status, live.status_reason)
        if step.until == Until.READY and live.status in FAILED_STATUSES:
            return deployment_failed(run, live)
        if not wanted(live):
            stop = still_deploying(run, live)
            sent = step.until == Until.READY or step.settles
            return stop if sent else replace(stop, outcome=Outcome.NOT_ATTEMPTED)
        return did_not_converge(run, live, left) if left else None
    except ApiError as error:
        missing = isinstance(error, NotFound)
        if execution.tried or step.settles:
            return failed(error) if missing else not_known(run, execution, error)
        return failed(error, Outcome.STALE if missing else Outcome.FAILED)


async def _act(run: Run, execution: Execution, step: Write, lost: ApiError | None) -> Stop | None:
    match step:
        case Create():
            return await _create(run, execution, step, lost)
        case Update():
            return await _update(run, execution, step, lost)
        case Rename() | Swap():
            return await _rename(run, execution, step, lost)
        case Delete():
            return await _delete(run, execution, step)
        case _:
            assert_never(step)


async def _create(run: Run, execution: Execution, step: Create, lost: ApiError | None) -> Stop | None:
    body = step.body
    if lost is not None and (found := await _ours(run, body)) is not None:
        execution.notes.append("its creation is confirmed by reading, after an answer was lost")
        return _created(run, execution, body, found)
    if (moved := await _what_moved_of_the_old(run, execution)) is not None:
        return moved
    try:
        return _created(run, execution, body, await _send(run, execution, step))
    except (Conflict, Rejected):
        if (found := await _ours(run, body)) is None:
            raise
    execution.notes.append("an earlier attempt had created it")
    return _created(run, execution, body, found)


async def _what_moved_of_the_old(run: Run, execution: Execution) -> Stop | None:
    """For a replacement: the model that it is to replace must still be what the new one was planned from."""
    planned = execution.change.live
    if planned is None:
        return None
    old = await fetch_one(run.client, planned.id)
    if old.name not in {planned.name, execution.change.name}:
        return stale(run, execution, old, f"it is called {old.name!r} now, and was {planned.name!r}")
    if old.fields != planned.fields:
        return stale(run, execution, old, "its fields have changed since the plan")
    return None


async def _ours(run: Run, body: JsonMap) -> LiveModel | None:
    """The model that this very body created, told by the operation in its mark."""
    found = await find_by_name(run.client, body["model_vendor"], body["name"])
    ours = found is not None and found.mark.operation == body["model_metadata"][MARK]["op"]
    return found if ours else None


def _created(run: Run, execution: Execution, body: JsonMap, live: LiveModel) -> Stop | None:
    execution.id = live.id
    execution.sent |= body.keys() - NAMING
    return _converged(run, execution, live)


async def _update(run: Run, execution: Execution, step: Update, lost: ApiError | None) -> Stop | None:
    change = execution.change
    live = await read_at_rest(run, execution, step, (change.name,))
    if not is_at_rest(live):
        return replace(still_deploying(run, live), outcome=Outcome.NOT_ATTEMPTED)
    if live.name != change.name:
        return stale(run, execution, live, f"it is called {live.name!r} now, and was to be {change.name!r}")
    parts = frozenset(step.body)
    now, fields = run.replan.again(change, live)
    if now is None:
        execution.notes.append(CONFIRMED if lost else "held it already when its turn came")
        execution.sent |= parts if lost else set()
        return None
    if (taken := _taken(run, execution, step.model, live)) is not None:
        return taken
    moved = what_moved(change, fields, parts)
    if now.body != step.body or (moved and not lost):
        return stale(run, execution, live, "; ".join(moved) or "what it holds beside the declared fields has changed")
    answer = await _send(run, execution, step)
    execution.sent |= parts
    if otherwise := run.replan.does_otherwise(step.body, live, answer):
        return other_semantics(run, answer, otherwise)
    return _converged(run, execution, answer)


async def _rename(run: Run, execution: Execution, step: Rename | Swap, lost: ApiError | None) -> Stop | None:
    live = await read_at_rest(run, execution, step, (step.expects, step.name))
    if not is_at_rest(live):
        return replace(still_deploying(run, live), outcome=Outcome.NOT_ATTEMPTED)
    if live.name == step.name:
        execution.notes.append(CONFIRMED if lost else "had the name already when its turn came")
        return None
    if live.name != step.expects:
        return stale(run, execution, live, f"it is called {live.name!r} now, and was to be {step.expects!r}")
    if isinstance(step.model, LiveModel) and (taken := _taken(run, execution, step.model, live)) is not None:
        return taken
    if isinstance(step, Swap) and (moved := await _what_moved_of_the_other(run, execution, step)) is not None:
        return moved
    answer = await _send(run, execution, step)
    if answer.name != step.name:
        return did_not_converge(run, answer, run.replan.unsettled(execution.change, answer, frozenset({"name"})))
    return None


async def _what_moved_of_the_other(run: Run, execution: Execution, step: Swap) -> Stop | None:
    """For an exchange: the other model must still have the name; one that is replaced must still be as it was."""
    other = await fetch_one(run.client, step.other.id)
    if other.name != step.name:
        why = f"the name {step.name!r} was to be its, and it is called {other.name!r}"
        return stale(run, execution, other, why)
    if (taken := _taken(run, execution, step.other, other)) is not None:
        return taken
    replaced = execution.change.live is not None and execution.change.live.id == other.id
    if replaced and step.other.fields != other.fields:
        return stale(run, execution, other, "the fields of the model to be replaced have changed since the plan")
    return None


def _taken(run: Run, execution: Execution, planned: LiveModel, live: LiveModel) -> Stop | None:
    """The owner read just before a write must be the one that was planned with, or ours by this change's own doing."""
    owner, desired = live.mark.owner, execution.change.desired
    by_us = bool(execution.tried) and desired is not None and owner == desired.owner
    if owner == planned.mark.owner or by_us:
        return None
    was, now = (f"belongs to {name!r}" if name else "has no owner" for name in (planned.mark.owner, owner))
    return stale(run, execution, live, f"it {now} now, and {was} when it was planned")


async def _delete(run: Run, execution: Execution, step: Delete) -> Stop | None:
    try:
        return await _delete_what_was_planned(run, execution, step)
    except NotFound as error:
        if error.method != "GET" and not await _is_gone(run, step.model.id):
            return failed(error)
        execution.notes.append("was gone already")
        return None


async def _delete_what_was_planned(run: Run, execution: Execution, step: Delete) -> Stop | None:
    live = await read_at_rest(run, execution, step, (step.expects,))
    if not is_at_rest(live):
        return replace(still_deploying(run, live), outcome=Outcome.NOT_ATTEMPTED)
    if live.name != step.expects:
        return stale(run, execution, live, f"it is called {live.name!r} now, and was to be {step.expects!r}")
    if (taken := _taken(run, execution, step.model, live)) is not None:
        return taken
    if live.fields != step.model.fields:
        return stale(run, execution, live, "its fields have changed since the plan")
    try:
        answer = await _request(run, execution, step)
    except (Conflict, Rejected) as error:
        await _raise_busy_or(run, live.id, error)
    else:
        if isinstance(answer, Mapping) and answer.get("deleted") is False:
            return not_deleted(run, live)
    return None


async def _send(run: Run, execution: Execution, step: Create | Update | Rename | Swap) -> LiveModel:
    """Send, and read the answer as a model. An answer that is none says nothing: the request may have happened."""
    request = request_of(step, execution.id or "")
    url = run.client.access.base_url + request.path
    model_id = None if isinstance(step, Create) else execution.id_of(step.model)
    try:
        live = parse_model(await _request(run, execution, step), method=request.method, url=url)
    except Misanswered as error:
        if error.status is None:
            raise Ambiguous(error.what, method=request.method, url=url, advice=AGAIN) from error
        raise
    except (Conflict, Rejected) as error:
        if model_id is not None:
            await _raise_busy_or(run, model_id, error)
        raise
    if model_id is not None and live.id != model_id:
        raise Ambiguous(f"the answer is another model, {live.id!r}", method=request.method, url=url, advice=AGAIN)
    execution.live = live
    return live


async def _request(run: Run, execution: Execution, step: Write) -> Json:
    """The one way out: on record before it is sent, and again with what came of it."""
    request = request_of(step, execution.id or "")
    if not execution.tried and (stop := run.held_back()) is not None:
        raise _UnsentError(stop)
    try:
        await run.records.intend(execution.change, step, request)
    except FileError as error:
        raise _UnsentError(not_sent(error)) from error
    execution.last_sent, execution.answered = request, False
    progress = Event(change=execution.change, stage=Stage.SENDING, text=f"{request.method} {request.path}")
    run.progress(progress)
    try:
        answer = await run.client.send(request.method, request.path, request.body)
    except ApiError as error:
        lost = isinstance(error, Ambiguous) or error.after_fault
        execution.reached |= not isinstance(error, Unreachable)
        execution.tried |= {step.key} if lost else set()
        await _record(run, execution, step, "lost" if lost else "refused", error.status)
        raise
    execution.tried.add(step.key)
    execution.answered = execution.reached = True
    if isinstance(step, Create) and isinstance(answer, Mapping) and is_id(answer.get("id")):
        execution.id = answer["id"]
    await _record(run, execution, step, "done")
    return answer


async def _record(run: Run, execution: Execution, step: Write, result: str, status: int | None = None) -> None:
    """Note what came of a request. It happened all the same where that cannot be written."""
    try:
        await run.records.outcome(step, result, status=status, model_id=execution.id)
    except FileError as error:
        execution.notes.append(f"what came of {step.key.part} could not be journaled: {error.what}")


async def _raise_busy_or(run: Run, model_id: str, refusal: ApiError) -> None:
    """Tell a refusal because the model is deploying (its status code is not documented) from any other."""
    if (await fetch_one(run.client, model_id)).status == DEPLOYING:
        raise _BusyError(refusal) from refusal
    raise refusal


def _converged(run: Run, execution: Execution, live: LiveModel) -> Stop | None:
    """See that the answer agrees with all that was sent so far. One that does not is no matter of patience."""
    left = run.replan.unsettled(execution.change, live, frozenset(execution.sent))
    return did_not_converge(run, live, left) if left else None

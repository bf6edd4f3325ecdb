"""One step of a change in, carried out and looked at; None out where it went as planned, else how the change ends.

Before a model is changed it is read again, and what the plan saw of it must still hold. After it, the server must
hold what was asked. A request whose answer is lost is never sent again before a reading says that it did not happen.
"""

from collections.abc import Mapping
from dataclasses import replace

from egpsync.account.listing import fetch_one, find_by_name, is_id, parse_model
from egpsync.errors import Ambiguous, ApiError, Conflict, FileError, Misanswered, NotFound, Rejected
from egpsync.model.live import DEPLOYING, FAILED_STATUSES, MARK, LiveModel
from egpsync.model.plan import Action, Send, Until, Wait
from egpsync.model.run import Event, Outcome, Stage
from egpsync.model.values import Json
from egpsync.run.context import Case, Ending, Run
from egpsync.run.endings import (
    AGAIN,
    deployment_failed,
    did_not_converge,
    failed,
    not_deleted,
    not_known,
    not_sent,
    stale,
    still_deploying,
    what_moved,
)
from egpsync.run.readings import has_ended, is_at_rest, read, read_at_rest, read_settled

RESENDS = 4  # of one request, each after a reading that says it did not happen
NOTHING_SENT = frozenset({Outcome.STALE, Outcome.NOT_ATTEMPTED})
CONFIRMED = "confirmed by reading, after an answer was lost"


class _BusyError(Exception):
    """The server refused a change of a model that a reading shows to be deploying."""

    def __init__(self, refusal: ApiError) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class _UnsentError(Exception):
    """The request may not go out: the run was stopped, or the journal cannot take it."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending = ending


async def carry_out(run: Run, case: Case, step: Send) -> Ending | None:
    """Send one request and see that it did what was asked; once more only after a reading says that it did not."""
    lost: ApiError | None = None
    last: ApiError
    for attempt in range(RESENDS):
        if attempt:
            await run.sleep(min(run.pace.first_poll * 2**attempt, run.pace.longest_poll))
        try:
            ending = await _act(run, case, step, lost)
        except _BusyError as busy:
            last = busy.refusal
        except NotFound as missing:
            return failed(missing, Outcome.FAILED if case.tried else Outcome.STALE)
        except ApiError as error:
            if not isinstance(error, Ambiguous) or error.method == "GET":
                return not_known(case, error) if step.key in case.tried else failed(error)
            lost = last = error
        except _UnsentError as unsent:
            return _in_doubt(case, step, unsent.ending)
        else:
            if lost is not None and ending is None:
                await _record(run, case, step, "done")
            case.done += ending is None
            return _in_doubt(case, step, ending)
    return not_known(case, last) if lost else failed(last)


def _in_doubt(case: Case, step: Send, ending: Ending | None) -> Ending | None:
    """An end that says that nothing was sent, where the step's request was: nobody knows whether it happened."""
    if ending is None or ending.outcome not in NOTHING_SENT or step.key not in case.tried:
        return ending
    return replace(ending, outcome=Outcome.UNKNOWN)


async def follow(run: Run, case: Case, step: Wait) -> Ending | None:
    """Wait for a deployment; a model that is ready must hold all that was sent."""
    model_id = case.resolve(step.model_id)
    case.sent |= step.settles
    wanted = has_ended if step.until == Until.READY else is_at_rest
    try:
        live, left = await read_settled(run, case, model_id, wanted)
        ours = "vendor_configuration" in case.sent or case.change.action == Action.UNCHANGED  # left by an earlier run
        if has_ended(live) and ours and model_id == case.id:
            await run.records.deployed(case.change, live.status, live.status_reason)
        if step.until == Until.READY and live.status in FAILED_STATUSES:
            return deployment_failed(run, live)
        if not wanted(live):
            ending = still_deploying(run, live)
            sent = step.until == Until.READY or step.settles
            return ending if sent else replace(ending, outcome=Outcome.NOT_ATTEMPTED)
        return did_not_converge(run, live, left) if left else None
    except ApiError as error:
        missing = isinstance(error, NotFound)
        if case.tried or step.settles:
            return failed(error) if missing else not_known(case, error)
        return failed(error, Outcome.STALE if missing else Outcome.FAILED)


async def _act(run: Run, case: Case, step: Send, lost: ApiError | None) -> Ending | None:
    if step.method == "POST":
        return await _create(run, case, step, lost)
    if step.method == "DELETE":
        return await _delete(run, case, step)
    return await (_update if step.expects_name is None else _rename)(run, case, step, lost)


async def _create(run: Run, case: Case, step: Send, lost: ApiError | None) -> Ending | None:
    body = dict(step.body or {})
    if lost is not None and (found := await _ours(run, body, run.pace.settle)) is not None:
        case.notes.append("its creation is confirmed by reading, after an answer was lost")
        return await _created(run, case, body, found)
    if (moved := await _what_moved_of_the_old(run, case)) is not None:
        return moved
    try:
        return await _created(run, case, body, await _send(run, case, step))
    except (Conflict, Rejected):
        if (found := await _ours(run, body, 0.0)) is None:
            raise
    case.notes.append("an earlier attempt had created it")
    return await _created(run, case, body, found)


async def _what_moved_of_the_old(run: Run, case: Case) -> Ending | None:
    """For a replacement: the model that it is to replace must still be what the new one was planned from."""
    planned = case.change.live
    if planned is None:
        return None
    old = await fetch_one(run.client, planned.id)
    if old.name not in {planned.name, case.change.name}:
        return stale(run, case, old, f"it is called {old.name!r} now, and was {planned.name!r}")
    if old.fields != planned.fields:
        return stale(run, case, old, "its fields have changed since the plan")
    return None


async def _ours(run: Run, body: dict[str, Json], patience: float) -> LiveModel | None:
    """The model that this very body created, told by the operation in its mark; looked for as long as readings lag."""
    started, pause = run.clock(), run.pace.first_poll
    while True:
        found = await find_by_name(run.client, body["model_vendor"], body["name"])
        mark = found.metadata.get(MARK) if found is not None else None
        if found is not None or run.clock() - started + pause > patience:
            break
        await run.sleep(pause)
        pause = min(pause * 1.5, run.pace.longest_poll)
    ours = isinstance(mark, Mapping) and mark.get("op") == body["model_metadata"][MARK]["op"]
    return found if ours else None


async def _created(run: Run, case: Case, body: dict[str, Json], live: LiveModel) -> Ending | None:
    case.id = live.id
    case.sent |= body.keys() - {"name", "model_vendor", "on_conflict"}
    return await _converged(run, case, live)


async def _update(run: Run, case: Case, step: Send, lost: ApiError | None) -> Ending | None:
    live = await read_at_rest(run, case, step, (case.change.name,))
    if not is_at_rest(live):
        return replace(still_deploying(run, live), outcome=Outcome.NOT_ATTEMPTED)
    if live.name != case.change.name:
        return stale(run, case, live, f"it is called {live.name!r} now, and was to be {case.change.name!r}")
    parts = frozenset(step.body or {})
    now, fields = run.replan.again(case.change, step, live)
    if now is None:
        case.notes.append(CONFIRMED if lost else "held it already when its turn came")
        case.sent |= parts if lost else set()
        return None
    moved = what_moved(case.change, fields, parts)
    if now.body != step.body or (moved and not lost):
        return stale(run, case, live, "; ".join(moved) or "what it holds beside the declared fields has changed")
    answer = await _send(run, case, step)
    case.sent |= parts
    return await _converged(run, case, answer)


async def _rename(run: Run, case: Case, step: Send, lost: ApiError | None) -> Ending | None:
    wanted = str((step.body or {})["name"])
    live = await read_at_rest(run, case, step, (step.expects_name, wanted))
    if not is_at_rest(live):
        return replace(still_deploying(run, live), outcome=Outcome.NOT_ATTEMPTED)
    if live.name == wanted:
        case.notes.append(CONFIRMED if lost else "had the name already when its turn came")
        return None
    if live.name != step.expects_name:
        return stale(run, case, live, f"it is called {live.name!r} now, and was to be {step.expects_name!r}")
    if step.swap_with is not None:
        other = await fetch_one(run.client, step.swap_with)
        if other.name != wanted:
            return stale(run, case, other, f"the name {wanted!r} was to be its, and it is called {other.name!r}")
        planned = case.change.live
        if planned is not None and planned.id == other.id and planned.fields != other.fields:
            return stale(run, case, other, "the fields of the model to be replaced have changed since the plan")
    answer = await _send(run, case, step)
    if answer.name != wanted:
        return did_not_converge(run, answer, run.replan.unsettled(case.change, answer, frozenset({"name"})))
    return None


async def _delete(run: Run, case: Case, step: Send) -> Ending | None:
    try:
        return await _delete_what_was_planned(run, case, step)
    except NotFound:
        case.notes.append("was gone already")
        return None


async def _delete_what_was_planned(run: Run, case: Case, step: Send) -> Ending | None:
    live = await read_at_rest(run, case, step, (step.expects_name,))
    if not is_at_rest(live):
        return replace(still_deploying(run, live), outcome=Outcome.NOT_ATTEMPTED)
    if live.name != step.expects_name:
        return stale(run, case, live, f"it is called {live.name!r} now, and was to be {step.expects_name!r}")
    if step.expects_fields is not None and step.expects_fields != live.fields:
        return stale(run, case, live, "its fields have changed since the plan")
    try:
        answer = await _request(run, case, step)
    except (Conflict, Rejected) as error:
        await _raise_busy_or(run, live.id, error)
    else:
        if isinstance(answer, Mapping) and answer.get("deleted") is False:
            return not_deleted(run, live)
    return None


async def _send(run: Run, case: Case, step: Send) -> LiveModel:
    """Send, and read the answer as a model. An answer that is none says nothing: the request may have happened."""
    url = run.client.access.base_url + case.resolve(step.path)
    try:
        live = parse_model(await _request(run, case, step), method=step.method, url=url)
    except Misanswered as error:
        if error.status is None:
            raise Ambiguous(error.what, method=step.method, url=url, advice=AGAIN) from error
        raise
    except (Conflict, Rejected) as error:
        if step.method == "PATCH":
            await _raise_busy_or(run, case.target(step), error)
        raise
    if step.method == "PATCH" and live.id != case.target(step):
        raise Ambiguous(f"the answer is another model, {live.id!r}", method=step.method, url=url, advice=AGAIN)
    case.live = live
    return live


async def _request(run: Run, case: Case, step: Send) -> Json:
    """The one way out: on record before it is sent, and again with what came of it."""
    path = case.resolve(step.path)
    if not case.tried and (ending := run.held_back()) is not None:
        raise _UnsentError(ending)
    try:
        await run.records.intend(case.change, step, path)
    except FileError as error:
        raise _UnsentError(not_sent(error)) from error
    case.last_sent, case.last_url, case.answered = step, run.client.access.base_url + path, False
    run.progress(Event(change=case.change, stage=Stage.SENDING, text=f"{step.method} {path}"))
    try:
        answer = await run.client.send(step.method, path, step.body)
    except ApiError as error:
        lost = isinstance(error, Ambiguous)
        case.tried |= {step.key} if lost else set()
        await _record(run, case, step, "lost" if lost else "refused", error.status)
        raise
    case.tried.add(step.key)
    case.answered = True
    if step.method == "POST" and isinstance(answer, Mapping) and is_id(answer.get("id")):
        case.id = answer["id"]
    await _record(run, case, step, "done")
    return answer


async def _record(run: Run, case: Case, step: Send, result: str, status: int | None = None) -> None:
    """Note what came of a request. It happened all the same where that cannot be written."""
    try:
        await run.records.outcome(step, result, status=status, model_id=case.id)
    except FileError as error:
        case.notes.append(f"what came of {step.method} could not be journaled: {error.what}")


async def _raise_busy_or(run: Run, model_id: str, refusal: ApiError) -> None:
    """Tell a refusal because the model is deploying (its status code is not documented) from any other."""
    if (await fetch_one(run.client, model_id)).status == DEPLOYING:
        raise _BusyError(refusal) from refusal
    raise refusal


async def _converged(run: Run, case: Case, live: LiveModel) -> Ending | None:
    """See that the model holds all that was sent so far, with patience for answers that lag behind."""
    started, pause = run.clock(), run.pace.first_poll
    while left := run.replan.unsettled(case.change, live, frozenset(case.sent)):
        if run.clock() - started + pause > run.pace.settle:
            return did_not_converge(run, live, left)
        await run.sleep(pause)
        pause = min(pause * 1.5, run.pace.longest_poll)
        live = await read(run, case, live.id)
    return None

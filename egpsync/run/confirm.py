"""What the changes of a run wrote in, each one's end in the light of one listing out.

What a write's own answer proves is not enough: a server can answer as asked and hold something else. Listings lag
behind writes, so what is not there yet is looked for again, with patience, before it is called a failure.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import assert_never

from egpsync.account.listing import fetch_all, fetch_one
from egpsync.errors import ApiError, NotFound
from egpsync.model.live import Live, LiveModel
from egpsync.model.plan import Create, Delete, Rename, Swap, Update, Write
from egpsync.model.run import Outcome
from egpsync.run.context import End, Execution, Run, Stop
from egpsync.run.endings import not_confirmed, not_shown

DOUBTFUL = frozenset({Outcome.APPLIED, Outcome.IN_FLIGHT})
"""The ends that claim that all was written."""

CONFIRMED, STILL_OPEN = "confirmed", "still open"


async def confirm(run: Run, ends: Sequence[End]) -> list[End]:
    """The ends, with those that the account does not bear out turned into failures; asks only where one wrote."""
    open_ = {index for index, end in enumerate(ends) if end.outcome in DOUBTFUL and end.execution.done}
    confirmed = list(ends)
    started, pause = run.clock(), run.pace.first_poll
    while open_:
        seen = await _seen(run, {index: ends[index].execution for index in open_})
        waited = run.clock() - started + pause > run.pace.settle
        for index in sorted(open_):
            verdict = _verdict(run, ends[index].execution, seen[index], waited=waited)
            if verdict != STILL_OPEN:
                open_.remove(index)
            if isinstance(verdict, Stop):
                confirmed[index] = End(ends[index].execution, verdict)
        if open_:
            await run.pause(pause)
            pause = min(pause * 1.5, run.pace.longest_poll)
    return confirmed


async def _seen(run: Run, executions: Mapping[int, Execution]) -> Mapping[int, Live | ApiError]:
    """What each change is to be held against: the listing; where that cannot be had, its own models one by one."""
    try:
        live = await fetch_all(run.client)
    except ApiError:
        held = await asyncio.gather(*(_held(run, execution) for execution in executions.values()))
        return dict(zip(executions, held, strict=True))
    return dict.fromkeys(executions, live)


async def _held(run: Run, execution: Execution) -> Live | ApiError:
    models: list[LiveModel] = []
    try:
        for model_id in {_id(execution, step) for step in _done(execution)}:
            async with run.slots:
                with suppress(NotFound):
                    models.append(await fetch_one(run.client, model_id))
    except ApiError as error:
        return error
    return Live(models=tuple(models))


def _verdict(run: Run, execution: Execution, seen: Live | ApiError, *, waited: bool) -> Stop | str:
    """How the change ends by what is seen: CONFIRMED, STILL_OPEN, or a failure."""
    if isinstance(seen, ApiError):
        return not_confirmed(seen)
    missing = next(_missing(run, execution, seen), None)
    if missing is None:
        return CONFIRMED
    return not_shown(run, *missing, waited=waited) if waited or run.stop.is_set() else STILL_OPEN


def _done(execution: Execution) -> tuple[Write, ...]:
    return execution.change.writes[: execution.done]


def _id(execution: Execution, step: Write) -> str:
    return execution.id or "" if isinstance(step, Create) else execution.id_of(step.model)


def _missing(run: Run, execution: Execution, live: Live) -> Iterator[tuple[str, str]]:
    """What the change wrote and the account does not show: the model's id, and what was asked for."""
    for step in _done(execution):
        model_id = _id(execution, step)
        if wanted := _not_there(run, execution, step, live, model_id):
            yield model_id, wanted


def _not_there(run: Run, execution: Execution, step: Write, live: Live, model_id: str) -> str:
    """What the step asked for, where the account does not show it; "" where it does."""
    held = live.by_id.get(model_id)
    match step:
        case Delete():
            return "its deletion" if held is not None else ""
        case Create():
            gone_again = any(
                isinstance(later, Delete) and later.model.id == model_id for later in execution.change.writes
            )
            if held is None:
                return "" if gone_again else "its creation"
            left = run.replan.unsettled(execution.change, held, frozenset(execution.sent))
            return ", ".join(".".join(field.path) for field in left)
        case Update():
            if held is None:
                return "its update"
            again, left = run.replan.again(execution.change, held)
            return (", ".join(".".join(field.path) for field in left) or "its mark") if again is not None else ""
        case Rename() | Swap():
            return f"the name {step.name!r}" if held is None or held.name != step.name else ""
        case _:
            assert_never(step)

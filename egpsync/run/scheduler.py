"""A plan in, what became of each of its changes out: one bounded scheduler over the steps of all changes.

Changes run side by side, the steps of one in order. A step waits for the steps of other changes that it names.
Deletions come last. One change's failure stops only what needs it, until `max_failures` stops the rest.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from egpsync.clock import now
from egpsync.model.live import DEPLOYING
from egpsync.model.plan import Action, Change, Create, Delete, Plan, Rename, Step, StepKey, Swap, Update, Wait, deploys
from egpsync.model.run import ChangeResult, Event, Failure, Outcome, RunResult, Stage
from egpsync.run.confirm import confirm
from egpsync.run.context import End, Execution, Run, Stop
from egpsync.run.endings import our_fault
from egpsync.run.execute import NOTHING_SENT, execute_step, follow
from egpsync.value import Value, replace

T = TypeVar("T")


class Rollout(Value, frozen=True, kw_only=True):
    """How much happens at once, and when to stop."""

    parallelism: int = 8  # changes whose requests are under way
    redeploys: int = 8  # deployments in flight, where they are waited for
    canaries: int = 0  # deployments that must be ready before the others begin
    max_failures: int | None = None  # stop scheduling after so many
    wait: bool = True  # follow deployments to their end; canaries' always


async def apply_plan(plan: Plan, run: Run, rollout: Rollout) -> RunResult:
    """Carry the plan out. Raises nothing of the API's: every fault is the outcome of a change."""
    return await _Scheduler(plan, run, rollout).run_all()


class _Scheduler:
    """The run under way: which steps are done, how many failed, who may go."""

    def __init__(self, plan: Plan, run: Run, rollout: Rollout) -> None:
        self.plan, self.rollout = plan, rollout
        self.run = replace(run, slots=asyncio.Semaphore(rollout.parallelism), held_back=self._stopped)
        self.redeploys = asyncio.Semaphore(rollout.redeploys)
        self.finished: dict[StepKey, asyncio.Future[bool]] = {
            step.key: asyncio.get_running_loop().create_future() for change in plan.changes for step in change.steps
        }
        self.awaited = {key for change in plan.changes for step in change.steps for key in step.after}
        deploying = [change for change in plan.changes if change.deploys and not change.moved]
        self.canaries = deploying[: rollout.canaries] if len(deploying) > rollout.canaries else []
        self.canaries_left = len(self.canaries)
        self.canaries_ended = asyncio.Event()
        self.canary_failed = False
        self.others_left = sum(change.action != Action.DELETE for change in plan.changes)
        self.others_ended = asyncio.Event()
        self.failures = 0

    async def run_all(self) -> RunResult:
        """Every change's result, in the plan's order; all that was written is confirmed by one listing at the end."""
        self._count_ended(None, None)
        ends = await asyncio.gather(*map(self._change, self.plan.changes))
        confirmed = await _or_fault(confirm(self.run, ends), lambda error: [_fault(end, error) for end in ends])
        return RunResult(plan=self.plan, results=tuple(map(_result, confirmed)), interrupted=None)

    async def _change(self, change: Change) -> End:
        execution = Execution(change=change, id=change.id)
        end = await _or_fault(self._ended(execution), lambda error: _fault(End(execution, None), error))
        for step in change.steps:
            if not (finished := self.finished[step.key]).done():
                finished.set_result(False)
        self._count_ended(change, end.outcome)
        execution.ended = now()
        if change.steps:
            words = end.stop.failure.message if end.stop and end.stop.failure else "; ".join(execution.notes)
            told = f"{end.outcome.replace('_', ' ')}{': ' if words else ''}{words}"
            with suppress(Exception):  # who looks on has no say in what happens
                self.run.progress(Event(change=change, stage=Stage.ENDED, text=told))
        return end

    async def _ended(self, execution: Execution) -> End:
        return End(execution, _half_way(execution, await self._steps(execution.change, execution)))

    async def _steps(self, change: Change, execution: Execution) -> Stop | None:
        if change.moved:
            failure = Failure(
                message=change.moved, method="", url="", status=None, advice="Save and review a new plan."
            )
            return Stop(outcome=Outcome.STALE, failure=failure)
        holds_redeploy = False
        try:
            for index, step in enumerate(change.steps):
                if (stop := await self._turn(change, step)) is not None:
                    return stop
                if deploys(step) and self.rollout.wait and not holds_redeploy:
                    await self.redeploys.acquire()
                    holds_redeploy = True
                execution.started = execution.started or now()
                if (stop := await self._step(execution, step, last=index + 1 == len(change.steps))) is not None:
                    return stop
                self.finished[step.key].set_result(True)
        finally:
            if holds_redeploy:
                self.redeploys.release()
        return None

    async def _turn(self, change: Change, step: Step) -> Stop | None:
        """Wait until the step may begin; how its change ends where it may not."""
        for key in step.after:
            if not await self.finished[key]:
                return _not_attempted(f"needs the {key.part} of {key.model}, which was not carried out")
        if deploys(step) and change not in self.canaries and self.canaries:
            await self.canaries_ended.wait()
            if self.canary_failed:
                return _not_attempted("a canary did not become ready")
        if change.action == Action.DELETE and not isinstance(step, Wait) and step.key not in self.awaited:
            await self.others_ended.wait()
        return None

    async def _step(self, execution: Execution, step: Step, *, last: bool) -> Stop | None:
        match step:
            case Wait():
                if last and not self.rollout.wait and not step.settles and execution.change not in self.canaries:
                    return self._left_deploying(execution)
                return await follow(self.run, execution, step)
            case Create() | Update() | Rename() | Swap() | Delete():
                async with self.run.slots:
                    if (stop := self._stopped()) is not None:
                        return stop
                    return await execute_step(self.run, execution, step)

    def _stopped(self) -> Stop | None:
        if self.run.stop.is_set():
            return _not_attempted("the run was interrupted")
        if self.rollout.max_failures is not None and self.failures >= self.rollout.max_failures:
            count = f"{self.failures} failure{'' if self.failures == 1 else 's'}"
            return _not_attempted(f"the run stopped after {count} (--max-failures)")
        return None

    def _left_deploying(self, execution: Execution) -> Stop | None:
        """The end of a change whose deployment is not to be waited for."""
        live = execution.live or execution.change.live
        in_flight = live is not None and live.status == DEPLOYING
        return Stop(outcome=Outcome.IN_FLIGHT, failure=None) if in_flight else None

    def _count_ended(self, change: Change | None, outcome: Outcome | None) -> None:
        """Note that a change ended (None: that the run begins), and let go who waits for it."""
        self.failures += outcome in (Outcome.FAILED, Outcome.UNKNOWN)
        if change is not None and change.action != Action.DELETE:
            self.others_left -= 1
        if change in self.canaries:
            self.canaries_left -= 1
            self.canary_failed |= outcome != Outcome.APPLIED
        if self.others_left == 0:
            self.others_ended.set()
        if self.canaries_left == 0:
            self.canaries_ended.set()


async def _or_fault(doing: Awaitable[T], otherwise: Callable[[Exception], T]) -> T:
    """What is done; where a fault of our own ends it, what is to be said of that. The other changes go on."""
    try:
        return await doing
    except Exception as error:  # noqa: BLE001 - the one net around what a run does to a model
        return otherwise(error)


def _fault(end: End, error: Exception) -> End:
    """An end that is nobody's but ours: what was sent by then is known to the journal alone."""
    return End(end.execution, our_fault(error)) if end.execution.change.steps else end


def _result(end: End) -> ChangeResult:
    change, execution = end.execution.change, end.execution
    half = [f"{execution.done} of its {len(change.writes)} requests were carried out"]
    notes = [*execution.notes, *(half if 0 < execution.done < len(change.writes) else [])]
    return ChangeResult(
        change=change,
        outcome=end.outcome,
        id=execution.id,
        done=execution.done,
        failure=end.stop.failure if end.stop else None,
        note="; ".join(dict.fromkeys(notes)),
        sent=execution.reached,
        started=execution.started,
        ended=execution.ended if execution.started else "",
    )


def _half_way(execution: Execution, stop: Stop | None) -> Stop | None:
    """An end that says that nothing was sent, where an earlier request of the change was carried out: it failed."""
    if stop is None or stop.failure is None or stop.outcome not in NOTHING_SENT or not execution.tried:
        return stop
    failure = replace(stop.failure, message=f"stopped half way: {stop.failure.message}")
    return Stop(outcome=Outcome.FAILED, failure=failure)


def _not_attempted(why: str) -> Stop:
    failure = Failure(message=why, method="", url="", status=None, advice="Run egpsync apply again for what is left.")
    return Stop(outcome=Outcome.NOT_ATTEMPTED, failure=failure)

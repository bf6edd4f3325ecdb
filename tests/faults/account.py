"""An emulated account beside manifests: planned and carried out in compressed time, with what each run left behind."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from egpsync.account.client import Access, Client, Patience
from egpsync.account.listing import fetch_all
from egpsync.core.change import PlanOptions
from egpsync.core.guard import Limits, check_guards
from egpsync.core.plan import Comparison, make_plan
from egpsync.core.replan import Replanner
from egpsync.emulator.log import Entry
from egpsync.emulator.server import Running
from egpsync.model.plan import Plan, Target
from egpsync.model.run import Event, RunResult, Stage
from egpsync.run.context import Pace, Run
from egpsync.run.scheduler import Rollout, apply_plan
from tests.core.build import desired_of
from tests.faults.gate import Gate

FASTER = 100
"""How many seconds of the engine pass in one of ours: its default waits hold, and a test is short."""

PACE = Pace(deployment=400.0, first_poll=1.0, longest_poll=2.0, settle=40.0)
LIMITS = Limits(percent=100, cap=999, allow_recreate=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusing:
    """When nobody listens, in our seconds."""

    method: str  # from the moment that such a request is on its way; "" for from the start
    name: str  # of the model
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run, and the server's own account of it."""

    result: RunResult
    entries: tuple[Entry, ...]  # that arrived during the run
    models: tuple[dict[str, Any], ...]  # that the server holds after it


@dataclass(kw_only=True)
class Account:
    """The account, what the manifests want of it, and how it is asked."""

    running: Running
    entries: list[dict[str, Any]]
    owner: str | None = None
    options: PlanOptions = field(default_factory=PlanOptions)
    timeout: float = 5.0  # of a request, in our seconds
    patience: Patience = Patience()  # noqa: RUF009 - it is frozen
    parallelism: int = 8

    def planned(self) -> Comparison:
        """What planning finds now; asks for every model."""
        return asyncio.run(self._planned())

    def plan(self) -> Plan:
        """The plan, with which nothing is wrong."""
        planned = self.planned()
        assert planned.problems == ()
        return planned.plan

    def refusals(self, plan: Plan) -> set[str]:
        """What forbids the plan."""
        return {refusal.guard for refusal in (*plan.refusals, *check_guards(plan, LIMITS))}

    def run(self, plan: Plan, refusing: Refusing | None = None) -> Ran:
        """Carry the plan out."""
        before = len(self.running.log.entries)
        result = asyncio.run(self._run(plan, refusing))
        return self._ran(result, before)

    def crash(self, plan: Plan, after: int) -> None:
        """Carry the plan out until so many requests have arrived, and stop dead then."""
        asyncio.run(self._crashed(plan, after))

    def models(self) -> dict[str, dict[str, Any]]:
        """What the server holds, by id."""
        return {model["id"]: model for model in self.running.store.models()}

    def _ran(self, result: RunResult, before: int) -> Ran:
        models = tuple(self.running.store.models())
        return Ran(result=result, entries=self.running.log.entries[before:], models=models)

    async def _planned(self) -> Comparison:
        async with self._client(self.running.base_url) as client:
            live = await fetch_all(client)
        target = Target(base_url=self.running.base_url, account_id=None)
        return make_plan(desired_of(*self.entries, owner=self.owner), live, target, self.options)

    async def _run(self, plan: Plan, refusing: Refusing | None) -> RunResult:
        async with AsyncExitStack() as stack:
            url = self.running.base_url
            progress: Callable[[Event], None] = _unwatched
            if refusing is not None:
                gate = await stack.enter_async_context(Gate(url))
                url, progress = gate.url, _closing(gate, refusing)
            client = await stack.enter_async_context(self._client(url))
            return await apply_plan(plan, self._shared(client, progress), Rollout(parallelism=self.parallelism))

    async def _crashed(self, plan: Plan, after: int) -> None:
        first = len(self.running.log.entries)
        async with self._client(self.running.base_url) as client:
            running = asyncio.create_task(apply_plan(plan, self._shared(client, _unwatched), Rollout()))
            while not running.done() and len(self.running.log.entries) - first < after:  # noqa: ASYNC110 - it is remote
                await asyncio.sleep(0.0005)
            running.cancel()
            await asyncio.wait({running})

    def _client(self, url: str) -> Client:
        access = Access(base_url=url, api_key="key", timeout=self.timeout)
        return Client(access, patience=self.patience, clock=_clock, sleep=_sleep)

    def _shared(self, client: Client, progress: Callable[[Event], None]) -> Run:
        replan = Replanner(options=self.options)
        return Run(client=client, replan=replan, pace=PACE, progress=progress, clock=_clock, sleep=_sleep)


def by_id(models: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Models by their id."""
    return {str(model["id"]): model for model in models}


def _clock() -> float:
    return time.monotonic() * FASTER


async def _sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / FASTER)


def _unwatched(_: Event) -> None:
    """Look at nothing."""


def _closing(gate: Gate, refusing: Refusing) -> Callable[[Event], None]:
    """Closes the gate once: now, or when the request that is meant is on its way."""
    waiting = [refusing]
    if not refusing.method:
        waiting.clear()
        gate.close(refusing.seconds)

    def progress(event: Event) -> None:
        sends = event.stage == Stage.SENDING and event.text.startswith(refusing.method)
        if waiting and sends and event.change.name == refusing.name:
            waiting.clear()
            gate.close(refusing.seconds)

    return progress

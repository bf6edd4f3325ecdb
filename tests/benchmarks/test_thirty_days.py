"""Thirty days of daily changes to 2,000 models, with and without faults; no real time is waited.

Both worlds live through the same days: each day the manifests change, and runs follow until a fresh plan is empty,
three at most. One world's server answers every request; in the other one request in a hundred meets a fault. Counted
is every request that reaches the server, reads and repetitions included: the pages of each listing (at least two
listings a day: one to plan from, and one to see that nothing is left), the reading before each change, the change, the
readings while a deployment takes its five minutes. The ideal is what the undisturbed world needed.
"""

import asyncio
import heapq
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from egpsync.account.client import Access, Client
from egpsync.account.listing import fetch_all
from egpsync.core.change import PlanOptions
from egpsync.core.plan import make_plan
from egpsync.core.replan import Replanner
from egpsync.emulator.faults import GATEWAY_PAGE, Answer, Cut, Kind, Rule, TooMany, Truncated
from egpsync.emulator.server import Running
from egpsync.errors import ApiError
from egpsync.model.manifest import Desired
from egpsync.model.plan import Target
from egpsync.model.values import Json, JsonMap
from egpsync.run.context import Run
from egpsync.run.scheduler import Rollout, apply_plan
from egpsync.workflow.validate import validate
from tests.conftest import StartEmulator
from tests.workflow.samples import hosted, launch

DAYS = 30
MODELS = 2000
RUNS = 3  # a day
DEPLOYMENT = 300.0  # seconds
ALLOWED = 1.2  # times the ideal
LIMIT = 600.0  # seconds of real time for all of it
KINDS: tuple[Kind, ...] = (
    TooMany(seconds=2),
    TooMany(seconds=2, retry_after="milliseconds"),
    Answer(status=500, body={"detail": "Internal Server Error"}),
    Answer(status=502, body=GATEWAY_PAGE),
    Answer(status=503, body=GATEWAY_PAGE, after=True),
    Answer(status=504, body=GATEWAY_PAGE, after=True),
    Cut(),
    Cut(after=True),
    Cut(after=True, partial=True),
    Truncated(),
)
FAULTS = tuple(Rule(kind=kind, probability=0.01 / len(KINDS), seed=seed) for seed, kind in enumerate(KINDS))


def test_a_month_of_faults_costs_little_more_than_one_without(emulator: StartEmulator, tmp_path: Path) -> None:
    """Every day converges, both accounts end alike, no model is created twice, and the ratio is within bounds."""
    began = time.perf_counter()
    days = Days()
    worlds = [World.begin(emulator, days.models, faults) for faults in ((), FAULTS)]
    for day in range(DAYS):
        file = tmp_path / "models.yaml"
        file.write_text(json.dumps({"version": 1, "models": days.next(day)}), encoding="utf-8")
        desired = validate([str(file)]).desired
        assert desired is not None
        for world in worlds:
            world.live_through(desired)
    ideal, disturbed = (world.requests for world in worlds)
    seconds = time.perf_counter() - began
    print(  # noqa: T201 - the figures are the result
        f"\n{DAYS} days, {MODELS} models: {ideal} requests in {worlds[0].runs} runs without faults; with 1 % faults "
        f"{disturbed} in {worlds[1].runs} runs: {disturbed / ideal:.3f} times the ideal ({seconds:.0f} s)"
    )
    assert worlds[0].held() == worlds[1].held()
    assert all(set(world.created().values()) == {1} for world in worlds)
    assert worlds[0].runs == DAYS
    assert disturbed <= ALLOWED * ideal
    assert seconds < LIMIT


class Days:
    """The manifests, day by day: the same for everyone who asks."""

    def __init__(self) -> None:
        self.random = random.Random(30)
        self.models: list[dict[str, Any]] = [
            launch(f"image-{i}", model_metadata={"team": "a"})
            if i % 5 < 2
            else hosted(f"gpt-{i}", model_metadata={"team": "a"})
            for i in range(MODELS)
        ]

    def next(self, day: int) -> list[dict[str, Any]]:
        """Twenty metadata changes, ten images, three renames, three creates, three deletes."""
        chosen = self.random.sample(range(len(self.models)), 26)
        images = [i for i, model in enumerate(self.models) if model["model_vendor"] == "launch" and i not in chosen]
        declared = list(self.models)
        for i in chosen[:20]:
            declared[i] = self.models[i] = {**self.models[i], "model_metadata": {"team": f"day-{day}"}}
        for i in self.random.sample(images, 10):
            declared[i] = self.models[i] = _with_tag(self.models[i], f"day-{day}")
        for i in chosen[20:23]:
            name = self.models[i]["name"]
            self.models[i] = {**self.models[i], "name": f"{name.partition('--')[0]}--{day}"}
            declared[i] = {**self.models[i], "renamed_from": name}
        for i in chosen[23:]:
            gone = self.models[i]
            declared[i] = {"name": gone["name"], "model_vendor": gone["model_vendor"], "state": "absent"}
        left = [model for i, model in enumerate(self.models) if i not in chosen[23:]]
        new = [hosted(f"new-{day}-0"), hosted(f"new-{day}-1", model_metadata={"x": 1}), launch(f"new-{day}-2")]
        self.models = [*left, *new]
        return [*declared, *new]


@dataclass(kw_only=True)
class World:
    """One account, and how many runs it took."""

    running: Running
    time: "Time"
    runs: int = 0  # that had something to do

    @classmethod
    def begin(cls, emulator: StartEmulator, models: Iterable[Mapping[str, Any]], faults: tuple[Rule, ...]) -> "World":
        """An account that holds the models of the start."""
        made = Time()
        running = emulator(seed=models, faults=faults, clock=made.clock, deploy_seconds=DEPLOYMENT)
        return cls(running=running, time=made)

    @property
    def requests(self) -> int:
        """All that reached the server."""
        return len(self.running.log.entries)

    def live_through(self, desired: Desired) -> None:
        """One day: runs until there is nothing to do."""
        for _ in range(RUNS):
            if asyncio.run(self._run(desired)):
                return
            self.runs += 1
        assert asyncio.run(self._run(desired)), "the day did not converge"

    def held(self) -> dict[str, Any]:
        """What the account holds, by name."""
        return {
            one["name"]: (one["status"], one["vendor_configuration"], _unmarked(one["model_metadata"]))
            for one in self.running.store.models()
        }

    def created(self) -> Counter[str]:
        """How often a POST for each name acted."""
        posts = (entry for entry in self.running.log.changes if entry.method == "POST" and entry.acted)
        return Counter(entry.body["name"] for entry in posts)

    async def _run(self, desired: Desired) -> bool:
        """Plan and apply; whether there was nothing to do."""
        access = Access(base_url=self.running.base_url, api_key="any-key-will-do")
        async with _Client(access, self.time) as client:
            passing = asyncio.ensure_future(self.time.pass_by())
            try:
                plan = make_plan(desired, await fetch_all(client), Target(base_url="", account_id=None)).plan
                replan = Replanner(options=PlanOptions())
                run = Run(client=client, replan=replan, clock=self.time.clock, sleep=self.time.sleep)
                await apply_plan(plan, run, Rollout())
            except ApiError:
                return False
            finally:
                passing.cancel()
            return not any(change.steps for change in plan.changes)


class _Client(Client):
    """A client that tells the time when it is at work: while it is, no time passes."""

    def __init__(self, access: Access, passing: "Time") -> None:
        super().__init__(access, clock=passing.clock, sleep=passing.rest)
        self._passing = passing

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Json:
        with self._passing:
            return await super().get(path, query)

    async def send(self, method: str, path: str, body: JsonMap | None) -> Json:
        with self._passing:
            return await super().send(method, path, body)


@dataclass(kw_only=True)
class Time:
    """A clock that jumps to the next sleeper's hour as soon as nobody is at work."""

    now: float = 0.0
    at_work: int = 0
    sleepers: list[tuple[float, int, "asyncio.Future[None]"]] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def clock(self) -> float:
        """Seconds since the start."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Return when it is so much later."""
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self.sleepers, (self.now + seconds, next(self.numbers), waker))
        await waker

    async def rest(self, seconds: float) -> None:
        """Sleep in the middle of work."""
        self.at_work -= 1
        try:
            await self.sleep(seconds)
        finally:
            self.at_work += 1

    def __enter__(self) -> None:
        self.at_work += 1

    def __exit__(self, *_: object) -> None:
        self.at_work -= 1

    async def pass_by(self) -> None:
        """Let the time pass, until cancelled."""
        self.sleepers.clear()
        quiet = 0
        while True:
            await asyncio.sleep(0 if not self.at_work else 0.001)
            quiet = 0 if self.at_work else quiet + 1
            if quiet > 20 and self.sleepers:  # turns of the loop in which whoever is awake would have gone to work
                hour, _, waker = heapq.heappop(self.sleepers)
                if not waker.done():
                    self.now, quiet = hour, 0
                    waker.set_result(None)


def _with_tag(model: dict[str, Any], tag: str) -> dict[str, Any]:
    configuration = model["vendor_configuration"]
    image = {**configuration["model_image"], "tag": tag}
    return {**model, "vendor_configuration": {**configuration, "model_image": image}}


def _unmarked(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key != "egpsync"}

"""A plan in, carried out under a lock and a journal; what became of each change out."""

from collections import Counter
from dataclasses import dataclass, replace

from egpsync import __version__
from egpsync.api.apply import Rollout, apply_plan
from egpsync.api.journal import Home, Tried
from egpsync.api.run import Pace, Run
from egpsync.core.change import PlanOptions
from egpsync.core.replan import Replanner
from egpsync.model.plan import Plan
from egpsync.model.run import RunResult
from egpsync.settings import Settings
from egpsync.workflow.plan import Watch, connect, target_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A request that an earlier run did not live to see the end of, in the light of a fresh plan."""

    tried: Tried
    happened: bool  # the plan does not ask for it again


async def apply(
    plan: Plan, settings: Settings, options: PlanOptions, watch: Watch, pace: Pace | None = None
) -> RunResult:
    """Send exactly the plan's requests. The plan must have no refusals; every fault is the outcome of a change.

    Raises LockedError where another run holds the account, FileError where nothing can be journaled.
    """
    home = Home(settings.state_dir, plan.target)
    with home.locked():
        async with connect(settings, watch.on_attempt) as client:
            with home.begin(plan, __version__) as journal:
                run = Run(
                    client=client,
                    replan=Replanner(options=options),
                    records=journal,
                    pace=pace or Pace(deployment=settings.timeout, first_poll=settings.poll),
                    progress=watch.progress,
                    stop=watch.stop,
                )
                result = await apply_plan(plan, run, _rollout(settings))
                journal.end(Counter(change.outcome.value for change in result.results))
        home.settle()
    return replace(result, journal=str(journal.file))


def look_back(plan: Plan, settings: Settings) -> tuple[Settled, ...]:
    """What earlier runs left unknown, each told by whether the fresh plan still asks for it."""
    asked = {(change.vendor, change.name, request.method) for change in plan.changes for request in change.requests}
    return tuple(
        Settled(tried=tried, happened=(tried.vendor, tried.name, tried.method) not in asked)
        for tried in Home(settings.state_dir, target_of(settings)).unfinished()
    )


def settle(settings: Settings) -> None:
    """Note that what earlier runs left unknown has been looked at. Raises LockedError where one is still under way."""
    home = Home(settings.state_dir, target_of(settings))
    with home.locked():
        home.settle()


def _rollout(settings: Settings) -> Rollout:
    return Rollout(
        parallelism=settings.parallelism,
        redeploys=settings.max_redeploys,
        canaries=settings.canaries,
        max_failures=settings.max_failures,
        wait=settings.wait,
    )

"""A plan in, carried out under a lock and a journal; what became of each change out."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

from egpsync.core.change import PlanOptions
from egpsync.core.replan import Replanner
from egpsync.errors import FileError, LockedError
from egpsync.model.plan import Plan
from egpsync.model.run import RunResult
from egpsync.records.folder import StateFolder, Unfinished
from egpsync.records.journal import Intent
from egpsync.run.context import Pace, Run
from egpsync.run.scheduler import Rollout, apply_plan
from egpsync.settings import Settings
from egpsync.value import Value, replace
from egpsync.version import __version__
from egpsync.workflow.plan import Watch, connect, known_secrets, secrets_of_plan, target_of


class LeftOpen(Value, frozen=True, kw_only=True):
    """A request that an earlier run did not live to see the end of, in the light of a fresh plan."""

    unfinished: Unfinished
    happened: bool | None  # whether the server holds it; None where the plan says nothing of the model


async def apply(
    plan: Plan, settings: Settings, options: PlanOptions, watch: Watch, pace: Pace | None = None
) -> RunResult:
    """Send exactly the plan's requests. The plan must have no refusals; every fault is the outcome of a change.

    The result is given though the journal's last lines cannot be written: the next run then looks back once more.

    Raises LockedError where another run holds the account, FileError where nothing can be journaled.
    """
    folder = StateFolder(settings.journals, plan.target, known_secrets(settings))
    with folder.locked():
        async with connect(settings, watch.on_attempt) as client:
            client.words.learn(secrets_of_plan(plan))
            with folder.begin(plan, __version__) as journal:
                run = Run(
                    client=client,
                    replan=Replanner(options=options),
                    records=journal,
                    pace=pace or Pace(deployment=settings.timeout, first_poll=settings.poll, settle=settings.settle),
                    progress=watch.progress,
                    stop=watch.stop,
                )
                result = await apply_plan(plan, run, _rollout(settings))
                with suppress(FileError):
                    journal.end(Counter(change.outcome.value for change in result.results))
    return replace(result, journal=str(journal.file))


def look_back(plan: Plan, settings: Settings) -> tuple[LeftOpen, ...]:
    """What earlier runs left unknown, each told by whether the fresh plan still asks for it.

    Nothing while another run holds the account: what is under way there is not left.
    """
    folder = StateFolder(settings.journals, target_of(settings))
    if not folder.unfinished():
        return ()
    try:
        with folder.locked():
            left = folder.unfinished()
    except LockedError:
        return ()
    return tuple(LeftOpen(unfinished=one, happened=_happened(one.intent, plan)) for one in left)


def settle(settings: Settings, told: Iterable[LeftOpen]) -> None:
    """Note that what earlier runs left unknown was told; where that cannot be noted now, it is told again."""
    folder = StateFolder(settings.journals, target_of(settings))
    with suppress(FileError, LockedError), folder.locked():
        folder.settle(item.unfinished for item in told)


def _happened(tried: Intent, plan: Plan) -> bool | None:
    model_id = tried.path.rpartition("/")[2]
    if any(str(step.key) == tried.step for change in plan.changes for step in change.writes):
        return False
    if tried.method == "DELETE":
        live = (*plan.unmanaged, *(change.live for change in plan.changes if change.live is not None))
        return None if any(model.id == model_id for model in live) else True
    known = any((change.vendor, change.name) == (tried.vendor, tried.name) for change in plan.changes)
    return True if known else None


def _rollout(settings: Settings) -> Rollout:
    return Rollout(
        parallelism=settings.parallelism,
        redeploys=settings.max_redeploys,
        canaries=settings.canaries,
        max_failures=settings.max_failures,
        wait=settings.wait,
    )

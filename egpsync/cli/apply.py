"""egpsync apply: plan, ask, send, verify, report."""

import asyncio
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import click

from egpsync.cli import SIGNALS, complain, ignore_signals, leave_soon
from egpsync.cli.online import Call, at_a_terminal, refuse_age_without
from egpsync.cli.options import (
    Command,
    access,
    changed_since,
    manifests,
    output,
    planning,
    rollout,
    saved_plans,
    selection,
)
from egpsync.cli.plan import show_plan
from egpsync.cli.progress import Manner, show_progress
from egpsync.cli.running import run_on, run_to_end
from egpsync.core.change import PlanOptions
from egpsync.errors import EgpsyncError, StoppedError, UsageError
from egpsync.model.plan import Plan
from egpsync.model.report import Kind, Report
from egpsync.model.run import RunResult
from egpsync.report.escape import label, visible
from egpsync.settings import Settings
from egpsync.value import replace
from egpsync.workflow.apply import LeftOpen, apply, look_back, settle
from egpsync.workflow.plan import Planned, Watch
from egpsync.workflow.reporting import report_error, report_plan, report_run
from egpsync.workflow.saved import review

SETTLED = {
    True: "the server holds it",
    False: "the server does not hold it, and it is planned again",
    None: "this plan does not tell whether it happened, so see what the server holds",
}


@click.command("apply", cls=Command)
@manifests
@selection
@changed_since
@click.option("--dry-run", is_flag=True, help="Exactly egpsync plan: nothing but GETs is sent.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask. Needed where nobody can be asked.")
@click.option("--plan", "saved", type=click.Path(dir_okay=False), help="Send exactly what this saved plan shows.")
@planning
@rollout
@saved_plans
@access
@output
def command(paths: tuple[str, ...], *, dry_run: bool, yes: bool, saved: str | None, **chosen: Any) -> None:
    """Plan, ask, send, verify, report. Goes on past one model's failure; a second run finishes what is left."""
    refuse_age_without(saved, chosen, "--plan")
    call = Call.of(paths, chosen, needs_manifests=saved is None)
    if saved is not None:
        call.refuse_to_plan_anew(paths, chosen, "--plan")
        reviewed = run_to_end(review(saved, call.settings, Watch(on_attempt=call.log)))
        planned = reviewed.refusing() if dry_run else reviewed.planned
    else:
        planned = run_to_end(call.plan(Watch(on_attempt=call.log)))
    if dry_run:
        show_plan(call, planned, kind=Kind.PLAN)
    confirm_and_apply(call, planned, yes=yes, pinned=saved is not None)


def confirm_and_apply(
    call: Call, planned: Planned, *, yes: bool, pinned: bool = False, kind: Kind = Kind.APPLY
) -> NoReturn:
    """Ask, send, write the report, exit; a plan that is invalid, refused or without a step is only reported.

    What a saved plan (`pinned`) sends is shown though nobody is asked: its file can have been read as another one.
    """
    plan, report = planned.plan, report_plan(call.occasion(kind), planned)
    told = _tell_what_was_left(plan, call.settings) if plan is not None and kind is Kind.APPLY else ()
    if plan is None or report.errored or not _has_steps(plan):
        call.output.write(report)
        raise click.exceptions.Exit(report.exit_code)
    asked = not plan.empty and not yes
    if asked:
        _ask(call, plan, report)
    elif pinned and call.output.verbosity >= 0:
        _show(call, plan, report)
    call.output.try_all()
    run_on()
    result = run_to_end(_carry_out(call, plan, planned.options))
    if isinstance(result, StoppedError):
        complain(f"egpsync: {result.what}. {result.advice}")
        call.output.write_error(report_error(call.occasion(kind), result))
        raise click.exceptions.Exit(result.exit_code)
    report = report_run(call.occasion(kind), planned, result)
    call.output.write(report, planned=asked and call.output.verbosity <= 0, ran=True)
    settle(call.settings, told)
    if call.output.verbosity >= 0 and any(change.done for change in result.results):
        complain(f"egpsync: egpsync revert {_near(result.journal or '')} plans the way back")
    raise click.exceptions.Exit(report.exit_code)


def _near(file: str) -> str:
    """A file as one would type it here: from the working folder where it lies below it."""
    path, here = Path(file), Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _tell_what_was_left(plan: Plan, settings: Settings) -> tuple[LeftOpen, ...]:
    """Say what an earlier run, cut short, left unknown; with nothing to apply it is settled with that."""
    settled = look_back(plan, settings)
    for item in settled:
        tried = item.unfinished.intent
        what = f"{tried.method} {visible(tried.path)} for {label(tried.name)} ({visible(tried.vendor)}), {tried.at}"
        complain(f"egpsync: an earlier run was cut short at {what}: {SETTLED[item.happened]}")
    if settled and not _has_steps(plan):
        settle(settings, settled)
    return settled


def _has_steps(plan: Plan) -> bool:
    return any(change.steps or change.moved for change in plan.changes)


def _ask(call: Call, plan: Plan, report: Report) -> None:
    """Show the plan on stderr and go on with a yes; stdout carries the result alone."""
    if not at_a_terminal():
        raise UsageError(
            "apply asks before it changes anything, and there is no terminal to ask at",
            advice="Review egpsync plan, then give --yes. Nothing was sent.",
        )
    _show(call, plan, report)
    count = sum(len(change.writes) for change in plan.changes if not change.moved)
    question = f"Send {count} request{'' if count == 1 else 's'} to {visible(plan.target.base_url)}? Only yes is a yes"
    if click.prompt(question, err=True, default="no", show_default=False).strip().lower() != "yes":
        raise EgpsyncError("not applied: the answer was not yes", advice="Nothing was sent.")


async def _carry_out(call: Call, plan: Plan, options: PlanOptions) -> RunResult | StoppedError:
    """Run the plan; the first signal lets it finish what is under way, a second one leaves at once."""
    received: list[int] = []
    manner = Manner(
        verbosity=call.output.verbosity,
        color=call.output.color_on_stderr(),
        total=sum(bool(change.steps) for change in plan.changes),
    )
    with show_progress(manner) as progress:
        watch = Watch(on_attempt=lambda attempt: call.log(attempt, plan.changes), progress=progress)
        result = None
        with suppress(asyncio.CancelledError), _stopped_by_signals(watch, received):
            result = await apply(plan, call.settings, options, watch)
    if result is not None:
        return replace(result, interrupted=received[0] if received else None)
    return StoppedError(
        "left at once, without a report: requests may have arrived whose answers were not read",
        exit_code=SIGNALS[received[0]],
        advice="The next egpsync apply says which, and finishes what is left.",
    )


def _show(call: Call, plan: Plan, report: Report) -> None:
    complain(call.output.text(report).rstrip("\n"))
    for change in plan.changes:
        if change.moved:
            complain(f"egpsync: left out: {label(change.name)} ({visible(change.vendor)}) {visible(change.moved)}")


@contextmanager
def _stopped_by_signals(watch: Watch, received: list[int]) -> Iterator[None]:
    """Note the signals that come meanwhile; none disturbs what is told afterwards."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop(number: int) -> None:
        received.append(number)
        watch.stop.set()
        if len(received) == 1:
            complain(
                "egpsync: stopping: requests under way are finished, deployments go on by themselves; "
                "once more leaves at once"
            )
        elif len(received) == 2 and task is not None:
            leave_soon(SIGNALS[received[0]])
            task.cancel()

    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heard:
        try:
            loop.add_signal_handler(number, stop, number)
        except NotImplementedError:  # on Windows
            signal.signal(number, lambda number, _: loop.call_soon_threadsafe(stop, number))
    try:
        yield
    finally:
        for number in heard:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
        ignore_signals()

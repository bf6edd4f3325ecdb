"""egpsync plan: what apply would send; saved for review, or held against what was saved."""

from pathlib import Path
from typing import Any, NoReturn

import click

from egpsync.cli import complain
from egpsync.cli.online import Call, refuse_age_without
from egpsync.cli.options import (
    Command,
    access,
    changed_since,
    manifests,
    output,
    planning,
    saved_plans,
    selection,
    state,
)
from egpsync.cli.running import run_to_end
from egpsync.errors import UsageError
from egpsync.model.report import Kind
from egpsync.records.planfile import refuse_other_content
from egpsync.workflow.origin import explained
from egpsync.workflow.plan import Planned, Watch
from egpsync.workflow.reporting import report_plan
from egpsync.workflow.saved import Reviewed, review, save


@click.command("plan", cls=Command)
@manifests
@selection
@changed_since
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where there is something to apply.")
@click.option("--out", type=click.Path(dir_okay=False), metavar="FILE", help="Save the plan for egpsync apply --plan.")
@click.option("--base", metavar="REV", help="Tell what this change makes, and what differs without it, by a revision.")
@click.option("--check", type=click.Path(dir_okay=False), metavar="FILE", help="Does this saved plan still hold?")
@planning
@saved_plans
@state
@access
@output
def command(
    paths: tuple[str, ...],
    *,
    detailed_exitcode: bool,
    out: str | None,
    check: str | None,
    base: str | None,
    **chosen: Any,
) -> None:
    """Show what apply would send. Sends nothing but GETs."""
    refuse_age_without(check, chosen, "--check")
    if base is not None and check is not None:
        raise UsageError("--base has no meaning beside --check: a saved plan was explained when it was made")
    call = Call.of(paths, {**chosen, "base": base}, needs_manifests=check is None)
    watch = Watch(on_attempt=call.log)
    if out is not None:
        refuse_other_content(Path(out))
    if check is not None:
        call.refuse_to_plan_anew((*paths, *(["--out"] if out else [])), chosen, "--check")
        reviewed = run_to_end(review(check, call.settings, watch))
        _tell_whether_it_holds(check, reviewed)
        show_plan(call, reviewed.refusing(), kind=Kind.PLAN, detailed=detailed_exitcode)
    planned = run_to_end(call.plan(watch))
    if out is not None and planned.plan is not None and not planned.problems:
        save(out, planned, call.paths, call.consent, call.settings)
        if planned.plan.refusals:
            complain(f"egpsync: {out} holds a plan that is refused: it cannot be applied")
        else:
            complain(f"egpsync: egpsync apply --plan {out} sends exactly this plan")
    if base is not None:
        planned = explained(planned, base, call.paths, call.settings)
    show_plan(call, planned, kind=Kind.PLAN, detailed=detailed_exitcode)


def _tell_whether_it_holds(file: str, reviewed: Reviewed) -> None:
    plan = reviewed.planned.plan
    if plan is None or plan.refusals:
        return
    holding = sum(bool(change.writes) and not change.moved for change in plan.changes)
    if reviewed.moved:
        complain(f"egpsync: {file}: {holding} changes still hold, {len(reviewed.moved)} moved and would be left alone")
    elif not holding:
        complain(f"egpsync: {file} is already applied: there is nothing left of it")
    else:
        complain(f"egpsync: {file} still holds: egpsync apply --plan {file} sends exactly it")


def show_plan(call: Call, planned: Planned, *, kind: Kind, detailed: bool = False) -> NoReturn:
    """Write the report, exit."""
    report = report_plan(call.occasion(kind), planned, detailed=detailed)
    call.output.write(report)
    raise click.exceptions.Exit(report.exit_code)

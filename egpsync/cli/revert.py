"""egpsync revert: put back what a run changed."""

from typing import Any

import click

from egpsync.cli.apply import confirm_and_apply
from egpsync.cli.online import Call
from egpsync.cli.options import Command, access, consent, output, project, rollout
from egpsync.cli.plan import show_plan
from egpsync.cli.running import run_to_end
from egpsync.model.report import Kind
from egpsync.workflow.plan import Watch
from egpsync.workflow.revert import plan_revert


@click.command("revert", cls=Command)
@click.argument("file", metavar="JOURNAL-OR-REPORT", type=click.Path(dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Show the way back; nothing but GETs is sent.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask. Needed where nobody can be asked.")
@consent
@rollout
@project
@access
@output
def command(file: str, *, dry_run: bool, yes: bool, **chosen: Any) -> None:
    """Put back what a run changed, as far as nobody changed it since: a plan, reviewed and applied like any other.

    JOURNAL-OR-REPORT is the journal that apply names at its end, or what its --report json=FILE wrote. Secrets are
    kept in neither: fields that held one are named and left.
    """
    call = Call.of((), chosen, needs_manifests=False)
    planned = run_to_end(plan_revert(file, call.settings, call.consent, Watch(on_attempt=call.log)))
    if dry_run:
        show_plan(call, planned, kind=Kind.REVERT)
    confirm_and_apply(call, planned, yes=yes, kind=Kind.REVERT)

"""egpsync drift: the account against the manifests, for scheduled checks."""

from typing import Any

import click

from egpsync.cli.online import Call
from egpsync.cli.options import Command, access, changed_since, manifests, output, selection
from egpsync.cli.running import run_to_end
from egpsync.model.report import Kind
from egpsync.report.since import compared_with
from egpsync.workflow.plan import Watch, drift
from egpsync.workflow.reporting import report_plan
from egpsync.workflow.since import earlier


@click.command("drift", cls=Command)
@manifests
@selection
@changed_since
@click.option("--since", metavar="FILE", type=click.Path(dir_okay=False), help="What is new since this JSON report?")
@access
@output
def command(paths: tuple[str, ...], *, since: str | None, **chosen: Any) -> None:
    """Compare the account with the manifests: exit 2 where they differ. Sends nothing but GETs."""
    call = Call.of(paths, chosen)
    then = earlier(since, call.settings, call.output.section) if since is not None else None
    planned = run_to_end(drift(call.paths, call.settings, Watch(on_attempt=call.log)))
    report = report_plan(call.occasion(Kind.DRIFT), planned)
    if then is not None and not report.invalid:
        report = compared_with(report, then)
    call.output.write(report)
    raise click.exceptions.Exit(report.exit_code)

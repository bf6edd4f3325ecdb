"""egpsync drift: the account against the manifests, for scheduled checks."""

from typing import Any

import click

from egpsync.cli import complain
from egpsync.cli.listening import address_of
from egpsync.cli.listening import listen as listening
from egpsync.cli.online import Call
from egpsync.cli.options import Command, access, changed_since, manifests, output, selection
from egpsync.cli.running import run_to_end
from egpsync.cli.watching import Board, watch
from egpsync.errors import UsageError
from egpsync.model.report import Kind, Report
from egpsync.report.since import compared_with
from egpsync.workflow.plan import Watch, drift
from egpsync.workflow.reporting import report_plan
from egpsync.workflow.since import earlier


@click.command("drift", cls=Command)
@manifests
@selection
@changed_since
@click.option("--since", metavar="FILE", type=click.Path(dir_okay=False), help="What is new since this JSON report?")
@click.option(
    "--interval",
    metavar="SECONDS",
    type=click.FloatRange(1),
    help="Compare on and on, and tell what changed.",
)
@click.option("--listen", metavar="[HOST:]PORT", help="Serve /metrics, /healthz and /readyz there, with --interval.")
@access
@output
def command(
    paths: tuple[str, ...], *, since: str | None, interval: float | None, listen: str | None, **chosen: Any
) -> None:
    """Compare the account with the manifests: exit 2 where they differ. Sends nothing but GETs.

    With --interval it goes on until it is stopped (SIGTERM: exit 0), outlives outages of the API, and reads files anew
    for each round.
    """
    if listen is not None and interval is None:
        raise UsageError("--listen needs --interval: there is nothing to serve otherwise")
    address = address_of(listen) if listen is not None else None
    call = Call.of(paths, chosen)
    then = earlier(since, call.settings, call.output.section) if since is not None else None
    if interval is not None:
        board = Board(interval)
        if address is not None:
            complain(f"egpsync: listening on port {listening(address, board.pages)}")
        watch(lambda: _compared(Call.of(paths, chosen)), board, interval, then)
    _, report = _compared(call)
    if then is not None and not report.invalid:
        report = compared_with(report, then)
    call.output.write(report)
    raise click.exceptions.Exit(report.exit_code)


def _compared(call: Call) -> tuple[Call, Report]:
    planned = run_to_end(drift(call.paths, call.settings, Watch(on_attempt=call.log)))
    return call, report_plan(call.occasion(Kind.DRIFT), planned)

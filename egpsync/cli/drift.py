"""egpsync drift: the account against the manifests, for scheduled checks."""

from typing import Any

import click

from egpsync.cli.online import Call
from egpsync.cli.options import Command, access, changed_since, manifests, output, selection
from egpsync.cli.plan import show_plan
from egpsync.cli.running import run_to_end
from egpsync.model.report import Kind
from egpsync.workflow.plan import Watch, drift


@click.command("drift", cls=Command)
@manifests
@selection
@changed_since
@access
@output
def command(paths: tuple[str, ...], **chosen: Any) -> None:
    """Compare the account with the manifests: exit 2 where they differ. Sends nothing but GETs."""
    call = Call.of(paths, chosen)
    show_plan(call, run_to_end(drift(call.paths, call.settings, Watch(on_attempt=call.log))), kind=Kind.DRIFT)

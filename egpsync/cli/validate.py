"""egpsync validate: manifests in, every problem with its place out."""

from typing import Any

import click

from egpsync.cli import complain
from egpsync.cli.options import Command, manifests, output
from egpsync.cli.output import output_of
from egpsync.cli.project import settings_of
from egpsync.clock import now
from egpsync.model.report import Kind
from egpsync.report.escape import visible
from egpsync.workflow.project import paths_of
from egpsync.workflow.reporting import Occasion, report_problems
from egpsync.workflow.validate import slow_parts, validate

LISTING = {"json", "junit"}
"""The formats that name every declared model; a tenth of the time where there are thousands."""


@click.command("validate", cls=Command)
@manifests
@output
def command(paths: tuple[str, ...], **chosen: Any) -> None:
    """Check manifests, offline, without a key: schema and rules, all problems of all files in one run."""
    started, written = now(), output_of(chosen)
    settings = settings_of(chosen, written, offline=True)
    occasion = Occasion(kind=Kind.VALIDATE, started=started, section=written.section, settings=settings)
    listed = bool({written.format, *(kind for kind, _ in written.reports)} & LISTING)
    checked = validate(paths_of(paths, settings), settings, offline=True, asked=False)
    if written.verbosity > 0:
        for line in (*slow_parts(), *(f"{file}: read" for file in checked.files)):
            complain(f"egpsync: {visible(line)}")
    report = report_problems(occasion, checked, listed=listed)
    written.write(report)
    raise click.exceptions.Exit(report.exit_code)

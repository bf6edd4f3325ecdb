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
from egpsync.workflow.validate import slow_parts, strictly, validate

LISTING = {"json", "junit"}
"""The formats that name every declared model; a tenth of the time where there are thousands."""


@click.command("validate", cls=Command)
@click.option("--strict", is_flag=True, help="Warnings are errors.")
@manifests
@output
def command(paths: tuple[str, ...], *, strict: bool, **chosen: Any) -> None:
    """Check manifests, offline, without a key: schema, rules and lints, all problems of all files in one run.

    Lints warn of what is most likely not meant: `egpsync explain RULE` says why, `lint` in the project file makes one
    an error or turns it off, and the comment `# egpsync: ignore RULE` silences it on its line.
    """
    started, written = now(), output_of(chosen)
    settings = settings_of(chosen, written, offline=True)
    occasion = Occasion(kind=Kind.VALIDATE, started=started, section=written.section, settings=settings)
    listed = bool({written.format, *(kind for kind, _ in written.reports)} & LISTING)
    checked = validate(paths_of(paths, settings), settings, offline=True, asked=False, warned=True)
    checked = strictly(checked) if strict else checked
    if written.verbosity > 0:
        for line in (*slow_parts(), *(f"{file}: read" for file in checked.files)):
            complain(f"egpsync: {visible(line)}")
    report = report_problems(occasion, checked, listed=listed)
    written.write(report)
    raise click.exceptions.Exit(report.exit_code)

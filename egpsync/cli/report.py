"""egpsync report: saved reports in, rendered again in any format, joined where they belong together."""

from typing import Any

import click

from egpsync.cli.collisions import refuse_collisions
from egpsync.cli.options import Command, output
from egpsync.cli.output import output_of
from egpsync.value import replace
from egpsync.workflow.stored import load_reports


@click.command("report", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE.json...", type=click.Path(dir_okay=False))
@output
def command(files: tuple[str, ...], **chosen: Any) -> None:
    """Render saved JSON reports, without a key: to the same bytes as at the time.

    Reports of one command on one target, as of the shards of a matrix, become one report; those of several targets
    become its sections. What is shown is what was found then: nothing is looked at now.
    """
    written = output_of(chosen)
    refuse_collisions([file for _, file in written.reports], {"paths": files}, None)
    reports = load_reports(files)
    written.write(*(replace(report, section=written.section) if written.section else report for report in reports))

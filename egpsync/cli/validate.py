"""egpsync validate: manifests in, every problem with its place out."""

from typing import Any

import click

from egpsync import __version__
from egpsync.cli.options import Command, manifests, output
from egpsync.cli.output import exit_code, output_of
from egpsync.cli.project import paths_of, settings_of
from egpsync.model.report import Kind, ReportHead
from egpsync.report.build import build_problems
from egpsync.workflow.validate import validate


@click.command("validate", cls=Command)
@manifests
@output
def command(paths: tuple[str, ...], **chosen: Any) -> None:
    """Check manifests, offline, without a key: schema and rules, all problems of all files in one run."""
    written = output_of(chosen)
    settings = settings_of(chosen, written, offline=True)
    checked = validate(paths_of(paths, settings))
    head = ReportHead(
        kind=Kind.VALIDATE,
        tool_version=__version__,
        files=len(checked.files),
        models=checked.models,
        problems=checked.problems,
        target_name=settings.scope.name if settings.scope else None,
        section=written.section,
    )
    report = build_problems(head)
    written.write(report)
    raise click.exceptions.Exit(exit_code(report))

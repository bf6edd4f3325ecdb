"""egpsync targets: what the project file's targets mean on this machine."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from egpsync.cli import complain
from egpsync.cli.options import Command, project
from egpsync.cli.output import Output
from egpsync.cli.project import project_of
from egpsync.report.escape import inert, visible
from egpsync.report.fold import cells, padded
from egpsync.typed import plain
from egpsync.workflow.targets import TargetState, targets_of

FORMAT_VERSION = "1.0"


@click.command("targets", cls=Command)
@project
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="Format on stdout.")
def command(*, format_: str, **chosen: Any) -> None:
    """List the targets of the project file: where each is, its manifests, and whether its key is at hand. Offline."""
    output = Output(format="text", reports=(), color="auto", verbosity=0)
    found = project_of(chosen, output)
    states = targets_of(found) if found is not None else ()
    if format_ == "json":
        listed = [plain(state) for state in states]
        click.echo(json.dumps({"format_version": FORMAT_VERSION, "targets": listed}, sort_keys=True, indent=2))
        return
    for line in _lines(states):
        click.echo(inert(line))
    if not states:
        complain("egpsync: there is no project file (egpsync.yaml) here" if found is None else "egpsync: no targets")


def _lines(states: Iterable[TargetState]) -> Iterator[str]:
    rows = [("", "target", "base URL", "account", "manifests", "key")]
    rows += [
        (
            "*" if state.default else "",
            state.name,
            visible(state.base_url),
            state.account_id or "default",
            "lead nowhere" if state.manifests is None else str(state.manifests),
            f"{'at hand' if state.key else 'missing'} ({visible(state.key_from)})",
        )
        for state in states
    ]
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    for row in rows if len(rows) > 1 else ():
        yield "  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()

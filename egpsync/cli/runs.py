"""egpsync runs: what earlier runs did, and which journal revert takes."""

import json
from collections.abc import Iterator
from typing import Any

import click

from egpsync.cli import complain
from egpsync.cli.options import Command, state
from egpsync.cli.output import put
from egpsync.report.escape import inert, visible
from egpsync.report.fold import cells, padded
from egpsync.settings import load_settings
from egpsync.typed import plain
from egpsync.workflow.runs import PastRun, Runs, list_runs

FORMAT_VERSION = "1.0"


@click.command("runs", cls=Command)
@state
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="Format on stdout.")
def command(*, format_: str, **chosen: Any) -> None:
    """List earlier runs of every account, the newest first, with their journals and how they ended. Asks nobody.

    A journal's name is what egpsync revert takes.
    """
    found = list_runs(load_settings(chosen, offline=True).journals)
    for why in found.unread:
        complain(f"egpsync: left out: {visible(why)}")
    if format_ == "json":
        listed = [plain(run) for run in found.runs]
        put(json.dumps({"format_version": FORMAT_VERSION, "runs": listed}, sort_keys=True, indent=2) + "\n")
        return
    put("".join(f"{inert(line)}\n" for line in _lines(found)))
    if not found.runs:
        complain("egpsync: no run is kept here")


def _lines(found: Runs) -> Iterator[str]:
    rows = [("started", "base URL", "account", "changes", "ended", "journal")]
    rows += [
        (
            run.started[:19].replace("T", " "),
            visible(run.base_url),
            visible(run.account_id or "default"),
            str(run.changes),
            _ending(run),
            visible(run.journal),
        )
        for run in found.runs
    ]
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    for row in rows if len(rows) > 1 else ():
        yield "  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _ending(run: PastRun) -> str:
    if run.ended is None:
        return f"cut short, or under way: {run.lost} of {run.requests} requests unknown"
    counts = (f"{count} {visible(name.replace('_', ' '))}" for name, count in run.outcomes.items() if name != "nothing")
    return ", ".join(counts) or "nothing"

"""egpsync probe: what this installation does to maps, found out on a model made for it."""

import asyncio
import json
import signal
from collections.abc import Iterator
from typing import Any

import click

from egpsync.cli import complain
from egpsync.cli.online import at_a_terminal
from egpsync.cli.options import Command, access, project
from egpsync.cli.output import Output
from egpsync.cli.project import settings_of
from egpsync.errors import EgpsyncError, ExitCode, UsageError
from egpsync.report.escape import visible
from egpsync.settings import Settings
from egpsync.typed import plain
from egpsync.workflow.plan import Watch
from egpsync.workflow.probe import Finding, probe

FORMAT_VERSION = "1.0"
SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
NULLS = {"removed": "removes the key", "stored": "is stored as null", "kept": "leaves the key as it was"}
NULL_MAPS = {"emptied": "empties it", "kept": "leaves it as it was"}
UNKNOWN = {"refused": "are refused", "dropped": "are dropped without a word", "kept": "are kept"}


@click.command("probe", cls=Command)
@click.option("-y", "--yes", is_flag=True, help="Do not ask. Needed where nobody can be asked.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="Format on stdout.")
@project
@access
def command(*, yes: bool, format_: str, **chosen: Any) -> None:
    """Find out what a PATCH does to maps here, on a throwaway model, and print what to write in the project file.

    The model is of a hosted vendor, so that nothing is deployed; it is created, patched and deleted again, also after
    Ctrl-C or a failure. Where the platform takes no hosted model, it cannot be found out (exit 1).
    """
    settings = settings_of(chosen, Output(format="text", reports=(), color="auto", verbosity=0))
    if not yes:
        _ask(settings.base_url)
    found = asyncio.run(_probed(settings))
    if format_ == "json":
        semantics = {"model_metadata": found.maps}
        document = {"format_version": FORMAT_VERSION, "map_semantics": semantics, **plain(found)}
        click.echo(json.dumps(document, sort_keys=True, indent=2))
        return
    for line in _lines(found):
        click.echo(line)


async def _probed(settings: Settings) -> Finding:
    """What is found; a signal ends it once the model is gone, and further ones do not hurry that."""
    loop, received = asyncio.get_running_loop(), list[int]()
    probing = asyncio.ensure_future(probe(settings, Watch()))

    def stop(number: int) -> None:
        if not received:
            probing.cancel()
        received.append(number)
        complain("egpsync: stopping: what the probe created is deleted first")

    for number in SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        return await probing
    except asyncio.CancelledError:
        raise click.exceptions.Exit(SIGNALS[signal.Signals(received[0])]) from None


def _ask(base_url: str) -> None:
    if not at_a_terminal():
        raise UsageError("a probe creates and deletes a model", advice="Agree to it with --yes. Nothing was sent.")
    question = f"Create, patch and delete one model at {visible(base_url)}? Only yes is a yes"
    if click.prompt(question, err=True, default="no", show_default=False).strip().lower() != "yes":
        raise EgpsyncError("not probed: the answer was not yes", advice="Nothing was sent.")
    complain("egpsync: probing")


def _lines(found: Finding) -> Iterator[str]:
    deep = " also inside" if found.maps == "merge" and found.nested == "merge" else ""
    verb = f"merges{deep}" if found.maps == "merge" else "replaces"
    yield f"A PATCH {verb} model_metadata; null {NULLS[found.null]}, and for the whole map {NULL_MAPS[found.null_map]}."
    yield f"Fields that do not exist {UNKNOWN[found.unknown]}."
    yield "The model of the probe is deleted again."
    yield ""
    yield "Write at this target in egpsync.yaml:"
    yield f"    map_semantics: {{model_metadata: {found.maps}}}"

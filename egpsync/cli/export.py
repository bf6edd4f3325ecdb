"""egpsync export: live models as a manifest that plans empty at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from egpsync.cli import complain
from egpsync.cli.options import Command, access, manifests, selection
from egpsync.cli.output import Output
from egpsync.cli.project import settings_of
from egpsync.cli.running import run_to_end
from egpsync.clock import now
from egpsync.errors import ExitCode, FileError, UsageError
from egpsync.files import write_whole
from egpsync.manifest.write import Written
from egpsync.model.report import Kind, Report
from egpsync.report.escape import visible
from egpsync.settings import Settings
from egpsync.workflow.export import Choice, Exported, export
from egpsync.workflow.plan import Watch
from egpsync.workflow.project import paths_of
from egpsync.workflow.reporting import Occasion, report_problems
from egpsync.workflow.validate import Checked

ON_STDERR = Output(format="text", reports=(), color="auto", verbosity=0)


@click.command("export", cls=Command)
@manifests
@click.option("--unmanaged", is_flag=True, help="Only models that no manifest in PATH... names.")
@selection
@click.option("--owner", help="Who is to manage them (with --unmanaged: the one owner in PATH...).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file, not to stdout.")
@click.option("--force", is_flag=True, help="Replace the file of --out where it exists.")
@access
@click.option("-q", "--quiet", is_flag=True, help="No notes on what is left out and what comes next.")
def command(paths: tuple[str, ...], *, out: Path | None, force: bool, quiet: bool, **chosen: Any) -> None:
    """Write live models as a manifest that plans empty at once: to stdout, or to a file. Sends nothing but GETs.

    Values of env_vars and fields that hold the platform's defaults are left out.
    """
    settings = settings_of(chosen, ON_STDERR)
    choice = _choice(paths, chosen, settings)
    if force and out is None:
        raise UsageError("--force has a meaning only with --out", advice="Name the file to replace with --out FILE.")
    if out is not None and out.exists() and not force:
        raise FileError("exists already", where=str(out), advice="Name another file, or replace it with --force.")
    exported = run_to_end(export(choice, settings, Watch()))
    if exported.written is None:
        raise click.exceptions.Exit(_say_why_not(exported))
    if out is None:
        click.echo(exported.written.text, nl=False)
    else:
        write_whole(out, exported.written.text)
    if not quiet:
        for note in _notes(exported, exported.written):
            complain(f"egpsync: {visible(note)}")


def _choice(paths: tuple[str, ...], chosen: dict[str, Any], settings: Settings) -> Choice:
    if paths and not chosen["unmanaged"]:
        raise UsageError(
            "PATH has a meaning only with --unmanaged", advice="Write to a file with --out FILE, or add --unmanaged."
        )
    besides = paths_of(paths, settings) if chosen["unmanaged"] else None
    return Choice(besides=besides, owner=chosen["owner"])


def _say_why_not(exported: Exported) -> ExitCode:
    """The manifests' problems, or the refusals, on stderr: stdout is for a manifest alone."""
    if exported.refusals:
        for refusal in exported.refusals:
            complain(f"Refused: {visible(refusal.message)}\n  {visible(refusal.consent)}")
        return ExitCode.REFUSED
    if exported.checked is not None:
        complain(ON_STDERR.text(_problems(exported.checked)))
    return ExitCode.INVALID


def _problems(checked: Checked) -> Report:
    return report_problems(Occasion(kind=Kind.VALIDATE, started=now()), checked)


def _notes(exported: Exported, written: Written) -> Iterator[str]:
    yield from exported.notes
    if not written.models:
        yield "there is no model to export"
        return
    count = f"{written.models} model{'' if written.models == 1 else 's'}"
    yield f"{count} exported: the manifest is valid, and plans empty against the account as it was read"
    if written.remarks:
        yield f"{written.remarks} of them {'has' if written.remarks == 1 else 'have'} comments on what is left out"
    name_owner = "" if exported.owner else "give it an owner (a line such as `owner: platform/models`), "
    yield f"next: {name_owner}commit it, and run `egpsync apply --adopt`: that writes the owner's mark, nothing else"

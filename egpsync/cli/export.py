"""egpsync export: live models as a manifest that plans empty at once."""

import os
from collections.abc import Iterable, Iterator
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
from egpsync.files import write_together, write_whole
from egpsync.manifest.folder import Layout
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
@click.option(
    "--out-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write files into this folder; env_vars refer to secrets there.",
)
@click.option(
    "--layout",
    type=click.Choice([layout.value for layout in Layout]),
    help="A file of --out-dir for each.  [default: model]",
)
@click.option("--templates", is_flag=True, help="What three models or more share goes into templates, with --out-dir.")
@click.option("--force", is_flag=True, help="Replace the files of --out and --out-dir where they exist.")
@access
@click.option("-q", "--quiet", is_flag=True, help="No notes on what is left out and what comes next.")
def command(paths: tuple[str, ...], *, out: Path | None, force: bool, quiet: bool, **chosen: Any) -> None:
    """Write live models as manifests that plan empty at once: to stdout, a file or a folder. Sends nothing but GETs.

    Fields that hold the platform's defaults are left out. Values of env_vars are left out too; in a folder they are
    references such as ${secret:RANKER_TOKEN}, and what is to be supplied is listed.
    """
    settings = settings_of(chosen, ON_STDERR)
    choice = _choice(paths, chosen, settings)
    folder: Path | None = chosen["out_dir"]
    _refuse_at_odds(out, folder, chosen, force=force)
    if out is not None and out.exists() and not force:
        raise FileError("exists already", where=str(out), advice="Name another file, or replace it with --force.")
    exported = run_to_end(export(choice, settings, Watch()))
    if exported.written is None:
        raise click.exceptions.Exit(_say_why_not(exported))
    if folder is not None:
        _refuse_what_is_there(folder, exported.files, force=force)
        write_together(folder, exported.files)
    elif out is None:
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
    layout = Layout(chosen["layout"] or Layout.MODEL) if chosen["out_dir"] is not None else None
    return Choice(besides=besides, owner=chosen["owner"], layout=layout, templates=chosen["templates"])


def _refuse_at_odds(out: Path | None, folder: Path | None, chosen: dict[str, Any], *, force: bool) -> None:
    if out is not None and folder is not None:
        raise UsageError("--out and --out-dir are two places", advice="Name one of them.")
    for flag in ("layout", "templates"):
        if chosen[flag] and folder is None:
            raise UsageError(
                f"--{flag} has a meaning only with --out-dir", advice="Name the folder with --out-dir DIR."
            )
    if force and out is None and folder is None:
        advice = "Name the file to replace with --out FILE, or the folder with --out-dir DIR."
        raise UsageError("--force has a meaning only with --out or --out-dir", advice=advice)


def _refuse_what_is_there(folder: Path, files: Iterable[str], *, force: bool) -> None:
    there = [] if force else [str(folder / name) for name in files if os.path.lexists(folder / name)]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        advice = "Name another folder, or replace them with --force. Nothing was written."
        raise FileError("exists already", where=f"{there[0]}{more}", advice=advice)


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
    if exported.files:
        yield f"{len(exported.files)} file{'' if len(exported.files) == 1 else 's'} written"
    if written.withheld:
        have = "1 of them has" if written.withheld == 1 else f"{written.withheld} of them have"
        yield f"{have} env_vars that are left out, and would be created without elsewhere; --out-dir refers to them"
    if exported.secrets:
        yield f"to be supplied, as EGPSYNC_SECRET_NAME or as the project file says: {', '.join(exported.secrets)}"
    name_owner = "" if exported.owner else "give it an owner (a line such as `owner: platform/models`), "
    yield f"next: {name_owner}commit it, and run `egpsync apply --adopt`: that writes the owner's mark, nothing else"

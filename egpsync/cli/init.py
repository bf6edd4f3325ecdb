"""egpsync init: a folder in, a repository that works out."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from egpsync.cli import KNOWN, complain
from egpsync.cli.options import Command, access
from egpsync.cli.output import put
from egpsync.cli.running import run_to_end
from egpsync.errors import EgpsyncError, UsageError
from egpsync.files import write_together
from egpsync.model.plan import Target
from egpsync.report.escape import visible
from egpsync.settings import Settings, load_settings
from egpsync.workflow.init import MANIFEST, NAMES, PIPELINE, starter


@click.command("init", cls=Command)
@click.argument("directory", default=".", metavar="[DIR]", type=click.Path(file_okay=False))
@click.option("--owner", help="Who is to manage the models that are exported.")
@click.option("--example", is_flag=True, help="Write an example, and do not ask an account though there is a key.")
@access
def command(directory: str, *, owner: str | None, example: bool, **chosen: Any) -> None:
    """Make a repository that works in DIR: project file, manifest, editor's schemas, pre-commit hook, pipeline.

    Where a key is at hand the manifest is an export of the account; nothing is sent to it but GETs. Nothing that is
    there is overwritten.
    """
    root = Path(directory)
    _refuse_what_is_there(root)
    settings = load_settings(chosen)
    KNOWN.learn(lambda: (settings.api_key,) if settings.api_key else ())
    exported = _exported(settings, owner) if settings.api_key and not example else None
    target = Target(base_url=settings.base_url, account_id=settings.account_id)
    files = starter(target, exported)
    write_together(root, files)
    put("".join(f"{line}\n" for line in _told(directory, exported, owner)))


def _refuse_what_is_there(root: Path) -> None:
    there = [name for name in NAMES if os.path.lexists(root / name)]
    if there:
        shown = ", ".join(str(root / name) for name in there)
        raise UsageError(
            f"{'is' if len(there) == 1 else 'are'} there already, and nothing is overwritten",
            where=shown,
            advice="Name another folder, or move them away. Nothing was written.",
        )


def _exported(settings: Settings, owner: str | None) -> str | None:
    """The account as a manifest; None where it cannot be had, which is told."""
    from egpsync.workflow.export import Choice, export  # noqa: PLC0415 - httpx, for those alone who have a key
    from egpsync.workflow.plan import Watch  # noqa: PLC0415

    try:
        found = run_to_end(export(Choice(besides=None, owner=owner), settings, Watch()))
    except EgpsyncError as error:
        if isinstance(error, UsageError):
            raise
        complain(f"egpsync: the account could not be read, so an example is written: {visible(error.what)}")
        return None
    for note in found.notes:
        complain(f"egpsync: {visible(note)}")
    if found.written is None:
        complain("egpsync: it is not the account that is expected, so an example is written")
        return None
    return found.written.text if found.written.models else None


def _told(directory: str, exported: str | None, owner: str | None) -> Iterator[str]:
    yield f"Made a repository in {visible(directory)}:"
    yield from (f"  {name}" for name in NAMES)
    yield ""
    yield "Next:"
    if directory != ".":
        yield f"  cd {visible(directory)}"
    if exported is not None:
        give = "" if owner else "give it an owner, "
        yield f"  {MANIFEST} is the account as it was read: {give}commit it, and"
        yield "  egpsync apply --adopt    # writes the owner's mark, nothing else"
    else:
        yield f"  write your models into {MANIFEST}, and your account into egpsync.yaml; then"
        yield "  egpsync validate"
        yield "  egpsync plan             # with the key in SGP_API_KEY"
    yield f"  {PIPELINE} wants the commit of egpsync that you took in place of the zeros"

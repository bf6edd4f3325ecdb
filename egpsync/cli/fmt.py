"""egpsync fmt: manifests in, the same with keys in the schema's order and evenly indented out."""

from collections.abc import Iterator
from typing import Any

import click

from egpsync.cli import complain
from egpsync.cli.edits import diff_lines
from egpsync.cli.options import Command, manifests
from egpsync.cli.output import Output, put
from egpsync.cli.project import settings_of
from egpsync.errors import ExitCode
from egpsync.report.escape import visible
from egpsync.report.words import plural
from egpsync.workflow.fmt import Formed, form, write
from egpsync.workflow.project import paths_of

ON_STDOUT = Output(format="text", reports=(), color="auto", verbosity=0)


@click.command("fmt", cls=Command)
@manifests
@click.option("--check", is_flag=True, help="Write nothing: exit 2 where a file would change.")
@click.option("--diff", is_flag=True, help="Print what would change, and write nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing of files that are as they should be.")
def command(paths: tuple[str, ...], *, check: bool, diff: bool, quiet: bool, **chosen: Any) -> None:
    """Put the keys of manifests in the schema's order, and indent them evenly. Offline, without a key.

    Comments, quotes, anchors and line ends stay as they are written. A file that would mean anything else, or lose a
    comment, is left as it is, and told.
    """
    files = form(paths_of(paths, settings_of(chosen, ON_STDOUT, offline=True)))
    differing = [one for one in files if one.differs]
    if diff:
        put("".join(f"{line}\n" for one in differing for line in diff_lines(one)))
    elif check:
        put("".join(f"would change {visible(one.file)}\n" for one in differing))
    else:
        for file in write(files):
            put(f"changed {visible(file)}\n")
    for line in _complaints(files):
        complain(line)
    if not quiet:
        complain(f"egpsync: {_counts(files, written=not check and not diff)}")
    unread = any(one.problems for one in files)
    raise click.exceptions.Exit(
        ExitCode.INVALID if unread else ExitCode.DIFFERENCES if check and differing else ExitCode.OK
    )


def _complaints(files: list[Formed]) -> Iterator[str]:
    for one in files:
        for problem in one.problems:
            yield f"{visible(str(problem.source))}: error: {visible(problem.message)} [{problem.rule}]"
        if one.left:
            yield f"egpsync: {visible(one.file)} is left as it is: {one.left}"


def _counts(files: list[Formed], *, written: bool) -> str:
    differing = sum(one.differs for one in files)
    unread = sum(bool(one.problems) for one in files)
    said = [f"{plural(differing, 'file')} {'changed' if written else 'would change'}"] if differing else []
    said += [f"{plural(unread, 'file')} cannot be read"] if unread else []
    fine = len(files) - differing - unread
    return ", ".join([*said, f"{plural(fine, 'file')} as {'it should' if fine == 1 else 'they should'} be"])

"""egpsync pull: what was edited by hand in, taken back into the manifests, out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from egpsync.cli import complain
from egpsync.cli.edits import diff_lines
from egpsync.cli.online import Call
from egpsync.cli.options import Command, access, manifests, selection
from egpsync.cli.output import put
from egpsync.cli.running import run_to_end
from egpsync.errors import EgpsyncError, ExitCode
from egpsync.model.plan import Action
from egpsync.model.report import Kind
from egpsync.report.escape import json_line, label, visible
from egpsync.report.fold import fold
from egpsync.report.words import plural
from egpsync.workflow.fmt import write
from egpsync.workflow.plan import Watch
from egpsync.workflow.pull import Pull, Pulled, pull
from egpsync.workflow.reporting import report_problems

FORMAT_VERSION = "1.0"
NO_REPORT = {"reports": (), "color": "auto", "section": "", "receiver": None, "notify_shape": "generic"}
FOLDED = 80  # characters of a value


@click.command("pull", cls=Command)
@manifests
@selection
@click.option("--dry-run", is_flag=True, help="Print what would change as a unified diff, and write nothing.")
@click.option(
    "--where",
    type=click.Choice(["model", "shared"]),
    default="model",
    help="Where values of templates and defaults are changed: in the model alone, or where they stand, for all.",
)
@access
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="On stdout.")
@click.option("-v", "--verbose", count=True, help="-vv logs each request as it is made.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing of how much was done.")
def command(paths: tuple[str, ...], *, dry_run: bool, where: str, **chosen: Any) -> None:
    """Take what the account holds otherwise back into the manifests: each value at the place that set it.

    Comments, order, quotes, anchors and line ends stay. A value that other models share is overridden in the model.
    What cannot be placed is told, and a secret is never written: exit 2. Nothing is sent but GETs.
    """
    call = Call.of(paths, {**chosen, **NO_REPORT})
    found = run_to_end(pull(call.paths, call.settings, Watch(on_attempt=call.log), shared=where == "shared"))
    if found.planned.plan is None or found.planned.plan.refusals:
        raise click.exceptions.Exit(_say_why_not(call, found))
    if not dry_run:
        _write(found)
    if call.output.format == "json":
        put(json.dumps(_document(found), sort_keys=True, indent=2) + "\n")
    elif dry_run:
        put("".join(f"{line}\n" for one in found.files for line in diff_lines(one)))
    else:
        put("".join(f"{line}\n" for line in _lines(found)))
    for line in _left(found):
        complain(line)
    if call.output.verbosity >= 0:
        complain(f"egpsync: {_counts(found, written=not dry_run)}")
    raise click.exceptions.Exit(ExitCode.DIFFERENCES if found.left else ExitCode.OK)


def _say_why_not(call: Call, found: Pull) -> ExitCode:
    """The manifests' problems, or the refusals, on stderr: nothing was compared."""
    refusals = found.planned.plan.refusals if found.planned.plan is not None else ()
    for refusal in refusals:
        complain(f"Refused: {visible(refusal.message)}\n  {visible(refusal.consent)}")
    if not refusals:
        complain(call.output.text(report_problems(call.occasion(Kind.VALIDATE), found.planned.checked)))
    return ExitCode.REFUSED if refusals else ExitCode.INVALID


def _write(found: Pull) -> None:
    """Each file whole; where one cannot be, which were written before it."""
    written: list[str] = []
    try:
        written += write(found.files)
    except EgpsyncError:
        done = [one.file for one in found.files if Path(one.file).read_bytes() == one.after]
        if done:
            complain(f"egpsync: written before that: {', '.join(map(visible, done))}; run it again for the rest")
        raise


def _lines(found: Pull) -> Iterator[str]:
    for one in found.taken:
        yield f"{visible(str(one.source))}: {_name(one)}: {_value(one.before)} -> {_value(one.after)}"


def _left(found: Pull) -> Iterator[str]:
    for one in found.left:
        yield f"egpsync: not taken over: {_name(one)}: {visible(one.why)}"
    changes = found.planned.plan.changes if found.planned.plan is not None else ()
    missing = [change.name for change in changes if change.action == Action.CREATE]
    if missing:
        count = plural(len(missing), "declared model")
        yield f"egpsync: {count} not in the account: `egpsync apply` creates what is declared"


def _name(one: Pulled) -> str:
    return f"{label(one.model)} ({label(one.vendor)}) {visible('.'.join(one.path))}"


def _value(value: Any) -> str:
    return fold(json_line(value), FOLDED)


def _counts(found: Pull, *, written: bool) -> str:
    taken = plural(len(found.taken), "difference")
    files = plural(len(found.files), "file")
    done = f"{taken} taken over into {files}" if written else f"{taken} would be taken over into {files}"
    return f"{done}, {len(found.left)} not" if found.left else done if found.taken else "nothing to take over"


def _document(found: Pull) -> dict[str, Any]:
    def said(one: Pulled) -> dict[str, Any]:
        source = one.source
        return {
            "model_vendor": one.vendor,
            "name": one.model,
            "path": list(one.path),
            "before": one.before,
            "after": one.after,
            "source": {"file": source.file, "line": source.line, "column": source.column} if source else None,
            "why": one.why or None,
        }

    return {
        "format_version": FORMAT_VERSION,
        "files": [one.file for one in found.files],
        "taken": [said(one) for one in found.taken],
        "left": [said(one) for one in found.left],
    }

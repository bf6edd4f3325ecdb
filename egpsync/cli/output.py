"""A report in; text on stdout and whole files on disk out."""

import os
import select
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from egpsync.cli import KNOWN, complain, is_terminal, silence
from egpsync.cli.collisions import inputs_of, is_read
from egpsync.clock import now
from egpsync.errors import EgpsyncError, ExitCode, FaultError, FileError, StoppedError
from egpsync.files import add_to, size_of, text_of, try_whole, write_whole
from egpsync.model.report import Kind, Report
from egpsync.report.escape import visible
from egpsync.report.formats import FORMATS
from egpsync.report.sections import render
from egpsync.report.style import Style
from egpsync.settings import Settings, step_summary, wants_color
from egpsync.typed import read_json, write_json
from egpsync.value import Value, replace

WIDEST = 140
LOG = 120
"""Columns where nobody can say how many there are, as in a CI's log."""
FULL = "/dev/full"
WRITTEN = "egpsync.written"
"""Key of a context's meta: whether the command's report was written, and is not to be replaced by one of its end."""
SETTINGS = "egpsync.settings"
"""Key of a context's meta: the settings, as soon as they are known."""
STEP_SUMMARY = 1_048_000
"""Bytes: a little less than 1 MiB, above which GitHub drops a step's summary whole."""
METRICS = 1_000_000
"""Bytes of an earlier run's metrics that are looked at: many times what one run writes."""
LEAST_SUMMARY = 70_000
"""Bytes that a report's findings and counts can take, whatever is left out."""


class Receiver(Value, frozen=True, kw_only=True):
    """Who gets a notice."""

    variable: str  # that holds the URL
    url: str  # a secret
    shape: str = "generic"

    def __repr__(self) -> str:
        return f"Receiver({self.variable})"


class Output(Value, frozen=True, kw_only=True):
    """What the user chose of the output options."""

    format: str
    reports: tuple[tuple[str, str], ...]  # (format, file)
    color: str
    verbosity: int  # -1 quiet, 0, 1, 2
    section: str = ""  # tells this report's comment from others
    receiver: Receiver | None = None

    def try_all(self) -> None:
        """See that stdout and every report can be written, before anything is sent. Raises FileError."""
        try_stdout()
        for _, file in self.reports:
            try_whole(Path(file))

    def write(self, *reports: Report, planned: bool = False, ran: bool = False) -> None:
        """Write every file, then stdout, where a plan that was `planned` on the terminal before is not told again.

        Several reports become the sections of one.

        Raises FileError for the first that failed, once all else is written. After something was sent (`ran`) that is
        told and changes nothing: what was done is done.
        """
        click.get_current_context().meta[WRITTEN] = True
        failures = self.write_files(reports)
        style = replace(self._style(), planned=planned)
        try:
            put(render(reports, self.format, style))
        except OSError as error:
            if not ran:
                raise
            silence(sys.stdout)
            failures.append(FileError(f"cannot be written: {error.strerror}", where="stdout"))
        self.notify(reports)
        for failure in failures if ran else failures[:1]:
            if not ran:
                raise failure
            complain(f"egpsync: {failure}")

    def notify(self, reports: Sequence[Report]) -> None:
        """Post a notice where one is wanted; that it failed is told, and changes nothing."""
        if self.receiver is None:
            return
        from egpsync.forge.notice import send  # noqa: PLC0415 - httpx, for those alone who want a notice
        from egpsync.report.notice import notice  # noqa: PLC0415

        document = read_json(KNOWN.hide(write_json(notice(reports, self.receiver.shape))))
        if why := send(self.receiver.url, document):
            complain(f"egpsync: the notice to {visible(self.receiver.variable)} failed: {why}")

    def write_error(self, report: Report) -> None:
        """The report of a command that could not go on, in its files and, but for text, on stdout: stderr says it."""
        for failure in self.write_files([report]):
            complain(f"egpsync: {failure}")
        if self.format != "text":
            with suppress(OSError):
                put(FORMATS[self.format](report, self._style()))
        self.notify([report])

    def write_files(self, reports: Sequence[Report]) -> list[FileError]:
        """The files alone; what of it failed."""
        style = Style(color=False, verbosity=1)
        failures: list[FileError] = []
        for kind, file in self.reports:
            try:
                earlier = text_of(Path(file), most=METRICS) if kind == "prometheus" else ""
                write_whole(Path(file), KNOWN.hide(render(reports, kind, replace(style, earlier=earlier))))
            except FileError as error:
                failures.append(error)
        try:
            self._add_to_step_summary(reports)
        except FileError as error:
            failures.append(error)
        return failures

    def _add_to_step_summary(self, reports: Sequence[Report]) -> None:
        """Where annotations are asked for, the whole comment too, behind what the step has written there before."""
        file = step_summary()
        if file is None or "github" not in (self.format, *(kind for kind, _ in self.reports)):
            return
        room = STEP_SUMMARY - size_of(Path(file))
        if room >= LEAST_SUMMARY:
            add_to(Path(file), KNOWN.hide(f"{render(reports, 'markdown', Style(room=room))}\n"))
        else:
            complain("egpsync: the step's summary is full, so the report is not added to it")

    def text(self, report: Report) -> str:
        """The report as text for stderr."""
        style = Style(color=self.color_on_stderr(), verbosity=self.verbosity, width=_columns())
        return FORMATS["text"](report, style)

    def color_on_stderr(self) -> bool:
        """Whether stderr gets colour."""
        return wants_color(self.color, terminal=is_terminal(sys.stderr))

    def _style(self) -> Style:
        terminal = is_terminal(sys.stdout)
        return Style(
            color=wants_color(self.color, terminal=terminal),
            verbosity=self.verbosity,
            width=_columns() if terminal else LOG,
        )


@contextmanager
def reported(ctx: click.Context) -> Iterator[None]:
    """See that a command that was asked for a report writes one, whatever ends it: an older one is not left for it."""
    started = now()
    try:
        yield
    except EgpsyncError as error:
        _report_error(ctx, started, error)
        raise
    except (KeyboardInterrupt, click.Abort, SystemExit) as ending:
        code = ExitCode.TERMINATED if isinstance(ending, SystemExit) else ExitCode.INTERRUPTED
        _report_error(ctx, started, StoppedError("the command was interrupted", exit_code=code))
        raise
    except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
        raise
    except Exception as error:
        _report_error(ctx, started, fault(error))
        raise


def fault(error: Exception) -> FaultError:
    """What an exception that should not be is to a user; its text is left out, as it can hold a secret."""
    from traceback import extract_tb  # noqa: PLC0415 - as good as nobody meets one

    frames = [frame for frame in extract_tb(error.__traceback__) if "egpsync" in frame.filename]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return FaultError(
        f"a fault of egpsync ({type(error).__name__}{place})",
        advice="Report it to the maintainers of egpsync, with this line and the version; -vv shows more.",
    )


def _report_error(ctx: click.Context, started: str, error: EgpsyncError) -> None:
    if "reports" not in ctx.params or ctx.meta.get(WRITTEN) or ctx.info_name not in frozenset(Kind):
        return
    from egpsync.workflow.reporting import Occasion, report_error  # noqa: PLC0415 - for those alone who fail

    settings: Settings | None = ctx.meta.get(SETTINGS)
    output = output_of(ctx.params)
    occasion = Occasion(kind=Kind(ctx.info_name), started=started, section=output.section, settings=settings)
    inputs = list(inputs_of(ctx.params, settings))
    apart = {os.path.realpath(file): (form, file) for form, file in output.reports if not is_read(file, inputs)}
    replace(output, reports=tuple(apart.values())).write_error(report_error(occasion, error))


def output_of(chosen: Mapping[str, Any]) -> Output:
    """The output options of any command."""
    receiver: Receiver | None = chosen["receiver"]
    return Output(
        format=chosen["format_"],
        reports=chosen["reports"],
        color=chosen["color"],
        verbosity=-1 if chosen["quiet"] else chosen["verbose"],
        section=chosen["section"],
        receiver=replace(receiver, shape=chosen["notify_shape"]) if (receiver := chosen["receiver"]) else None,
    )


def put(text: str) -> None:
    """Write to stdout, without a secret that is known. Raises OSError where it cannot be written."""
    click.echo(_encodable(KNOWN.hide(text)), nl=False, color=True)


def try_stdout() -> None:
    """See that somebody can read what is written there, as far as that can be known before. Raises FileError."""
    if sys.stdout is None:
        raise FileError("is closed, so the report could not be read", where="stdout", advice="Nothing was sent.")
    with suppress(OSError, ValueError):
        handle = sys.stdout.fileno()
        gone = hasattr(select, "poll") and stat.S_ISFIFO(os.fstat(handle).st_mode) and _is_broken(handle)
        full = os.path.exists(FULL) and os.fstat(handle).st_rdev == os.stat(FULL).st_rdev  # noqa: PTH110, PTH116
        if gone or full:
            why = "takes nothing: its reader has gone" if gone else "takes nothing: no space is left on the device"
            raise FileError(why, where="stdout", advice="Nothing was sent.")


def _is_broken(handle: int) -> bool:
    poll = select.poll()
    poll.register(handle, select.POLLOUT)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _encodable(text: str) -> str:
    """The text with what stdout's encoding lacks as escapes: a name in it must not cost the report of a run."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _columns() -> int:
    from shutil import get_terminal_size  # noqa: PLC0415 - a log has no size

    return min(get_terminal_size((100, 40)).columns, WIDEST)

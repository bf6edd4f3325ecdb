"""A report in; text on stdout and whole files on disk out."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from egpsync.cli import complain
from egpsync.errors import FileError
from egpsync.files import add_to, size_of, try_whole, write_whole
from egpsync.model.report import Report
from egpsync.report import FORMATS
from egpsync.report.style import Style
from egpsync.settings import step_summary, wants_color

WIDEST = 140
STEP_SUMMARY = 1_048_000
"""Bytes: a little less than 1 MiB, above which GitHub drops a step's summary whole."""
LEAST_SUMMARY = 70_000
"""Bytes that a report's findings and counts can take, whatever is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What the user chose of the output options."""

    format: str
    reports: tuple[tuple[str, str], ...]  # (format, file)
    color: str
    verbosity: int  # -1 quiet, 0, 1, 2
    section: str = ""  # tells this report's comment from others

    def try_files(self) -> None:
        """See that every report can be written, before anything is sent. Raises FileError."""
        for _, file in self.reports:
            try_whole(Path(file))

    def write(self, report: Report, *, planned: bool = False) -> None:
        """Write every file, then stdout, where a plan that was `planned` on the terminal before is not told again.

        Raises FileError for the first that failed, once all else is written.
        """
        style = Style(color=False, verbosity=1)
        failures: list[FileError] = []
        for kind, file in self.reports:
            try:
                write_whole(Path(file), FORMATS[kind](report, style))
            except FileError as error:
                failures.append(error)
        try:
            self._add_to_step_summary(report)
        except FileError as error:
            failures.append(error)
        click.echo(
            _encodable(FORMATS[self.format](report, replace(self._style(), planned=planned))), nl=False, color=True
        )
        if failures:
            raise failures[0]

    def _add_to_step_summary(self, report: Report) -> None:
        """Where annotations are asked for, the whole comment too, behind what the step has written there before."""
        file = step_summary()
        if file is None or "github" not in (self.format, *(kind for kind, _ in self.reports)):
            return
        room = STEP_SUMMARY - size_of(Path(file))
        if room >= LEAST_SUMMARY:
            add_to(Path(file), f"{FORMATS['markdown'](report, Style(room=room))}\n")
        else:
            complain("egpsync: the step's summary is full, so the report is not added to it")

    def text(self, report: Report) -> str:
        """The report as text for stderr."""
        style = Style(color=self.color_on_stderr(), verbosity=self.verbosity, width=_columns())
        return FORMATS["text"](report, style)

    def color_on_stderr(self) -> bool:
        """Whether stderr gets colour."""
        return wants_color(self.color, terminal=sys.stderr.isatty())

    def _style(self) -> Style:
        terminal = sys.stdout.isatty()
        return Style(
            color=wants_color(self.color, terminal=terminal),
            verbosity=self.verbosity,
            width=_columns() if terminal else 100,
        )


def output_of(chosen: Mapping[str, Any]) -> Output:
    """The output options of any command."""
    return Output(
        format=chosen["format_"],
        reports=chosen["reports"],
        color=chosen["color"],
        verbosity=-1 if chosen["quiet"] else chosen["verbose"],
        section=chosen["section"],
    )


def _encodable(text: str) -> str:
    """The text with what stdout's encoding lacks as escapes: a name in it must not cost the report of a run."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _columns() -> int:
    return min(shutil.get_terminal_size((100, 40)).columns, WIDEST)

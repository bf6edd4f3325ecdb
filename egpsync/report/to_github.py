"""A Report in, lines out that GitHub's runner shows as annotations: at most ten a level, the rest counted."""

from collections.abc import Iterator

from egpsync.model.report import Report
from egpsync.report.escape import inert
from egpsync.report.findings import LEVELS, Finding, findings
from egpsync.report.style import Style
from egpsync.report.words import next_steps, plural, summary_lines

MOST = 10
"""Annotations of one level that GitHub takes from a step; what is beyond them it drops without a word."""

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def to_github(report: Report, _style: Style) -> str:
    """The annotations, then the totals as a line of the log."""
    found = findings(report, changes=True)
    lines = [line for level in LEVELS for line in _level([one for one in found if one.level == level], level)]
    closing = " ".join([*summary_lines(report), *next_steps(report)])
    return "\n".join([*lines, inert(f"egpsync {report.kind}: {closing}")]) + "\n"


def _level(found: list[Finding], level: str) -> Iterator[str]:
    shown = found if len(found) <= MOST else found[: MOST - 1]
    for finding in shown:
        place = f"file={_property(finding.path)},line={finding.line},col={finding.column}," if finding.path else ""
        yield f"::{_COMMANDS[level]} {place}title=egpsync {_property(finding.rule)}::{_data(finding.text)}"
    if len(found) > len(shown):
        more = plural(len(found) - len(shown), f"more {level}")
        yield f"::{_COMMANDS[level]} title=egpsync::{more} not shown here: see the report."


def _data(text: str) -> str:
    return inert(text.replace("%", "%25"))


def _property(text: str) -> str:
    return inert(text.replace("%", "%25").replace(":", "%3A").replace(",", "%2C"))

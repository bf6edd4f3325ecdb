"""A Report in, what a reviewer reads in a terminal out: what is wrong first, what to do next last."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from egpsync.model.record import ChangeRecord
from egpsync.model.report import Report
from egpsync.report.alike import alike
from egpsync.report.escape import inert, label, visible
from egpsync.report.fold import cells, padded
from egpsync.report.style import Style, Tone
from egpsync.report.text_changes import change_lines
from egpsync.report.text_endings import ending_lines
from egpsync.report.text_problems import problem_lines, refusal_lines
from egpsync.report.words import (
    DESTRUCTIVE,
    action_word,
    capacity_in_use,
    carried_out,
    compared,
    error_lines,
    errors,
    grown,
    in_order,
    is_of_this_change,
    next_steps,
    plural,
    summary_lines,
)

_READING_ORDER = ("nothing", "applied", "in_flight", "not_attempted", "stale", "unknown", "failed")
"""Outcomes as a terminal shows them: what needs somebody is nearest to the prompt."""


MOST_OTHERS = 10
"""Models that are named though they are not of the change under review."""


def to_text(report: Report, style: Style) -> str:
    """The whole report as lines for a terminal; without colour it is the same text without the codes."""
    sections = (
        _head(report, style),
        refusal_lines(report, style),
        *(problem_lines(problem, style) for problem in report.problems),
        _changes(report, style),
        _left_out(report, style),
        _capacity(report, style),
        _closing(report, style),
    )
    return inert("\n\n".join(filter(None, map("\n".join, sections))) + "\n")


def _head(report: Report, style: Style) -> Iterator[str]:
    parts = [style.paint(Tone.STRONG, f"egpsync {report.kind}")]
    if report.base_url is not None:
        account = f"account {label(report.account_id)}" if report.account_id else "default account"
        parts += [visible(report.base_url), style.paint(Tone.STRONG, account)]
    if report.target_name is not None:
        parts.append(f"target {label(report.target_name)}")
    yield "  ".join(parts)
    yield from map(visible, report.notes)
    if style.verbosity > 0:
        declared = f"{plural(report.models, 'model')} in {plural(report.files, 'file')}"
        yield style.paint(Tone.FAINT, f"egpsync {visible(report.tool_version)}, {declared}")


def _changes(report: Report, style: Style) -> Iterator[str]:
    listed = [change for change in report.changes if _is_listed(change, style)]
    if report.kind == "drift" and listed and style.verbosity >= 0:
        yield "Each field: what the account holds -> what the manifests say.\n"
    folded = style.verbosity <= 0
    own = [change for change in listed if is_of_this_change(change)] if folded else listed
    shown = alike(sorted(own, key=_urgency), singly=style.verbosity > 0, ended=style.planned)
    blocks = ["\n".join(change_lines(report, change, style)) for change in shown]
    if others := [change for change in listed if folded and not is_of_this_change(change)]:
        blocks.append(_others(others))
    for block, following in pairwise([*blocks, ""]):
        yield f"{block}\n" if following and "\n" in block + following else block


def _others(changes: Sequence[ChangeRecord]) -> str:
    """What differs without the change under review, in a line of its own."""
    names = ", ".join(f"{label(change.name)} ({label(change.model_vendor)})" for change in changes[:MOST_OTHERS])
    more = f", and {len(changes) - MOST_OTHERS:,} more" if len(changes) > MOST_OTHERS else ""
    return f"\nNot of this change, and different without it (-v shows how): {names}{more}."


def _is_listed(change: ChangeRecord, style: Style) -> bool:
    if style.verbosity < 0:
        return False  # what went wrong stands beside the totals
    ended = change.outcome is not None and change.outcome.result != "nothing"
    return change.action != "unchanged" or ended or bool(change.notes) or style.verbosity > 0


def _urgency(change: ChangeRecord) -> tuple[bool, int]:
    ended = _READING_ORDER.index(change.outcome.result) if change.outcome else 0
    return not is_of_this_change(change), ended


def _left_out(report: Report, style: Style) -> Iterator[str]:
    if style.verbosity > 0:
        for model in report.unmanaged:
            yield f"  unmanaged: {label(model.name)} ({label(model.model_vendor)})  [{label(model.id)}]"


def _capacity(report: Report, style: Style) -> Iterator[str]:
    rows = [
        (label(kind), grown(at.minimum_before, at.minimum_after), grown(at.maximum_before, at.maximum_after))
        for kind, at in capacity_in_use(report)
    ]
    if not rows or style.verbosity < 0:
        return
    rows.insert(0, ("GPUs", "at min workers", "at max workers"))
    wide, less_wide = (max(cells(row[column]) for row in rows) for column in (0, 1))
    for kind, minimum, maximum in rows:
        yield f"  {padded(kind, wide)}  {padded(minimum, less_wide)}  {maximum}"


def _closing(report: Report, style: Style) -> Iterator[str]:
    for action in () if carried_out(report) else DESTRUCTIVE:
        names = [
            f"{label(change.name)} ({label(change.model_vendor)})"
            for change in report.changes
            if change.action == action
        ]
        if names:
            yield style.paint(Tone.DESTROY, f"{action_word(report, action).capitalize()}: {', '.join(names)}")
    yield from ending_lines(report, style)
    for line in error_lines(report.error) if report.error else ():
        yield style.paint(Tone.ALARM if line.startswith("Error: ") else None, visible(line))
    for line in summary_lines(report):
        yield style.paint(_closing_tone(report), line)
    stopped = bool(report.refusals or errors(report))  # then the first step says so
    for step in next_steps(report):
        yield style.paint(Tone.ALARM if stopped else None, step)
        stopped = False


def _closing_tone(report: Report) -> Tone:
    if report.errored and (carried_out(report) or not compared(report)):
        return Tone.ALARM
    good = report.complete and (not compared(report) or in_order(report) or carried_out(report))
    return Tone.GOOD if good else Tone.STRONG

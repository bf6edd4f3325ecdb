"""A Report in, a line a model out, for people and chats: at most 20,000 bytes, the riskiest first."""

from collections.abc import Iterator, Sequence

from egpsync.model.record import ChangeRecord, FieldRecord
from egpsync.model.report import Report
from egpsync.report.alike import Shown, alike
from egpsync.report.escape import chat, inert, label, visible
from egpsync.report.findings import ending
from egpsync.report.fold import fold
from egpsync.report.style import Style
from egpsync.report.words import (
    MARKS,
    action_word,
    dotted,
    error_lines,
    next_steps,
    plural,
    summary_lines,
    urgency,
    verdict,
)

BUDGET = 20_000
"""Bytes: what chats take in one message."""

_LINE = 160  # characters that one model gets
_NAMES = 8  # models that one line names
_CLOSING = 1_000  # bytes kept for the totals and for saying what is left out


def to_summary(report: Report, _style: Style) -> str:
    """The verdict with its target, a line for every model that is not as it should be, the totals."""
    where = "" if report.base_url is None else f" of {_target(report)}"
    lines = [chat(fold(f"egpsync {report.kind}{where}: {verdict(report)}", 600))]
    closing = [chat(line) for line in (*summary_lines(report), *next_steps(report))]
    lines += _fitting(
        [*_findings(report), *(_model(report, shown) for shown in alike(_listed(report)))],
        BUDGET - _CLOSING - sum(len(line.encode()) for line in (*lines, *closing)),
    )
    return inert("\n".join([*lines, *closing]) + "\n")


def _target(report: Report) -> str:
    account = f", account {label(report.account_id)}" if report.account_id else ""
    return f"{visible(report.base_url or '')}{account}"


def _findings(report: Report) -> Iterator[str]:
    yield from map(_line, report.notes)
    yield from map(_line, error_lines(report.error) if report.error else ())
    for refusal in report.refusals:
        yield _line(f"REFUSED {visible(refusal.guard)}: {visible(refusal.message)}")
    for problem in report.problems:
        yield _line(f"{problem.severity.value} {visible(str(problem.source))}: {visible(problem.message)}")


def _listed(report: Report) -> Sequence[ChangeRecord]:
    return sorted(
        (
            change
            for change in report.changes
            if (change.outcome.result != "nothing" if change.outcome else change.action != "unchanged")
        ),
        key=urgency,
    )


def _model(report: Report, shown: Shown) -> str:
    change, many = shown.first, len(shown.changes)
    names = ", ".join(label(fold(one.name, _LINE)) for one in shown.changes[:_NAMES])
    more = f" and {many - _NAMES:,} more" if many > _NAMES else ""
    count = f"{many:,} {label(change.model_vendor)} models: " if many > 1 else ""
    vendor = "" if many > 1 else f" ({label(change.model_vendor)})"
    told = [f"{dotted(field.path[-1:])} {_values(field.op, *texts)}" for field, texts in _first(shown)]
    rest = f", {plural(len(change.fields) - len(told), 'more field')}" if len(change.fields) > len(told) else ""
    title = f"{MARKS[change.action]} {action_word(report, change.action)} {count}{names}{more}{vendor}"
    said = [
        title,
        fold(ending(change), _LINE),
        f"{', '.join(told)}{rest}" if told else fold(visible(change.reason), _LINE),
    ]
    return chat(": ".join(filter(None, said)))


def _first(shown: Shown) -> list[tuple[FieldRecord, tuple[str, str]]]:
    return list(zip(shown.first.fields[:2], shown.values[:2], strict=True))


def _values(op: str, before: str, after: str) -> str:
    before, after = fold(before, 80), fold(after, 80)
    return {"add": f"+ {after}", "remove": f"- {before}"}.get(op, f"{before} -> {after}")


def _line(text: str) -> str:
    return chat(fold(text, 3 * _LINE))


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    shown: list[str] = []
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            return [*shown, f"... and {plural(len(lines) - len(shown), 'more line')}: see the JSON report."]
        shown.append(line)
    return shown

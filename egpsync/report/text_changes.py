"""Changes in, lines of terminal text out: what happens, why, field by field, and how it ended; equal ones together."""

import re
from collections.abc import Iterator, Mapping

from egpsync.model.plan import Request
from egpsync.model.record import ChangeRecord, FieldRecord, OutcomeRecord
from egpsync.model.report import Report
from egpsync.report.alike import Shown, ending_call, nameless
from egpsync.report.escape import json_line, label, visible
from egpsync.report.fold import cells, fold, fold_pair, padded
from egpsync.report.style import Style, Tone
from egpsync.report.words import (
    MARKS,
    OUTCOME_WORDS,
    action_word,
    dotted,
    field_remarks,
    plural,
    request_line,
)

ACTION_TONES: Mapping[str, Tone] = {
    "create": Tone.CREATE,
    "update": Tone.UPDATE,
    "redeploy": Tone.REDEPLOY,
    "rename": Tone.UPDATE,
    "recreate": Tone.DESTROY,
    "delete": Tone.DESTROY,
    "unchanged": Tone.FAINT,
    "blocked": Tone.WAITING,
    "unhealthy": Tone.DESTROY,
}
OUTCOME_TONES: Mapping[str, Tone] = {
    "applied": Tone.CREATE,
    "failed": Tone.ALARM,
    "in_flight": Tone.WAITING,
    "stale": Tone.ALARM,
    "not_attempted": Tone.UPDATE,
    "unknown": Tone.ALARM,
    "nothing": Tone.FAINT,
}
_FIELD_MARKS = {"add": ("+", Tone.CREATE), "change": ("~", Tone.UPDATE), "remove": ("-", Tone.DESTROY)}
_MORE = 32  # columns that saying how many more there are takes
_WIDEST_PATH = 56  # columns up to which the values of one model line up
_SHORT = 48  # columns that the values of a field get on its line, even where it grows too long
_INDENT = " " * 6
_SGR = re.compile(r"\x1b\[[0-9;]*m")


def change_lines(report: Report, shown: Shown, style: Style) -> Iterator[str]:
    """Mark, action, name, vendor, id; how it ended; the reason; its fields; with -v its requests."""
    change, many = shown.first, len(shown.changes) > 1
    yield from _many(report, shown, style) if many else _title(report, change, style)
    if change.outcome:
        yield from _outcome(change.outcome, style, call=ending_call(change, many=many))
    if style.planned:
        return
    for text in (nameless(change, change.reason) if many else change.reason, *change.notes):
        if text:
            yield f"{_INDENT}{style.paint(Tone.FAINT, '#')} {visible(text)}"
    yield from _fields(shown, style)
    if style.verbosity > 0:
        for path in change.ignored:
            yield f"{_INDENT}{style.paint(Tone.FAINT, '#')} {visible('.'.join(path))}: left alone by ignore_changes"
        for request in change.requests:
            yield from _request(request, style)
    elif change.action == "recreate" and report.kind != "drift":  # several requests, each with an effect of its own
        for request in change.requests:
            yield f"{_INDENT}{request_line(request)}{_called(request)}"


def model_name(change: ChangeRecord) -> str:
    """Name and vendor."""
    return f"{label(change.name)} ({label(change.model_vendor)})"


def _many(report: Report, shown: Shown, style: Style) -> Iterator[str]:
    """How many of which vendor, and below it as many names as stand on two lines."""
    count = plural(len(shown.changes), f"{label(shown.first.model_vendor)} model")
    yield f"{_lead(report, shown.first, style)}  {count}"
    line, lines, room = "", 0, style.width - len(_INDENT)
    for at, change in enumerate(shown.changes):
        name, left = _names(change, style), len(shown.changes) - at
        if line and cells(_plain(line)) + cells(_plain(name)) + 2 > room - (_MORE if lines else 0):
            lines += 1
            if lines == 2:
                yield f"{_INDENT}{_ended(line)} and {left:,} more (all with -v)"
                return
            yield f"{_INDENT}{line.rstrip()}"
            line = ""
        line += f"{name}{',' if left > 1 else ''} " if left > 1 else name
    yield f"{_INDENT}{line.rstrip()}"


def _title(report: Report, change: ChangeRecord, style: Style) -> Iterator[str]:
    first = f"{_lead(report, change, style)}  {_names(change, style)} ({label(change.model_vendor)})"
    parts = []
    if change.id is not None:
        parts.append(style.paint(Tone.FAINT, f"[{label(change.id)}]"))
    if change.status not in (None, "ready"):
        parts.append(style.paint(Tone.WAITING, f"status {label(change.status or '')}"))
    if change.source and (style.verbosity > 0 or not change.fields or change.action == "create"):
        parts.append(style.paint(Tone.FAINT, f"({visible(change.source.file)}:{change.source.line})"))
    whole = "  ".join([first, *parts])
    if cells(_plain(whole)) <= style.width or not parts:
        yield whole
    else:
        yield first
        yield f"{_INDENT}{'  '.join(parts)}"


def _ended(line: str) -> str:
    return line.rstrip(" ,")


def _plain(text: str) -> str:
    """The text as it takes room: without its colours."""
    return _SGR.sub("", text) if "\x1b" in text else text


def _lead(report: Report, change: ChangeRecord, style: Style) -> str:
    """How it ended, its mark and its action."""
    wide = 20 if report.kind == "drift" else 9
    word = f"{MARKS[change.action]:<3} {action_word(report, change.action):<{wide}}"
    ended = ""
    if change.outcome:
        result = change.outcome.result
        ended = style.paint(OUTCOME_TONES[result], f"{OUTCOME_WORDS[result]:<13}") + " "
    return f"  {ended}{style.paint(ACTION_TONES[change.action], word)}"


def _names(change: ChangeRecord, style: Style) -> str:
    name = style.paint(Tone.STRONG, label(change.name))
    return name if change.previous_name is None else f"{label(change.previous_name)} -> {name}"


def _outcome(outcome: OutcomeRecord, style: Style, *, call: str) -> Iterator[str]:
    tone = OUTCOME_TONES[outcome.result]
    if call:
        yield f"{_INDENT}{style.paint(tone, call)}"
    if outcome.message:
        yield f"{_INDENT}{style.paint(tone, visible(outcome.message))}"
    if outcome.note:
        yield f"{_INDENT}{visible(outcome.note)}"


def _fields(shown: Shown, style: Style) -> Iterator[str]:
    change = shown.first
    widest = min(_WIDEST_PATH, max((cells(dotted(field.path)) for field in change.fields), default=0))
    for count, (field, values) in enumerate(zip(change.fields, shown.values, strict=True)):
        placed = all(other.fields[count].source == field.source for other in shown.changes)
        yield from _field(field, values, field_remarks(change, field, placed=placed), widest, style)


def _field(field: FieldRecord, both: tuple[str, str], remarks: str, widest: int, style: Style) -> Iterator[str]:
    mark, tone = _FIELD_MARKS[field.op]
    start = f"{mark} {padded(f'{dotted(field.path)}:', widest + 1)} "
    room = style.width - len(_INDENT) - cells(start) - cells(remarks)
    values = both if field.op == "change" else (both[0] if field.op == "remove" else both[1],)
    painted = f"{_INDENT}{style.paint(tone, mark)}{start[1:]}"
    tail = style.paint(Tone.FAINT, remarks)
    taken = sum(map(cells, values)) + 4 * (len(values) - 1)
    if taken <= room:
        yield f"{painted}{' -> '.join(values)}{tail}"
    elif taken <= max(room + cells(remarks), _SHORT):
        yield f"{painted}{' -> '.join(values)}"
        yield f"{_INDENT}{tail}"
    elif field.op == "change":
        yield f"{painted.rstrip()}{tail}"
        before, after = both if style.verbosity > 0 else fold_pair(*both, 2 * style.width)
        yield f"{_INDENT}    {style.paint(Tone.DESTROY, '-')} {before}"
        yield f"{_INDENT}    {style.paint(Tone.CREATE, '+')} {after}"
    else:
        yield f"{painted}{values[0] if style.verbosity > 0 else fold(values[0], room)}{tail}"


def _called(request: Request) -> str:
    name = (request.body or {}).get("name")
    return f"  as {label(str(name))}" if name else ""


def _request(request: Request, style: Style) -> Iterator[str]:
    yield f"{_INDENT}{style.paint(Tone.STRONG, request_line(request))}"
    if request.body is not None:
        line = json_line(request.body)
        shown = line if cells(line) + 8 <= style.width else json_line(request.body, indent=2)
        yield from (f"{_INDENT}  {part}" for part in shown.split("\n"))

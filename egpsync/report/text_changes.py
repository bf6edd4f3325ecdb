"""One model's change in, lines of terminal text out: what happens, why, field by field, and how it ended."""

from collections.abc import Iterator, Mapping

from egpsync.model.report import Report, ReportChange, ReportField, ReportOutcome, ReportRequest
from egpsync.report.escape import json_line, label, visible
from egpsync.report.fold import cells, fold, fold_pair, padded, value_text
from egpsync.report.style import Style, Tone
from egpsync.report.words import MARKS, OUTCOME_WORDS, action_word, dotted, field_remarks

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
_WIDEST_PATH = 56  # columns up to which the values of one model line up
_SHORT = 48  # columns that the values of a field get on its line, even where it grows too long
_INDENT = " " * 6


def change_lines(report: Report, change: ReportChange, style: Style) -> Iterator[str]:
    """A model: mark, action, name, vendor, id; the reason; its fields; with -v its requests; how it ended."""
    yield _title(report, change, style)
    if change.outcome:
        yield from _outcome(change.outcome, style)
    if style.verbosity < 0:
        return
    for text in (change.reason, *change.notes):
        if text:
            yield f"{_INDENT}{style.paint(Tone.FAINT, '#')} {visible(text)}"
    yield from _fields(change, style)
    if style.verbosity > 0:
        for request in change.requests:
            yield from _request(request, style)
    elif change.action == "recreate" and report.kind != "drift":  # several requests, each with an effect of its own
        for request in change.requests:
            yield f"{_INDENT}{visible(f'{request.method} {request.path}')}{_called(request)}"


def _title(report: Report, change: ReportChange, style: Style) -> str:
    tone = ACTION_TONES[change.action]
    word = action_word(report, change.action)
    wide = 20 if report.kind == "drift" else 9
    mark = style.paint(tone, f"{MARKS[change.action]:<3} {word:<{wide}}")
    ended = ""
    if change.outcome:
        result = change.outcome.result
        ended = style.paint(OUTCOME_TONES[result], f"{OUTCOME_WORDS[result]:<13}") + " "
    parts = [f"  {ended}{mark}  {_names(change, style)} ({label(change.model_vendor)})"]
    if change.id is not None:
        parts.append(style.paint(Tone.FAINT, f"[{label(change.id)}]"))
    if change.status not in (None, "ready"):
        parts.append(style.paint(Tone.WAITING, f"status {label(change.status or '')}"))
    if change.source and (style.verbosity > 0 or not change.fields or change.action == "create"):
        parts.append(style.paint(Tone.FAINT, f"({visible(change.source.file)}:{change.source.line})"))
    return "  ".join(parts)


def _names(change: ReportChange, style: Style) -> str:
    name = style.paint(Tone.STRONG, label(change.name))
    return name if change.previous_name is None else f"{label(change.previous_name)} -> {name}"


def _outcome(outcome: ReportOutcome, style: Style) -> Iterator[str]:
    tone = OUTCOME_TONES[outcome.result]
    call = f"{outcome.method} {outcome.url}".strip()
    answered = f" -> {outcome.status}" if outcome.status is not None else ""
    if call or answered:
        yield f"{_INDENT}{style.paint(tone, visible(call + answered))}"
    if outcome.message:
        yield f"{_INDENT}{style.paint(tone, visible(outcome.message))}"
    if outcome.note:
        yield f"{_INDENT}{visible(outcome.note)}"
    if outcome.advice:
        yield f"{_INDENT}{style.paint(Tone.STRONG, 'next:')} {visible(outcome.advice)}"


def _fields(change: ReportChange, style: Style) -> Iterator[str]:
    widest = min(_WIDEST_PATH, max((cells(dotted(field.path)) for field in change.fields), default=0))
    for field in change.fields:
        yield from _field(change, field, widest, style)


def _field(change: ReportChange, field: ReportField, widest: int, style: Style) -> Iterator[str]:
    mark, tone = _FIELD_MARKS[field.op]
    start = f"{mark} {padded(f'{dotted(field.path)}:', widest + 1)} "
    remarks = field_remarks(change, field)
    room = style.width - len(_INDENT) - cells(start) - cells(remarks)
    shown = [value_text(field.before), value_text(field.after)]
    values = shown if field.op == "change" else [shown[0] if field.op == "remove" else shown[1]]
    painted = f"{_INDENT}{style.paint(tone, mark)}{start[1:]}"
    tail = style.paint(Tone.FAINT, remarks)
    if sum(map(cells, values)) + 4 * (len(values) - 1) <= max(room, _SHORT):
        yield f"{painted}{' -> '.join(values)}{tail}"
    elif field.op == "change":
        yield f"{painted.rstrip()}{tail}"
        before, after = values if style.verbosity > 0 else fold_pair(shown[0], shown[1], 2 * style.width)
        yield f"{_INDENT}    {style.paint(Tone.DESTROY, '-')} {before}"
        yield f"{_INDENT}    {style.paint(Tone.CREATE, '+')} {after}"
    else:
        yield f"{painted}{values[0] if style.verbosity > 0 else fold(values[0], room)}{tail}"


def _called(request: ReportRequest) -> str:
    name = (request.body or {}).get("name")
    return f"  as {label(str(name))}" if name else ""


def _request(request: ReportRequest, style: Style) -> Iterator[str]:
    yield f"{_INDENT}{style.paint(Tone.STRONG, visible(f'{request.method} {request.path}'))}"
    if request.body is not None:
        line = json_line(request.body)
        shown = line if cells(line) + 8 <= style.width else json_line(request.body, indent=2)
        yield from (f"{_INDENT}  {part}" for part in shown.split("\n"))

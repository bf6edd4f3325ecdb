"""A Report in, a pull-request comment out: verdict and counts first, risks in full, the rest folded, 60,000 bytes."""

from collections import Counter
from collections.abc import Container, Iterable, Sequence

from egpsync.model.manifest import Problem
from egpsync.model.plan import Refusal
from egpsync.model.record import ChangeRecord, OutcomeRecord
from egpsync.model.report import Report
from egpsync.model.values import Source
from egpsync.report.alike import Shown, alike, ending_call, nameless
from egpsync.report.escape import code_span, fenced, html, inert, prose, table_code, visible
from egpsync.report.fold import fold, fold_pair
from egpsync.report.marker import marker
from egpsync.report.style import Style
from egpsync.report.words import (
    CHANGING,
    DESTRUCTIVE,
    OUTCOME_WORDS,
    STANDING,
    WENT_WRONG,
    action_word,
    capacity_in_use,
    carried_out,
    compared,
    dotted,
    error_lines,
    field_remarks,
    grown,
    is_of_this_change,
    next_steps,
    plural,
    refused_models,
    since_lines,
    summary_lines,
    urgency,
    verdict,
)

BUDGET = 60_000
"""Bytes: below every known limit of a comment or a pull request's description (GitHub says 65,536 characters)."""

_FOLDED = 400  # characters of a value
_IN_FULL = 2_000  # characters of a value where the change is a risk
_MOST_NAMES = 300  # models that one block names
_NOTE_ROOM = 400  # bytes kept for saying what is left out
_FINDINGS_ROOM = 15_000  # for refusals, and again for problems: with all that follows it is less than the budget
_NAMES_ROOM = 10_000  # for the names of each destructive action
_CAPACITY_ROOM = 3_000


def to_markdown(report: Report, style: Style) -> str:
    """The comment. Whole models are left out where they do not fit, the most destructive last, and it is said.

    It is the same at any verbosity: what does not differ and the requests would only crowd out what does.
    """
    blocks = [
        marker(report),
        f"### egpsync {report.kind}: {verdict(report)}",
        *_target(report),
        *map(prose, report.notes),
        *(map(prose, error_lines(report.error)) if report.error else _counts(report)),
        *_limited([_refusal(refusal) for refusal in report.refusals], "refusal"),
        *_limited([_problem(problem) for problem in report.problems], "problem"),
        *_destroyed(report),
        *_capacity(report),
    ]
    closing = [*_next(report)]
    room = style.room - _size([*blocks, *closing]) - _NOTE_ROOM
    blocks += _models(report, room)
    return inert("\n\n".join([*blocks, *closing]) + "\n")


def _target(report: Report) -> list[str]:
    if report.base_url is None:
        return []
    account = f"account {code_span(fold(report.account_id, _FOLDED))}" if report.account_id else "default account"
    name = f", target {code_span(report.target_name)}" if report.target_name else ""
    return [f"{code_span(fold(report.base_url, _FOLDED))}, {account}{name}"]


def _refusal(refusal: Refusal) -> str:
    model = f" {code_span(refusal.model[1])} ({code_span(refusal.model[0])}):" if refusal.model else ""
    source = f" ({_place(refusal.source)})" if refusal.source else ""
    consent = f"<br>To consent: {code_span(refusal.consent)}" if refusal.consent else ""
    return f"- **Refused** by {code_span(refusal.guard)}:{model} {prose(refusal.message)}{source}{consent}"


def _problem(problem: Problem) -> str:
    place = code_span(str(problem.source))
    lines = [f"- {place} **{problem.severity.value}**: {prose(problem.message)} ({code_span(problem.rule)})"]
    if problem.expected:
        lines.append(f"<br>Expected: {prose(problem.expected)}")
    if problem.suggestion:
        lines.append(f"<br>Did you mean {code_span(problem.suggestion)}?")
    if problem.related:
        lines.append(f"<br>See also {code_span(str(problem.related))}")
    if problem.excerpt:
        lines.append(f"<br>{code_span(fold(visible(problem.excerpt.strip()), _FOLDED))}")
    return "".join(lines)


def _counts(report: Report) -> list[str]:
    if not compared(report):
        return [" ".join(summary_lines(report))]
    if carried_out(report):
        return [_table([(OUTCOME_WORDS[name], f"{count:,}") for name, count in report.outcomes.items() if count])]
    columns = [(action_word(report, kind), report.summary[kind]) for kind in (*CHANGING, *STANDING)]
    columns.append(("refused", refused_models(report)))
    table = _table([(word, f"{count:,}") for word, count in columns if count] or [("models", "0")])
    return [table, *map(prose, since_lines(report))]


def _table(columns: Sequence[tuple[str, str]]) -> str:
    heads, values = zip(*columns, strict=True)
    return f"| {' | '.join(heads)} |\n|{' ---: |' * len(heads)}\n| {' | '.join(values)} |"


def _destroyed(report: Report) -> list[str]:
    blocks = []
    for action in DESTRUCTIVE:
        names = [_destroyed_name(change) for change in report.changes if change.action == action]
        if names:
            shown = _fitting(names, _NAMES_ROOM)
            unshown = len(names) - len(shown)
            more = f", **and {unshown:,} more: read them all in the JSON report before you agree**" if unshown else ""
            blocks.append(f"**{action_word(report, action).capitalize()} ({len(names):,}):** {', '.join(shown)}{more}")
    return blocks


def _destroyed_name(change: ChangeRecord) -> str:
    ended = f" {OUTCOME_WORDS[change.outcome.result]}" if change.outcome else ""
    return f"{code_span(change.name)} ({code_span(change.model_vendor)}){ended}"


def _capacity(report: Report) -> list[str]:
    rows = [
        f"| {table_code(kind)} | {grown(at.minimum_before, at.minimum_after)} "
        f"| {grown(at.maximum_before, at.maximum_after)} |"
        for kind, at in capacity_in_use(report)
    ]
    head = "| GPUs | at min workers | at max workers |\n| --- | --- | --- |"
    return ["\n".join([head, *_fitting(rows, _CAPACITY_ROOM)])] if rows else []


def _ended(change: ChangeRecord) -> bool:
    return change.outcome is not None and change.outcome.result != "nothing"


def _models(report: Report, room: int) -> list[str]:
    listed = [change for change in report.changes if change.action != "unchanged" or change.notes or _ended(change)]
    refused = {refusal.model for refusal in report.refusals if refusal.model}
    blocks: list[str] = []
    left_out: list[ChangeRecord] = []
    for shown in alike(sorted(listed, key=urgency)):
        block = _model(report, shown, risky=_is_risky(shown.first, refused))
        if (size := _size([block])) <= room:
            blocks.append(block)
            room -= size
        else:
            left_out += shown.changes
    if left_out:
        blocks.append(_not_shown(report, left_out, len(listed)))
    return blocks


def _is_risky(change: ChangeRecord, refused: Container[tuple[str, str]]) -> bool:
    """Whether a reviewer must not miss it: something is gone after it, or it went wrong, or a guard named it."""
    if not is_of_this_change(change):
        return False  # it is named above all the same, where something is gone after it
    ended_badly = change.outcome is not None and change.outcome.result in WENT_WRONG
    return ended_badly or change.action in DESTRUCTIVE or (change.model_vendor, change.name) in refused


def _model(report: Report, shown: Shown, *, risky: bool) -> str:
    change, limit = shown.first, _IN_FULL if risky else _FOLDED
    lines = [_diff_lines(shown, at, limit) for at in range(len(change.fields))]
    parts = [
        f"<details{' open' if risky else ''}><summary>{_title(report, shown)}</summary>",
        *([_names(shown.changes)] if len(shown.changes) > 1 else []),
        *_remarks(shown),
        *([fenced([line for pair in lines for line in pair], language="diff")] if lines else []),
        "</details>",
    ]
    return "\n\n".join(parts)


def _names(changes: Sequence[ChangeRecord]) -> str:
    names = [code_span(change.name) for change in changes[:_MOST_NAMES]]
    more = f" and {len(changes) - _MOST_NAMES:,} more" if len(changes) > _MOST_NAMES else ""
    return f"{', '.join(names)}{more}"


def _title(report: Report, shown: Shown) -> str:
    """Inside <summary> Markdown is not read, so HTML it is."""
    change, many = shown.first, len(shown.changes)
    result = f"<b>{OUTCOME_WORDS[change.outcome.result]}</b>: " if change.outcome else ""
    action = f"{result}<b>{action_word(report, change.action)}</b>"
    vendor = f"<code>{html(change.model_vendor)}</code>"
    if many > 1:
        return f"{action} {many:,} {vendor} models"
    identity = f" <code>{html(change.id)}</code>" if change.id is not None else ""
    was = f"<code>{html(change.previous_name)}</code> -&gt; " if change.previous_name is not None else ""
    return f"{action} {was}<code>{html(change.name)}</code> ({vendor}){identity}"


def _remarks(shown: Shown) -> list[str]:
    change, many = shown.first, len(shown.changes) > 1
    status = f"Status: {code_span(change.status)}" if change.status not in (None, "ready") else ""
    source = f"Declared at {_place(change.source)}" if change.source and not many else ""
    reason = nameless(change, change.reason) if many else change.reason
    said = [prose(text) for text in (reason, *change.notes) if text]
    call = ending_call(change, many=many)
    lines = [*(_outcome(change.outcome, call) if change.outcome else []), *said, *filter(None, [status, source])]
    return ["\n".join(f"- {line}" for line in lines)] if lines else []


def _outcome(outcome: OutcomeRecord, call: str) -> list[str]:
    lines = [code_span(call)] if call else []
    lines += [f"**{prose(outcome.message)}**"] if outcome.message else []
    lines += [prose(outcome.note)] if outcome.note else []
    return lines + ([f"Next: {prose(outcome.advice)}"] if outcome.advice else [])


def _diff_lines(shown: Shown, at: int, limit: int) -> list[str]:
    field = shown.first.fields[at]
    path = dotted(field.path)
    before, after = fold_pair(*shown.values[at], limit)
    placed = all(other.fields[at].source == field.source for other in shown.changes)
    remarks = field_remarks(shown.first, field, placed=placed)
    match field.op:
        case "add":
            return [f"+ {path}: {after}{remarks}"]
        case "remove":
            return [f"- {path}: {before}{remarks}"]
        case _:
            return [f"- {path}: {before}", f"+ {path}: {after}{remarks}"]


def _not_shown(report: Report, left_out: Sequence[ChangeRecord], listed: int) -> str:
    kinds = Counter(action_word(report, change.action) for change in left_out)
    by_kind = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
    return f"**{len(left_out):,} of {plural(listed, 'model')} not shown ({by_kind}): see the JSON report.**"


def _next(report: Report) -> list[str]:
    return [" ".join(steps)] if (steps := next_steps(report)) else []


def _limited(blocks: Sequence[str], noun: str) -> list[str]:
    """The findings that fit their room, as one list, and how many do not."""
    shown = _fitting(blocks, _FINDINGS_ROOM)
    unshown = len(blocks) - len(shown)
    lines = [*shown, *([f"- **{plural(unshown, f'more {noun}')} not shown: see the JSON report.**"] if unshown else [])]
    return ["\n".join(lines)] if lines else []


def _fitting(blocks: Sequence[str], room: int) -> list[str]:
    shown = []
    for block in blocks:
        room -= _size([block])
        if room < 0:
            break
        shown.append(block)
    return shown


def _size(blocks: Iterable[str]) -> int:
    """Bytes, with what joins each to the next."""
    return sum(len(inert(block).encode()) + 2 for block in blocks)


def _place(source: Source) -> str:
    return code_span(f"{source.file}:{source.line}")

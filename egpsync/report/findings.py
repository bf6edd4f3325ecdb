"""A Report in, flat findings out: what annotations, SARIF, JUnit and Code Quality say of problems and models."""

from collections.abc import Iterator
from hashlib import sha256
from posixpath import normpath
from typing import TypeAlias

from egpsync.model.manifest import Problem, Severity
from egpsync.model.plan import Refusal
from egpsync.model.record import ChangeRecord
from egpsync.model.report import Report, ReportError
from egpsync.model.values import Source
from egpsync.report.escape import label, visible
from egpsync.report.fold import fold
from egpsync.report.words import (
    CHANGING,
    OUTCOME_WORDS,
    action_word,
    dotted,
    error_lines,
    is_of_this_change,
    plural,
    values_shown,
)
from egpsync.value import Value

LEVELS = ("error", "warning", "note")
"""From what stops somebody to what only informs."""

MOST_FIELDS = 20
"""Fields of one model that a finding spells out; how many more there are is said."""

_VALUE = 200  # characters of one value
_DRIFTED: dict[str, str] = {
    "create": "drift-missing",
    "update": "drift-different",
    "redeploy": "drift-different",
    "rename": "drift-renamed",
    "recreate": "drift-different",
    "delete": "drift-left-over",
    "unhealthy": "drift-unhealthy",
    "blocked": "drift-deploying",
}
_ENDED: dict[str, tuple[str, str]] = {
    "failed": ("apply-failed", "error"),
    "unknown": ("apply-unknown", "error"),
    "stale": ("apply-stale", "error"),
    "in_flight": ("apply-in-flight", "warning"),
    "not_attempted": ("apply-not-attempted", "warning"),
}
RULES: dict[str, str] = {
    "drift-missing": "A declared model is not in the account.",
    "drift-different": "A model is not as its manifest says.",
    "drift-renamed": "A model has another name than its manifest says.",
    "drift-left-over": "A model is in the account that should not be there.",
    "drift-unhealthy": "A model's deployment failed, though no field differs.",
    "drift-deploying": "A model differs, and is deploying now.",
    "apply-failed": "A change failed.",
    "apply-unknown": "Whether a change happened is not known.",
    "apply-stale": "A model moved after the plan was made, so nothing was sent for it.",
    "apply-in-flight": "A model is still deploying.",
    "apply-not-attempted": "A change was not begun.",
    "command-failed": "The command could not go on.",
    "planned-change": "The plan changes a model.",
}
"""The findings that are neither a manifest's problem nor a guard's refusal."""


Place: TypeAlias = tuple[str, int, int]


class Finding(Value, frozen=True, kw_only=True):
    """One thing to look at. All of it is one line each, and nothing in it acts upon a terminal."""

    rule: str
    level: str  # one of LEVELS
    message: str  # a sentence or more
    help: str  # what to do about it; "" where the message says it
    place: Place  # path in the repository, line and column from 1; the path is "" where it is about no place
    model: tuple[str, str] | None = None  # (vendor, name)

    @property
    def path(self) -> str:
        """The file."""
        return self.place[0]

    @property
    def line(self) -> int:
        """Its line."""
        return self.place[1]

    @property
    def column(self) -> int:
        """Its column."""
        return self.place[2]

    @property
    def text(self) -> str:
        """The message with what to do."""
        return f"{self.message} {self.help}" if self.help else self.message

    @property
    def fingerprint(self) -> str:
        """The same for the same finding in a later report, also where lines have moved."""
        about = self.model or (self.path, self.message)
        return sha256("\n".join((self.rule, *about)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def findings(report: Report, *, changes: bool = False) -> list[Finding]:
    """All of them, the worst first; with `changes` also what a plan would do, as notes."""
    found = [
        *([_error(report.error)] if report.error else []),
        *(_problem(report, problem) for problem in report.problems),
        *(_refusal(report, refusal) for refusal in report.refusals),
        *(finding for change in report.changes for finding in _of_model(report, change, changes=changes)),
    ]
    return sorted(found, key=lambda finding: LEVELS.index(finding.level))


def repository_path(report: Report, source: Source) -> str:
    """A source file's path from the repository's root, with forward slashes."""
    path = source.file if source.file.startswith("/") else normpath(f"{report.directory}/{source.file}".lstrip("/"))
    return visible(path)


def difference(change: ChangeRecord) -> Iterator[str]:
    """Each field in a line: `path: before -> after`."""
    for field in change.fields[:MOST_FIELDS]:
        before, after = (fold(value, _VALUE) for value in values_shown(field))
        match field.op:
            case "add":
                yield f"{dotted(field.path)}: {after} added"
            case "remove":
                yield f"{dotted(field.path)}: {before} removed"
            case _:
                yield f"{dotted(field.path)}: {before} -> {after}"
    if len(change.fields) > MOST_FIELDS:
        yield plural(len(change.fields) - MOST_FIELDS, "more field")


def ending(change: ChangeRecord) -> str:
    """How a model's change ended, in a sentence; "" where it was not carried out."""
    if change.outcome is None:
        return ""
    ended = change.outcome
    call = f"{ended.method} {ended.url}".strip() + (f" -> {ended.status}" if ended.status is not None else "")
    said = [OUTCOME_WORDS[ended.result], call, ended.message, ended.note]
    return visible(fold(": ".join(filter(None, said)), 10 * _VALUE))


def _error(error: ReportError) -> Finding:
    what, *advice = (visible(fold(text, 10 * _VALUE)) for text in error_lines(error))
    return Finding(rule="command-failed", level="error", message=what, help="".join(advice), place=("", 1, 1))


def _problem(report: Report, problem: Problem) -> Finding:
    said = [
        f"{problem.message}.",
        f"Expected: {problem.expected}." if problem.expected else "",
        f"Did you mean {problem.suggestion}?" if problem.suggestion else "",
        f"See also {problem.related}." if problem.related else "",
    ]
    level = "error" if problem.severity is Severity.ERROR else "warning"
    message, *rest = (visible(fold(text, 10 * _VALUE)) for text in said)
    return Finding(
        rule=visible(problem.rule),
        level=level,
        message=message,
        help=" ".join(filter(None, rest)),
        place=_at(report, problem.source),
    )


def _refusal(report: Report, refusal: Refusal) -> Finding:
    named = f"{label(refusal.model[1])} ({label(refusal.model[0])}): " if refusal.model else ""
    message = f"Refused: {named}{visible(fold(refusal.message, 10 * _VALUE))}."
    consent = f"To go on: {visible(fold(refusal.consent, _VALUE))}" if refusal.consent else ""
    return Finding(
        rule=visible(refusal.guard),
        level="error",
        message=message,
        help=consent,
        place=_at(report, refusal.source),
        model=refusal.model,
    )


def _of_model(report: Report, change: ChangeRecord, *, changes: bool) -> Iterator[Finding]:
    rule, level = _judged(report, change, changes=changes)
    if not rule:
        return
    title = f"{action_word(report, change.action)}: {label(change.name)} ({label(change.model_vendor)})"
    told = ending(change) or "; ".join(difference(change)) or visible(fold(change.reason, 10 * _VALUE))
    source = next((field.source for field in change.fields if field.source), change.source)
    yield Finding(
        rule=rule,
        level=level,
        message=f"{title}: {told}." if told else f"{title}.",
        help=visible(fold(change.outcome.advice, 10 * _VALUE)) if change.outcome else "",
        place=_at(report, source),
        model=(change.model_vendor, change.name),
    )


def _judged(report: Report, change: ChangeRecord, *, changes: bool) -> tuple[str, str]:
    """What a model's change is a finding of, and how bad; nothing where it is as it should be."""
    if change.outcome is not None:
        return _ENDED.get(change.outcome.result, ("", ""))
    if report.kind == "drift":
        return _DRIFTED.get(change.action, ""), "note" if change.action == "blocked" else "warning"
    told = changes and change.action in CHANGING and is_of_this_change(change)
    return ("planned-change", "note") if told else ("", "")


def _at(report: Report, source: Source | None) -> Place:
    if source is None:
        return "", 1, 1
    return repository_path(report, source), source.line, source.column

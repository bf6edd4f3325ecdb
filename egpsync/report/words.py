"""A Report in, the sentences out that the text and the Markdown have in common."""

import re
from collections.abc import Iterator, Mapping, Sequence

from egpsync.account.requests import CREATED
from egpsync.errors import ExitCode
from egpsync.model.manifest import Severity
from egpsync.model.plan import Capacity, Origin, Request
from egpsync.model.project import ACCEPTED_IN_VAIN
from egpsync.model.record import ChangeRecord, FieldRecord
from egpsync.model.report import MASK, Report, ReportError
from egpsync.model.values import Json, Path
from egpsync.report.escape import json_line, label, visible

CHANGING = ("create", "update", "redeploy", "rename", "recreate", "delete")
"""The actions that change the account, in the order of every summary."""

STANDING = ("unchanged", "blocked", "unhealthy", "unmanaged")
"""What the summary counts after a semicolon."""

DESTRUCTIVE = ("delete", "recreate")
"""The actions after which something is gone; their models are named whatever is left out."""

_NAMED = 20  # differences that are named of those that are new, or gone
_NAMED_ROOM = 2_000  # characters

MARKS: Mapping[str, str] = {
    "create": "+",
    "update": "~",
    "redeploy": "!",
    "rename": ">",
    "recreate": "-/+",
    "delete": "-",
    "unchanged": "=",
    "blocked": "?",
    "unhealthy": "x",
}

OUTCOME_WORDS: Mapping[str, str] = {
    "applied": "ok",
    "failed": "FAILED",
    "in_flight": "in flight",
    "stale": "STALE",
    "not_attempted": "not attempted",
    "unknown": "UNKNOWN",
    "nothing": "nothing to do",
}

_PLAIN_WORDS: Mapping[str, str] = {"blocked": "deploying"}
"""What people read in place of an action's own name: it waits for its deployment, and nothing is in its way."""

_DRIFT_WORDS: Mapping[str, str] = {
    **_PLAIN_WORDS,
    "create": "missing",
    "update": "different",
    "redeploy": "different (redeploy)",
    "rename": "named otherwise",
    "recreate": "different (recreate)",
    "delete": "left over",
    "unchanged": "in sync",
    "unhealthy": "unhealthy",
    "unmanaged": "unmanaged",
}
_ORIGINS = {
    Origin.CONFLICT: "overwrites an edit made outside",
    Origin.CONVERGED: "the account has it already",
    Origin.OUTSTANDING: "not of this change: edited outside",
}
_PLAIN_EFFECT: Mapping[str, set[str]] = {
    "update": {"in_place"},
    "rename": {"in_place"},
    "redeploy": {"redeploy"},
    "recreate": {"immutable"},
}
"""The effects that an action's own word already tells."""

WENT_WRONG = frozenset({"failed", "unknown", "stale"})
"""The outcomes that somebody has to look at."""

_FIRST = ("delete", "recreate", "redeploy", "create", "rename", "update", "blocked", "unhealthy", "unchanged")
_WORST = ("failed", "unknown", "stale", "not_attempted", "in_flight", "applied", "nothing")

_IN_ORDER = {
    "drift": "No drift: the account is as the manifests say.",
    "revert": "Nothing to put back: the account is as it was before that run.",
}
_CARRY_OUT = {
    "revert": " Without --dry-run, `egpsync revert` carries this out.",
}
_OUTCOME_COUNTS = ("applied", "failed", "in_flight", "stale", "not_attempted", "unknown")
_PLAIN_KEY = re.compile(r"[\w-]+", re.ASCII)


def plural(count: int, noun: str) -> str:
    """A count and its noun: "1 model", "2 models"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def dotted(path: Path) -> str:
    """A path as a manifest's reader names it; a key with other than word characters stands in quotes."""
    return ".".join(key if _PLAIN_KEY.fullmatch(key) else json_line(key) for key in path)


def action_word(report: Report, action: str) -> str:
    """What the report calls an action: what apply would do, or for drift what is the matter."""
    return drift_word(action) if report.kind == "drift" else _PLAIN_WORDS.get(action, action)


def drift_word(action: str) -> str:
    """What is the matter with a model of which this action would be planned."""
    return _DRIFT_WORDS[action]


def urgency(change: ChangeRecord) -> tuple[bool, int, int]:
    """How soon somebody should look at it: this change first, then what went wrong, then what cannot be undone."""
    return (
        not is_of_this_change(change),
        (_WORST.index(change.outcome.result) if change.outcome else 0),
        _FIRST.index(change.action),
    )


def errors(report: Report) -> int:
    """How many problems stop the run."""
    return sum(problem.severity is Severity.ERROR for problem in report.problems)


def compared(report: Report) -> bool:
    """Whether the manifests were held against the account at all."""
    return report.kind != "validate" and report.error is None and not (errors(report) and not report.changes)


def differing(report: Report) -> int:
    """How many models are not as the manifests say, those that are deploying now included."""
    return sum(report.summary[action] for action in (*CHANGING, "blocked"))


def in_order(report: Report) -> bool:
    """Whether nothing differs, nothing is unhealthy, and nothing was found to complain about."""
    return not differing(report) and not report.summary["unhealthy"] and not report.refusals and not errors(report)


def refused_models(report: Report) -> int:
    """How many models a guard names; of some it is all that is known, as nothing is planned for them."""
    return len({refusal.model for refusal in report.refusals if refusal.model})


def carried_out(report: Report) -> bool:
    """Whether this is the report of a run that had something to do."""
    return any(count for result, count in report.outcomes.items() if result != "nothing")


def verdict(report: Report) -> str:
    """The run in a few words, for a heading."""
    if report.error is not None:
        return "interrupted" if report.interrupted else "failed"
    if errors(report) or report.kind == "validate":
        return f"invalid manifests, {problem_counts(report)}" if errors(report) else f"valid, {_declared(report)}"
    if report.refusals:
        return f"refused by {plural(len(report.refusals), 'guard')}"
    if carried_out(report):
        return "complete" if report.complete else "interrupted" if report.interrupted else "incomplete"
    if in_order(report):
        return "no drift" if report.kind == "drift" else "no changes"
    if not differing(report):
        return f"no field differs, {report.summary['unhealthy']:,} unhealthy"
    if report.kind == "drift":
        return f"{plural(differing(report), 'model')} not as the manifests say"
    return f"{plural(differing(report), 'model')} to change"


def error_lines(error: ReportError) -> list[str]:
    """What ended the command, and what to do next; hostile until a renderer escapes it."""
    return [f"Error: {error.where}{': ' if error.where else ''}{error.what}", *([error.advice] if error.advice else [])]


def summary_lines(report: Report) -> list[str]:
    """The closing counts: what was found, what would be done, what was done."""
    lines: list[str] = []
    if report.error is not None:
        return []
    if any(refusal.guard == "wrong-target" for refusal in report.refusals):
        return []  # nothing was read, so there is nothing to count
    if report.kind == "validate" or not compared(report):
        lines.append(_validity(report))
    elif carried_out(report):
        lines.append(_outcome_counts(report))
    elif in_order(report):
        found = _IN_ORDER.get(report.kind, "No changes: the account is as the manifests say.")
        if report.kind == "drift" and report.notes:
            found = "No drift: the account is as the manifests say, but for what the head of this report says."
        if vain := sum(problem.rule == ACCEPTED_IN_VAIN for problem in report.problems):
            entries = (
                "1 entry of accepted_drift lapsed or matches" if vain == 1 else f"{vain:,} entries lapsed or match"
            )
            found = f"Nothing differs that counts, but {entries} no difference (exit 2)."
        if report.kind == "revert" and any(change.notes for change in report.changes):
            found = "Nothing more can be put back: the notes say what is left as it is, and why."
        lines += [found, *([f"{standing}."] if (standing := standing_counts(report)) else [])]
    else:
        lines.append(_plan_counts(report))
    return [*lines, *since_lines(report)]


def since_lines(report: Report) -> Iterator[str]:
    """What became of the differences of an earlier report, where this one is compared with it."""
    since = report.since
    if since is None:
        return
    from egpsync.report.fold import fold  # noqa: PLC0415 - which counts in these words

    when = report.timing.since if report.timing and report.timing.since else "the earlier report"
    counts = f"{len(since.new):,} new, {len(since.gone):,} gone, {len(since.stays):,} as before"
    yield f"Since {visible(when)}: {counts}."
    for title, found in (("New", since.new), ("Gone", since.gone)):
        names = [f"{label(one.name)} ({label(one.model_vendor)}) {visible(one.what)}" for one in found[:_NAMED]]
        more = [f"and {len(found) - _NAMED:,} more"] if len(found) > _NAMED else []
        if names:
            yield f"{title}: {'; '.join([fold('; '.join(names), _NAMED_ROOM), *more])}."


def next_steps(report: Report) -> list[str]:
    """What to do now, a sentence or two each; empty where there is nothing."""
    steps = []
    if report.error is not None:
        return []
    if errors(report):
        sent = "" if report.kind == "validate" else " Nothing was sent."
        steps.append(f"Invalid (exit {ExitCode.INVALID:d}).{sent} Mend the manifests and run again.")
    elif report.refusals:
        count = plural(len(report.refusals), "guard")
        steps.append(f"Refused (exit {ExitCode.REFUSED:d}): {count} tripped, nothing was sent.")
    elif report.outcomes:
        steps += _after_apply(report)
    elif report.kind == "drift" and differing(report):
        shows, does = _again(report, "plan"), _again(report, "apply")
        steps.append(f"Nothing was sent. {shows} shows what would put it right, {does} does it.")
    elif report.applyable and report.kind == "plan":
        same = "" if report.repeat else " with the same paths and options"
        steps.append(f"Nothing was sent. {_again(report, 'apply')}{same} carries this out.")
    elif report.applyable:
        steps.append(f"Nothing was sent.{_CARRY_OUT.get(report.kind, '')}")
    if compared(report) and report.summary["unhealthy"]:
        count = plural(report.summary["unhealthy"], "model")
        steps.append(
            f"{count} unhealthy though no field differs: {_again(report, 'apply', '--retry-failed')} deploys again."
        )
    return steps


def _once_more(report: Report) -> str:
    """The command that ran, where it is apply; a revert is given a file, which its user knows."""
    return _again(report, "apply") if report.kind == "apply" else f"`egpsync {report.kind}`"


def _again(report: Report, command: str, *more: str) -> str:
    """Another command that means the same models of the same account, to be copied as it stands."""
    return f"`{' '.join(filter(None, ('egpsync', command, report.repeat, *more)))}`"


def capacity_in_use(report: Report) -> list[tuple[str, Capacity]]:
    """The GPU types of which anything runs, or would."""
    return [
        (kind, at)
        for kind, at in report.capacity.items()
        if any((at.minimum_before, at.maximum_before, at.minimum_after, at.maximum_after))
    ]


def grown(before: int, after: int) -> str:
    """A count before and after, and the difference: "4 -> 8 (+4)", or "4" where it stays."""
    return f"{before:,}" if before == after else f"{before:,} -> {after:,} ({after - before:+,})"


def problem_counts(report: Report) -> str:
    """Errors and warnings, and how many files they are in."""
    wrong, all_found = errors(report), len(report.problems)
    files = len({problem.source.file for problem in report.problems})
    kinds = [plural(wrong, "error")] if wrong else []
    kinds += [plural(all_found - wrong, "warning")] if all_found > wrong else []
    return f"{' and '.join(kinds)} in {plural(files, 'file')}"


def value_text(value: Json) -> str:
    """A masked value for people: JSON on one line, and the mask without quotes."""
    return MASK if value == MASK else json_line(value)


def values_shown(field: FieldRecord) -> tuple[str, str]:
    """A field's values before and after; two that look the same, as secrets do, are said to differ."""
    before, after = value_text(field.before), value_text(field.after)
    return before, f"{after}, another value" if field.op == "change" and before == after else after


def request_line(request: Request) -> str:
    """Method and path for people; the id that only the run will know is said to be one."""
    return visible(f"{request.method} {request.path.replace(CREATED, '(the new id)')}")


def field_remarks(change: ChangeRecord, field: FieldRecord, *, placed: bool = True) -> str:
    """What follows a field's values: its effect where the action does not tell it, its reason, its place.

    For a create or a delete it is nothing: no field is changed, and the place that counts is the model's.
    """
    remarks = effect_and_reason(change, field)
    if field.source and placed and change.action not in ("create", "delete"):
        remarks.append(f"{visible(field.source.file)}:{field.source.line}")
    return "".join(f"  ({remark})" for remark in remarks)


def effect_and_reason(change: ChangeRecord, field: FieldRecord) -> list[str]:
    """What a field's change does, where the model's action does not tell it, and why it is one."""
    if change.action in ("create", "delete"):
        return []
    if field.origin == Origin.CONVERGED:
        return [_ORIGINS[Origin.CONVERGED]]
    told = field.effect in _PLAIN_EFFECT.get(change.action, set())
    remarks = [*([] if told else [field.effect.replace("_", " ")]), *([visible(field.reason)] if field.reason else [])]
    return [*remarks, *_origin(field)]


def _origin(field: FieldRecord) -> list[str]:
    """Where the difference comes from, where a base revision was asked and it is not plainly this change."""
    if field.pending_since is not None:
        own = "not of this change: " if field.origin == Origin.OUTSTANDING else ""
        return [f"{own}not applied since {visible(field.pending_since[:12])}"]
    return [_ORIGINS[field.origin]] if field.origin in _ORIGINS else []


def is_of_this_change(change: ChangeRecord) -> bool:
    """Whether the change under review has a part in it; always where no base revision was asked."""
    return not change.fields or any(field.origin != Origin.OUTSTANDING for field in change.fields)


def _validity(report: Report) -> str:
    if errors(report):
        return f"{problem_counts(report)}.".capitalize()
    warned = f", {plural(len(report.problems), 'warning')}" if report.problems else ""
    return f"{_declared(report)}: valid{warned}."


def _declared(report: Report) -> str:
    return f"{plural(report.models, 'model')} in {plural(report.files, 'file')}"


def _plan_counts(report: Report) -> str:
    if report.kind == "drift":
        found = [(report.summary[action], f" {action_word(report, action)}") for action in CHANGING]
        return f"Drift: {_those_there(found) or 'no field differs'}{_standing_part(report)}."
    found = [(report.summary[action], f" to {action}") for action in CHANGING]
    return f"Plan: {_those_there(found) or 'nothing to change now'}{_standing_part(report)}."


def _standing_part(report: Report) -> str:
    return f"; {standing}" if (standing := standing_counts(report)) else ""


def standing_counts(report: Report) -> str:
    """What is counted beside the changes: "3 unchanged, 1 refused"."""
    found = [(report.summary[kind], f" {action_word(report, kind)}") for kind in STANDING]
    return _those_there([*found, (refused_models(report), " refused")])


def _those_there(found: Sequence[tuple[int, str]]) -> str:
    """Counts with what is counted; nothing is said of what is not there."""
    return ", ".join(f"{count:,}{what}" for count, what in found if count)


def _outcome_counts(report: Report) -> str:
    names = [name for name in _OUTCOME_COUNTS if report.outcomes[name]]
    counts = ", ".join(f"{name.replace('_', ' ')} {report.outcomes[name]:,}" for name in names)
    rest = f"; nothing to do for {report.outcomes['nothing']:,}" if report.outcomes["nothing"] else ""
    return f"{counts}{rest}.".capitalize()


def _after_apply(report: Report) -> list[str]:
    count = report.outcomes
    steps = ["Interrupted: what had not begun was left."] if report.interrupted else []
    if count["unknown"]:
        steps.append(
            f"Whether {plural(count['unknown'], 'change')} happened is not known: {_again(report, 'plan')} reads it."
        )
    if count["in_flight"]:
        steps.append(
            f"{plural(count['in_flight'], 'model')} still deploying: {_again(report, 'plan')} shows how it ends."
        )
    if count["failed"] or count["stale"] or count["not_attempted"]:
        steps.append(
            f"Run {_once_more(report)} again once the cause is mended: it plans afresh and sends only what is left."
        )
    return steps

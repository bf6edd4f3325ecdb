"""A plan and the differences that the project file accepts in; what is left, and what is accepted in vain, out."""

from collections.abc import Iterable
from datetime import date

from egpsync.model.manifest import Problem, Severity
from egpsync.model.plan import Action, Change, FieldChange, Plan
from egpsync.model.project import ACCEPTED_IN_VAIN, AcceptedDrift
from egpsync.value import Value, replace


class Remainder(Value, frozen=True, kw_only=True):
    """What is left of a comparison."""

    plan: Plan  # accepted differences are notes of their models
    accepted: int  # differences: fields, or whole models
    problems: tuple[Problem, ...]  # an entry for each that lapsed or matches nothing


def without_accepted(plan: Plan, entries: Iterable[AcceptedDrift], today: date) -> Remainder:
    """Take the accepted differences out, each through its day."""
    entries = tuple(entries)
    holding = [entry for entry in entries if entry.until >= today]
    used: set[AcceptedDrift] = set()
    changes, accepted = [], 0
    for change in plan.changes:
        left, taken = _without(change, [entry for entry in holding if _means(entry, change)])
        changes.append(left)
        used |= taken.keys()
        accepted += sum(taken.values())
    problems = tuple(_in_vain(entry, today) for entry in entries if entry not in used)
    return Remainder(plan=replace(plan, changes=tuple(changes)), accepted=accepted, problems=problems)


def _means(entry: AcceptedDrift, change: Change) -> bool:
    return entry.model in (change.name, change.live.name if change.live is not None else None)


def _without(change: Change, entries: list[AcceptedDrift]) -> tuple[Change, dict[AcceptedDrift, int]]:
    """The change without what is accepted of it, and how many differences each entry took."""
    taken: dict[AcceptedDrift, int] = {}
    for entry in entries:
        if entry.path is None:
            if change.action != Action.UNCHANGED:
                taken[entry] = 1
                change = _in_order(change)
        elif covered := [field for field in change.fields if _covers(entry.path, field)]:
            taken[entry] = len(covered)
            change = replace(change, fields=tuple(field for field in change.fields if field not in covered))
            if not change.fields:
                change = _in_order(change)
    notes = tuple(_note(entry) for entry in taken)
    return replace(change, notes=(*change.notes, *notes)) if notes else change, taken


def _covers(path: str, field: FieldChange) -> bool:
    dotted = ".".join(field.path)
    return dotted == path or dotted.startswith(f"{path}.")


def _in_order(change: Change) -> Change:
    return replace(change, action=Action.UNCHANGED, reason="", fields=(), steps=())


def _note(entry: AcceptedDrift) -> str:
    return f"{entry.path or 'this model'} is accepted as it is through {entry.until}: {entry.reason} ({entry.source})"


def _in_vain(entry: AcceptedDrift, today: date) -> Problem:
    what = f"{entry.path} of {entry.model!r}" if entry.path is not None else f"the model {entry.model!r}"
    why = "lapsed" if entry.until < today else "matches no difference"
    return Problem(
        rule=ACCEPTED_IN_VAIN,
        message=f"accepted_drift of {what}, through {entry.until}, {why}",
        source=entry.source,
        excerpt="",
        expected="another day, or no entry"
        if entry.until < today
        else "no entry, or one that is spelt as drift shows it",
        suggestion="",
        related=None,
        severity=Severity.WARNING,
    )

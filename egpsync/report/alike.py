"""Changes in, those of them that look the same together out: what is told of many models is told once."""

from collections.abc import Hashable, Sequence

from egpsync.model.record import ChangeRecord
from egpsync.report.escape import visible
from egpsync.report.words import values_shown
from egpsync.value import Value

MANY = 3
"""From how many on equal changes are told together."""


class Shown(Value, frozen=True, kw_only=True):
    """Changes that look the same but for their names, ids and places; most often one alone."""

    changes: Sequence[ChangeRecord]
    values: Sequence[tuple[str, str]]  # of each field, as text

    @property
    def first(self) -> ChangeRecord:
        """The one that stands for all."""
        return self.changes[0]


def alike(changes: Sequence[ChangeRecord], *, singly: bool = False, ended: bool = False) -> list[Shown]:
    """The changes with their values as text, in their order; many that are equal become one, unless asked `singly`.

    With `ended` they are compared and shown by how they ended alone.
    """
    found: dict[Hashable, list[ChangeRecord]] = {}
    texts: dict[Hashable, Sequence[tuple[str, str]]] = {}
    for change in changes:
        values = () if ended else tuple(map(values_shown, change.fields))
        # What is replaced is told one by one, as each of its requests is.
        alone = singly or change.action == "recreate"
        key = id(change) if alone else _likeness(change, values, ended=ended)
        found.setdefault(key, []).append(change)
        texts.setdefault(key, values)
    shown = []
    for key, members in found.items():
        groups = [members] if len(members) >= MANY else [[member] for member in members]
        shown += [Shown(changes=group, values=texts[key]) for group in groups]
    return shown


def ending_call(change: ChangeRecord, *, many: bool) -> str:
    """The request that an outcome is about and its answer; for many models without the id."""
    if change.outcome is None:
        return ""
    url = change.outcome.url.replace(change.id, "(id)") if many and change.id else change.outcome.url
    answered = f" -> {change.outcome.status}" if change.outcome.status is not None else ""
    return visible(f"{change.outcome.method} {url}".strip() + answered)


def _likeness(change: ChangeRecord, values: Sequence[tuple[str, str]], *, ended: bool) -> Hashable:
    """All that is told of a change but its own name, id and places."""
    outcome, ending = change.outcome, None
    if outcome:
        ending = (outcome.result, ending_call(change, many=True), nameless(change, outcome.message), outcome.note)
    what = (change.action, change.model_vendor, change.previous_name is None, change.status, ending)
    if ended:
        return what
    fields = tuple(
        (field.path, field.op, field.effect, field.reason, field.origin, field.pending_since, *texts)
        for field, texts in zip(change.fields, values, strict=True)
    )
    return what, nameless(change, change.reason), change.notes, fields


def nameless(change: ChangeRecord, text: str) -> str:
    """A sentence about one model, for many."""
    return text.replace(f"'{change.name}'", "of that name") if text else text

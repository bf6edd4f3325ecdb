"""A Change in, the ChangeRecord that leaves the program out; and its JSON, both ways. The only caller of masking."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from egpsync.fields.mask import hidden, masked, secrets_in, texts_in, without
from egpsync.model.plan import Change, Create, FieldChange, Request, Update
from egpsync.model.record import ChangeRecord, FieldRecord, OutcomeRecord
from egpsync.model.run import ChangeResult, Failure
from egpsync.model.values import Json, JsonMap, Path
from egpsync.typed import Misfit, fit, plain
from egpsync.value import replace

_REFUSED = re.compile(r"(?P<place>(?:body\.)?(?:model_type|model_metadata|vendor_configuration)(?:\.[\w-]+)*): ")
"""Where a validation error of the API says which field it is about."""


def record(change: Change, requests: Iterable[Request]) -> ChangeRecord:
    """The change as it is shown, saved and journaled. `requests` are those that it sends."""
    return ChangeRecord(
        name=change.name,
        model_vendor=change.vendor,
        id=change.id,
        action=change.action,
        previous_name=change.live.name if change.live and change.live.name != change.name else None,
        status=change.live.status if change.live else None,
        reason=told([change], change.reason),
        notes=tuple(told([change], note) for note in change.notes),
        fields=tuple(_field(change.vendor, field) for field in sorted(change.fields, key=lambda field: field.path)),
        requests=tuple(record_request(change.vendor, request) for request in requests),
        source=change.source,
        ignored=change.ignored,
        owner=_owner_of(change),
    )


def _owner_of(change: Change) -> str | None:
    declared = change.desired.owner if change.desired else None
    return declared or (change.live.mark.owner if change.live else None)


def record_request(vendor: str, request: Request) -> Request:
    """The request with its secrets masked."""
    return replace(request, body=None if request.body is None else masked((), request.body))


def record_end(planned: ChangeRecord, result: ChangeResult) -> ChangeRecord:
    """The record of a change that was carried out, or was not."""
    failure = result.failure
    outcome = OutcomeRecord(
        result=result.outcome,
        message=told([result.change], _placed(result.change, failure)) if failure else "",
        method=failure.method if failure else "",
        url=failure.url if failure else "",
        status=failure.status if failure else None,
        advice=told([result.change], failure.advice) if failure else "",
        note=told([result.change], result.note),
    )
    return replace(planned, id=result.id or planned.id, outcome=outcome)


def _placed(change: Change, failure: Failure) -> str:
    """The message; where it says which field the API refuses, with the line that set it before it."""
    found = _REFUSED.search(failure.message) if failure.status in (400, 422) and change.desired else None
    if found is None or change.desired is None:
        return failure.message
    path, inside = list[str](), change.desired.fields
    for key in found["place"].split("."):
        if isinstance(inside, Mapping) and key in inside:  # others name the shape that was tried, or the body itself
            path, inside = [*path, key], inside[key]
    if not path:
        return failure.message
    return f"{change.desired.source_of(tuple(path))}: the API refuses {path[-1]}: {failure.message}"


def told(changes: Iterable[Change], text: str) -> str:
    """What is said of these changes beside their records, such as a server's words, without their secrets."""
    return without((secret for change in changes for secret in _secrets_of(change)), text) if text else ""


def secrets_of(models: Iterable[JsonMap]) -> frozenset[str]:
    """The texts of all secret values of such models' fields."""
    return frozenset(secret for fields in models for secret in secrets_in((), fields))


def shown(path: Path, value: Json) -> Json:
    """The value of a manifest at `path` as it can be shown."""
    return masked(path, value)


def secrets_sent(vendor: str, request: Request) -> list[str]:
    """The secret values in a request, in the order in which they stand there."""
    return list(secrets_in((), request.body))


def seen(change: Change) -> Json:
    """What the plan saw of the change's live model, its secrets masked; None where there is none."""
    live = change.live
    return [live.id, live.name, masked((), live.fields)] if live else None


def document_of(change: ChangeRecord) -> dict[str, Any]:
    """The record as `definitions/change` of the report's schema; outcome and origins stand there only if there are."""
    document: dict[str, Any] = plain(change)
    if document["outcome"] is None:
        del document["outcome"]
    for field in document["fields"]:
        if field["origin"] is None:
            del field["origin"], field["pending_since"]
    return document


def changes_of(documents: Iterable[JsonMap]) -> tuple[ChangeRecord, ...]:
    """The records of such documents, whatever else stands in these. Raises Misfit, which says in which."""
    changes = []
    for number, document in enumerate(documents, 1):
        try:
            changes.append(_change_of(document))
        except Misfit as error:
            raise Misfit(f"change {number}: {error}") from error
    return tuple(changes)


def _change_of(document: JsonMap) -> ChangeRecord:
    change = fit(document, ChangeRecord)
    if not all(field.path for field in change.fields):
        raise Misfit(f"a field of {change.name!r} has no path")
    return change


def _field(vendor: str, field: FieldChange) -> FieldRecord:
    before, after = (
        hidden(value) if field.sensitive else masked(field.path, value) for value in (field.before, field.after)
    )
    return FieldRecord(
        path=field.path,
        op=field.op,
        before=before,
        after=after,
        sensitive=field.sensitive,
        effect=field.effect,
        source=field.source,
        reason=field.reason,
        origin=field.origin,
        pending_since=field.pending_since,
    )


def _secrets_of(change: Change) -> Iterator[str]:
    for field in change.fields:
        for value in (field.before, field.after):
            yield from texts_in(value) if field.sensitive else secrets_in(field.path, value)
    for held in (
        *(step.body for step in change.writes if isinstance(step, Create | Update)),
        change.live.fields if change.live else None,
        change.desired.fields if change.desired else None,
    ):
        yield from secrets_in((), held)

"""Records and a query in, one page of the listing out, as the bytes of its JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from egpsync.emulator.refusal import Refusal
from egpsync.emulator.store import Record

SORTABLE = frozenset({"created_at", "id", "name", "model_type", "model_vendor", "status"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a listing is asked for."""

    name: str | None  # exactly this name
    model_vendor: str | None
    starting_after: str | None  # id of the model before the page
    ending_before: str | None  # id of the model after the page
    limit: int  # 1 to 1000
    sort_by: str  # one of SORTABLE; ties are settled by the id
    sort_order: Literal["asc", "desc"]


def page(records: Iterable[Record], query: Query, *, cap: int) -> bytes:
    """One page: at most `limit` models, and at most `cap` of them."""
    key = _key(query.sort_by)
    matching = sorted(_matching(records, query), key=key, reverse=query.sort_order == "desc")
    size = min(query.limit, cap)
    if query.ending_before is not None:
        end = _place(matching, query.ending_before, "ending_before")
        items, more = matching[max(0, end - size) : end], end > size
    else:
        start = 0 if query.starting_after is None else _place(matching, query.starting_after, "starting_after") + 1
        items, more = matching[start : start + size], start + size < len(matching)
    texts = b",".join(record.text for record in items)
    ending = f'],"limit":{query.limit},"total":{len(matching)},"has_more":{"true" if more else "false"}}}'
    return b'{"object":"list","items":[' + texts + ending.encode()


def _matching(records: Iterable[Record], query: Query) -> Iterable[Record]:
    for record in records:
        if query.name not in {None, record.fields["name"]}:
            continue
        if query.model_vendor in {None, record.fields["model_vendor"]}:
            yield record


def _key(sort_by: str) -> Any:
    if sort_by not in SORTABLE:
        raise Refusal(400, f"Models cannot be sorted by {sort_by!r}")
    return lambda record: (record.fields[sort_by], record.fields["id"])


def _place(records: Sequence[Record], model_id: str, parameter: str) -> int:
    for place, record in enumerate(records):
        if record.fields["id"] == model_id:
            return place
    raise Refusal(400, f"{parameter}: no model {model_id!r} in this listing")

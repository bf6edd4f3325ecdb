"""A run's report held against the server's own account; written without the engine's own comparisons.

Each function gives sentences, one for each thing that is wrong; nothing is wrong where there is none.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from egpsync.account.requests import request_of
from egpsync.emulator.log import Entry
from egpsync.model.plan import Change, Write
from egpsync.model.run import ChangeResult, Outcome
from tests.faults.account import Ran, by_id

Model = Mapping[str, Any]
NOTHING_ACTED = frozenset({Outcome.STALE, Outcome.NOT_ATTEMPTED, Outcome.NOTHING})
ACCEPTED_YET_FAILED = ("did not converge: ", "the deployment ended as ", "HTTP 404: ", "stopped half way")
STATUS = ("status", "status_reason", "model_availability")
NEVER_SENT = "is unknown, and nothing was sent"
AMBIGUOUS = frozenset({None, 200, 408, 500, 502, 504})
"""Statuses after which nobody knows; 200 as such an answer can be unreadable."""


def lies(ran: Ran, *, moved: bool = False, relayed: bool = False) -> list[str]:
    """What the report says and is not so.

    `moved`: somebody else may have changed a model after we did. `relayed`: a request can have been lost on its way,
    so that the server knows of none where one was sent.
    """
    found = [(result, lie) for result in ran.result.results for lie in _lies(result, ran, moved)]
    return [f"{result.change.name}: {lie}" for result, lie in found if not (relayed and lie == NEVER_SENT)]


def _lies(result: ChangeResult, ran: Ran, moved: bool) -> Iterator[str]:
    mine = [entry for entry in ran.entries if _is_of(entry, result)]
    acted = [entry for entry in mine if entry.acted]
    if result.outcome in NOTHING_ACTED and acted:
        yield f"is {result.outcome}, and the server did {_words(acted)}"
    if result.outcome == Outcome.UNKNOWN and not mine:
        yield NEVER_SENT
    if result.outcome == Outcome.IN_FLIGHT and not acted:
        yield "is in flight, and nothing was done"
    if result.outcome == Outcome.APPLIED and not moved:
        yield from missing(result.change, ran.models, result.id)
    if result.outcome == Outcome.APPLIED and result.failure is not None:
        yield "is applied, with a failure"
    if result.outcome == Outcome.FAILED:
        yield from _unfounded(result, mine)
    if not moved and result.done < len({_step_of(entry) for entry in acted}) - 1:
        yield f"says that {result.done} requests were done, and the server did {_words(acted)}"


def _unfounded(result: ChangeResult, mine: list[Entry]) -> Iterator[str]:
    """A failure that says less than what happened."""
    if result.failure is None:
        yield "failed without a reason"
    elif _of_its_last_step(mine, result) and not result.failure.message.startswith(ACCEPTED_YET_FAILED):
        yield f"failed ({result.failure.message}), and the server did {_words(mine[-1:])}"


def _of_its_last_step(mine: list[Entry], result: ChangeResult) -> bool:
    """Whether the server did the request at which the change ended."""
    begun = result.change.writes[result.done : result.done + 1]
    return any(entry.acted and _is_sent_by(entry, step, result) for step in begun for entry in mine)


def missing(change: Change, models: Iterable[Model], model_id: str | None) -> Iterator[str]:
    """What an applied change left undone."""
    there = by_id(models)
    if change.desired is None or change.desired.state == "absent":
        if change.id in there:
            yield "is applied, and the model is still there"
        return
    model = there.get(model_id or "") or _named(models, change.vendor, change.name)
    if model is None:
        yield "is applied, and there is no such model"
        return
    if model["name"] != change.name:
        yield f"is applied, and the model is called {model['name']!r}"
    for field in change.fields:
        if field.path[0] in model and _at(model, field.path) != field.after:
            yield f"is applied, and {'.'.join(field.path)} is {_at(model, field.path)!r}"


def _at(held: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        held = held.get(key) if isinstance(held, Mapping) else None
    return held


def sent_blindly(entries: Iterable[Entry]) -> list[str]:
    """Writes that were sent again although nobody knew what had come of them, with no reading in between."""
    open_: dict[str, Entry] = {}
    found = []
    for entry in entries:
        step = _step_of(entry)
        if entry.method == "GET":
            read = entry.path.rpartition("/")[2]
            names = {entry.query.get("name")}
            open_ = {key: one for key, one in open_.items() if not (one.path.endswith(read) or _name(one) in names)}
        elif step in open_:
            found.append(f"{entry.method} {entry.path} was sent again after {open_[step].status}, unread")
        elif entry.status in AMBIGUOUS and (entry.method == "POST" or entry.status != 503):
            open_[step] = entry
    return found


def made_twice(entries: Iterable[Entry]) -> list[str]:
    """Models of one vendor and name that were created more than once."""
    made = Counter((entry.body["model_vendor"], entry.body["name"]) for entry in entries if _creates(entry))
    return [f"{vendor} {name} was created {count} times" for (vendor, name), count in made.items() if count > 1]


def touched(before: Iterable[Model], after: Iterable[Model], entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """What nobody declared and is not as it was: whole models, and parts of models that are there still."""
    held, wanted = by_id(after), list(entries)
    found = []
    for old in before:
        new = held.get(old["id"])
        means = [entry for entry in wanted if _means(entry, old)]
        declared = means[0] if means else None
        if new is None:
            if declared is None:
                found.append(f"{old['name']} is gone, and nobody wanted that")
        elif undeclared(old, declared) != undeclared(new, declared):
            found.append(f"{old['name']}: {undeclared(old, declared)} became {undeclared(new, declared)}")
    return found


def undeclared(model: Model, entry: Mapping[str, Any] | None) -> Any:
    """The model without our mark, without what the manifest declares, and without what a deployment changes."""
    bare = _without(model, entry or {})
    bare["model_metadata"] = {
        key: value for key, value in (bare.get("model_metadata") or {}).items() if key != "egpsync"
    }
    return {key: value for key, value in bare.items() if key not in STATUS and (entry is None or key != "name")}


def _without(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    left = {}
    for key, value in held.items():
        if isinstance(value, Mapping) and isinstance(wanted.get(key), Mapping):
            left[key] = _without(value, wanted[key])
        elif key not in wanted:
            left[key] = value
    return left


def _means(entry: Mapping[str, Any], model: Model) -> bool:
    names = {entry.get("name"), entry.get("renamed_from")}
    return bool(entry["id"] == model["id"] if "id" in entry else model["name"] in names)


def _named(models: Iterable[Model], vendor: str, name: str) -> Model | None:
    wanted = (vendor, name)
    return next((one for one in models if (one["model_vendor"], one["name"]) == wanted), None)


def _is_of(entry: Entry, result: ChangeResult) -> bool:
    return any(_is_sent_by(entry, step, result) for step in result.change.writes)


def _is_sent_by(entry: Entry, step: Write, result: ChangeResult) -> bool:
    request = request_of(step, result.id or "?")
    body = request.body or {}
    if entry.method != request.method or set(entry.body or ()) != set(body):
        return False
    if request.method == "POST":
        return all(entry.body[part] == body[part] for part in ("model_vendor", "name"))
    return entry.path == request.path


def _creates(entry: Entry) -> bool:
    return entry.method == "POST" and entry.acted


def _name(entry: Entry) -> str | None:
    return entry.body.get("name") if entry.method == "POST" else None


def _step_of(entry: Entry) -> str:
    return f"{entry.method} {entry.path} {','.join(sorted(entry.body or ()))} {_name(entry) or ''}"


def _words(entries: Iterable[Entry]) -> str:
    return ", ".join(f"{entry.method} {entry.path}" for entry in entries)

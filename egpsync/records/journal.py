"""What a run tried, on disk before it is tried; and a run's journal read back.

A journal is a file of JSON lines, appended to and synced: one line before each request, one after it, and one when a
deployment ends. No secret value is written. A run that is killed leaves at most a line cut short; that one, and lines
of other making, are passed over when a journal is read.
"""

import asyncio
import hmac
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Self, TypeAlias

from egpsync.account.requests import requests_of
from egpsync.clock import now
from egpsync.errors import FileError
from egpsync.leak import LEAKING, NOTHING, Known
from egpsync.model.plan import Action, Change, Effect, Op, Plan, Request, Target, Wait, Write
from egpsync.model.record import ChangeRecord, FieldRecord
from egpsync.model.values import Json, JsonMap
from egpsync.model.values import Path as FieldPath
from egpsync.record import changes_of, document_of, record, record_request, told
from egpsync.typed import Misfit, fit, plain, read_json, write_json
from egpsync.value import Value, replace

VERSION = 2


class Steps(Value, frozen=True, kw_only=True):
    """What stands beside a change's own document in the first line."""

    steps: tuple[str, ...]  # the keys of its own, and of those of other changes that change its model too


class Begin(Value, frozen=True, kw_only=True):
    """The first line: what the run was to do."""

    at: str  # UTC, ISO 8601; so in each line
    version: int
    tool_version: str
    base_url: str
    account_id: str | None
    digest: str  # of the manifests
    changes: tuple[JsonMap, ...]  # each the document of a ChangeRecord, and its Steps


class Intent(Value, frozen=True, kw_only=True):
    """Before a request."""

    at: str
    step: str
    vendor: str
    name: str
    id: str | None
    method: str
    path: str
    body: JsonMap | None  # masked


class Result(Value, frozen=True, kw_only=True):
    """After it."""

    at: str = ""
    step: str
    result: str  # "done", "refused" (the server said no), or "lost" (nobody knows)
    status: int | None
    id: str | None  # of the model


class Deployed(Value, frozen=True, kw_only=True):
    """A deployment of this run has ended."""

    at: str
    vendor: str
    name: str
    fingerprint: str  # of the declared configuration
    status: str
    reason: str


class Settled(Value, frozen=True, kw_only=True):
    """A later run has looked at what this one left open."""

    at: str = ""


class End(Value, frozen=True, kw_only=True):
    """The run has come to its end and reported."""

    at: str = ""
    outcomes: Mapping[str, int]


Line: TypeAlias = Begin | Intent | Result | Deployed | Settled | End
EVENTS: Mapping[str, type[Line]] = {
    "begin": Begin,
    "intent": Intent,
    "outcome": Result,
    "deployed": Deployed,
    "settled": Settled,
    "end": End,
}


class PastRun(Value, frozen=True, kw_only=True):
    """What a run was to do, and what it tried of it."""

    target: Target
    attempted: tuple[ChangeRecord, ...]  # with the ids that the run learnt


class Journal:
    """One run's journal. Every line is on disk when its call returns."""

    def __init__(self, file: Path, salt: bytes, known: Known = NOTHING) -> None:
        self.file = file
        self._known = known
        self._salt = salt
        self._lock = threading.Lock()
        with writable(file):
            self._handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
            self._cut = os.fstat(self._handle).st_size > 0  # who wrote it before may have been killed at it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            os.close(self._handle)

    def begin(self, plan: Plan, target: Target, tool_version: str) -> None:
        """The first line: what the run is to do. Raises FileError."""
        begin = Begin(
            at=now(),
            version=VERSION,
            tool_version=tool_version,
            base_url=target.base_url,
            account_id=target.account_id,
            digest=plan.digest,
            changes=tuple(_planned(change) for change in plan.changes if change.writes or _given_by(change)),
        )
        self.write("begin", begin)

    async def intend(self, change: Change, step: Write, request: Request) -> None:
        """Before a request: what is about to be sent. Raises FileError, upon which nothing may be sent."""
        shown = record_request(change.vendor, request)
        intent = Intent(
            at=now(),
            step=str(step.key),
            vendor=change.vendor,
            name=change.name,
            id=change.id,
            method=shown.method,
            path=shown.path,
            body=shown.body,
        )
        await asyncio.to_thread(self.write, "intent", intent)

    async def outcome(
        self, step: Write, result: str, *, status: int | None = None, model_id: str | None = None
    ) -> None:
        """After it: "done", "refused" (the server said no), or "lost" (nobody knows)."""
        line = Result(at=now(), step=str(step.key), result=result, status=status, id=model_id)
        await asyncio.to_thread(self.write, "outcome", line)

    async def deployed(self, change: Change, status: str, reason: str) -> None:
        """A deployment that this run started has ended. Where that cannot be written, a later plan's note is lost."""
        line = Deployed(
            at=now(),
            vendor=change.vendor,
            name=change.name,
            fingerprint=fingerprint_of(change, self._salt),
            status=status,
            reason=told([change], reason),
        )
        with suppress(FileError):
            await asyncio.to_thread(self.write, "deployed", line)

    def settle(self) -> None:
        """What the run left open has been looked at. Raises FileError."""
        self.write("settled", Settled(at=now()))

    def end(self, outcomes: Mapping[str, int]) -> None:
        """The run has come to its end and reported. Raises FileError."""
        self.write("end", End(at=now(), outcomes=dict(outcomes)))

    def write(self, event: str, line: Line) -> None:
        """One line, synced. Raises FileError; the line may then be cut, and the next one begins anew."""
        text = write_json({"event": event, **plain(line)})
        if self._known.stands_in(text):
            raise FileError("a secret would stand in the journal", where=str(self.file), advice=LEAKING)
        with writable(self.file):
            with self._lock:
                self._append(text.encode() + b"\n")
            os.fsync(self._handle)

    def _append(self, line: bytes) -> None:
        """Write all of it: on a disk that is almost full, a call writes a part and says nothing."""
        rest = b"\n" + line if self._cut else line
        self._cut = True
        while rest:
            rest = rest[os.write(self._handle, rest) :]
        self._cut = False


def _planned(change: Change) -> JsonMap:
    steps = [*(str(step.key) for step in change.writes), *_given_by(change)]
    return {"steps": steps, **document_of(record(change, requests_of(change)))}


def _given_by(change: Change) -> list[str]:
    """The requests of other changes that change this model too: an exchange of names."""
    return [str(key) for step in change.steps if isinstance(step, Wait) for key in step.after]


def fingerprint_of(change: Change, salt: bytes) -> str:
    """What tells a model's declared configuration from another, and nothing more of it."""
    declared = change.desired.fields.get("vendor_configuration") if change.desired else None
    text = json.dumps([change.vendor, change.name, declared], sort_keys=True)
    return hmac.new(salt, text.encode(), sha256).hexdigest()


def lines_in(text: str) -> Iterator[Line | Misfit]:
    """The lines of a journal: a Misfit for one that is not as this version writes it.

    What is no JSON object, as the end of a line that was cut, and events that are not known are passed over.
    """
    for number, value in _values_in(text):
        kind = EVENTS.get(value["event"]) if isinstance(value.get("event"), str) else None
        if kind is not None:
            yield _line(value, kind, number)


def run_in(text: str) -> PastRun:
    """The run that a journal tells of. Raises Misfit where it is none, is damaged, or of a version not read here."""
    begin, lines = _begin_in(text), list(lines_in(text))
    for line in lines:
        if isinstance(line, Misfit) and begin.version == VERSION:
            raise line
    intents = {line.step: line for line in lines if isinstance(line, Intent)}
    made = {line.step: line.id for line in lines if isinstance(line, Result) and line.id}
    attempted = [
        _attempted(change, steps, intents, made)
        for change, steps in zip(changes_of(begin.changes), _steps_of(begin.changes), strict=True)
        if not intents.keys().isdisjoint(steps)
    ]
    return PastRun(target=Target(base_url=begin.base_url, account_id=begin.account_id), attempted=tuple(attempted))


def _values_in(text: str) -> Iterator[tuple[int, JsonMap]]:
    for number, line in enumerate(text.split("\n"), 1):
        try:
            value = read_json(line) if line else None
        except Misfit:
            continue
        if isinstance(value, dict):
            yield number, value


def _line(value: JsonMap, kind: type[Line], number: int) -> Line | Misfit:
    try:
        return fit(value, kind)
    except Misfit as error:
        return Misfit(f"line {number}: {error}")


def _begin_in(text: str) -> Begin:
    value = next((value for _, value in _values_in(text) if value.get("event") == "begin"), None)
    if value is None:
        raise Misfit("it does not tell what the run was to do")
    match value.get("version"):
        case 1:
            return _of_version_1(fit(value, _Begin1))
        case version if version == VERSION:
            return fit(value, Begin)
        case version:
            raise Misfit(f"it is a journal of version {version}, and this egpsync reads {VERSION}")


def _steps_of(documents: Iterable[JsonMap]) -> list[tuple[str, ...]]:
    return [fit(document, Steps).steps for document in documents]


def _attempted(
    change: ChangeRecord, steps: Iterable[str], intents: Mapping[str, Intent], made: Mapping[str, str]
) -> ChangeRecord:
    """The change, with the id of what it created as soon as the run had learnt it."""
    sent = [step for step in steps if step in intents]
    model_id = next((made[step] for step in sent if step in made and intents[step].method == "POST"), change.id)
    return replace(change, id=model_id, requests=change.requests or tuple(_request(intents[step]) for step in sent))


def _request(intent: Intent) -> Request:
    return Request(method=intent.method, path=intent.path, body=intent.body)


class _Field1(Value, frozen=True, kw_only=True):
    path: FieldPath
    op: Op
    before: Json
    after: Json
    sensitive: bool


class _Change1(Value, frozen=True, kw_only=True):
    name: str
    model_vendor: str
    id: str | None
    action: Action
    steps: tuple[str, ...]
    fields: tuple[_Field1, ...]


class _Begin1(Value, frozen=True, kw_only=True):
    """The first line of a journal of egpsync 0.1, which held less of each change."""

    at: str
    version: int
    tool_version: str
    base_url: str
    account_id: str | None
    digest: str
    changes: tuple[_Change1, ...]


def _of_version_1(old: _Begin1) -> Begin:
    changes = tuple({"steps": list(change.steps), **document_of(_record_of(change))} for change in old.changes)
    return Begin(
        at=old.at,
        version=old.version,
        tool_version=old.tool_version,
        base_url=old.base_url,
        account_id=old.account_id,
        digest=old.digest,
        changes=changes,
    )


def _record_of(old: _Change1) -> ChangeRecord:
    """What was journaled of a change; what was not is as if there were nothing of it."""
    fields = [
        FieldRecord(
            path=field.path,
            op=field.op,
            before=field.before,
            after=field.after,
            sensitive=field.sensitive,
            effect=Effect.IN_PLACE,
            source=None,
            reason="",
        )
        for field in old.fields
    ]
    return ChangeRecord(
        name=old.name,
        model_vendor=old.model_vendor,
        id=old.id,
        action=old.action,
        previous_name=None,
        status=None,
        reason="",
        notes=(),
        fields=tuple(fields),
        requests=(),
        source=None,
    )


@contextmanager
def writable(place: Path) -> Iterator[None]:
    """Say where and why something cannot be written, and what to do."""
    try:
        yield
    except OSError as error:
        raise FileError(
            f"the journal cannot be written: {error.strerror}",
            where=str(place),
            advice="Nothing is sent that is not on disk first. Free the place, or name another with --state-dir.",
        ) from error

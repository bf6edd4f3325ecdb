"""What a run tried, on disk before it is tried; and what earlier runs left, read back.

A run is a file of JSON lines, appended to and synced: one line before each request, one after it, and one when a
deployment ends. No secret value is written. A run that is killed leaves at most its last line cut; that one, and
lines of other making, are passed over when journals are read. Runs of one account lie in one folder, which a run holds
by a file lock: the operating system gives it back when the process ends, however it ends.
"""

import asyncio
import fcntl
import hmac
import json
import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from egpsync.errors import FileError, LockedError
from egpsync.fields.mask import masked, secrets_in, without
from egpsync.model.plan import Change, Plan, Request, Target, Wait, Write
from egpsync.model.values import Json, JsonMap
from egpsync.settings.urls import identity_of

VERSION = 1
RUNS_KEPT = 50
BYTES_KEPT = 64 * 2**20  # of all runs of an account; the newest run is always kept
TRIED = frozenset({"step", "at", "vendor", "name", "id", "method", "path"})
"""What an intent's line holds of a Tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One request of an earlier run whose outcome that run did not live to write."""

    run: str  # the journal's file name
    step: str  # its key in that run's plan
    at: str  # UTC, ISO 8601
    vendor: str
    name: str
    id: str | None
    method: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDeployment:
    """A configuration whose deployment failed in an earlier run."""

    at: str  # UTC, ISO 8601
    status: str
    reason: str


class Home:
    """Where the runs of one account are kept."""

    def __init__(self, state_dir: str, target: Target) -> None:
        name = sha256(f"{identity_of(target.base_url)}\n{target.account_id or ''}".encode()).hexdigest()[:16]
        self._state_dir = Path(state_dir)
        self.folder = self._state_dir / name
        self._target = target

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the account against other runs on this machine. Raises LockedError where one is under way."""
        with _writable(self.folder):
            self._state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.mkdir(exist_ok=True, mode=0o700)
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take(handle)
            yield
        finally:
            os.close(handle)

    def _take(self, handle: int) -> None:
        """Lock the file, and name this process in it."""
        with _writable(self.folder):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                holder = os.read(handle, 100).decode(errors="replace").strip() or "it has just begun"
                raise LockedError(
                    f"another apply to this account is under way on this machine ({holder})",
                    where=self._target.base_url,
                    advice="Wait for it to end, and run again. Nothing was sent.",
                ) from error
            os.ftruncate(handle, 0)
            os.write(handle, f"process {os.getpid()}, since {_now()}".encode())

    def begin(self, plan: Plan, tool_version: str) -> "Journal":
        """A new run's journal. Old ones beyond what is kept are removed."""
        with _writable(self.folder):
            self._forget_oldest()
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
            journal = Journal(self.folder / f"run-{stamp}-{os.getpid()}.jsonl", self.salt())
        journal.write(
            "begin",
            version=VERSION,
            tool_version=tool_version,
            base_url=self._target.base_url,
            account_id=self._target.account_id,
            digest=plan.digest,
            changes=[_recorded(change) for change in plan.changes if change.writes or _given_by(change)],
        )
        with _writable(self.folder):
            _sync_names(self.folder)
        return journal

    def unfinished(self) -> tuple[Tried, ...]:
        """Every request that was on its way when its run was killed, oldest first."""
        return tuple(tried for file in self._runs() for tried in _left_open(file))

    def settle(self, told: Iterable[Tried]) -> None:
        """Note in the journals of these requests that they have been looked at."""
        runs = {tried.run for tried in told}
        for file in self._runs():
            if file.name in runs:
                with Journal(file, b"") as journal:
                    journal.write("settled")

    def failed_before(self) -> Mapping[str, FailedDeployment]:
        """The last end of each configuration, by its fingerprint, where that was a failure."""
        ends: dict[str, FailedDeployment | None] = {}
        for file in self._runs():
            for line in _lines(file):
                if line.get("event") == "deployed" and "fingerprint" in line:
                    at, status, reason = (str(line.get(name, "")) for name in ("at", "status", "reason"))
                    failure = FailedDeployment(at=at, status=status, reason=reason)
                    ends[str(line["fingerprint"])] = None if status == "ready" else failure
        return {fingerprint: failure for fingerprint, failure in ends.items() if failure is not None}

    def salt(self) -> bytes:
        """Random bytes of this folder: a fingerprint says nothing of a secret to who does not have them."""
        file = self.folder / "salt"
        if not file.exists():
            beside = file.with_suffix(f".{os.getpid()}")
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(secrets.token_bytes(32))
            beside.replace(file)
        return file.read_bytes()

    def _runs(self) -> list[Path]:
        return sorted(self.folder.glob("run-*.jsonl"))

    def _forget_oldest(self) -> None:
        kept = 0
        for index, file in enumerate(reversed(self._runs())):
            kept += file.stat().st_size
            if index and (index >= RUNS_KEPT - 1 or kept > BYTES_KEPT):
                file.unlink()


class Journal:
    """One run's journal. Every line is on disk when its call returns."""

    def __init__(self, file: Path, salt: bytes) -> None:
        self.file = file
        self._salt = salt
        self._lock = threading.Lock()
        with _writable(file):
            self._handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._cut = os.fstat(self._handle).st_size > 0  # who wrote it before may have been killed at it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            os.close(self._handle)

    async def intend(self, change: Change, step: Write, request: Request) -> None:
        """Before a request: what is about to be sent. Raises FileError, upon which nothing may be sent."""
        body = masked(change.vendor, (), request.body)
        await self._write(
            "intent",
            step=str(step.key),
            vendor=change.vendor,
            name=change.name,
            id=change.id,
            method=request.method,
            path=request.path,
            body=body,
        )

    async def outcome(
        self, step: Write, result: str, *, status: int | None = None, model_id: str | None = None
    ) -> None:
        """After it: "done", "refused" (the server said no), or "lost" (nobody knows)."""
        await self._write("outcome", step=str(step.key), result=result, status=status, id=model_id)

    async def deployed(self, change: Change, status: str, reason: str) -> None:
        """A deployment that this run started has ended. Where that cannot be written, a later plan's note is lost."""
        known = (change.desired.fields if change.desired else None, change.live.fields if change.live else None)
        secret = [text for fields in known for text in secrets_in(change.vendor, (), fields)]
        with suppress(FileError):
            await self._write(
                "deployed",
                vendor=change.vendor,
                name=change.name,
                fingerprint=fingerprint_of(change, self._salt),
                status=status,
                reason=without(secret, reason),
            )

    def end(self, outcomes: Mapping[str, int]) -> None:
        """The run has come to its end and reported."""
        self.write("end", outcomes=dict(outcomes))

    def write(self, event: str, **facts: Json) -> None:
        """One line, synced. Raises FileError; the line may then be cut, and the next one begins anew."""
        line = json.dumps({"event": event, "at": _now(), **facts}, separators=(",", ":"), ensure_ascii=True)
        with _writable(self.file):
            with self._lock:
                self._append(line.encode() + b"\n")
            os.fsync(self._handle)

    def _append(self, line: bytes) -> None:
        """Write all of it: on a disk that is almost full, a call writes a part and says nothing."""
        rest = b"\n" + line if self._cut else line
        self._cut = True
        while rest:
            rest = rest[os.write(self._handle, rest) :]
        self._cut = False

    async def _write(self, event: str, **facts: Json) -> None:
        await asyncio.to_thread(self.write, event, **facts)


def fingerprint_of(change: Change, salt: bytes) -> str:
    """What tells a model's declared configuration from another, and nothing more of it."""
    declared = change.desired.fields.get("vendor_configuration") if change.desired else None
    text = json.dumps([change.vendor, change.name, declared], sort_keys=True)
    return hmac.new(salt, text.encode(), sha256).hexdigest()


def _recorded(change: Change) -> JsonMap:
    """What a later run needs to put the change back: its fields before and after, without secrets."""
    return {
        "name": change.name,
        "model_vendor": change.vendor,
        "id": change.id,
        "action": change.action.value,
        "steps": [str(step.key) for step in change.writes] + _given_by(change),
        "fields": [
            {
                "path": list(field.path),
                "op": field.op.value,
                "before": None if field.sensitive else masked(change.vendor, field.path, field.before),
                "after": None if field.sensitive else masked(change.vendor, field.path, field.after),
                "sensitive": field.sensitive,
            }
            for field in change.fields
        ],
    }


def _given_by(change: Change) -> list[str]:
    """The requests of other changes that change this model too: an exchange of names."""
    return [str(key) for step in change.steps if isinstance(step, Wait) for key in step.after]


def _left_open(file: Path) -> Iterator[Tried]:
    """The intents of a journal that have no outcome; none where the run ended or was settled."""
    open_steps: dict[str, Tried] = {}
    for line in _lines(file):
        match line.get("event"):
            case "intent" if line.keys() >= TRIED:
                open_steps[str(line["step"])] = Tried(run=file.name, **{name: line[name] for name in TRIED})
            case "outcome" if line.get("result") in ("done", "refused"):
                open_steps.pop(str(line.get("step")), None)
            case "end" | "settled":
                return
    yield from open_steps.values()


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal; the last one can be cut, and a foreign line is passed over."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return  # a run that began meanwhile has removed it, as one of the oldest
    except OSError as error:
        raise FileError("the journal cannot be read", where=str(file), advice=str(error.strerror)) from error
    for line in text.split("\n"):
        try:
            value = json.loads(line) if line else None
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def _sync_names(folder: Path) -> None:
    """A file that was synced is found after a power cut only if its name was synced too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _writable(place: Path) -> Iterator[None]:
    """Say where and why something cannot be written, and what to do."""
    try:
        yield
    except OSError as error:
        raise FileError(
            f"the journal cannot be written: {error.strerror}",
            where=str(place),
            advice="Nothing is sent that is not on disk first. Free the place, or name another with --state-dir.",
        ) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

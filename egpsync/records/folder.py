"""The folder in which the runs of one account are kept: who may run, a new run's journal, what earlier runs left."""

import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from egpsync.clock import now
from egpsync.errors import LockedError
from egpsync.leak import NOTHING, Known
from egpsync.model.plan import Plan, Target
from egpsync.records.journal import Deployed, End, Intent, Journal, Line, Result, Settled, lines_in, writable
from egpsync.records.lock import HeldError, held
from egpsync.settings.urls import identity_of
from egpsync.typed import Misfit
from egpsync.value import Value

SALT = 32  # bytes
RUNS_KEPT = 50
BYTES_KEPT = 64 * 2**20  # of all runs of an account; the newest run is always kept
KNOWN = frozenset({"done", "refused"})
"""Results after which it is known whether a request happened."""


class Unfinished(Value, frozen=True, kw_only=True):
    """One request of an earlier run whose outcome that run did not live to write."""

    run: str  # the journal's file name
    intent: Intent


class StateFolder:
    """Where the runs of one account are kept."""

    def __init__(self, state_dir: str, target: Target, known: Known = NOTHING) -> None:
        name = sha256(f"{identity_of(target.base_url)}\n{target.account_id or ''}".encode()).hexdigest()[:16]
        self._state_dir = Path(state_dir)
        self.folder = self._state_dir / name
        self._target = target
        self._known = known  # secrets that no journal may hold
        self.left_out: dict[str, str] = {}  # files that cannot be used, and why: they stop nothing, and are told

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the account against other runs on this machine. Raises LockedError where one is under way."""
        with writable(self.folder):
            self._state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.mkdir(exist_ok=True, mode=0o700)
        try:
            with held(self.folder, f"process {os.getpid()}, since {now()}"):
                yield
        except HeldError as error:
            raise LockedError(
                f"another apply to this account is under way on this machine ({error.holder})",
                where=self._target.base_url,
                advice="Wait for it to end, and run again. Nothing was sent.",
            ) from error

    def begin(self, plan: Plan, tool_version: str) -> Journal:
        """A new run's journal. Old ones beyond what is kept are removed."""
        with writable(self.folder):
            self._forget_oldest()
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
            journal = Journal(self.folder / f"run-{stamp}-{os.getpid()}.jsonl", self.salt(), self._known)
        journal.begin(plan, self._target, tool_version)
        with writable(self.folder):
            _sync_names(self.folder)
        return journal

    def unfinished(self) -> tuple[Unfinished, ...]:
        """Every request that was on its way when its run was killed, oldest first."""
        return tuple(
            Unfinished(run=file.name, intent=intent)
            for file in self._runs()
            for intent in _left_open(self._lines(file))
        )

    def settle(self, told: Iterable[Unfinished]) -> None:
        """Note in the journals of these requests that they have been looked at."""
        runs = {unfinished.run for unfinished in told}
        for file in self._runs():
            if file.name in runs:
                with Journal(file, b"") as journal:
                    journal.settle()

    def failed_before(self) -> Mapping[str, Deployed]:
        """The last end of each configuration, by its fingerprint, where that was a failure."""
        ends = {
            line.fingerprint: line for file in self._runs() for line in self._lines(file) if isinstance(line, Deployed)
        }
        return {fingerprint: end for fingerprint, end in ends.items() if end.status != "ready"}

    def left_deploying(self) -> frozenset[tuple[str, str]]:
        """Vendor and name of each model whose deployment an earlier run began and did not see the end of."""
        begun: set[tuple[str, str]] = set()
        for file in self._runs():
            for line in self._lines(file):
                match line:
                    case Intent() if "vendor_configuration" in (line.body or {}):
                        begun.add((line.vendor, line.name))
                    case Deployed():
                        begun.discard((line.vendor, line.name))
                    case _:
                        pass
        return frozenset(begun)

    def salt(self) -> bytes:
        """Random bytes of this folder: a fingerprint says nothing of a secret to who does not have them."""
        file = self.folder / "salt"
        if not (file.is_file() and file.stat().st_size >= SALT):
            if file.exists():
                self.left_out[str(file)] = "is no salt, and is replaced: failures of deployments before are forgotten"
            beside = file.with_suffix(f".{os.getpid()}")
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(secrets.token_bytes(SALT))
            beside.replace(file)
        return file.read_bytes()

    def _lines(self, file: Path) -> Iterator[Line]:
        """The lines of a journal that are as this version writes them; none of a file that is none."""
        try:
            if not stat.S_ISREG(file.stat().st_mode):
                self.left_out[str(file)] = "is no regular file"
                return
            text = file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return  # a run that began meanwhile has removed it, as one of the oldest
        except OSError as error:
            self.left_out[str(file)] = f"cannot be read: {error.strerror}"
            return
        for line in lines_in(text):
            if isinstance(line, Misfit):
                self.left_out[str(file)] = f"is damaged: {line}"
            else:
                yield line

    def _runs(self) -> list[Path]:
        return sorted(self.folder.glob("run-*.jsonl"))

    def _forget_oldest(self) -> None:
        kept = 0
        for index, file in enumerate(file for file in reversed(self._runs()) if file.is_file()):
            kept += file.stat().st_size
            if index and (index >= RUNS_KEPT - 1 or kept > BYTES_KEPT):
                file.unlink()


def journals_below(state_dir: str) -> list[Path]:
    """The journals of all accounts."""
    return sorted(Path(state_dir).glob("*/run-*.jsonl"))


def _left_open(lines: Iterable[Line]) -> tuple[Intent, ...]:
    """The intents of a journal that have no outcome; none where the run ended or was settled."""
    open_steps: dict[str, Intent] = {}
    for line in lines:
        match line:
            case Intent():
                open_steps[line.step] = line
            case Result() if line.result in KNOWN:
                open_steps.pop(line.step, None)
            case End() | Settled():
                return ()
            case _:
                pass
    return tuple(open_steps.values())


def _sync_names(folder: Path) -> None:
    """A file that was synced is found after a power cut only if its name was synced too; Windows has no such call."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

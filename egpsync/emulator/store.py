"""What the emulated platform holds: models by account, their deployments over time, and what stale reads still see.

Deployments end by the clock that is passed in, whenever somebody looks; nothing runs in the background.
The public methods are also how a test plays another actor: they follow no rule of the API.
"""

import json
import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

from egpsync.emulator.configuration import Fields, copied

FIRST_CREATION = datetime(2026, 1, 1, tzinfo=UTC)
AVAILABILITY = {"ready": "available", "deploying": "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment under way."""

    ends_at: float  # on the store's clock
    outcome: str  # the status that it ends in
    reason: str | None  # the status_reason that it ends with


@dataclass(frozen=True, kw_only=True)
class Record:
    """One model as it is stored; `fields` are never mutated."""

    fields: Fields  # the whole answer of the API
    number: int  # from 1, in the order of creation over all accounts
    deployment: Deployment | None = None

    @property
    def id(self) -> str:
        """The model's id."""
        return str(self.fields["id"])

    @cached_property
    def text(self) -> bytes:
        """The model as JSON, made once: listings join these."""
        return json.dumps(self.fields, ensure_ascii=False, separators=(",", ":")).encode()


class Keeper(Protocol):
    """Where records are kept beyond the process."""

    def keep(self, account: str, record: Record, *, now: float) -> None:
        """Write one record."""

    def drop(self, account: str, model_id: str) -> None:
        """Forget one record."""


class Store:
    """All accounts' models. Safe to use from a test's thread while the server runs."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        stale_seconds: float = 0.0,
        keeper: Keeper | None = None,
    ) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self._stale_seconds = stale_seconds
        self._keeper = keeper
        self._accounts: dict[str, dict[str, Record]] = {}
        self._deploying: set[tuple[str, str]] = set()
        self._past: list[tuple[float, str, str, Record | None]] = []
        self._created = 0
        self._next_end = math.inf  # when the first deployment under way ends

    def models(self, account: str = "") -> list[Fields]:
        """Every model as it is now, oldest first; yours to change."""
        return [copied(record.fields) for record in self.records(account)]

    def model(self, model_id: str, account: str = "") -> Fields:
        """One model as it is now; KeyError when there is none."""
        with self.lock:
            self._settle()
            fields: Fields = copied(self._accounts.get(account, {})[model_id].fields)
            return fields

    def named(self, name: str, vendor: str | None = None, account: str = "") -> Fields:
        """The model of that name (and vendor); KeyError when there is none."""
        for fields in self.models(account):
            if fields["name"] == name and vendor in {None, fields["model_vendor"]}:
                return fields
        raise KeyError(name)

    def add(self, fields: Fields, *, account: str = "", deployment: Deployment | None = None) -> str:
        """Store a model as given, with id, dates and status filled in; returns its id."""
        with self.lock:
            self._created += 1
            born = FIRST_CREATION + timedelta(seconds=self._created)
            named = f"{account}/{fields['model_vendor']}/{fields['name']}/{self._created}"
            status = "deploying" if deployment else fields.get("status", "ready")
            full: Fields = {
                "id": str(uuid5(NAMESPACE_URL, named)),
                "object": "model",
                "model_type": "generic" if fields["model_vendor"] == "launch" else "chat_completion",
                "model_metadata": {},
                "vendor_configuration": None,
                "status_reason": None,
                "model_availability": AVAILABILITY.get(status, "unavailable"),
                "created_at": born.isoformat().replace("+00:00", "Z"),
                "created_by_user_id": "00000000-0000-4000-8000-000000000001",
                "created_by_identity_type": "user",
                **copied(fields),
                "status": status,
            }
            self.put(Record(fields=full, number=self._created, deployment=deployment), account=account)
            return str(full["id"])

    def edit(self, model_id: str, changes: Fields, *, account: str = "") -> None:
        """Set top-level fields of a model, as somebody else would: no rule is checked, no deployment begins."""
        with self.lock:
            record = self.record(model_id, account)
            if record is None:
                raise KeyError(model_id)
            self.put(replace(record, fields={**record.fields, **copied(changes)}), account=account)

    def remove(self, model_id: str, *, account: str = "") -> None:
        """Delete a model; KeyError when there is none."""
        with self.lock:
            self._remember(account, model_id)
            del self._accounts.get(account, {})[model_id]
            self._deploying.discard((account, model_id))
            if self._keeper:
                self._keeper.drop(account, model_id)

    def deploy(
        self, model_id: str, *, seconds: float, outcome: str = "ready", reason: str | None = None, account: str = ""
    ) -> None:
        """Let a deployment of a model begin, which ends after so many seconds."""
        with self.lock:
            record = self.record(model_id, account)
            if record is None:
                raise KeyError(model_id)
            ending = Deployment(ends_at=self.clock() + seconds, outcome=outcome, reason=reason)
            self.put(deployed(record, ending), account=account)

    def forget_past(self) -> None:
        """Let no read be stale for what was written so far."""
        with self.lock:
            self._past.clear()

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            for account, records in self._accounts.items():
                for model_id in records:
                    if self._keeper:
                        self._keeper.drop(account, model_id)
            self._accounts.clear()
            self._deploying.clear()
            self._past.clear()
            self._created = 0

    def accounts(self) -> list[str]:
        """The accounts that were ever written to, sorted."""
        with self.lock:
            return sorted(self._accounts)

    def record(self, model_id: str, account: str = "") -> Record | None:
        """One record as it is now."""
        with self.lock:
            self._settle()
            return self._accounts.get(account, {}).get(model_id)

    def records(self, account: str = "") -> list[Record]:
        """All records of an account as they are now, oldest first."""
        with self.lock:
            self._settle()
            return list(self._accounts.get(account, {}).values())

    def seen(self, account: str = "") -> Mapping[str, Record]:
        """What a read answers: the records by id, as they were before recent writes where reads are stale.

        To be used under the lock: it can be the store's own mapping.
        """
        with self.lock:
            self._settle()
            if not self._stale_seconds:
                return self._accounts.get(account, {})
            view = dict(self._accounts.get(account, {}))
            horizon = self.clock() - self._stale_seconds
            self._past = [write for write in self._past if write[0] > horizon]
            for _, owner, model_id, before in reversed(self._past):
                if owner == account and before is None:
                    view.pop(model_id, None)
                elif owner == account and before is not None:
                    view[model_id] = before
            return view

    def put(self, *records: Record, account: str = "") -> None:
        """Store records in one step, replacing those of the same id."""
        with self.lock:
            for record in records:
                self._remember(account, record.id)
                self._set(account, record)

    def load(self, kept: Iterable[tuple[str, Record]]) -> None:
        """Take over records, with their accounts, that were kept from an earlier process."""
        with self.lock:
            for account, record in kept:
                self._created = max(self._created, record.number)
                self._set(account, record)

    def _set(self, account: str, record: Record) -> None:
        self._accounts.setdefault(account, {})[record.id] = record
        key = (account, record.id)
        if record.deployment:
            self._deploying.add(key)
            self._next_end = min(self._next_end, record.deployment.ends_at)
        else:
            self._deploying.discard(key)
        if self._keeper:
            self._keeper.keep(account, record, now=self.clock())

    def _remember(self, account: str, model_id: str) -> None:
        if self._stale_seconds:
            before = self._accounts.get(account, {}).get(model_id)
            self._past.append((self.clock(), account, model_id, before))

    def _settle(self) -> None:
        now = self.clock()
        if now < self._next_end:
            return
        under_way = [(account, self._accounts[account][model_id]) for account, model_id in self._deploying]
        self._next_end = math.inf
        for account, record in under_way:
            if record.deployment and now >= record.deployment.ends_at:
                self._set(account, _ended(record, record.deployment))
            elif record.deployment:
                self._next_end = min(self._next_end, record.deployment.ends_at)


def deployed(record: Record, deployment: Deployment) -> Record:
    """The record with a deployment begun."""
    fields = {**record.fields, "status": "deploying", "status_reason": None, "model_availability": "unknown"}
    return replace(record, fields=fields, deployment=deployment)


def _ended(record: Record, deployment: Deployment) -> Record:
    availability = AVAILABILITY.get(deployment.outcome, "unavailable")
    status = {"status": deployment.outcome, "status_reason": deployment.reason, "model_availability": availability}
    return replace(record, fields={**record.fields, **status}, deployment=None)

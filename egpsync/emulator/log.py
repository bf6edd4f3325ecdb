"""Every request that reached the emulator, in the order of arrival, as values."""

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

MASK = "********"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request and what became of it."""

    method: str
    path: str  # below the base path, such as "/v5/models/ID"
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case; the key is masked
    body: Any  # the parsed JSON; the text where it is none; None where there is no body
    at: float  # arrival on the store's clock, seconds
    status: int | None = None  # as sent; None when nothing was, or not yet
    acted: bool = False  # whether the server did what a POST, PATCH or DELETE asks


class Log:
    """The requests so far. Safe to read from a test's thread while the server runs."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All requests, oldest first."""
        with self._lock:
            return tuple(self._entries)

    @property
    def changes(self) -> tuple[Entry, ...]:
        """The requests that are no GET, oldest first."""
        return tuple(entry for entry in self.entries if entry.method != "GET")

    def begin(self, entry: Entry) -> int:
        """Note an arrival; returns the number that `finish` takes."""
        with self._lock:
            self._entries.append(entry)
            return len(self._entries) - 1

    def finish(self, number: int, *, status: int | None, acted: bool) -> None:
        """Note what became of a request; nothing when the log was cleared since."""
        with self._lock:
            if number < len(self._entries):
                self._entries[number] = replace(self._entries[number], status=status, acted=acted)

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._entries.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """All requests as JSON values."""
        return [asdict(entry) for entry in self.entries]


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers without the key."""
    return {name: MASK if name in {"x-api-key", "authorization"} else value for name, value in headers.items()}


def parsed(body: bytes) -> Any:
    """A body as a log shows it."""
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")

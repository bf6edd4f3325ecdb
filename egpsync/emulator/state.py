"""Records that outlive the emulator: a SQLite file, written with each change and read at the next start."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from egpsync.emulator.store import Deployment, Record

TABLE = """
CREATE TABLE IF NOT EXISTS models (
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER NOT NULL,
    fields TEXT NOT NULL,
    remaining REAL,
    outcome TEXT,
    reason TEXT,
    PRIMARY KEY (account, id)
)
"""


@contextlib.contextmanager
def open_state(file: Path) -> Iterator["StateFile"]:
    """The state file, made where there is none; closed at the end of the block. Raises sqlite3.Error."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(TABLE)
        yield StateFile(connection)
    finally:
        connection.close()


class StateFile:
    """The keeper of one store; the store's lock keeps its callers apart."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def keep(self, account: str, record: Record, *, now: float) -> None:
        """Write one record; a deployment is kept as the seconds that it still takes."""
        ending = record.deployment
        self._connection.execute(
            "INSERT OR REPLACE INTO models VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                account,
                record.id,
                record.number,
                json.dumps(record.fields),
                ending and ending.ends_at - now,
                ending and ending.outcome,
                ending and ending.reason,
            ),
        )

    def drop(self, account: str, model_id: str) -> None:
        """Forget one record."""
        self._connection.execute("DELETE FROM models WHERE account = ? AND id = ?", (account, model_id))

    def kept(self, *, now: float) -> list[tuple[str, Record]]:
        """Every record with its account, in the order of creation."""
        rows = self._connection.execute("SELECT * FROM models ORDER BY number").fetchall()
        return [
            (
                account,
                Record(
                    fields=json.loads(fields),
                    number=number,
                    deployment=None
                    if remaining is None
                    else Deployment(ends_at=now + remaining, outcome=outcome, reason=reason),
                ),
            )
            for account, _, number, fields, remaining, outcome, reason in rows
        ]

"""The time as it is written: in UTC, as ISO 8601 spells it, to the millisecond."""

from datetime import UTC, datetime


def now() -> str:
    """The time at which it is called."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

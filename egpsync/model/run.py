"""What a run did: an outcome for each change of the plan."""

from enum import StrEnum

from egpsync.model.plan import Change, Plan
from egpsync.value import Value


class Outcome(StrEnum):
    """How one change ended."""

    APPLIED = "applied"  # the server holds what was asked, and is ready where that was waited for
    FAILED = "failed"  # the server said no, did not converge, or its deployment failed
    IN_FLIGHT = "in_flight"  # accepted, still deploying
    STALE = "stale"  # the model moved since the plan: nothing was sent for it
    NOT_ATTEMPTED = "not_attempted"  # its turn did not come, or what it needs failed
    UNKNOWN = "unknown"  # sent, and neither the answer nor a reading says whether it happened
    NOTHING = "nothing"  # there was nothing to do


class Failure(Value, frozen=True, kw_only=True):
    """Why a change did not end as planned."""

    message: str  # the server's words or ours; hostile until a renderer escapes it
    method: str  # "" where no request is to blame
    url: str
    status: int | None  # HTTP status; None without an answer
    advice: str  # what to do next


class ChangeResult(Value, frozen=True, kw_only=True):
    """One change's end."""

    change: Change
    outcome: Outcome
    id: str | None  # the model's id, known after a create
    done: int  # how many of its requests were carried out
    failure: Failure | None
    note: str  # such as "confirmed by reading after a timeout"; "" otherwise
    sent: bool = False  # whether any request of it left, or may have
    started: str = ""  # when its first step began, as clock.now() gives it; "" where none did
    ended: str = ""


class RunResult(Value, frozen=True, kw_only=True):
    """All of a run."""

    plan: Plan
    results: tuple[ChangeResult, ...]  # one for each change of the plan, in its order
    interrupted: int | None  # the signal's number; None for a run that came to its end
    journal: str | None = None  # the file that holds what was tried


class Stage(StrEnum):
    """What a change is at, for progress."""

    SENDING = "sending"
    WAITING = "waiting"
    ENDED = "ended"


class Event(Value, frozen=True, kw_only=True):
    """One step of progress, as it happens."""

    change: Change
    stage: Stage
    text: str  # what is being done, or how it ended; hostile until a renderer escapes it

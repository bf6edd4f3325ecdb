"""What all changes of one run share, what one change has come to, and how it can end."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol

from egpsync.account.client import Client
from egpsync.model.live import LiveModel
from egpsync.model.plan import Change, FieldChange, Ref, Request, StepKey, Update, Write
from egpsync.model.run import Event, Failure, Outcome
from egpsync.model.values import JsonMap
from egpsync.value import Value, field


class Replans(Protocol):
    """Plans a change again against the model as it is now (core/replan.py)."""

    def again(self, change: Change, live: LiveModel) -> tuple[Update | None, tuple[FieldChange, ...]]:
        """The update as it would be planned now, None where none is needed any more; and what differs now."""

    def does_otherwise(self, body: JsonMap, before: LiveModel, after: LiveModel) -> str:
        """How the answer to an update shows that maps are not what the settings say, in words; "" where it does not."""

    def unsettled(self, change: Change, live: LiveModel, parts: frozenset[str]) -> tuple[FieldChange, ...]:
        """The declared fields below `parts` that the model does not hold."""


class Records(Protocol):
    """Keeps what is tried, on disk before it is tried (records/). May raise FileError: then nothing is sent."""

    async def intend(self, change: Change, step: Write, request: Request) -> None:
        """Before a request."""

    async def outcome(
        self, step: Write, result: str, *, status: int | None = None, model_id: str | None = None
    ) -> None:
        """After it: done, refused or lost."""

    async def deployed(self, change: Change, status: str, reason: str) -> None:
        """When a deployment ended. Raises nothing: what is lost is only a later plan's note."""


class Unrecorded:
    """Keeps nothing: for runs that nobody needs to put back."""

    async def intend(self, change: Change, step: Write, request: Request) -> None:
        """Keep nothing."""

    async def outcome(
        self, step: Write, result: str, *, status: int | None = None, model_id: str | None = None
    ) -> None:
        """Keep nothing."""

    async def deployed(self, change: Change, status: str, reason: str) -> None:
        """Keep nothing."""


class Pace(Value, frozen=True, kw_only=True):
    """How long things may take, in seconds."""

    deployment: float = 2700.0  # until a deployment is given up on: the platform's builder takes up to 30 minutes
    first_poll: float = 1.0
    longest_poll: float = 30.0
    settle: float = 90.0  # how long a reading may lag behind a write: the platform's caches take up to 75 s


class Run(Value, frozen=True, kw_only=True):
    """What all changes of one run share."""

    client: Client
    replan: Replans
    records: Records = field(default_factory=Unrecorded)
    pace: Pace = Pace()
    progress: Callable[[Event], None] = lambda _: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)  # set: start nothing more, wait for nothing more
    held_back: Callable[[], "Stop | None"] = lambda: None  # why nothing more is to be sent; None while it may
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))  # held while requests are under way
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def pause(self, seconds: float) -> None:
        """Sleep, but no longer than until the run is stopped."""
        sleeping = asyncio.ensure_future(self.sleep(seconds))
        stopping = asyncio.ensure_future(self.stop.wait())
        _, pending = await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()

    @asynccontextmanager
    async def slot_given_back(self) -> AsyncIterator[None]:
        """For long waits amid a step: let another change have the slot meanwhile."""
        self.slots.release()
        try:
            yield
        finally:
            await self.slots.acquire()


class Stop(Value, frozen=True, kw_only=True):
    """How a change ends before its last step."""

    outcome: Outcome
    failure: Failure | None


@dataclasses.dataclass(slots=True, kw_only=True)
class Execution:
    """One change under way: the only value here that changes."""

    change: Change
    id: str | None  # of the model, known after a creation
    live: LiveModel | None = None  # as last answered or read
    done: int = 0  # requests carried out
    notes: list[str] = dataclasses.field(default_factory=list)
    sent: set[str] = dataclasses.field(default_factory=set)  # top-level parts that were sent
    last_sent: Request | None = None  # the latest request that left
    answered: bool = False  # whether the server accepted it
    saw_deploying: bool = False  # a reading has shown its deployment under way
    tried: set[StepKey] = dataclasses.field(default_factory=set)  # steps that the server carried out, or may have
    reached: bool = False  # whether a request of it reached the server, or may have
    started: str = ""  # when its first step began; "" until then
    ended: str = ""

    def id_of(self, model: Ref) -> str:
        """The id of the model that a step is about."""
        return model.id if isinstance(model, LiveModel) else self.id or ""


class End(NamedTuple):
    """How a change ended: at its last step, or where it stopped."""

    execution: Execution
    stop: Stop | None

    @property
    def outcome(self) -> Outcome:
        """The outcome that it comes to."""
        if self.stop is not None:
            return self.stop.outcome
        return Outcome.APPLIED if self.execution.change.steps else Outcome.NOTHING

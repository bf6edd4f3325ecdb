"""Events of a run in, progress on stderr out: a live display on a terminal, lines now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event as Flag
from threading import Thread

from egpsync.cli import complain, is_terminal
from egpsync.model.run import Event, Stage
from egpsync.record import told
from egpsync.report.escape import inert, label, visible
from egpsync.value import Value

FEW = 20
"""Changes up to which each that ended well has a line of its own; the report lists all of them anyway."""

EVERY = 30.0
"""Seconds after which a log is told again what is waited for."""

_IN_A_LINE = 3  # changes that such a line names, those that take longest
FINE = "applied"
"""What an event of a change says that ended well."""

Clock = Callable[[], float]


class Manner(Value, frozen=True, kw_only=True):
    """How progress is to be told."""

    verbosity: int  # -1: not at all; 1: each request too
    color: bool
    total: int  # changes that have something to do
    every: float = EVERY  # seconds


@contextmanager
def show_progress(manner: Manner, clock: Clock = time.monotonic) -> Iterator[Callable[[Event], None]]:
    """What to call with each event, for as long as the block runs."""
    if manner.verbosity < 0 or sys.stderr is None:
        yield lambda _: None
        return
    if is_terminal(sys.stderr):
        from egpsync.cli.display import displayed  # noqa: PLC0415 - rich, for those alone who watch

        with displayed(State(total=manner.total, clock=clock), color=manner.color) as take:
            yield take
    else:
        with _Log(manner, State(total=manner.total, clock=clock)).ticking() as log:
            yield log


@dataclass(frozen=True, slots=True)
class Active:
    """A change under way."""

    event: Event  # what it is at
    since: float  # by the clock, when it came to this
    began: float

    @property
    def name(self) -> str:
        """The model."""
        return name_of(self.event)


@dataclass(slots=True, kw_only=True)
class State:
    """What is under way and how much has ended."""

    total: int
    clock: Clock = time.monotonic
    active: dict[tuple[str, str, str | None], Active] = field(default_factory=dict)
    ended: int = 0

    def take(self, event: Event) -> None:
        """An event happened."""
        key = (event.change.vendor, event.change.name, event.change.id)
        if event.stage is Stage.ENDED:
            self.active.pop(key, None)
            self.ended += 1
            return
        now, before = self.clock(), self.active.get(key)
        as_before = before and (before.event.stage, before.event.text) == (event.stage, event.text)
        self.active[key] = Active(event, before.since if before and as_before else now, before.began if before else now)

    def longest(self) -> list[Active]:
        """What is under way, longest first."""
        return sorted(self.active.values(), key=lambda one: (one.began, one.name))

    def counts(self) -> str:
        """`12 of 30 ended; under way: 5 requests, 3 deployments`."""
        active = list(self.active.values())
        waiting = sum(one.event.stage is Stage.WAITING for one in active)
        parts = [_plural(len(active) - waiting, "request"), _plural(waiting, "deployment")]
        under_way = ", ".join(filter(None, parts))
        return f"{self.ended} of {self.total} ended" + (f"; under way: {under_way}" if under_way else "")

    def waited_for(self) -> str:
        """The counts, and by name what takes longest; "" where nothing is under way."""
        longest, now = self.longest(), self.clock()
        named = [f"{one.name} {said(one.event)} for {duration(now - one.since)}" for one in longest[:_IN_A_LINE]]
        more = [f"{len(longest) - _IN_A_LINE} more"] if len(longest) > _IN_A_LINE else []
        return f"{self.counts()}: {', '.join([*named, *more])}" if longest else ""


def duration(seconds: float) -> str:
    """For people: "45 s", "12 min 5 s"."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class _Log:
    """Lines for a log: what ended, and every half minute what is waited for."""

    def __init__(self, manner: Manner, state: State) -> None:
        self._manner = manner
        self._state = state

    def __call__(self, event: Event) -> None:
        """Take an event in."""
        self._state.take(event)
        at = f"  [{self._state.ended} of {self._state.total}]" if self._state.total > 1 else ""
        if event.stage is Stage.ENDED and (event.text != FINE or self._state.total <= FEW):
            complain(f"egpsync: {name_of(event)}: {said(event)}{at}")
        elif event.stage is Stage.SENDING and self._manner.verbosity > 0:
            complain(f"egpsync: {name_of(event)}: {said(event)}")

    @contextmanager
    def ticking(self) -> Iterator["_Log"]:
        """Itself, while a thread beside the run says what is waited for."""
        over = Flag()
        thread = Thread(target=self._tick, args=(over,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join(1)

    def _tick(self, over: Flag) -> None:
        while not over.wait(self._manner.every):
            if said := self._state.waited_for():
                complain(f"egpsync: {said}")


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}" if count else ""


def name_of(event: Event) -> str:
    """The model as progress names it."""
    return inert(f"{label(event.change.name)} ({visible(event.change.vendor)})")


def said(event: Event) -> str:
    """What it says, without the secrets of its change; these are looked for where it is shown, as most are not."""
    return inert(visible(told([event.change], event.text)))

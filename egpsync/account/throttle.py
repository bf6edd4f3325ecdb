"""What the server allowed so far in, when the next request may go out: one pace for all requests of a client.

The first 429 says that there is a limit; how much was answered well until then says about where it lies. From then on
requests go out one by one at that pace, a little more often while it goes well, and less often after another 429. A 429
of a request that was on its way when the pace was last lowered says nothing new.
"""

from collections import deque
from collections.abc import Callable

WINDOW = 1.0  # seconds over which what the server allows is measured
LOWERED = 0.95  # of what was measured
RAISED = 1.02  # for each WINDOW without a 429
LEAST = 0.5  # requests a second


class Throttle:
    """Pure but for the clock: it says how long to wait, and does not wait itself."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._rate: float | None = None  # requests a second; None: no limit was met
        self._next = clock()  # when the next request may go
        self._closed = clock()  # until when the server asked to send nothing
        self._changed = clock()  # when the rate was last lowered or raised
        self._good: deque[float] = deque()  # when requests were answered, within the window

    def reserve(self) -> float:
        """Take the next place; seconds until it comes."""
        now = self._clock()
        self._raise(now)
        at = max(now, self._next)
        self._next = at + (1 / self._rate if self._rate else 0.0)
        return at - now

    @property
    def closed(self) -> bool:
        """Whether the server asked, since a place was taken, to wait for longer: then it is to be taken anew."""
        return self._clock() < self._closed

    def answered(self) -> None:
        """A request was answered by anything but 429."""
        now = self._clock()
        self._good.append(now)
        while self._good[0] < now - WINDOW:
            self._good.popleft()

    def limited(self, sent: float, wait: float) -> None:
        """A request that was sent then was answered 429; the server asks to wait so many seconds."""
        now = self._clock()
        self._closed = max(self._closed, now + wait)
        self._next = max(self._next, self._closed)
        if sent < self._changed and self._rate is not None:
            return
        measured = sum(at >= now - WINDOW for at in self._good) / WINDOW
        self._rate = max(LEAST, LOWERED * min(measured or LEAST, self._rate or measured or LEAST))
        self._changed = now

    def _raise(self, now: float) -> None:
        if self._rate is not None and now - self._changed >= WINDOW:
            self._rate *= RAISED
            self._changed = now

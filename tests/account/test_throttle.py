"""The pace that follows what a server allows: against servers of every rate, on a clock of our own."""

import heapq
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egpsync.account.throttle import Throttle


class Server:
    """A token bucket, as most gateways limit: so many requests a second, and as many at once."""

    def __init__(self, rate: float, retry_after: float) -> None:
        self.rate, self.retry_after = rate, retry_after
        self._tokens, self._filled = max(1.0, rate), 0.0
        self.good = self.refused = 0

    def takes(self, now: float) -> bool:
        """Whether a request at that time is let through."""
        self._tokens = min(max(1.0, self.rate), self._tokens + (now - self._filled) * self.rate)
        self._filled = now
        if self._tokens < 1:
            self.refused += 1
            return False
        self._tokens -= 1
        self.good += 1
        return True


def play(server: Server, *, wanted: int, lanes: int, latency: float) -> float:  # noqa: C901 - a scheduler in small
    """So many requests by so many workers, each again until it is let through; the seconds that it took."""
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    left, order = [wanted], iter(range(10**9))
    events: list[tuple[float, int, Callable[[], None]]] = []

    def at(time: float, act: Callable[[], None]) -> None:
        heapq.heappush(events, (time, next(order), act))

    def take_place() -> None:
        delay = throttle.reserve()
        if delay > 0:
            at(now[0] + delay, lambda: take_place() if throttle.closed else send())
        else:
            send()

    def send() -> None:
        sent, good = now[0], server.takes(now[0])
        at(sent + latency, lambda: answered(sent, good=good))

    def answered(sent: float, *, good: bool) -> None:
        if good:
            throttle.answered()
            begin()
        else:
            throttle.limited(sent, server.retry_after)
            take_place()

    def begin() -> None:
        if left[0]:
            left[0] -= 1
            take_place()

    for _ in range(lanes):
        begin()
    while events:
        now[0], _, act = heapq.heappop(events)
        act()
    return now[0]


@pytest.mark.parametrize("retry_after", [0.0, 0.01, 1.0])
@pytest.mark.parametrize("latency", [0.005, 0.05, 0.3])
def test_little_is_wasted_where_a_hundred_a_second_are_allowed(latency: float, retry_after: float) -> None:
    """Of 2,000 requests with 50 in flight no more than a tenth is refused, and the server is kept busy."""
    server = Server(100.0, retry_after)
    took = play(server, wanted=2_000, lanes=50, latency=latency)
    assert server.good == 2_000
    assert server.refused <= 200
    assert took <= 1.35 * max(2_000 / 100, 2_000 * latency / 50) + 2


def test_without_a_limit_nothing_waits() -> None:
    """The pace is met with the first 429, and not before."""
    server = Server(1e9, 0.0)
    assert play(server, wanted=1_000, lanes=50, latency=0.05) == pytest.approx(1.0, abs=0.06)


@settings(max_examples=150)
@given(
    rate=st.floats(min_value=1.0, max_value=500.0),
    lanes=st.integers(min_value=1, max_value=100),
    latency=st.floats(min_value=0.001, max_value=0.5),
    retry_after=st.sampled_from([0.0, 0.05, 1.0]),
)
def test_every_request_comes_through(rate: float, lanes: int, latency: float, retry_after: float) -> None:
    """Whatever a server allows, all is done in the end, with no more refusals than requests in flight and some."""
    server = Server(rate, retry_after)
    play(server, wanted=300, lanes=lanes, latency=latency)
    assert server.good == 300
    assert server.refused <= 2 * lanes + 150

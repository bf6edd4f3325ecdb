"""Clocks that jump: waits go by the monotonic clock, and a date in Retry-After by the server's own."""

import asyncio
import subprocess
import sys
import textwrap
from email.utils import formatdate

import pytest

from egpsync.account.answers import Answer, fault_of
from egpsync.account.client import Access, Client
from egpsync.emulator import faults
from egpsync.emulator.faults import Rule
from egpsync.errors import RateLimited
from tests.conftest import StartEmulator

HOUR = 3600.0


class Time:
    """Time that only sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        """Seconds since the start."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


@pytest.mark.parametrize("off", [-24 * HOUR, -HOUR, 0.0, HOUR, 24 * HOUR])
@pytest.mark.parametrize("status", [429, 503])
def test_a_date_is_held_against_the_servers_own_clock(off: float, status: int) -> None:
    """Whoever's clock is wrong, the wait is the time between the two dates of the answer."""
    headers = {"date": formatdate(1_800_000_000 + off, usegmt=True)}
    headers["retry-after"] = formatdate(1_800_000_000 + off + 30, usegmt=True)
    answer = Answer(method="GET", url="u", status=status, headers=headers, content=b"{}")
    assert fault_of(answer).retry_after == 30.0


def test_a_date_that_a_wrong_clock_puts_years_ahead_ends_the_request(emulator: StartEmulator) -> None:
    """A wait beyond the deadline is told at once, and not begun."""
    headers = {"retry-after": formatdate(4_000_000_000, usegmt=True), "date": formatdate(0, usegmt=True)}
    running = emulator(faults=[Rule(kind=faults.Answer(status=429, headers=headers))])
    passing = Time()
    with pytest.raises(RateLimited):
        asyncio.run(_get(running.base_url, passing))
    assert passing.slept == []


def test_a_run_is_not_moved_by_a_wall_clock_that_jumps(emulator: StartEmulator) -> None:
    """The clock goes back a day at each look: a limit in seconds is waited out all the same, and no longer."""
    running = emulator(faults=[Rule(nth=(1, 2), kind=faults.TooMany(seconds=0.2, retry_after="milliseconds"))])
    script = textwrap.dedent(
        f"""
        import asyncio, itertools, time
        days = itertools.count(1)
        time.time = lambda: 1_800_000_000.0 - 86_400 * next(days)
        from egpsync.account.client import Access, Client
        async def get():
            async with Client(Access(base_url={running.base_url!r}, api_key="key")) as client:
                return await client.get("/v5/models")
        started = time.monotonic()
        assert asyncio.run(get())["items"] == []
        assert 0.4 <= time.monotonic() - started < 20
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


async def _get(url: str, passing: Time) -> None:
    access = Access(base_url=url, api_key="key")
    async with Client(access, clock=passing.clock, sleep=passing.sleep) as client:
        await client.get("/v5/models")

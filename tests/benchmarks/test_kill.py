"""100 kill -9 at random moments of applies over 200 changes each, against one emulator in a process of its own."""

import time

from tests.cli.samples import Shell
from tests.crash.killing import World, killing

KILLS = 100
LIMIT = 600.0  # seconds for all of it


def test_a_hundred_kills_lose_nothing(shell: Shell) -> None:
    """Every journal line stays, no acted write lacks its intent on disk, every re-run converges, no POST acts twice."""
    world = World(updates=100, redeploys=40, renames=20, creates=20)
    assert world.changes == 200
    began = time.perf_counter()
    with killing(shell, world, seed=20260101) as series:
        series.go_on_until(KILLS, within=0.6)
        series.check()
    seconds = time.perf_counter() - began
    print(  # noqa: T201 - the figures are the result
        f"\n{series.kills} kills in {series.runs} runs over {series.rounds} x {world.changes} changes: {seconds:.0f} s"
    )
    assert series.kills >= KILLS
    assert seconds < LIMIT

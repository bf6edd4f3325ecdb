"""kill -9 at a few random moments; `make bench` runs the long series."""

from tests.cli.samples import Shell
from tests.crash.killing import World, killing


def test_every_run_after_a_kill_converges(shell: Shell) -> None:
    """No acted write lacks its intent on disk, no model is created twice, and the account ends as it is wanted."""
    world = World(updates=20, redeploys=8, renames=4, creates=4)
    with killing(shell, world, seed=3) as series:
        series.go_on_until(5, within=0.15)
        series.check()
    assert series.kills >= 5

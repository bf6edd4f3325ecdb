"""Two applies at once: on one account they exclude each other, and no lock outlives its holder."""

import signal
from pathlib import Path

import pytest

from egpsync.emulator.faults import Delay, Rule
from egpsync.emulator.server import Running
from egpsync.model.plan import Target
from egpsync.records.folder import StateFolder
from tests.cli.samples import Shell
from tests.conftest import StartEmulator
from tests.crash.samples import left_unknown, run_here, wait_until
from tests.workflow.samples import hosted

SLOW = Rule(method="PATCH", nth=(1,), kind=Delay(seconds=600))


@pytest.fixture
def slow(emulator: StartEmulator, shell: Shell) -> Running:
    """An account whose first PATCH is under way for as long as the test takes."""
    running = emulator(seed=[hosted("gpt"), hosted("gpt", account="other")], faults=[SLOW])
    shell.knows(running).wants(hosted("gpt", model_metadata={"x": 1}))
    return running


def test_a_second_apply_to_the_account_is_refused(slow: Running, shell: Shell) -> None:
    """Exit 5; it names the process that holds the account, sends nothing, and takes no run under way for a dead one."""
    with shell.start("apply", "--yes") as first:
        wait_until(lambda: slow.log.changes)
        second = shell.run("apply", "--yes")
        assert second.code == 5
        assert f"another apply to this account is under way on this machine (process {first.pid}, since " in second.err
        assert "Wait for it to end, and run again. Nothing was sent." in second.err
        assert left_unknown(second) == []
        assert len(slow.log.changes) == 1


def test_an_apply_with_nothing_to_do_is_not_refused(slow: Running, shell: Shell) -> None:
    """It sends nothing, and leaves to the other run what that has under way."""
    with shell.start("apply", "--yes"):
        wait_until(lambda: slow.log.changes)
        idle = run_here(shell.wants(hosted("gpt")), "apply", "--yes")
        assert (idle.code, left_unknown(idle)) == (0, [])


def test_a_plan_is_not_locked_out(slow: Running, shell: Shell) -> None:
    """It sends nothing that could be in the way."""
    with shell.start("apply", "--yes"):
        wait_until(lambda: slow.log.changes)
        planned = run_here(shell, "plan", "--detailed-exitcode")
        assert (planned.code, planned.err) == (2, "")


def test_another_account_is_not_locked_out(slow: Running, shell: Shell) -> None:
    """The lock is that of one account at one URL."""
    with shell.start("apply", "--yes"):
        wait_until(lambda: slow.log.changes)
        other = run_here(shell, "apply", "--yes", "--account-id", "other")
        assert (other.code, left_unknown(other)) == (0, [])
        assert slow.store.named("gpt", account="other")["model_metadata"] == {"x": 1}
        assert slow.store.named("gpt")["model_metadata"] == {}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT])
def test_a_killed_holder_leaves_no_lock(slow: Running, shell: Shell, number: int) -> None:
    """The operating system gives it back."""
    with shell.start("apply", "--yes") as first:
        wait_until(lambda: slow.log.changes)
        first.send_signal(number)
        first.wait()
    slow.faults.clear()
    after = run_here(shell, "apply", "--yes")
    assert after.code == 0
    assert left_unknown(after) == ["PATCH gpt: the server does not hold it, and it is planned again"]


def test_two_names_of_this_machine_are_one_account(tmp_path: Path) -> None:
    """They share the lock and the journals; another port, account or address has its own."""

    def folder(url: str, account: str | None = None) -> Path:
        return StateFolder(str(tmp_path), Target(base_url=url, account_id=account)).folder

    ours = folder("http://localhost:5003")
    assert folder("http://127.0.0.1:5003") == folder("http://[::1]:5003") == ours
    others = {folder("http://localhost:5004"), folder("http://127.8.9.1:5003"), folder("http://localhost:5003", "a")}
    assert len(others | {ours}) == 4

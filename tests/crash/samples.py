"""What the tests of interrupted runs share: reading journals, and ending a run at a chosen moment."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from egpsync.cli import main
from egpsync.emulator.store import Store
from tests.cli.samples import Done, Shell

if TYPE_CHECKING:
    import subprocess

LEFT = "egpsync: an earlier run was cut short at "


def journals(state: Path | str) -> list[Path]:
    """The journals below a state folder, oldest first."""
    return sorted(Path(state).glob("*/run-*.jsonl"))


def lines(file: Path) -> list[dict[str, Any]]:
    """The whole lines of a journal."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]


def left_unknown(done: Done) -> list[str]:
    """What a run said of those before it: method, name and verdict of each request, without path and time."""
    told = [line.removeprefix(LEFT) for line in done.err.splitlines() if line.startswith(LEFT)]
    return [f"{line.split()[0]} {line.split()[3]}: {line.partition('Z: ')[2]}" for line in told]


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Look again and again; fails when it takes too long."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


class Signaller:
    """Sends a signal to a run from within the emulator: the action of an Intervene."""

    def __init__(self, number: int = signal.SIGKILL, times: int = 1) -> None:
        self.number = number
        self.left = times
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, _: Store) -> None:
        """Send it, as often as it was ordered."""
        if self.left and self.process is not None:
            self.left -= 1
            os.kill(self.process.pid, self.number)
            if self.number == signal.SIGKILL:
                self.process.wait()


def run_here(shell: Shell, *arguments: str) -> Done:
    """Run egpsync in this very process, for commands that end well: a tenth of the time that a new one takes."""
    with contextlib.chdir(shell.folder):
        done = CliRunner().invoke(main, arguments, env=shell.environ, catch_exceptions=False)
    return Done(code=done.exit_code, out=done.stdout, err=done.stderr)


def run_with(signaller: Signaller, shell: Shell, *arguments: str) -> Done:
    """Run egpsync, under a signaller's eyes, to its end."""
    with shell.start(*arguments) as process:
        signaller.process = process
        out, err = process.communicate(timeout=60)
    return Done(code=process.returncode, out=out, err=err)

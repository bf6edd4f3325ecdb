"""Commands in, what each cost out: CPU time and peak memory of the whole process, from the kernel's own account.

Whoever measures stays small: a process that was forked from a large one is told the large one's memory as its peak.
"""

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LONGEST = 300.0  # seconds that one command may take; it is killed then


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is run."""

    arguments: tuple[str, ...]
    environ: Mapping[str, str]
    folder: Path
    codes: frozenset[int] = frozenset({0})  # exits that are as they should be


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a run cost."""

    cpu: float  # seconds, user and system, the process and all that it waited for
    wall: float  # seconds
    peak: int  # bytes of memory


def spent(command: Command) -> Spent:
    """One run of the command. Raises RuntimeError with what it said where it failed or took too long."""
    began = time.perf_counter()
    with subprocess.Popen(
        command.arguments,
        cwd=command.folder,
        env=dict(command.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        late = threading.Timer(LONGEST, process.kill)
        late.start()
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        late.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in command.codes:
        told = said.decode(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command.arguments)}: exit {process.returncode}\n{told}")
    return Spent(cpu=usage.ru_utime + usage.ru_stime, wall=time.perf_counter() - began, peak=usage.ru_maxrss * 1024)


def in_turn(commands: Mapping[str, Command], runs: int) -> dict[str, Spent]:
    """The median of so many runs of each; in turn, so that what slows the machine for a while slows all alike."""
    found: dict[str, list[Spent]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(spent(command))
    return {name: median(each) for name, each in found.items()}


def median(each: Iterable[Spent]) -> Spent:
    """The median of each figure by itself."""
    known: Sequence[Spent] = tuple(each)
    return Spent(
        cpu=statistics.median(one.cpu for one in known),
        wall=statistics.median(one.wall for one in known),
        peak=round(statistics.median(one.peak for one in known)),
    )

"""Drift looked for on and on: each round's report in, told where something changed, and kept for whoever scrapes it."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import NoReturn

import click

from egpsync.cli import KNOWN, complain, ignore_signals, leave_soon
from egpsync.cli.listening import Answer, Pages
from egpsync.cli.online import Call
from egpsync.cli.output import WRITTEN
from egpsync.cli.running import run_on
from egpsync.clock import now
from egpsync.errors import EgpsyncError, ExitCode, UsageError
from egpsync.model.report import Report
from egpsync.report.escape import visible
from egpsync.report.formats import FORMATS
from egpsync.report.since import compared_with
from egpsync.report.style import Style
from egpsync.report.words import verdict

METRICS = "text/plain; version=0.0.4; charset=utf-8"
LEAST_REST = 1.0  # seconds between two rounds, however long one takes
MISSED = 3  # rounds after which what is known is too old to count on


class Board:
    """What is known, for threads that answer."""

    def __init__(self, every: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._every = every
        self._clock = clock
        self._lock = threading.Lock()
        self._text = ""  # the metrics of the last round that found something out
        self._read: float | None = None  # when that was
        self._rounds = {"ok": 0, "failed": 0}
        self._why = "nothing was read yet"  # the last round found nothing; "" where it did

    def learn(self, report: Report) -> None:
        """A round that compared everything."""
        with self._lock:
            self._text = FORMATS["prometheus"](report, Style(earlier=self._text))
            self._read, self._why = self._clock(), ""
            self._rounds["ok"] += 1

    def fail(self, why: str) -> None:
        """A round that found nothing out: what is known stays, and grows old."""
        with self._lock:
            self._why = why
            self._rounds["failed"] += 1

    @property
    def pages(self) -> Pages:
        """What is answered where."""
        return {"/metrics": self._metrics, "/healthz": lambda: Answer(200, "ok\n"), "/readyz": self._ready}

    def _metrics(self) -> Answer:
        with self._lock:
            return Answer(200, self._text + "".join(f"{line}\n" for line in self._own()), METRICS)

    def _own(self) -> Iterator[str]:
        def gauge(name: str, about: str, value: float) -> Iterator[str]:
            yield f"# HELP egpsync_watch_{name} {about}"
            yield f"# TYPE egpsync_watch_{name} gauge"
            yield f"egpsync_watch_{name} {value:.15g}"

        yield from gauge("interval_seconds", "How often the account is compared.", self._every)
        yield from gauge("up", "Whether the last round compared everything.", float(not self._why))
        yield "# HELP egpsync_watch_rounds_total Rounds by how they ended."
        yield "# TYPE egpsync_watch_rounds_total counter"
        yield from (f'egpsync_watch_rounds_total{{result="{how}"}} {count}' for how, count in self._rounds.items())
        if self._read is not None:
            age = self._clock() - self._read
            yield from gauge("reading_age_seconds", "How old what the other metrics say is.", age)

    def _ready(self) -> Answer:
        with self._lock:
            if self._read is None:
                return Answer(503, f"not ready: {visible(self._why)}\n")
            age = self._clock() - self._read
            old = age > MISSED * self._every + 60
            known = f"the account was read {age:.0f} s ago{f'; since then: {visible(self._why)}' if self._why else ''}"
            return Answer(503 if old else 200, f"{'not ready' if old else 'ready'}: {known}\n")


def watch(compare: Callable[[], tuple[Call, Report]], board: Board, every: float, earlier: Report | None) -> NoReturn:
    """Compare every so many seconds, until a signal: SIGTERM ends it with 0.

    Files and settings are read anew each time. A round that cannot go on is told in a line, and the next one follows;
    only wrong usage in the first ends it.
    """
    _end_well()
    run_on()
    click.get_current_context().meta[WRITTEN] = True  # what ends it is no report
    known, first, mark = earlier, True, KNOWN.mark()
    while True:
        began = time.monotonic()
        KNOWN.forget(mark)
        try:
            call, report = compare()
            if report.invalid:
                call.output.write(report)
                raise _RoundError(verdict(report))
            _tell(call, report, known, first=first)
            known = report
            board.learn(report)
        except UsageError as error:
            if first:
                raise
            _failed(board, str(error))
        except EgpsyncError as error:
            _failed(board, str(error))
        except click.exceptions.Exit:
            _failed(board, "the project file is faulty")
        first = False
        time.sleep(max(LEAST_REST, began + every - time.monotonic()))


class _RoundError(EgpsyncError):
    """A round found nothing out."""


def _failed(board: Board, why: str) -> None:
    board.fail(why)
    complain(f"egpsync: {now()}: this round failed, the next follows: {visible(' '.join(why.split()))}")


def _tell(call: Call, report: Report, known: Report | None, *, first: bool) -> None:
    """Write the report's files, and all else where something changed."""
    compared = compared_with(report, known) if known is not None else report
    since = compared.since
    if first or since is None or since.new or since.gone:
        call.output.write(compared)
    else:
        for failure in call.output.write_files([compared]):
            complain(f"egpsync: {failure}")
        if call.output.verbosity >= 0:
            complain(f"egpsync: {now()}: as before: {visible(verdict(report))}")


def _end_well() -> None:
    """SIGTERM is how a service is stopped: it has done what it was asked for."""

    def end(*_: object) -> NoReturn:
        ignore_signals()
        leave_soon(ExitCode.OK)
        raise SystemExit(ExitCode.OK)

    if signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN:
        signal.signal(signal.SIGTERM, end)

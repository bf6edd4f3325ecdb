"""What a run says while it goes on: lines in a log, a display on a terminal."""

import os
import pty
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

from egpsync.cli.progress import Manner, State, duration, show_progress
from egpsync.model.run import Event, Stage
from egpsync.value import replace
from tests.report.samples import CREATED, REDEPLOYED, SECRET, UPDATED

LOG = Manner(verbosity=0, color=False, total=2)


def event(changed: Any, stage: Stage, text: str) -> Event:
    """Something that happened to a change."""
    return Event(change=changed, stage=stage, text=text)


def told(manner: Manner, *events: Event, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is on stderr after these events, where it is no terminal."""
    with show_progress(manner) as progress:
        for one in events:
            progress(one)
    return capsys.readouterr().err.splitlines()


def test_a_log_is_told_what_ended(capsys: pytest.CaptureFixture[str]) -> None:
    """With how much of all that is; requests are for -v."""
    events = [event(UPDATED, Stage.SENDING, "PATCH /v5/models/m-1"), event(UPDATED, Stage.ENDED, "applied")]
    assert told(LOG, *events, capsys=capsys) == ["egpsync: ranker (openai): applied  [1 of 2]"]
    assert told(replace(LOG, verbosity=1, total=1), *events, capsys=capsys) == [
        "egpsync: ranker (openai): PATCH /v5/models/m-1",
        "egpsync: ranker (openai): applied",
    ]
    assert told(replace(LOG, verbosity=-1), *events, capsys=capsys) == []


def test_of_many_only_what_goes_wrong_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The report lists them all: twice would be a flood."""
    events = [event(UPDATED, Stage.ENDED, "applied"), event(CREATED, Stage.ENDED, "failed: no GPUs")]
    assert told(replace(LOG, total=500), *events, capsys=capsys) == [
        "egpsync: embedder (launch): failed: no GPUs  [2 of 500]"
    ]


def test_a_log_is_told_now_and_then_what_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    """By a thread beside the run, until the run is over."""
    with show_progress(replace(LOG, every=0.01)) as progress:
        progress(event(REDEPLOYED, Stage.WAITING, "deploying"))
        err = ""
        while "deploying" not in err:
            err += capsys.readouterr().err
    assert err.splitlines()[0] == (
        "egpsync: 0 of 2 ended; under way: 1 deployment: summarizer (launch) deploying for 0 s"
    )


@pytest.mark.parametrize("stage", [Stage.ENDED, Stage.WAITING])
def test_no_secret_of_a_change_is_shown(capsys: pytest.CaptureFixture[str], stage: Stage) -> None:
    """A server can quote one in its words, which are shown at once or while it is waited for."""
    state = State(total=1)
    state.take(event(CREATED, stage, f"the server says {SECRET}"))
    (line,) = told(LOG, event(CREATED, Stage.ENDED, f"the server says {SECRET}"), capsys=capsys)
    assert "the server says" in line
    assert SECRET not in line + state.waited_for()


def clock_at(times: list[float]) -> Callable[[], float]:
    """A clock that shows the last of these."""
    return lambda: times[-1]


def test_what_takes_longest_is_named() -> None:
    """Three by name, since when they are at what they are at; the others are counted."""
    times = [0.0]
    state = State(total=9, clock=clock_at(times))
    for at in range(5):
        times.append(at * 10.0)
        state.take(event(replace(UPDATED, name=f"m{at}", id=f"m-{at}"), Stage.SENDING, "PATCH /x"))
    times.append(100.0)
    state.take(event(replace(UPDATED, name="m0", id="m-0"), Stage.WAITING, "deploying"))
    times.append(165.0)
    state.take(event(replace(UPDATED, name="m0", id="m-0"), Stage.WAITING, "deploying"))
    assert state.waited_for() == (
        "0 of 9 ended; under way: 4 requests, 1 deployment: m0 (openai) deploying for 1 min 5 s, "
        "m1 (openai) PATCH /x for 2 min 35 s, m2 (openai) PATCH /x for 2 min 25 s, 2 more"
    )
    state.take(event(replace(UPDATED, name="m0", id="m-0"), Stage.ENDED, "applied"))
    assert state.counts() == "1 of 9 ended; under way: 4 requests"
    assert State(total=1).waited_for() == ""


@pytest.mark.parametrize(("seconds", "text"), [(0.9, "0 s"), (59.9, "59 s"), (60, "1 min 0 s"), (3725, "62 min 5 s")])
def test_durations_are_for_people(seconds: float, text: str) -> None:
    """Seconds, and from a minute on minutes."""
    assert duration(seconds) == text


def test_a_terminal_has_a_live_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests and deployments in flight with their times and counts; what ended well leaves it without a line."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        with show_progress(replace(LOG, color=True)) as progress:
            progress(event(REDEPLOYED, Stage.WAITING, "deploying\x1b[31m"))
            progress(event(UPDATED, Stage.ENDED, "applied"))
            progress(event(CREATED, Stage.ENDED, "failed: ::error::x"))
            shown = ""
            while not re.search("2 of 2 ended; under way: 1 deployment", shown):
                shown += os.read(ours, 10_000).decode()
    os.close(ours)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "summarizer (launch): deploying\\u001b[31m" in plain
    assert "embedder (launch): failed: ::error::x" in plain
    assert "ranker" not in plain

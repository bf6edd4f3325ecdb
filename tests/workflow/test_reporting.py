"""What a report means to a script, and when it was."""

import re

import pytest

from egpsync.clock import now
from egpsync.core.change import PlanOptions
from egpsync.errors import ExitCode, FileError
from egpsync.model.report import Kind, Report
from egpsync.model.run import Outcome, RunResult
from egpsync.value import replace
from egpsync.workflow.plan import Planned
from egpsync.workflow.reporting import Occasion, report_error, report_run
from egpsync.workflow.validate import Checked
from tests.report.samples import UNCHANGED, UPDATED, ended, plan

OCCASION = Occasion(kind=Kind.APPLY, started="2026-01-01T00:00:00.000Z")


def reported(*outcomes: Outcome, sent: bool = True, interrupted: int | None = None) -> Report:
    """The report of a run whose changes ended so."""
    results = tuple(replace(ended(UPDATED, outcome), sent=sent) for outcome in outcomes)
    made = plan(*(result.change for result in results))
    checked = Checked(merged=None, desired=None, problems=(), files={}, models=0)
    planned = Planned(checked=checked, plan=made, problems=(), options=PlanOptions())
    return report_run(OCCASION, planned, RunResult(plan=made, results=results, interrupted=interrupted))


@pytest.mark.parametrize(
    ("outcomes", "sent", "code"),
    [
        ((Outcome.APPLIED, Outcome.NOTHING), True, ExitCode.OK),
        ((Outcome.APPLIED, Outcome.FAILED), True, ExitCode.INCOMPLETE),
        ((Outcome.FAILED,), True, ExitCode.INCOMPLETE),
        ((Outcome.FAILED,), False, ExitCode.ERROR),
        ((Outcome.NOT_ATTEMPTED,), False, ExitCode.ERROR),
        ((Outcome.UNKNOWN,), True, ExitCode.INCOMPLETE),
        ((Outcome.IN_FLIGHT,), False, ExitCode.INCOMPLETE),
        ((Outcome.STALE,), False, ExitCode.REFUSED),
        ((Outcome.STALE, Outcome.APPLIED), True, ExitCode.REFUSED),
        ((Outcome.STALE, Outcome.NOT_ATTEMPTED), False, ExitCode.REFUSED),
        ((Outcome.STALE, Outcome.FAILED), True, ExitCode.INCOMPLETE),
    ],
)
def test_the_exit_of_a_run(outcomes: tuple[Outcome, ...], sent: bool, code: ExitCode) -> None:
    """4 where anything was sent and not all is done, 1 where nothing was, 5 where only stale models are left."""
    assert reported(*outcomes, sent=sent).exit_code == code


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143), (1, 143)])
def test_the_exit_of_a_run_that_was_interrupted(number: int, code: int) -> None:
    """The signal's, whatever was done by then."""
    assert reported(Outcome.APPLIED, interrupted=number).exit_code == code


def test_a_command_that_could_not_go_on_has_a_report_too() -> None:
    """It is errored, says why, and is complete in nothing."""
    report = report_error(OCCASION, FileError("cannot be read", where="a.yaml", advice="Name another."))
    assert report.error is not None
    assert (report.error.what, report.error.where, report.error.advice) == ("cannot be read", "a.yaml", "Name another.")
    assert (report.errored, report.complete, report.applyable, report.exit_code) == (True, False, False, 1)


def test_a_report_says_when_it_was() -> None:
    """From the command's beginning to its report, in UTC."""
    report = reported(Outcome.APPLIED)
    assert report.timing is not None
    assert report.timing.started == OCCASION.started
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", report.timing.ended)
    assert report.timing.ended <= now()
    assert UNCHANGED.name not in [span.name for span in report.timing.changes]

"""A journal or an apply report in; the plan that puts back what that run changed, out."""

from pathlib import Path

from egpsync.account.listing import fetch_all
from egpsync.core.change import PlanOptions
from egpsync.core.guard import check_target
from egpsync.core.plan import make_plan
from egpsync.core.revert import WayBack, plan_way_back
from egpsync.errors import FileError, WrongTargetError
from egpsync.model.live import Live
from egpsync.model.plan import Plan, Target
from egpsync.model.record import ChangeRecord
from egpsync.model.report import Kind, Report
from egpsync.model.run import Outcome
from egpsync.records.journal import PastRun, run_in
from egpsync.report.from_json import from_json
from egpsync.settings import Settings
from egpsync.typed import Misfit, read_json
from egpsync.value import replace
from egpsync.workflow.plan import Consent, Planned, Watch, connect, guarded, limits_of, quoted, target_of, used_consents
from egpsync.workflow.validate import Checked

SOURCES = "Give the journal that apply names at its end, or what its --report json=FILE wrote."
NO_RUNS = frozenset({Kind.VALIDATE, Kind.PLAN, Kind.DRIFT})
ATTEMPTED = frozenset({Outcome.APPLIED, Outcome.FAILED, Outcome.IN_FLIGHT, Outcome.UNKNOWN})
CUT_SHORT = frozenset({Outcome.STALE, Outcome.NOT_ATTEMPTED})
"""Outcomes of which only a change of several requests can have begun."""


async def plan_revert(file: str, settings: Settings, consent: Consent, watch: Watch) -> Planned:
    """Plan the way back from a run, against the account as it is now. Nothing but GETs is sent.

    Raises FileError where the file is no journal and no report, WrongTargetError where it is of another account.
    """
    run, ours = read_run(file), target_of(settings)
    if run.target != ours:
        raise WrongTargetError(
            f"the run was on {run.target.base_url}, account {run.target.account_id or 'not set'}; "
            f"the settings mean {ours.base_url}, account {ours.account_id or 'not set'}",
            where=file,
            advice="Give the run's own --base-url and --account-id. Nothing was sent.",
        )
    live = await _account(settings, watch)
    back = plan_way_back(run.attempted, live, file)
    planned = make_plan(back.desired, live, ours)
    plan, unread = guarded(_annotated(planned.plan, back), settings, consent)
    notes = (*used_consents(planned.plan, settings, consent), *unread)
    checked = Checked(merged=None, desired=back.desired, problems=(), files={file: b""}, models=len(run.attempted))
    return Planned(checked=checked, plan=plan, problems=planned.problems, options=PlanOptions(), notes=notes)


async def _account(settings: Settings, watch: Watch) -> Live:
    """The account as it is; nothing where another one is expected, which is not even asked, and refused."""
    if check_target(target_of(settings), limits_of(settings, Consent())):
        return Live(models=())
    async with connect(settings, watch.on_attempt) as client:
        return quoted(await fetch_all(client))


def read_run(file: str) -> PastRun:
    """The account of a run, and the changes that it attempted, from its journal or its report. Raises FileError."""
    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}", where=file, advice=SOURCES) from error
    except UnicodeDecodeError as error:
        raise FileError("is no text in UTF-8", where=file, advice=SOURCES) from error
    try:
        report = _report_in(text)
        return run_in(text) if report is None else _run_of(report)
    except Misfit as error:
        why = f"is neither the journal of a run nor the JSON report of one ({error})"
        raise FileError(why, where=file, advice=SOURCES) from error


def _report_in(text: str) -> Report | None:
    """The report; None where the text is none, as a journal's is of several lines or its own only one cut."""
    try:
        value = read_json(text)
    except Misfit:
        return None
    if not isinstance(value, dict) or "kind" not in value:
        return None
    if isinstance(value["kind"], str) and value["kind"] in NO_RUNS:
        raise Misfit(f"it is a report of {value['kind']}, which changed nothing")
    return from_json(value)


def _run_of(report: Report) -> PastRun:
    if report.base_url is None:
        raise Misfit("it names no account")
    attempted = tuple(change for change in report.changes if _attempted(change))
    return PastRun(target=Target(base_url=report.base_url, account_id=report.account_id), attempted=attempted)


def _attempted(change: ChangeRecord) -> bool:
    result = change.outcome.result if change.outcome else None
    return result in ATTEMPTED or (result in CUT_SHORT and len(change.requests) > 1)


def _annotated(plan: Plan, back: WayBack) -> Plan:
    """The plan, with what is left as it is beside the models that it concerns; no other model is its business."""
    changes = [
        replace(change, notes=(*change.notes, *back.notes.get((change.vendor, change.id or change.name), ())))
        for change in plan.changes
    ]
    in_order = sorted([*changes, *back.left], key=lambda one: (one.vendor, one.name, one.id or ""))
    return replace(plan, unmanaged=(), changes=tuple(in_order))

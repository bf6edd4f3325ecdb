"""Problems, a Plan or a RunResult in, one Report out: sorted, its changes as records, strings still hostile."""

from collections import Counter
from collections.abc import Iterable, Mapping

from egpsync.account.requests import requests_of
from egpsync.model.manifest import Problem, is_invalid
from egpsync.model.plan import Action, Plan, Refusal, Target
from egpsync.model.record import ChangeRecord
from egpsync.model.report import Report, ReportError, ReportHead, ReportModel, ReportSpan, ReportTiming
from egpsync.model.run import Outcome, RunResult
from egpsync.record import record, record_end
from egpsync.value import replace

_AS_PLANNED = frozenset({Outcome.APPLIED, Outcome.NOTHING})
_WENT_WRONG = frozenset({Outcome.FAILED, Outcome.UNKNOWN, Outcome.STALE})


def build_problems(head: ReportHead) -> Report:
    """The report of `validate`, and of any command that ended at its manifests: nothing was compared."""
    return _report(head, head.target, ())


def build_plan(head: ReportHead, plan: Plan) -> Report:
    """The report of `plan` and `drift`, and of an `apply` that sent nothing: refused, declined or without a change."""
    return _report(head, plan.target, [record(change, requests_of(change)) for change in plan.changes], plan=plan)


def build_run(head: ReportHead, run: RunResult) -> Report:
    """The report of an `apply` that was carried out, to its end or not."""
    changes = [record_end(record(result.change, requests_of(result.change)), result) for result in run.results]
    return _report(head, run.plan.target, changes, plan=run.plan, run=run)


def build_error(head: ReportHead, error: ReportError) -> Report:
    """The report of a command that could not go on: nothing but that, so that nobody takes an older one for it."""
    return replace(_report(head, head.target, ()), error=error, complete=False, errored=True)


def _report(
    head: ReportHead,
    target: Target | None,
    changes: Iterable[ChangeRecord],
    *,
    plan: Plan | None = None,
    run: RunResult | None = None,
) -> Report:
    invalid = is_invalid(head.problems)
    refusals = plan.refusals if plan else ()
    outcomes = [result.outcome for result in run.results] if run else []
    return Report(
        kind=head.kind,
        tool_version=head.tool_version,
        base_url=target.base_url if target else None,
        account_id=target.account_id if target else None,
        files=head.files,
        models=head.models,
        summary=_summary(plan),
        outcomes=_counts(Outcome, outcomes) if run else {},
        applyable=plan is not None and not plan.empty and not refusals and not invalid,
        complete=not invalid and all(outcome in _AS_PLANNED for outcome in outcomes),
        errored=invalid or bool(refusals) or any(outcome in _WENT_WRONG for outcome in outcomes),
        interrupted=run is not None and run.interrupted is not None,
        problems=tuple(sorted(head.problems, key=_problem_order)),
        refusals=tuple(sorted(refusals, key=_refusal_order)),
        changes=tuple(sorted(changes, key=lambda change: (change.model_vendor, change.name, change.id or ""))),
        unmanaged=_unmanaged(plan),
        capacity=dict(sorted(plan.capacity.items())) if plan else {},
        target_name=head.target_name,
        section=head.section,
        repeat=head.repeat,
        notes=head.notes,
        rules=tuple(sorted(head.rules, key=lambda rule: rule.id)),
        declared=head.declared,
        directory=head.directory,
        repository_url=head.repository_url,
        revision=head.revision,
        timing=_timing(head, run),
    )


def _timing(head: ReportHead, run: RunResult | None) -> ReportTiming | None:
    if not head.started:
        return None
    spans = [
        ReportSpan(
            model_vendor=result.change.vendor,
            name=result.change.name,
            id=result.id or result.change.id,
            started=result.started,
            ended=result.ended,
        )
        for result in (run.results if run else ())
        if result.started
    ]
    return ReportTiming(
        started=head.started,
        ended=head.ended,
        changes=tuple(sorted(spans, key=lambda span: (span.model_vendor, span.name, span.id or ""))),
    )


def _summary(plan: Plan | None) -> Mapping[str, int]:
    counts = _counts(Action, (change.action for change in plan.changes) if plan else ())
    return {**counts, "unmanaged": len(plan.unmanaged) if plan else 0}


def _counts(kinds: Iterable[Action] | Iterable[Outcome], found: Iterable[Action] | Iterable[Outcome]) -> dict[str, int]:
    counted = Counter(found)
    return {kind.value: counted[kind] for kind in kinds}


def _unmanaged(plan: Plan | None) -> tuple[ReportModel, ...]:
    models = plan.unmanaged if plan else ()
    return tuple(
        ReportModel(name=model.name, model_vendor=model.vendor, id=model.id, status=model.status)
        for model in sorted(models, key=lambda model: (model.vendor, model.name, model.id))
    )


def _problem_order(problem: Problem) -> tuple[str, int, int, str, str]:
    place = problem.source
    return place.file, place.line, place.column, problem.rule, problem.message


def _refusal_order(refusal: Refusal) -> tuple[str, tuple[str, str], str]:
    return refusal.guard, refusal.model or ("", ""), refusal.message

"""Problems, a Plan or a RunResult in, one Report out: sorted, secrets masked here, once; strings still hostile."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from egpsync.account.requests import requests_of
from egpsync.fields.mask import hidden, masked, secrets_in, texts_in, without
from egpsync.model.manifest import Problem, Severity
from egpsync.model.plan import Action, Change, FieldChange, Plan, Refusal, Target
from egpsync.model.report import (
    Report,
    ReportChange,
    ReportField,
    ReportHead,
    ReportModel,
    ReportOutcome,
    ReportRequest,
)
from egpsync.model.run import ChangeResult, Outcome, RunResult

_AS_PLANNED = frozenset({Outcome.APPLIED, Outcome.NOTHING})
_WENT_WRONG = frozenset({Outcome.FAILED, Outcome.UNKNOWN, Outcome.STALE})


def build_problems(head: ReportHead) -> Report:
    """The report of `validate`, and of any command that ended at its manifests: nothing was compared."""
    return _report(head, head.target, ())


def build_plan(head: ReportHead, plan: Plan) -> Report:
    """The report of `plan` and `drift`, and of an `apply` that sent nothing: refused, declined or without a change."""
    return _report(head, plan.target, [_change(change, None) for change in plan.changes], plan=plan)


def build_run(head: ReportHead, run: RunResult) -> Report:
    """The report of an `apply` that was carried out, to its end or not."""
    changes = [_change(result.change, result) for result in run.results]
    return _report(head, run.plan.target, changes, plan=run.plan, run=run)


def told(changes: Iterable[Change], text: str) -> str:
    """What is said of these changes beside a report, such as a server's words, without their secrets."""
    return without((secret for change in changes for secret in _secrets_of(change)), text) if text else ""


def _report(
    head: ReportHead,
    target: Target | None,
    changes: Iterable[ReportChange],
    *,
    plan: Plan | None = None,
    run: RunResult | None = None,
) -> Report:
    invalid = any(problem.severity is Severity.ERROR for problem in head.problems)
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
        notes=head.notes,
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


def _change(change: Change, result: ChangeResult | None) -> ReportChange:
    renamed = change.live is not None and change.live.name != change.name

    def safe(text: str) -> str:
        return told([change], text)

    return ReportChange(
        name=change.name,
        model_vendor=change.vendor,
        id=result.id or change.id if result else change.id,
        action=change.action.value,
        previous_name=change.live.name if change.live and renamed else None,
        status=change.live.status if change.live else None,
        reason=safe(change.reason),
        notes=tuple(map(safe, change.notes)),
        fields=tuple(_field(change.vendor, field) for field in sorted(change.fields, key=lambda field: field.path)),
        requests=tuple(
            ReportRequest(method=request.method, path=request.path, body=masked(change.vendor, (), request.body))
            for request in requests_of(change)
        ),
        source=change.source,
        outcome=_outcome(result, safe) if result else None,
    )


def _secrets_of(change: Change) -> Iterable[str]:
    for field in change.fields:
        for value in (field.before, field.after):
            yield from texts_in(value) if field.sensitive else secrets_in(change.vendor, field.path, value)
    for held in (
        *(request.body for request in requests_of(change)),
        change.live.fields if change.live else None,
        change.desired.fields if change.desired else None,
    ):
        yield from secrets_in(change.vendor, (), held)


def _field(vendor: str, field: FieldChange) -> ReportField:
    before, after = (
        hidden(value) if field.sensitive else masked(vendor, field.path, value) for value in (field.before, field.after)
    )
    return ReportField(
        path=field.path,
        op=field.op.value,
        before=before,
        after=after,
        sensitive=field.sensitive,
        effect=field.effect.value,
        source=field.source,
        reason=field.reason,
    )


def _outcome(result: ChangeResult, safe: Callable[[str], str]) -> ReportOutcome:
    failure = result.failure
    return ReportOutcome(
        result=result.outcome.value,
        message=safe(failure.message) if failure else "",
        method=failure.method if failure else "",
        url=failure.url if failure else "",
        status=failure.status if failure else None,
        advice=safe(failure.advice) if failure else "",
        note=safe(result.note),
    )


def _problem_order(problem: Problem) -> tuple[str, int, int, str, str]:
    place = problem.source
    return place.file, place.line, place.column, problem.rule, problem.message


def _refusal_order(refusal: Refusal) -> tuple[str, tuple[str, str], str]:
    return refusal.guard, refusal.model or ("", ""), refusal.message

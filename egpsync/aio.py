"""The public face for callers that run a loop: the functions of `egpsync`, each to be awaited."""

import asyncio
import dataclasses
from typing import Any, Unpack

from egpsync.clock import now
from egpsync.core.change import PlanOptions
from egpsync.model.report import Kind, Report
from egpsync.options import Options
from egpsync.settings import Settings, load_settings
from egpsync.value import Value, replace
from egpsync.workflow import apply as applying
from egpsync.workflow import plan as planning
from egpsync.workflow.plan import Consent, Planned, Watch, choices_of
from egpsync.workflow.project import open_project, paths_of
from egpsync.workflow.reporting import Occasion, report_plan, report_problems, report_project, report_run
from egpsync.workflow.validate import validate as checked

__all__ = ["apply", "drift", "plan", "validate"]


class _Call(Value, frozen=True, kw_only=True):
    """What a call means."""

    occasion: Occasion
    settings: Settings
    paths: tuple[str, ...]
    options: PlanOptions
    consent: Consent


async def validate(*paths: str, **options: Unpack[Options]) -> Report:
    """Check manifests, offline and without a key; lints warn."""
    call = _call(Kind.VALIDATE, paths, options)
    if isinstance(call, Report):
        return call
    found = await asyncio.to_thread(checked, call.paths, call.settings, offline=True, asked=False, warned=True)
    return report_problems(call.occasion, found)


async def plan(*paths: str, **options: Unpack[Options]) -> Report:
    """What `apply` would send."""
    call = _call(Kind.PLAN, paths, options)
    return call if isinstance(call, Report) else report_plan(call.occasion, await _planned(call))


async def drift(*paths: str, **options: Unpack[Options]) -> Report:
    """How the account differs from the manifests."""
    call = _call(Kind.DRIFT, paths, options)
    if isinstance(call, Report):
        return call
    return report_plan(call.occasion, await planning.drift(call.paths, call.settings, Watch()))


async def apply(*paths: str, **options: Unpack[Options]) -> Report:
    """Plan, send, follow to the end. Cancelling it leaves requests whose end the next run tells."""
    call = _call(Kind.APPLY, paths, options)
    if isinstance(call, Report):
        return call
    planned = await _planned(call)
    report = report_plan(call.occasion, planned)
    if planned.plan is None or report.errored or not any(change.steps for change in planned.plan.changes):
        return report
    told = applying.look_back(planned.plan, call.settings)
    run = await applying.apply(planned.plan, call.settings, planned.options, Watch())
    applying.settle(call.settings, told)
    return report_run(call.occasion, planned, run)


async def _planned(call: _Call) -> Planned:
    return await planning.plan(call.paths, call.settings, call.options, call.consent, Watch())


def _call(kind: Kind, paths: tuple[str, ...], options: Options) -> _Call | Report:
    """What is meant; the report of a faulty project file, which says nothing else."""
    if unknown := options.keys() - Options.__annotations__.keys():
        raise TypeError(f"egpsync has no option {', '.join(sorted(unknown))}")
    chosen: dict[str, Any] = {name: value for name, value in options.items() if name not in ("api_key", "environ")}
    chosen["variables"] = tuple(options.get("variables", {}).items())
    occasion = Occasion(kind=kind, started=now())
    opened = open_project(options.get("project_file"))
    if opened.problems:
        return report_project(occasion, opened.problems)
    environ: dict[str, Any] = {"environ": options["environ"]} if "environ" in options else {}
    settings = load_settings(chosen, project=opened.project, offline=kind is Kind.VALIDATE, **environ)
    if (key := options.get("api_key")) is not None and kind is not Kind.VALIDATE:
        settings = dataclasses.replace(
            settings, api_key=key, secrets=dataclasses.replace(settings.secrets, api_key=key)
        )
    allowed, consent = choices_of(chosen)
    return _Call(
        occasion=replace(occasion, settings=settings),
        settings=settings,
        paths=paths_of(paths, settings),
        options=allowed,
        consent=consent,
    )

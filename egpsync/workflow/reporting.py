"""What a command found or did in, its Report out: which parts it shows, when it was, and the exit that it means."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from egpsync.clock import now
from egpsync.errors import EgpsyncError, ExitCode, HistoryError, StoppedError
from egpsync.manifest.find import repository_of
from egpsync.manifest.problems import ALL_RULES
from egpsync.model.manifest import Problem, is_invalid
from egpsync.model.plan import Target
from egpsync.model.project import ACCEPTED_IN_VAIN
from egpsync.model.report import Kind, Report, ReportDeclared, ReportError, ReportHead, ReportRule
from egpsync.model.run import Outcome, RunResult
from egpsync.report.build import build_error, build_plan, build_problems, build_run
from egpsync.settings import Settings
from egpsync.value import Value, replace
from egpsync.version import __version__

if TYPE_CHECKING:  # whoever has one has loaded it: validate needs no HTTP
    from egpsync.workflow.plan import Planned
    from egpsync.workflow.validate import Checked

FINE = frozenset({Outcome.APPLIED, Outcome.NOTHING})
UNSENT = frozenset({Outcome.STALE, Outcome.NOT_ATTEMPTED})
SIGNALLED: Mapping[int, ExitCode] = {2: ExitCode.INTERRUPTED}
"""The exit of a run that a signal ended, by its number: SIGINT; any other is a termination."""


class Occasion(Value, frozen=True, kw_only=True):
    """What is known of a command before it finds anything."""

    kind: Kind
    started: str  # as clock.now() gives it
    section: str = ""  # tells its report from others of the account
    repeat: str = ""  # the paths and options that plan and apply take from it, as a shell reads them
    settings: Settings | None = None  # None where nothing but files is looked at, or they could not be had


def report_problems(occasion: Occasion, checked: "Checked", *, listed: bool = False) -> Report:
    """The report of manifests that were only checked; `listed` names every model that they declare."""
    head = _head(occasion, files=len(checked.files), models=checked.models, problems=checked.problems)
    return _concluded(build_problems(replace(head, declared=_declared(checked) if listed else ())))


def report_project(occasion: Occasion, problems: tuple[Problem, ...]) -> Report:
    """The report of a project file that is faulty: nothing else was looked at."""
    return _concluded(build_problems(_head(occasion, files=1, models=0, problems=problems)))


def report_plan(occasion: Occasion, planned: "Planned", *, detailed: bool = False) -> Report:
    """The report of a comparison; `detailed` makes differences an exit of their own, as they always are for drift."""
    head = _head_of(occasion, planned)
    if planned.plan is None or is_invalid(planned.problems):
        return _concluded(build_problems(head))
    return _concluded(build_plan(head, planned.plan), detailed=detailed)


def report_run(occasion: Occasion, planned: "Planned", run: RunResult) -> Report:
    """The report of a run; one that was not to wait for deployments may leave them in flight."""
    waited = occasion.settings is None or occasion.settings.wait
    sent = any(result.sent for result in run.results)
    report = _concluded(build_run(_head_of(occasion, planned), run), waited=waited, sent=sent)
    if run.interrupted is None:
        return report
    return replace(report, exit_code=SIGNALLED.get(run.interrupted, ExitCode.TERMINATED))


def report_error(occasion: Occasion, error: EgpsyncError) -> Report:
    """The report of a command that could not go on."""
    told = ReportError(what=error.what, where=error.where, advice=error.advice)
    report = build_error(_head(occasion, files=0, models=0, problems=()), told)
    return replace(report, exit_code=error.exit_code, interrupted=isinstance(error, StoppedError))


def _head_of(occasion: Occasion, planned: "Planned") -> ReportHead:
    checked = planned.checked
    head = _head(occasion, files=len(checked.files), models=checked.models, problems=planned.problems)
    return replace(head, notes=(*planned.notes, *_ran(occasion.settings)))


def _ran(settings: Settings | None) -> tuple[str, ...]:
    """What was run for the manifests: a reader should know that a change of the project file can make it another."""
    if settings is None or not settings.secrets.ran:
        return ()
    return (f"secrets came from the command {settings.secrets.command[0]}",)


def _head(occasion: Occasion, *, files: int, models: int, problems: tuple[Problem, ...]) -> ReportHead:
    settings, offline = occasion.settings, occasion.kind is Kind.VALIDATE
    url = settings.project.repository_url if settings and settings.project else None
    return ReportHead(
        kind=occasion.kind,
        tool_version=__version__,
        files=files,
        models=models,
        problems=problems,
        target=Target(base_url=settings.base_url, account_id=settings.account_id) if settings and not offline else None,
        target_name=settings.scope.name if settings and settings.scope else None,
        section=occasion.section,
        repeat=occasion.repeat,
        rules=_rules_of(problems),
        directory=_directory(),
        repository_url=url,
        revision=_revision() if url is not None else "HEAD",
        started=occasion.started,
        ended=now(),
    )


def _rules_of(problems: tuple[Problem, ...]) -> tuple[ReportRule, ...]:
    found = {problem.rule: problem.severity for problem in problems}
    return tuple(
        ReportRule(id=rule.id, severity=found[rule.id], summary=rule.summary, why=rule.why, mend=rule.mend)
        for rule in ALL_RULES
        if rule.id in found
    )


def _directory() -> str:
    """The working folder from the repository's root; "" where it is the root, or there is none, or it is gone."""
    with suppress(OSError, ValueError):
        here = Path.cwd()
        path = here.relative_to(repository_of(here) or here).as_posix()
        return "" if path == "." else path
    return ""


def _revision() -> str:
    """The commit that is checked out, as far as git can say."""
    from egpsync.history import commit_of  # noqa: PLC0415 - git is asked where links are wanted alone

    try:
        return commit_of(".", "HEAD")
    except HistoryError:
        return "HEAD"


def _declared(checked: "Checked") -> tuple[ReportDeclared, ...]:
    """Every model that the manifests declare with a name, also where they are invalid."""
    found = []
    for model in checked.merged.models if checked.merged is not None else ():
        fields = model.merged.value
        vendor, name = (fields.get(key) if isinstance(fields, Mapping) else None for key in ("model_vendor", "name"))
        if isinstance(vendor, str) and isinstance(name, str):
            found.append(ReportDeclared(vendor=vendor, name=name, source=model.written.source))
    return tuple(found)


def _concluded(report: Report, *, detailed: bool = False, waited: bool = True, sent: bool = False) -> Report:
    return replace(report, exit_code=_exit_code(report, detailed=detailed, waited=waited, sent=sent))


def _exit_code(report: Report, *, detailed: bool, waited: bool, sent: bool) -> ExitCode:
    """What a report means to a script; the table is in the README."""
    if report.invalid:
        return ExitCode.INVALID
    if report.refusals:
        return ExitCode.REFUSED
    if report.outcomes:
        return _after_run(report, waited=waited, sent=sent)
    minded = report.summary["unhealthy"] > 0 or any(problem.rule == ACCEPTED_IN_VAIN for problem in report.problems)
    differs = report.applyable or (report.kind is Kind.DRIFT and minded)
    return ExitCode.DIFFERENCES if differs and (detailed or report.kind is Kind.DRIFT) else ExitCode.OK


def _after_run(report: Report, *, waited: bool, sent: bool) -> ExitCode:
    """5 where only stale models are left, 4 where anything else is left of what was begun, 1 where nothing was sent."""
    fine = FINE if waited else FINE | {Outcome.IN_FLIGHT}
    bad = {outcome for outcome in Outcome if report.outcomes[outcome] and outcome not in fine}
    if not bad:
        return ExitCode.OK
    if Outcome.STALE in bad and bad <= UNSENT:
        return ExitCode.REFUSED
    return ExitCode.INCOMPLETE if sent or Outcome.IN_FLIGHT in bad else ExitCode.ERROR

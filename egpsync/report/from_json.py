"""A report's JSON in, the Report that it was written from out; what is none is a Misfit that says where."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from egpsync.model.manifest import Problem
from egpsync.model.plan import Action, Capacity, Refusal
from egpsync.model.report import (
    Kind,
    Report,
    ReportDeclared,
    ReportError,
    ReportModel,
    ReportRule,
    ReportSince,
    ReportTiming,
)
from egpsync.model.run import Outcome
from egpsync.model.values import Json, JsonMap, Source
from egpsync.record import changes_of
from egpsync.report.to_json import FORMAT_VERSION
from egpsync.typed import Misfit, fit
from egpsync.value import Value


class _Target(Value, frozen=True, kw_only=True):
    base_url: str | None
    account_id: str | None
    name: str | None = None


class _Repository(Value, frozen=True, kw_only=True):
    url: str | None = None
    directory: str = ""
    revision: str = "HEAD"


class _Model(Value, frozen=True, kw_only=True):
    name: str
    model_vendor: str


class _Refusal(Value, frozen=True, kw_only=True):
    guard: str
    message: str
    consent: str
    model: _Model | None
    source: Source | None


class _Growth(Value, frozen=True, kw_only=True):
    before: int
    after: int


class _Capacity(Value, frozen=True, kw_only=True):
    minimum: _Growth
    maximum: _Growth


class _Document(Value, frozen=True, kw_only=True):
    """The document as the schema has it; the changes are read by their own reader."""

    tool_version: str
    kind: Kind
    target: _Target
    files: int
    models: int
    summary: Mapping[str, int]
    outcomes: Mapping[str, int]
    applyable: bool
    complete: bool
    errored: bool
    interrupted: bool
    problems: tuple[Problem, ...]
    refusals: tuple[_Refusal, ...]
    changes: tuple[JsonMap, ...]
    unmanaged: tuple[ReportModel, ...]
    capacity: Mapping[str, _Capacity]
    section: str = ""
    repeat: str = ""
    notes: tuple[str, ...] = ()
    rules: tuple[ReportRule, ...] = ()
    declared: tuple[ReportDeclared, ...] = ()
    repository: _Repository = _Repository()
    error: ReportError | None = None
    timing: ReportTiming | None = None
    since: ReportSince | None = None
    exit_code: int = 0


def reports_in(value: Json) -> tuple[Report, ...]:
    """The reports of a document: one, or the sections of a joined one. Raises Misfit."""
    if isinstance(value, dict) and isinstance(value.get("reports"), list):
        return tuple(map(from_json, value["reports"]))
    return (from_json(value),)


def from_json(value: Json) -> Report:
    """The report. Raises Misfit where it is none, or of a format that this version does not read."""
    if not isinstance(value, dict) or "kind" not in value or "format_version" not in value:
        raise Misfit("it is no report of egpsync")
    version, ours = str(value["format_version"]), FORMAT_VERSION.partition(".")[0]
    if version.partition(".")[0] != ours:
        raise Misfit(f"its format has version {version}, and this egpsync reads {ours}")
    document = fit(value, _Document)
    _check_times(document.timing)
    return Report(
        kind=document.kind,
        tool_version=document.tool_version,
        base_url=document.target.base_url,
        account_id=document.target.account_id,
        files=document.files,
        models=document.models,
        summary=_in_order(document.summary, (*Action, "unmanaged")),
        outcomes=_in_order(document.outcomes, tuple(Outcome)) if document.outcomes else {},
        applyable=document.applyable,
        complete=document.complete,
        errored=document.errored,
        interrupted=document.interrupted,
        problems=document.problems,
        refusals=tuple(map(_refusal, document.refusals)),
        changes=changes_of(document.changes),
        unmanaged=document.unmanaged,
        rules=document.rules,
        declared=document.declared,
        directory=document.repository.directory,
        repository_url=document.repository.url,
        revision=document.repository.revision,
        capacity={kind: _capacity(at) for kind, at in document.capacity.items()},
        target_name=document.target.name,
        section=document.section,
        repeat=document.repeat,
        notes=document.notes,
        error=document.error,
        timing=document.timing,
        since=document.since,
        exit_code=document.exit_code,
    )


def _check_times(timing: ReportTiming | None) -> None:
    """Raise Misfit for a time that is none: renderers reckon with them."""
    spans = [(timing.started, timing.ended), *((one.started, one.ended) for one in timing.changes)] if timing else []
    since = [timing.since] if timing and timing.since is not None else []
    for text in (*(text for span in spans for text in span), *since):
        try:
            when = datetime.fromisoformat(text)
        except ValueError as error:
            raise Misfit(f"{text[:40]!r} is no time") from error
        if when.tzinfo is None:
            raise Misfit(f"{text[:40]!r} is no time in UTC")


def _in_order(counts: Mapping[str, int], names: Sequence[str]) -> dict[str, int]:
    """The counts in the order of a report that was just made, as its renderers show them. Raises Misfit for gaps."""
    if missing := [name for name in names if name not in counts]:
        raise Misfit(f"a count is missing: {missing[0]}")
    known = {str(name): counts[name] for name in names}
    return {**known, **counts}


def _refusal(said: _Refusal) -> Refusal:
    model = (said.model.model_vendor, said.model.name) if said.model else None
    return Refusal(guard=said.guard, message=said.message, consent=said.consent, model=model, source=said.source)


def _capacity(said: _Capacity) -> Capacity:
    return Capacity(
        minimum_before=said.minimum.before,
        maximum_before=said.maximum.before,
        minimum_after=said.minimum.after,
        maximum_after=said.maximum.after,
    )

"""A Report in, one JSON document out, as schemas/report.schema.json describes it: sorted keys, ASCII only."""

import json
from collections.abc import Mapping
from typing import Any

from egpsync.model.manifest import Problem
from egpsync.model.plan import Capacity, Refusal
from egpsync.model.report import Report, ReportChange, ReportField, ReportModel, ReportOutcome
from egpsync.model.values import Source
from egpsync.report.escape import inert
from egpsync.report.style import Style

FORMAT_VERSION = "1.0"  # minor: additions; major: breaking


def to_json(report: Report, _style: Style) -> str:
    """The document, with a newline at its end: the same bytes for the same report, whatever is not ASCII escaped."""
    document = {
        "format_version": FORMAT_VERSION,
        "tool_version": report.tool_version,
        "kind": report.kind,
        "target": {"name": report.target_name, "base_url": report.base_url, "account_id": report.account_id},
        "section": report.section,
        "notes": list(report.notes),
        "files": report.files,
        "models": report.models,
        "summary": dict(report.summary),
        "outcomes": dict(report.outcomes),
        "applyable": report.applyable,
        "complete": report.complete,
        "errored": report.errored,
        "interrupted": report.interrupted,
        "problems": [_problem(problem) for problem in report.problems],
        "refusals": [_refusal(refusal) for refusal in report.refusals],
        "changes": [_change(change) for change in report.changes],
        "unmanaged": [_model(model) for model in report.unmanaged],
        "capacity": {kind: _capacity(at) for kind, at in report.capacity.items()},
    }
    return inert(json.dumps(document, sort_keys=True, indent=2, allow_nan=False) + "\n")


def _problem(problem: Problem) -> Mapping[str, Any]:
    return {
        "rule": problem.rule,
        "severity": problem.severity.value,
        "message": problem.message,
        "source": _source(problem.source),
        "excerpt": problem.excerpt,
        "expected": problem.expected,
        "suggestion": problem.suggestion,
        "related": _source(problem.related),
    }


def _refusal(refusal: Refusal) -> Mapping[str, Any]:
    vendor, name = refusal.model or (None, None)
    return {
        "guard": refusal.guard,
        "message": refusal.message,
        "consent": refusal.consent,
        "model": {"name": name, "model_vendor": vendor} if refusal.model else None,
        "source": _source(refusal.source),
    }


def _change(change: ReportChange) -> Mapping[str, Any]:
    return {
        "name": change.name,
        "previous_name": change.previous_name,
        "model_vendor": change.model_vendor,
        "id": change.id,
        "status": change.status,
        "action": change.action,
        "reason": change.reason,
        "notes": list(change.notes),
        "source": _source(change.source),
        "fields": [_field(field) for field in change.fields],
        "requests": [
            {"method": request.method, "path": request.path, "body": request.body} for request in change.requests
        ],
        **({"outcome": _outcome(change.outcome)} if change.outcome else {}),
    }


def _field(field: ReportField) -> Mapping[str, Any]:
    return {
        "path": list(field.path),
        "op": field.op,
        "before": field.before,
        "after": field.after,
        "sensitive": field.sensitive,
        "effect": field.effect,
        "source": _source(field.source),
        "reason": field.reason,
    }


def _outcome(outcome: ReportOutcome) -> Mapping[str, Any]:
    return {
        "result": outcome.result,
        "message": outcome.message,
        "method": outcome.method,
        "url": outcome.url,
        "status": outcome.status,
        "advice": outcome.advice,
        "note": outcome.note,
    }


def _model(model: ReportModel) -> Mapping[str, Any]:
    return {"name": model.name, "model_vendor": model.model_vendor, "id": model.id, "status": model.status}


def _capacity(at: Capacity) -> Mapping[str, Any]:
    return {
        "minimum": {"before": at.minimum_before, "after": at.minimum_after},
        "maximum": {"before": at.maximum_before, "after": at.maximum_after},
    }


def _source(source: Source | None) -> Mapping[str, Any] | None:
    return {"file": source.file, "line": source.line, "column": source.column} if source else None

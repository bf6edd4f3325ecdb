"""A Report in, one JSON document out, as schemas/report.schema.json describes it: sorted keys, ASCII only."""

from collections.abc import Mapping
from typing import Any

from egpsync.model.plan import Capacity, Refusal
from egpsync.model.report import Report, ReportTiming
from egpsync.record import document_of
from egpsync.report.escape import inert_inside
from egpsync.report.style import Style
from egpsync.typed import plain, write_pretty

FORMAT_VERSION = "1.1"  # minor: additions; major: breaking


def to_json(report: Report, _style: Style) -> str:
    """The document, with a newline at its end: the same bytes for the same report, whatever is not ASCII escaped."""
    return write_document(document_of_report(report))


def write_document(document: Mapping[str, Any]) -> str:
    """A document as its file holds it: no line of it is a command to a CI runner."""
    return inert_inside(write_pretty(document) + "\n")


def document_of_report(report: Report) -> Mapping[str, Any]:
    """What the schema describes."""
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": report.tool_version,
        "kind": report.kind,
        "target": {"name": report.target_name, "base_url": report.base_url, "account_id": report.account_id},
        "section": report.section,
        "repeat": report.repeat,
        "notes": list(report.notes),
        "files": report.files,
        "models": report.models,
        "summary": dict(report.summary),
        "outcomes": dict(report.outcomes),
        "applyable": report.applyable,
        "complete": report.complete,
        "errored": report.errored,
        "interrupted": report.interrupted,
        "problems": plain(report.problems),
        "rules": plain(report.rules),
        "declared": plain(report.declared),
        "repository": {"url": report.repository_url, "directory": report.directory, "revision": report.revision},
        "refusals": [_refusal(refusal) for refusal in report.refusals],
        "changes": [document_of(change) for change in report.changes],
        "unmanaged": plain(report.unmanaged),
        "capacity": {kind: _capacity(at) for kind, at in report.capacity.items()},
        "error": plain(report.error),
        **({"since": plain(report.since)} if report.since is not None else {}),
        "exit_code": report.exit_code,
        "timing": _timing(report.timing),
    }


def _timing(timing: ReportTiming | None) -> Mapping[str, Any] | None:
    """Without what it is not compared with."""
    return None if timing is None else {key: value for key, value in plain(timing).items() if value is not None}


def _refusal(refusal: Refusal) -> Mapping[str, Any]:
    vendor, name = refusal.model or (None, None)
    model = {"name": name, "model_vendor": vendor} if refusal.model else None
    return {**plain(refusal), "model": model}


def _capacity(at: Capacity) -> Mapping[str, Any]:
    return {
        "minimum": {"before": at.minimum_before, "after": at.minimum_after},
        "maximum": {"before": at.maximum_before, "after": at.maximum_after},
    }

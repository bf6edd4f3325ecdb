"""Two reports of drift in, what is new, what went away and what stays out."""

from collections.abc import Iterator

from egpsync.model.plan import Action
from egpsync.model.record import ChangeRecord
from egpsync.model.report import Report, ReportDifference, ReportSince
from egpsync.value import replace

_WHOLE: dict[Action, str] = {
    Action.CREATE: "missing",
    Action.DELETE: "left over",
    Action.UNHEALTHY: "unhealthy",
}
"""What is said of a model as a whole; of others, field by field."""


def compared_with(report: Report, earlier: Report) -> Report:
    """The report with what became of the differences of the earlier one; their values are not compared."""
    then, now = set(_differences(earlier)), set(_differences(report))
    since = ReportSince(new=_sorted(now - then), gone=_sorted(then - now), stays=_sorted(then & now))
    when = earlier.timing.ended if earlier.timing else None
    timing = replace(report.timing, since=when) if report.timing else None
    return replace(report, since=since, timing=timing)


def _differences(report: Report) -> Iterator[ReportDifference]:
    for change in report.changes:
        whole = _WHOLE.get(change.action)
        if whole is not None:
            yield _of(change, whole)
        if change.action not in {Action.CREATE, Action.DELETE}:  # whose fields are all that there is of it
            for field in change.fields:
                yield _of(change, ".".join(field.path))


def _of(change: ChangeRecord, what: str) -> ReportDifference:
    return ReportDifference(model_vendor=change.model_vendor, name=change.name, what=what)


def _sorted(found: set[ReportDifference]) -> tuple[ReportDifference, ...]:
    return tuple(sorted(found, key=lambda one: (one.model_vendor, one.name, one.what)))

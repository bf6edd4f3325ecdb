"""A Report in, metrics out for the node exporter's textfile collector: whole, without timestamps on samples."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeAlias

from egpsync.model.report import Report, ReportTiming
from egpsync.report.escape import inert, visible
from egpsync.report.style import Style
from egpsync.report.words import CHANGING, STANDING, capacity_in_use, compared, differing, drift_word, errors

_CHANGES: Mapping[str, tuple[str, ...]] = {
    "create": ("create",),
    "update": ("update", "redeploy", "rename", "recreate"),
    "delete": ("delete",),
    "unmanaged": ("unmanaged",),
}
_SUCCESS = "last_success_timestamp_seconds"

Sample: TypeAlias = tuple[Mapping[str, str], float]
Gauge: TypeAlias = Callable[[str, str, Iterable[Sample]], Iterator[str]]
"""Name, help and samples in, the lines of a metric out."""


def to_prometheus(report: Report, style: Style) -> str:
    """Every metric with its help; labels name the account, the command and, where there is one, the section.

    What an earlier run has left in the file is asked for one thing: when the last success was, where this is none.
    """
    lines = [line for metric in _metrics(report) for line in metric]
    return "\n".join([*lines, *_last_success(report, style.earlier)]) + "\n"


def _metrics(report: Report) -> Iterator[Iterable[str]]:
    base = _base(report)

    def gauge(name: str, about: str, samples: Iterable[Sample]) -> Iterator[str]:
        yield f"# HELP egpsync_{name} {about}"
        yield f"# TYPE egpsync_{name} gauge"
        for labels, value in samples:
            yield f"egpsync_{name}{{{_spelt({**base, **labels})}}} {value:.15g}"

    yield gauge("build_info", "The version that wrote these metrics.", [({"version": report.tool_version}, 1)])
    yield gauge("errored", "Whether something is invalid, refused or went wrong.", [({}, report.errored)])
    warnings = len(report.problems) - errors(report)
    found = [({"severity": "error"}, errors(report)), ({"severity": "warning"}, warnings)]
    yield gauge("problems", "Problems of the manifests.", found)
    yield gauge("refusals", "Guards that tripped.", [({}, len(report.refusals))])
    yield gauge("declared_models", "Models that the manifests declare.", [({}, report.models)])
    yield gauge("last_run_exit_code", "What the command ended with.", [({}, report.exit_code)])
    if report.timing is not None:
        yield from _of_time(report.timing, gauge)
    if compared(report):
        yield from _of_models(report, gauge)


def _base(report: Report) -> Mapping[str, str]:
    return {
        "account": report.account_id or "",
        "base_url": report.base_url or "",
        "command": report.kind,
        "section": report.section,
    }


def _spelt(labels: Mapping[str, str]) -> str:
    return ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())


def _last_success(report: Report, earlier: str) -> Iterator[str]:
    start = f"egpsync_{_SUCCESS}{{{_spelt(_base(report))}}} "
    if report.timing is not None and not report.errored and not report.interrupted:
        found: str | None = f"{start}{_moment(report.timing.ended):.3f}"
    else:
        found = next((line for line in earlier.splitlines() if line.startswith(start)), None)
    if found is not None:
        yield f"# HELP egpsync_{_SUCCESS} When a run last ended without an error, in seconds since 1970."
        yield f"# TYPE egpsync_{_SUCCESS} gauge"
        yield found


def _of_time(timing: ReportTiming, gauge: Gauge) -> Iterator[Iterable[str]]:
    ended = _moment(timing.ended)
    yield gauge("run_duration_seconds", "How long the command took.", [({}, ended - _moment(timing.started))])
    yield gauge("last_run_timestamp_seconds", "When the command ended, in seconds since 1970.", [({}, ended)])


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _of_models(report: Report, gauge: Gauge) -> Iterator[Iterable[str]]:
    states = [({"state": _state(state)}, report.summary[state]) for state in (*CHANGING, *STANDING)]
    yield gauge("models", "Models by how the account holds them.", states)
    kinds = [({"action": kind}, sum(map(report.summary.__getitem__, of))) for kind, of in _CHANGES.items()]
    yield gauge("drift_resources", "Models by what would put them right.", kinds)
    fields = sum(len(change.fields) for change in report.changes)
    yield gauge("drift_fields", "Fields that differ.", [({}, fields)])
    yield gauge("in_sync", "Whether no model differs.", [({}, not differing(report))])
    if report.outcomes:
        ends = [({"outcome": outcome}, count) for outcome, count in report.outcomes.items()]
        yield gauge("changes", "Changes of the run by how they ended.", ends)
    gpus = [
        ({"gpu_type": kind, "workers": workers, "when": when}, count)
        for kind, at in capacity_in_use(report)
        for workers, when, count in (
            ("min", "before", at.minimum_before),
            ("min", "after", at.minimum_after),
            ("max", "before", at.maximum_before),
            ("max", "after", at.maximum_after),
        )
    ]
    yield gauge("gpus", "GPUs that all models take, at min and at max workers.", gpus)


def _state(action: str) -> str:
    return drift_word(action).replace(" (", "_").replace(")", "").replace(" ", "_")


def _label(text: str) -> str:
    return inert(visible(text)).replace("\\", "\\\\").replace('"', '\\"')

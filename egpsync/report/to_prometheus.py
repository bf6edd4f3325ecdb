"""A Report in, metrics out for the node exporter's textfile collector: whole, without timestamps on samples."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from egpsync.model.report import Report
from egpsync.report.escape import inert, visible
from egpsync.report.style import Style
from egpsync.report.words import CHANGING, STANDING, capacity_in_use, compared, differing, drift_word, errors

_CHANGES: Mapping[str, tuple[str, ...]] = {
    "create": ("create",),
    "update": ("update", "redeploy", "rename", "recreate"),
    "delete": ("delete",),
    "unmanaged": ("unmanaged",),
}
Sample: TypeAlias = tuple[Mapping[str, str], float]
Gauge: TypeAlias = Callable[[str, str, Iterable[Sample]], Iterator[str]]
"""Name, help and samples in, the lines of a metric out."""


def to_prometheus(report: Report, _style: Style) -> str:
    """Every metric with its help; labels name the account, the command and, where there is one, the section."""
    return "\n".join(line for metric in _metrics(report) for line in metric) + "\n"


def _metrics(report: Report) -> Iterator[Iterable[str]]:
    base = {
        "account": report.account_id or "",
        "base_url": report.base_url or "",
        "command": report.kind,
        "section": report.section,
    }

    def gauge(name: str, about: str, samples: Iterable[Sample]) -> Iterator[str]:
        yield f"# HELP egpsync_{name} {about}"
        yield f"# TYPE egpsync_{name} gauge"
        for labels, value in samples:
            spelt = ",".join(f'{key}="{_label(text)}"' for key, text in {**base, **labels}.items())
            yield f"egpsync_{name}{{{spelt}}} {value:.17g}"

    yield gauge("build_info", "The version that wrote these metrics.", [({"version": report.tool_version}, 1)])
    yield gauge("errored", "Whether something is invalid, refused or went wrong.", [({}, report.errored)])
    warnings = len(report.problems) - errors(report)
    found = [({"severity": "error"}, errors(report)), ({"severity": "warning"}, warnings)]
    yield gauge("problems", "Problems of the manifests.", found)
    yield gauge("refusals", "Guards that tripped.", [({}, len(report.refusals))])
    yield gauge("declared_models", "Models that the manifests declare.", [({}, report.models)])
    if compared(report):
        yield from _of_models(report, gauge)


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

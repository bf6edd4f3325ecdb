"""A Report in, JUnit XML out: a case a model; what must be mended, or for drift what differs, is a failure."""

from bisect import bisect_right
from collections.abc import Container, Iterator, Mapping
from html import escape
from itertools import groupby

from egpsync.model.report import Report
from egpsync.report.escape import inert, visible
from egpsync.report.findings import Finding, findings, repository_path
from egpsync.report.fold import fold
from egpsync.report.style import Style
from egpsync.report.words import action_word, plural
from egpsync.value import Value

_NAME = 300  # characters of a case's name
_STATES = {"apply-unknown": "error", "apply-in-flight": "skipped", "apply-not-attempted": "skipped"}
"""What a finding makes of its model's case, where it is no failure."""


class Case(Value, frozen=True, kw_only=True):
    """One test case."""

    suite: str
    name: str
    state: str  # passed, failure, error or skipped
    kind: str  # the rule
    lines: tuple[str, ...]  # the first is the message


def to_junit(report: Report, _style: Style) -> str:
    """All models, those that are as they should be too: a viewer takes no cases for a failure."""
    cases = sorted(_cases(report), key=lambda case: (case.suite, case.name))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="egpsync {report.kind}" {_counts(cases)}>']
    for suite, members in groupby(cases, key=lambda case: case.suite):
        of_suite = list(members)
        skipped = sum(case.state == "skipped" for case in of_suite)
        lines.append(f'  <testsuite name="{_text(suite)}" {_counts(of_suite)} skipped="{skipped}">')
        lines += [line for case in of_suite for line in _case(case)]
        lines.append("  </testsuite>")
    return inert("\n".join([*lines, "</testsuites>"]) + "\n")


def _cases(report: Report) -> Iterator[Case]:
    places, found = _places(report), dict[tuple[str, str], list[Finding]]()
    for finding in findings(report):
        vendor, name = finding.model or _model_at(places, finding)
        found.setdefault((_suite(report, vendor), name), []).append(finding)
    for key, of_case in found.items():
        yield _failed(key, of_case)
    for change in report.changes:
        if (_suite(report, change.model_vendor), change.name) not in found:
            yield _passed(_suite(report, change.model_vendor), change.name, action_word(report, change.action))
    if not report.changes:
        yield from _declared(report, set(found))


def _places(report: Report) -> Mapping[str, list[tuple[int, str, str]]]:
    """Where each file's models begin, in the order of lines."""
    places: dict[str, list[tuple[int, str, str]]] = {}
    sources = [(model.source, model.vendor, model.name) for model in report.declared]
    sources += [(one.source, one.model_vendor, one.name) for one in report.changes if one.source]
    for source, vendor, name in sources:
        places.setdefault(repository_path(report, source), []).append((source.line, vendor, name))
    return {file: sorted(set(starts)) for file, starts in places.items()}


def _model_at(places: Mapping[str, list[tuple[int, str, str]]], finding: Finding) -> tuple[str, str]:
    """The model that a finding's line stands in; else its file, else nothing but the rule."""
    starts = places.get(finding.path, [])
    at = bisect_right(starts, finding.line, key=lambda start: start[0])
    return starts[at - 1][1:] if at else ("manifests", finding.path or finding.rule)


def _passed(suite: str, name: str, *said: str) -> Case:
    return Case(suite=suite, name=name, state="passed", kind="", lines=said)


def _declared(report: Report, taken: Container[tuple[str, str]]) -> Iterator[Case]:
    for model in report.declared:
        if (_suite(report, model.vendor), model.name) not in taken:
            yield _passed(_suite(report, model.vendor), model.name)
    if not report.declared and not report.problems:
        name = f"{plural(report.models, 'model')} in {plural(report.files, 'file')}"
        yield _passed(_suite(report, "manifests"), name)


def _failed(key: tuple[str, str], found: list[Finding]) -> Case:
    states = [_state(finding) for finding in found]
    state = next(one for one in ("failure", "error", "skipped", "passed") if one in states)
    worst = found[states.index(state)]
    lines = [f"{_place(finding)}{finding.text}" for finding in sorted(found, key=lambda one: one is not worst)]
    return Case(suite=key[0], name=key[1], state=state, kind=worst.rule, lines=tuple(lines))


def _state(finding: Finding) -> str:
    if finding.rule.startswith("drift-"):
        return "skipped" if finding.level == "note" else "failure"
    return _STATES.get(finding.rule, "failure" if finding.level == "error" else "passed")


def _place(finding: Finding) -> str:
    return f"{finding.path}:{finding.line}:{finding.column}: " if finding.path else ""


def _suite(report: Report, part: str) -> str:
    return ".".join(filter(None, ("egpsync", report.kind, report.section, part)))


def _case(case: Case) -> Iterator[str]:
    attributes = f'classname="{_text(case.suite)}" name="{_text(fold(case.name, _NAME))}"'
    message = escape(visible(case.lines[0])) if case.lines else ""
    text = "\n".join(escape(visible(line), quote=False) for line in case.lines)
    match case.state:
        case "passed" if not text:
            yield f"    <testcase {attributes}/>"
        case "passed":
            yield f"    <testcase {attributes}><system-out>{text}</system-out></testcase>"
        case state:
            inner = f'<{state} type="{_text(case.kind)}" message="{message}">{text}</{state}>'
            yield f"    <testcase {attributes}>{inner}</testcase>"


def _counts(cases: list[Case]) -> str:
    failures, errors = (sum(case.state == state for case in cases) for state in ("failure", "error"))
    return f'tests="{len(cases)}" failures="{failures}" errors="{errors}"'


def _text(text: str) -> str:
    return escape(visible(text))

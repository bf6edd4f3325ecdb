"""JUnit XML, read by an XML parser and held against the schema that Jenkins uses."""

from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
import xmlschema

from egpsync.model.report import Report, ReportDeclared
from egpsync.report.build import build_plan, build_problems
from egpsync.report.style import Style
from egpsync.report.to_junit import to_junit
from egpsync.value import replace
from tests.report.hostile import HOSTILE_REPORTS
from tests.report.samples import PROBLEM, REPORTS, UNCHANGED, UPDATED, WARNING, at, head, plan

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).parent / "schemas" / "junit-10.xsd"))
ALL = {**REPORTS, **{f"hostile-{kind}": report for kind, report in HOSTILE_REPORTS.items()}}


def parsed(report: Report) -> Element:
    """The document's root."""
    return fromstring(to_junit(report, Style()))


def states(report: Report) -> dict[str, str]:
    """How each case ended, by name."""
    found = {}
    for case in parsed(report).iter("testcase"):
        inner = [child.tag for child in case if child.tag != "system-out"]
        found[case.attrib["name"]] = inner[0] if inner else "passed"
    return found


@pytest.mark.parametrize("name", ALL)
def test_it_is_as_the_schema_says(name: str) -> None:
    """Every kind of report, and the counts are those of the cases."""
    text = to_junit(ALL[name], Style())
    SCHEMA.validate(text)
    root = fromstring(text)
    counted = [len(list(root.iter(tag))) for tag in ("testcase", "failure", "error")]
    assert [int(root.attrib[key]) for key in ("tests", "failures", "errors")] == counted
    assert counted[0] > 0


def test_what_drifts_fails_and_what_deploys_is_skipped() -> None:
    """A case a model, those in sync too."""
    found = states(REPORTS["drift"])
    assert found.pop("calm") == "passed"
    assert found.pop("busy") == "skipped"
    assert set(found.values()) == {"failure"}
    assert len(found) == 7


def test_a_plan_fails_by_what_a_guard_refuses_alone() -> None:
    """What would change is what was asked for."""
    assert set(states(REPORTS["plan"]).values()) == {"passed"}
    refused = [name for name, state in states(REPORTS["refused"]).items() if state == "failure"]
    assert len(refused) == 2
    assert "delete-threshold" in refused


def test_a_run_fails_by_how_its_changes_ended() -> None:
    """What is not known is an error, what was not begun or still deploys is skipped."""
    found = states(REPORTS["apply"])
    assert {name: found[name] for name in ("summarizer", "b", "busy", "chat", "embedder")} == {
        "summarizer": "failure",
        "b": "error",
        "busy": "skipped",
        "chat": "skipped",
        "embedder": "passed",
    }


def test_a_problem_fails_the_model_that_it_stands_in() -> None:
    """By file and line; a problem above the first model fails its file; a warning fails nothing."""
    models = [ReportDeclared(vendor="launch", name=f"m{line}", source=at(line)) for line in (10, 20)]
    warned = replace(WARNING, source=at(25))
    problems = [PROBLEM, replace(PROBLEM, source=at(3)), warned]
    report = build_problems(replace(head("validate", *problems), declared=tuple(models)))
    assert states(report) == {"configs/models.yaml": "failure", "m10": "failure", "m20": "passed"}
    case = next(case for case in parsed(report).iter("testcase") if case.attrib["name"] == "m10")
    assert case[0].attrib["type"] == "unknown-field"
    assert case[0].text == (
        'configs/models.yaml:14:7: unknown field "tagg". Expected: one of command, env_vars, registry, repository, '
        "tag. Did you mean tag? See also configs/base.yaml:3:5."
    )


def test_valid_manifests_are_a_case_though_no_model_is_known() -> None:
    """No case at all would be read as a failure."""
    assert states(build_problems(head("validate"))) == {"12 models in 3 files": "passed"}


def test_suites_are_told_apart_by_section_and_vendor() -> None:
    """GitLab keys a case on class and name."""
    report = build_plan(replace(head(), section="prod"), plan(UPDATED, UNCHANGED))
    suites = [suite.attrib["name"] for suite in parsed(report)]
    assert suites == ["egpsync.plan.prod.launch", "egpsync.plan.prod.openai"]

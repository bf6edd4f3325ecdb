"""SARIF, held against the schema of version 2.1.0."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from egpsync.model.manifest import Severity
from egpsync.model.plan import Action
from egpsync.model.report import Report, ReportRule
from egpsync.report.build import build_plan, build_problems
from egpsync.report.style import Style
from egpsync.report.to_sarif import MOST, to_sarif
from egpsync.value import replace
from tests.report.hostile import HOSTILE_REPORTS
from tests.report.samples import PROBLEM, REPORTS, UPDATED, change, field, head, plan

VALIDATOR = Draft4Validator(json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text()))
ALL = {**REPORTS, **{f"hostile-{kind}": report for kind, report in HOSTILE_REPORTS.items()}}


def run_of(report: Report) -> Any:
    """The one run."""
    return json.loads(to_sarif(report, Style()))["runs"][0]


@pytest.mark.parametrize("name", ALL)
def test_it_is_as_the_schema_says(name: str) -> None:
    """Every kind of report; each result points at the rule that it names."""
    document = json.loads(to_sarif(ALL[name], Style()))
    VALIDATOR.validate(document)
    run = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_a_problem_is_a_result_with_its_rules_help() -> None:
    """Place, level, message; the rule says why it is one and how to mend it."""
    rule = ReportRule(id="unknown-field", severity=Severity.ERROR, summary="A field.", why="Typos.", mend="Mend it.")
    run = run_of(build_problems(replace(head("validate", PROBLEM), rules=(rule,))))
    assert run["tool"]["driver"]["rules"] == [
        {
            "id": "unknown-field",
            "shortDescription": {"text": "A field."},
            "help": {"text": "Typos. Mend it."},
            "defaultConfiguration": {"level": "error"},
        }
    ]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("unknown-field", "error")
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "configs/models.yaml"},
                "region": {"startLine": 14, "startColumn": 7},
            }
        }
    ]


@pytest.mark.parametrize(
    ("directory", "file", "uri"),
    [
        ("", "a b/ü.yaml", "a%20b/%C3%BC.yaml"),
        ("deploy", "models/a.yaml", "deploy/models/a.yaml"),
        ("deploy", "../models/a.yaml", "models/a.yaml"),
        ("deploy", "/etc/a.yaml", "file:///etc/a.yaml"),
    ],
)
def test_paths_are_relative_to_the_repository(directory: str, file: str, uri: str) -> None:
    """Whatever folder the command was run in."""
    problem = replace(PROBLEM, source=replace(PROBLEM.source, file=file))
    run = run_of(build_problems(replace(head("validate", problem), directory=directory)))
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_drift_is_a_warning_that_keeps_its_fingerprint() -> None:
    """By rule and model: where lines move, it is still the same one."""
    moved = replace(UPDATED, fields=tuple(replace(one, source=None) for one in UPDATED.fields), source=None)
    one, other = (run_of(build_plan(head("drift"), plan(changed)))["results"] for changed in (UPDATED, moved))
    assert [(result["ruleId"], result["level"]) for result in one] == [("drift-different", "warning")]
    assert one[0]["partialFingerprints"] == other[0]["partialFingerprints"]


def test_a_plan_that_is_not_refused_has_no_results() -> None:
    """What is asked for is no finding."""
    assert run_of(REPORTS["plan"])["results"] == []


def test_what_is_beyond_the_limit_is_said_to_be_left_out() -> None:
    """As many as are kept of an upload, and a notification with the rest."""
    changes = [change(Action.UPDATE, f"m{at}", field("model_metadata.a", 1, 2)) for at in range(MOST + 7)]
    run = run_of(build_plan(head("drift"), plan(*changes)))
    assert len(run["results"]) == MOST
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"] == {"text": "7 more results not shown."}

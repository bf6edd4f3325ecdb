"""GitHub's annotation lines, read as its runner reads them, and GitLab's two files."""

import json
import re
from typing import Any

import pytest

from egpsync.model.plan import Action, Origin
from egpsync.model.report import Report
from egpsync.report.build import build_plan, build_problems
from egpsync.report.formats import FORMATS
from egpsync.report.style import Style
from egpsync.report.to_codequality import MOST
from egpsync.value import replace
from tests.report.hostile import HOSTILE_REPORTS
from tests.report.samples import DELETED, PROBLEM, REPORTS, UPDATED, WARNING, change, field, head, plan

ALL = {**REPORTS, **{f"hostile-{kind}": report for kind, report in HOSTILE_REPORTS.items()}}


def annotations(report: Report) -> list[tuple[str, dict[str, str], str]]:
    """What the runner makes of the lines: command, properties, message."""
    found = []
    for line in FORMATS["github"](report, Style()).splitlines():
        if line.startswith("::"):
            command, _, data = line[2:].partition("::")
            name, _, properties = command.partition(" ")
            pairs = dict(pair.split("=", 1) for pair in properties.split(","))
            found.append((name, {key: unescaped(value) for key, value in pairs.items()}, unescaped(data)))
    return found


def unescaped(text: str) -> str:
    """As the runner undoes it."""
    for escape, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(escape, char)
    return text


def codequality(report: Report) -> Any:
    """The issues."""
    return json.loads(FORMATS["codequality"](report, Style()))


def test_a_problem_is_an_annotation_on_its_line() -> None:
    """With its rule as the title; the totals follow as a line of the log."""
    report = build_problems(replace(head("validate", PROBLEM), directory="deploy"))
    assert annotations(report) == [
        (
            "error",
            {"file": "deploy/configs/models.yaml", "line": "14", "col": "7", "title": "egpsync unknown-field"},
            'unknown field "tagg". Expected: one of command, env_vars, registry, repository, tag. '
            "Did you mean tag? See also configs/base.yaml:3:5.",
        )
    ]
    assert FORMATS["github"](report, Style()).splitlines()[-1] == (
        "egpsync validate: 1 error in 1 file. Invalid (exit 3). Mend the manifests and run again."
    )


def test_a_plan_tells_its_changes_as_notices() -> None:
    """On the line of the field that differs."""
    (notice,) = annotations(build_plan(head(), plan(UPDATED)))
    assert notice == (
        "notice",
        {"file": "configs/models.yaml", "line": "13", "col": "5", "title": "egpsync planned-change"},
        'update: ranker (openai): model_metadata.temp: true removed; model_metadata.tier: "gold" -> "silver".',
    )


def test_what_is_not_of_this_change_is_no_notice() -> None:
    """A pull request is annotated with what it does itself; the others stand in the comment, folded."""
    others = replace(UPDATED, fields=tuple(replace(one, origin=Origin.OUTSTANDING) for one in UPDATED.fields))
    report = build_plan(head(), plan(others, change(Action.UPDATE, "own", field("model_metadata.a", 1, 2))))
    assert [message.split(":")[1].strip() for _, _, message in annotations(report)] == ["own (launch)"]
    assert FORMATS["markdown"](report, Style()).index("own") < FORMATS["markdown"](report, Style()).index("ranker")
    assert '"other":true' in FORMATS["html"](report, Style())


def test_at_most_ten_of_a_level_and_the_rest_counted() -> None:
    """What the runner would drop without a word is said."""
    problems = [replace(PROBLEM, source=replace(PROBLEM.source, line=line)) for line in range(1, 31)]
    warnings = [replace(WARNING, source=replace(WARNING.source, line=line)) for line in range(1, 11)]
    found = annotations(build_problems(head("validate", *problems, *warnings)))
    assert [name for name, _, _ in found] == ["error"] * 10 + ["warning"] * 10
    assert found[9][2] == "21 more errors not shown here: see the report."


@pytest.mark.parametrize("name", ALL)
def test_a_line_is_one_annotation_whatever_it_says(name: str) -> None:
    """Read back, each has only the properties that we gave it."""
    for _, properties, message in annotations(ALL[name]):
        assert set(properties) in ({"file", "line", "col", "title"}, {"title"})
        assert re.fullmatch(r"[^\n\r]+", message)


def test_the_widget_gets_three_counts() -> None:
    """A replacement counts at both ends; no value of any model leaves."""
    assert json.loads(FORMATS["gitlab"](REPORTS["plan"], Style())) == {"create": 2, "update": 3, "delete": 2}
    assert json.loads(FORMATS["gitlab"](REPORTS["valid"], Style())) == {"create": 0, "update": 0, "delete": 0}


@pytest.mark.parametrize("name", ALL)
def test_code_quality_has_what_gitlab_asks_for(name: str) -> None:
    """Each issue with description, check, severity, place and a fingerprint of its own."""
    issues = codequality(ALL[name])
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["path"]
        assert not issue["location"]["path"].startswith("./")
        assert issue["location"]["lines"]["begin"] >= 1
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_code_quality_says_what_it_leaves_out() -> None:
    """The last issue counts the rest."""
    changes = [change(Action.UPDATE, f"m{at}", field("model_metadata.a", 1, 2)) for at in range(MOST + 7)]
    issues = codequality(build_plan(head("drift"), plan(*changes)))
    assert len(issues) == MOST
    assert issues[-1]["description"] == "8 more findings not shown here: see the JSON report."


def test_drift_of_a_left_over_model_is_on_no_line() -> None:
    """What no manifest names has no place, and still is an issue."""
    (issue,) = codequality(build_plan(head("drift"), plan(replace(DELETED, source=None))))
    assert issue["location"] == {"path": "egpsync", "lines": {"begin": 1}}
    assert issue["check_name"] == "drift-left-over"

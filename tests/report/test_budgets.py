"""One to ten thousand changes: each format stays in its budget, and says how much it left out."""

import json
import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egpsync.model.plan import Action, Change
from egpsync.model.report import Kind, Report
from egpsync.report.build import build_plan
from egpsync.report.formats import FORMATS
from egpsync.report.style import Style
from egpsync.report.to_github import MOST as ANNOTATIONS
from egpsync.report.to_markdown import BUDGET as COMMENT
from egpsync.report.to_sarif import MOST as FINDINGS
from egpsync.report.to_summary import BUDGET as MESSAGE
from tests.report.samples import change, field, head, plan

ACTIONS = (Action.CREATE, Action.UPDATE, Action.REDEPLOY, Action.DELETE)


def changes_of(sizes: list[int], alike: int) -> list[Change]:
    """A change for each size of value; each value stands in that many models."""
    return [
        change(
            ACTIONS[at % len(ACTIONS)],
            f"model-{at:05}",
            field("model_metadata.note", f"{at // alike}", f"{at // alike}{'é' * size}", source=None),
            source=None,
            requests=[("PATCH", {"model_metadata": {"note": at}})],
        )
        for at, size in enumerate(sizes)
    ]


@cache
def report_of(count: int) -> Report:
    """Drift of that many models."""
    return build_plan(head(Kind.DRIFT), plan(*changes_of([40] * count, 1)))


def left_out(pattern: str, text: str) -> int:
    """The figure that a format says it has left out; 0 where it says nothing."""
    found = re.search(pattern, text)
    return int(found.group(1).replace(",", "")) if found else 0


def check_markdown(report: Report, count: int) -> None:
    """Whole models, and every one of them shown or counted."""
    text = FORMATS["markdown"](report, Style())
    assert len(text.encode()) <= COMMENT
    blocks = re.findall(r"<summary>(?:<b>.*?</b>) (?:([\d,]+) <code>)?", text)
    shown = sum(int(many.replace(",", "")) if many else 1 for many in blocks)
    assert shown + left_out(r"\*\*([\d,]+) of [\d,]+ models? not shown", text) == count


def check_summary(report: Report) -> None:
    """A message's size, with the totals whole."""
    text = FORMATS["summary"](report, Style())
    assert len(text.encode()) <= MESSAGE
    assert text.splitlines()[-1].startswith("Nothing was sent.")


@pytest.mark.parametrize("count", [1, 10, 100, 1_000, 10_000])
def test_each_format_keeps_its_budget(count: int) -> None:
    """What is shown and what is said to be left out are all that there is."""
    report = report_of(count)
    check_markdown(report, count)
    check_summary(report)
    lines = FORMATS["github"](report, Style()).splitlines()
    warnings = [line for line in lines if line.startswith("::warning")]
    more = left_out(r"::([\d,]+) more warnings not shown", warnings[-1])
    assert len(warnings) <= ANNOTATIONS
    assert len(warnings) - bool(more) + more == count
    run = json.loads(FORMATS["sarif"](report, Style()))["runs"][0]
    said = json.dumps(run["invocations"])
    assert len(run["results"]) == min(count, FINDINGS)
    assert len(run["results"]) + left_out(r"([\d,]+) more results not shown", said) == count
    issues = json.loads(FORMATS["codequality"](report, Style()))
    more = left_out(r"([\d,]+) more findings not shown", issues[-1]["description"])
    assert len(issues) - bool(more) + more == count
    assert FORMATS["junit"](report, Style()).count("<testcase ") == count
    assert FORMATS["prometheus"](report, Style()).count("\n") < 100
    assert len(json.loads(FORMATS["json"](report, Style()))["changes"]) == count


@given(
    sizes=st.lists(st.sampled_from([0, 1, 50, 399, 5_000, 70_000]), min_size=1, max_size=120), alike=st.integers(1, 9)
)
@settings(max_examples=40)
def test_no_mix_of_sizes_exceeds_a_budget(sizes: list[int], alike: int) -> None:
    """Short and huge values, alone and shared by many models."""
    report = build_plan(head(Kind.DRIFT), plan(*changes_of(sizes, alike)))
    check_markdown(report, len(sizes))
    check_summary(report)


@given(count=st.integers(1, 400), alike=st.integers(1, 40))
@settings(max_examples=40)
def test_text_tells_every_model_or_counts_it(count: int, alike: int) -> None:
    """However many are equal."""
    report = build_plan(head(), plan(*changes_of([3] * count, alike), capacity={}))
    text = FORMATS["text"](report, Style()).partition("\n\n")[2].partition("\nDelete:")[0]
    many = sum(int(found.replace(",", "")) for found in re.findall(r"^  \S+ +\w+ +([\d,]+) launch models$", text, re.M))
    one = len(re.findall(r"^  \S+ +\w+ +model-\d+ \(launch\)", text, re.MULTILINE))
    assert many + one == count


@pytest.mark.parametrize("form", FORMATS)
def test_a_revert_has_every_format(form: str) -> None:
    """It is a plan like any other."""
    text = FORMATS[form](build_plan(head(Kind.REVERT), plan(*changes_of([3], 1))), Style())
    assert text.endswith("\n")

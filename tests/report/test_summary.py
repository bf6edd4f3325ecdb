"""The summary: a line a model, for people and chats."""

from egpsync.model.plan import Action
from egpsync.model.report import Report
from egpsync.report.build import build_plan, build_problems
from egpsync.report.style import Style
from egpsync.report.to_summary import BUDGET, to_summary
from tests.report.hostile import HOSTILE_REPORTS
from tests.report.samples import PROBLEM, REDEPLOYED, REFUSALS, REPORTS, UPDATED, change, field, head, plan


def lines(report: Report) -> list[str]:
    """The summary's lines."""
    return to_summary(report, Style()).splitlines()


def test_a_line_a_model_between_verdict_and_totals() -> None:
    """The riskiest first; two fields of each, and how many more."""
    assert lines(build_plan(head(), plan(UPDATED, change(Action.RENAME, "b", source=None)))) == [
        "egpsync plan of https://api.egp.scale.com, account acc-1: 2 models to change",
        "> rename b (launch)",
        '~ update ranker (openai): temp - true, tier "gold" -> "silver"',
        "Plan: 1 to update, 1 to rename; 1 unmanaged.",
        "Nothing was sent. `egpsync apply` with the same paths and options carries this out.",
    ]
    assert lines(build_plan(head(), plan(REDEPLOYED)))[1].endswith(", 2 more fields")


def test_findings_have_a_line_each() -> None:
    """What is refused or invalid comes first."""
    assert lines(build_problems(head("validate", PROBLEM)))[1] == (
        'error configs/models.yaml:14:7: unknown field "tagg"'
    )
    assert lines(build_plan(head(), plan(UPDATED, refusals=REFUSALS[:1])))[1].startswith(
        "REFUSED delete-threshold: 2 of"
    )


def test_equal_changes_share_a_line() -> None:
    """Thirty models with a new tag are one line."""
    tag = field("vendor_configuration.model_image.tag", "v1", "v2")
    report = build_plan(head(), plan(*[change(Action.REDEPLOY, f"m{at:02}", tag) for at in range(30)]))
    assert lines(report)[1] == (
        '! redeploy 30 launch models: m00, m01, m02, m03, m04, m05, m06, m07 and 22 more: tag "v1" -> "v2"'
    )


def test_it_fits_a_message_and_says_what_it_leaves_out() -> None:
    """Whole lines are left out; the totals never are."""
    changes = [change(Action.UPDATE, f"m{at}", field("model_metadata.a", at, "x" * 99)) for at in range(2_000)]
    text = to_summary(build_plan(head(), plan(*changes)), Style())
    shown = sum(line.startswith("~") for line in text.splitlines())
    assert BUDGET - 2_000 < len(text.encode()) <= BUDGET
    assert f"... and {2_000 - shown:,} more lines: see the JSON report." in text
    assert "Plan: 2,000 to update; 1 unmanaged." in text


def test_nobody_is_called() -> None:
    """Neither @team nor what Slack makes of <!channel> reaches a chat."""
    text = "".join(map("\n".join, map(lines, [*HOSTILE_REPORTS.values(), *REPORTS.values()])))
    assert "@team" not in text
    assert "<!channel" not in text

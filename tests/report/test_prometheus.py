"""The metrics, read by Prometheus's own parser."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from egpsync.model.report import Report
from egpsync.report.build import build_plan
from egpsync.report.style import Style
from egpsync.report.to_prometheus import to_prometheus
from egpsync.value import replace
from tests.report.hostile import HOSTILE_REPORTS
from tests.report.samples import REPORTS, UNCHANGED, head, plan

ALL = {**REPORTS, **{f"hostile-{kind}": report for kind, report in HOSTILE_REPORTS.items()}}


def samples(report: Report, name: str, label: str = "command") -> dict[str, float]:
    """The values of a metric by one of its labels."""
    families = {family.name: family for family in text_string_to_metric_families(to_prometheus(report, Style()))}
    return {sample.labels[label]: sample.value for sample in families[f"egpsync_{name}"].samples}


@pytest.mark.parametrize("name", ALL)
def test_the_parser_reads_it_and_no_sample_has_a_time(name: str) -> None:
    """The textfile collector skips a whole file with times; every metric has its help."""
    for family in text_string_to_metric_families(to_prometheus(ALL[name], Style())):
        assert family.documentation
        assert family.samples
        assert all(sample.timestamp is None for sample in family.samples)


def test_models_are_counted_by_state() -> None:
    """States are those of drift, whatever command found them."""
    assert samples(REPORTS["drift"], "models", "state") == {
        "missing": 1,
        "different": 1,
        "different_redeploy": 1,
        "named_otherwise": 1,
        "different_recreate": 1,
        "left_over": 1,
        "in_sync": 1,
        "deploying": 1,
        "unhealthy": 1,
        "unmanaged": 1,
    }
    assert samples(REPORTS["drift"], "drift_fields") == {"drift": 14}


def test_nothing_is_in_sync_until_all_is() -> None:
    """One gauge to alert on."""
    assert samples(REPORTS["drift"], "in_sync") == {"drift": 0}
    assert samples(build_plan(head("drift"), plan(UNCHANGED)), "in_sync") == {"drift": 1}


def test_labels_name_target_and_section() -> None:
    """So that two jobs on one machine do not look the same."""
    report = build_plan(replace(head("drift"), section="prod"), plan(UNCHANGED))
    assert samples(report, "build_info", "version") == {"0.1.0": 1}
    assert samples(report, "build_info", "account") == {"acc-1": 1}
    assert samples(report, "build_info", "section") == {"prod": 1}


TIMED = replace(head("drift"), started="2026-11-26T10:00:00.000Z", ended="2026-11-26T10:00:02.500Z")


def test_times_are_values_not_stamps() -> None:
    """How long it took, when it ended, and when it last ended well."""
    report = replace(build_plan(TIMED, plan(UNCHANGED)), exit_code=2)
    assert samples(report, "run_duration_seconds") == {"drift": 2.5}
    assert samples(report, "last_run_timestamp_seconds") == {"drift": 1795687202.5}
    assert samples(report, "last_success_timestamp_seconds") == {"drift": 1795687202.5}
    assert samples(report, "last_run_exit_code") == {"drift": 2}


def test_a_failed_run_keeps_the_last_success() -> None:
    """Of the same command on the same account; without one there is none."""
    good = to_prometheus(build_plan(TIMED, plan(UNCHANGED)), Style())
    bad = replace(build_plan(replace(TIMED, ended="2026-11-26T11:00:00.000Z"), plan(UNCHANGED)), errored=True)
    kept = to_prometheus(bad, Style(earlier=good))
    assert [line for line in kept.splitlines() if line.startswith("egpsync_last_success")] == [
        'egpsync_last_success_timestamp_seconds{account="acc-1",base_url="https://api.egp.scale.com",command="drift",'
        'section=""} 1795687202.500'
    ]
    assert "last_success" not in to_prometheus(bad, Style(earlier=good.replace("acc-1", "acc-2")))


def test_a_run_counts_how_its_changes_ended() -> None:
    """And the GPUs before and after."""
    assert samples(REPORTS["apply"], "changes", "outcome")["failed"] == 1
    assert samples(REPORTS["apply"], "gpus", "when") == {"before": 4, "after": 8}

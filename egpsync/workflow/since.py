"""A file that an earlier drift wrote in, the report that the new one is compared with out."""

from egpsync.errors import FileError, UsageError
from egpsync.model.report import Kind, Report
from egpsync.settings import Settings
from egpsync.workflow.stored import load_reports

ADVICE = "Give what an earlier `egpsync drift --report json=FILE` wrote, or leave --since out."


def earlier(file: str, settings: Settings, section: str) -> Report:
    """The report of drift of the same account that the file holds, one of several targets too.

    Raises FileError where it holds none that found anything, and UsageError where only a part of the models is looked
    at now: what is not looked at would be gone.
    """
    if settings.selection:
        raise UsageError("--since compares whole targets: leave --select, --exclude, --shard and --changed-since out")
    reports = [report for report in load_reports([file]) if report.kind == Kind.DRIFT]
    if not reports:
        raise FileError("holds no report of drift", where=file, advice=ADVICE)
    ours = [
        report
        for report in reports
        if (report.base_url, report.account_id, report.section) == (settings.base_url, settings.account_id, section)
    ]
    if not ours:
        there = reports[0]
        account = there.account_id or "the default account"
        raise FileError(f"is of {there.base_url}, {account}, or another section", where=file, advice=ADVICE)
    if ours[0].error is not None or ours[0].invalid:
        raise FileError("is of a run that compared nothing, as it could not go on", where=file, advice=ADVICE)
    return ours[0]

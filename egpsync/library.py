"""The public face, for callers without a loop of their own: paths and options in, a Report out."""

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Unpack

if TYPE_CHECKING:  # `import egpsync` loads next to nothing: the command line begins with it too
    from egpsync.model.report import Report
    from egpsync.options import Options


def load(*files: str) -> "Report":
    """The report that such files hold, written by `--report json=FILE` or `render(report, "json")`.

    Several files are the shards of one run. Raises FileError where they are none, or of several targets.
    """
    from egpsync.errors import FileError
    from egpsync.workflow.stored import load_reports

    reports = load_reports(files)
    if len(reports) != 1:
        advice = "Load them one by one."
        raise FileError(f"they hold {len(reports)} reports, of several targets", where=", ".join(files), advice=advice)
    return reports[0]


def validate(*paths: str, **options: "Unpack[Options]") -> "Report":
    """Check manifests, offline and without a key. Raises EgpsyncError where they cannot be read."""
    from egpsync import aio

    return _run(lambda: aio.validate(*paths, **options))


def plan(*paths: str, **options: "Unpack[Options]") -> "Report":
    """What `apply` would send. Sends nothing but GETs. Raises EgpsyncError where the account cannot be read."""
    from egpsync import aio

    return _run(lambda: aio.plan(*paths, **options))


def apply(*paths: str, **options: "Unpack[Options]") -> "Report":
    """Plan, send, follow to the end; calling it is the consent that the command line asks for.

    Nothing is sent where the report says `invalid` or holds refusals; how each change ended stands in its outcome.
    Raises EgpsyncError where nothing could be sent at all.
    """
    from egpsync import aio

    return _run(lambda: aio.apply(*paths, **options))


def drift(*paths: str, **options: "Unpack[Options]") -> "Report":
    """How the account differs from the manifests. Sends nothing but GETs. Raises EgpsyncError as `plan` does."""
    from egpsync import aio

    return _run(lambda: aio.drift(*paths, **options))


def render(report: "Report | Sequence[Report]", format: str = "text") -> str:  # noqa: A002 - the word of the option
    """A report in one of the formats of `--format`; several reports become its sections. Raises UsageError."""
    from egpsync.errors import UsageError
    from egpsync.model.report import Report
    from egpsync.report.formats import FORMATS
    from egpsync.report.sections import render as rendered
    from egpsync.report.style import Style

    if format not in FORMATS:
        raise UsageError(f"there is no format {format!r}", advice=f"There are {', '.join(FORMATS)}.")
    return rendered([report] if isinstance(report, Report) else report, format, Style(verbosity=1))


def _run(doing: Callable[[], Coroutine[Any, Any, "Report"]]) -> "Report":
    """Run it in a loop of its own; where this thread has one already, as in a notebook, in another thread."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(doing())
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(doing())).result()

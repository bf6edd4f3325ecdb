"""Files of saved reports in, the reports out, one a target."""

from collections.abc import Sequence
from pathlib import Path

from egpsync.errors import FileError
from egpsync.model.report import Report
from egpsync.report.from_json import reports_in
from egpsync.report.join import SharedModelError, join
from egpsync.typed import Misfit, read_json

ADVICE = "Give what --report json=FILE or --format json wrote."


def load_reports(files: Sequence[str]) -> tuple[Report, ...]:
    """The reports; shards of one target are joined. Raises FileError, which names the file and what is wrong in it."""
    reports = [report for file in files for report in _reports_in(file)]
    try:
        return join(reports)
    except SharedModelError as error:
        advice = "Shards of one run share no model. Give other files, or render them one by one."
        raise FileError(str(error), where=", ".join(files), advice=advice) from error


def _reports_in(file: str) -> tuple[Report, ...]:
    try:
        return reports_in(read_json(Path(file).read_text(encoding="utf-8")))
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}", where=file, advice=ADVICE) from error
    except UnicodeDecodeError as error:
        raise FileError("is no text in UTF-8", where=file, advice=ADVICE) from error
    except Misfit as error:
        raise FileError(f"is no report of egpsync in JSON ({error})", where=file, advice=ADVICE) from error

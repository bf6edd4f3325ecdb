"""The state folder in, what earlier runs did out, the newest first."""

from collections.abc import Mapping

from egpsync.records.folder import journals_below
from egpsync.records.journal import Begin, End, Intent, Result, lines_in
from egpsync.typed import Misfit
from egpsync.value import Value


class PastRun(Value, frozen=True, kw_only=True):
    """One run, as its journal tells of it."""

    journal: str  # the file
    started: str  # in UTC, ISO 8601
    ended: str | None  # None for one that was cut short, or is under way
    tool_version: str
    base_url: str
    account_id: str | None
    changes: int  # that it was to carry out
    requests: int  # that it sent, or began to send
    lost: int  # requests of which it did not learn what became of them
    outcomes: Mapping[str, int]  # {} for one that did not end


class Runs(Value, frozen=True, kw_only=True):
    """All of them."""

    runs: tuple[PastRun, ...]
    unread: tuple[str, ...]  # journals that cannot be read, with the reason


def list_runs(state_dir: str) -> Runs:
    """Every run of every account that is kept there. What cannot be read is told beside it."""
    runs: list[PastRun] = []
    unread: list[str] = []
    for file in journals_below(state_dir):
        try:
            runs.append(_run(str(file), file.read_text(encoding="utf-8", errors="replace")))
        except OSError as error:
            unread.append(f"{file}: {error.strerror}")
        except Misfit as error:
            unread.append(f"{file}: {error}")
    runs.sort(key=lambda run: (run.started, run.journal), reverse=True)
    return Runs(runs=tuple(runs), unread=tuple(unread))


def _run(file: str, text: str) -> PastRun:
    lines = list(lines_in(text))
    begin = next((line for line in lines if isinstance(line, Begin)), None)
    if begin is None:
        raise next((line for line in lines if isinstance(line, Misfit)), Misfit("it does not tell what it was to do"))
    end = next((line for line in lines if isinstance(line, End)), None)
    sent = [line.step for line in lines if isinstance(line, Intent)]
    known = {line.step for line in lines if isinstance(line, Result) and line.result != "lost"}
    return PastRun(
        journal=file,
        started=begin.at,
        ended=end.at if end else None,
        tool_version=begin.tool_version,
        base_url=begin.base_url,
        account_id=begin.account_id,
        changes=len(begin.changes),
        requests=len(sent),
        lost=len({*sent} - known),
        outcomes={name: count for name, count in end.outcomes.items() if count} if end else {},
    )

"""A run's report in, lines of terminal text out: all that somebody must look at, once more beside the totals."""

import re
from collections.abc import Iterator
from itertools import groupby

from egpsync.model.record import ChangeRecord, OutcomeRecord
from egpsync.model.report import Report
from egpsync.report.alike import ending_call
from egpsync.report.escape import visible
from egpsync.report.style import Style, Tone
from egpsync.report.text_changes import OUTCOME_TONES, model_name
from egpsync.report.words import OUTCOME_WORDS, WENT_WRONG, plural

MOST = 20
"""Different endings that are repeated; more would push the totals away that they stand beside."""

_NAMES = 8  # models that one ending names

_ORDER = ("stale", "unknown", "failed")


def ending_lines(report: Report, style: Style) -> Iterator[str]:
    """How models came to no good end: those of the same together, and what to do next once for all of a kind."""
    endings: dict[tuple[int, str, str, str, str], list[ChangeRecord]] = {}
    for change in report.changes:
        if change.outcome and change.outcome.result in WENT_WRONG:
            endings.setdefault(_ending_of(change, change.outcome), []).append(change)
    ordered = sorted(endings.items(), key=lambda item: item[0][:2])
    shown = ordered[max(0, len(ordered) - MOST) :]  # the worst stand last
    if left := sum(len(changes) for _, changes in ordered[: len(ordered) - len(shown)]):
        yield f"{plural(left, 'more model')} came to no good end: see them above, or in the JSON report."
    for (result, advice), members in groupby(shown, key=lambda item: item[0][:2]):
        for (_, _, *said), changes in members:
            yield _ending_line(_ORDER[result], changes, said, style)
        if advice:
            yield f"  {style.paint(Tone.STRONG, 'next:')} {visible(advice)}"


def _ending_of(change: ChangeRecord, ended: OutcomeRecord) -> tuple[int, str, str, str, str]:
    """What is said of an ending, without what only one model has."""
    own_name = rf"(?<![\w-]){re.escape(change.name)}(?![\w-])"
    message = re.sub(own_name, "(name)", ended.message) if change.name else ended.message
    return _ORDER.index(ended.result), ended.advice, ending_call(change, many=True), visible(message), ended.note


def _ending_line(result: str, changes: list[ChangeRecord], said: list[str], style: Style) -> str:
    """`FAILED: a (launch), b (launch): PATCH … -> 422: message`; of one model alone with its id and its name."""
    if len(changes) == 1 and changes[0].outcome is not None:
        ended = changes[0].outcome
        said = [ending_call(changes[0], many=False), visible(ended.message), ended.note]
    names = ", ".join(map(model_name, changes[:_NAMES]))
    more = f" and {len(changes) - _NAMES:,} more" if len(changes) > _NAMES else ""
    word = style.paint(OUTCOME_TONES[result], f"{OUTCOME_WORDS[result]}:")
    return f"{word} {': '.join(filter(None, [f'{names}{more}', *said[:2], visible(said[2])]))}"

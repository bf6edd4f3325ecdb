"""How a text is to look: what the caller chooses, and the one function that writes colour codes."""

from collections.abc import Callable
from enum import StrEnum

from egpsync.model.report import Report
from egpsync.value import Value


class Tone(StrEnum):
    """What a colour means; the value is its SGR code."""

    CREATE = "32"
    UPDATE = "33"
    REDEPLOY = "35"
    DESTROY = "31"
    WAITING = "36"
    STRONG = "1"
    FAINT = "2"
    ALARM = "1;31"
    GOOD = "1;32"


class Style(Value, frozen=True, kw_only=True):
    """What the caller chooses of a report's looks. Most formats heed none of it."""

    color: bool = False  # whether the stream shows colours
    verbosity: int = 0  # -1: findings and the summary alone; 1: requests, whole values, unchanged models
    planned: bool = False  # whether the reader has just seen the plan, and wants only how it ended
    earlier: str = ""  # what the file that is written holds of an earlier run; "" where there is none
    room: int = 60_000  # bytes that a comment may take; a job's summary has more
    width: int = 100  # columns that a line may fill before its values are folded

    def paint(self, tone: Tone | None, text: str) -> str:
        """The text in the tone's colour, or as it is."""
        return f"\x1b[{tone}m{text}\x1b[0m" if self.color and tone and text else text


Renderer = Callable[[Report, Style], str]
"""A report's format: pure, and the only thing that differs between formats."""

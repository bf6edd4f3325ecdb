"""Reports in, a short notice for a chat or another program out, as JSON of the shape that its receiver takes."""

from collections.abc import Callable, Mapping, Sequence

from egpsync.model.report import Report
from egpsync.model.values import JsonMap
from egpsync.report.sections import render
from egpsync.report.style import Style
from egpsync.report.words import verdict

LINES = 12
"""Lines that are told; who wants more has the report."""

LETTERS = 3_000
"""Characters at most: Slack shows 4,000 of a message's text, Teams takes 28 KB with all that is around it."""


def notice(reports: Sequence[Report], shape: str) -> JsonMap:
    """What is sent; `shape` is one of SHAPES."""
    return SHAPES[shape](reports)


def _text(reports: Sequence[Report]) -> str:
    """The first lines of the summary, and how many more it has."""
    lines = render(reports, "summary", Style()).rstrip("\n").split("\n")
    shown: list[str] = []
    for line in lines[:LINES]:
        if sum(map(len, shown)) + len(line) > LETTERS:
            break
        shown.append(line)
    left = len(lines) - len(shown)
    return "\n".join([*shown, *([f"and {left} more lines in the report"] if left else [])])


def _generic(reports: Sequence[Report]) -> JsonMap:
    return {
        "text": _text(reports),
        "reports": [
            {
                "kind": report.kind,
                "target": report.target_name,
                "base_url": report.base_url,
                "account_id": report.account_id,
                "section": report.section,
                "verdict": verdict(report),
                "exit_code": int(report.exit_code),
                "summary": dict(report.summary),
            }
            for report in reports
        ],
    }


def _slack(reports: Sequence[Report]) -> JsonMap:
    """Slack reads &, < and > as its own marks (its reference on formatting text)."""
    text = _text(reports).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": text, "unfurl_links": False, "unfurl_media": False}


def _teams(reports: Sequence[Report]) -> JsonMap:
    """An adaptive card, which Teams' workflows post."""
    blocks = [
        {"type": "TextBlock", "text": line, "wrap": True, "weight": "Bolder" if number == 0 else "Default"}
        for number, line in enumerate(map(_unmarked, _text(reports).split("\n")))
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    content_type = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": content_type, "contentUrl": None, "content": card}]}


def _unmarked(line: str) -> str:
    """Text that a card does not read as Markdown: links and emphasis are all that it knows."""
    return "".join(f"\\{sign}" if sign in "\\[]()*_" else sign for sign in line)


SHAPES: Mapping[str, Callable[[Sequence[Report]], JsonMap]] = {"generic": _generic, "slack": _slack, "teams": _teams}
"""By the word of --notify-shape."""

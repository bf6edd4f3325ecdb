"""A Report in, the hidden line by which a later run finds its comment out; and back, from the comment's text."""

import re
from hashlib import sha256

from egpsync.model.report import Report

_MARKER = re.compile(r"<!-- egpsync:[A-Za-z0-9._:-]+ -->(?=\n|\Z)")


def marker(report: Report) -> str:
    """The comment's first line: of which command, on which target, of which section."""
    return f"<!-- egpsync:{':'.join(filter(None, (report.kind, _target_hash(report), _section(report))))} -->"


def marker_in(text: str) -> str | None:
    """The marker that the text begins with; None where it begins with none."""
    found = _MARKER.match(text)
    return found[0] if found else None


def _section(report: Report) -> str:
    """The section's name where nothing in it can end the marker, else a hash of it."""
    plain = not report.section or re.fullmatch(r"[A-Za-z0-9._-]{1,100}", report.section)
    return report.section if plain and "--" not in report.section else _hash(report.section)


def _target_hash(report: Report) -> str:
    return _hash(f"{report.base_url}\n{report.account_id}")


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

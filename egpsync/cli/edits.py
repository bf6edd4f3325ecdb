"""An edited file in, the lines of a unified diff out, without the values of secrets."""

import difflib
from collections.abc import Iterator

from egpsync.manifest.excerpts import excerpts
from egpsync.manifest.parse import without_mark
from egpsync.report.escape import visible
from egpsync.workflow.fmt import Formed


def diff_lines(one: Formed) -> Iterator[str]:
    """Of what can be shown of the lines: the values of secrets cannot."""
    before, after = (_shown(data) for data in (one.before, one.after))
    yield from difflib.unified_diff(before, after, visible(one.file), visible(one.file), lineterm="")


def _shown(data: bytes) -> list[str]:
    count = without_mark(data).count(b"\n") + 1
    found = excerpts(data, range(1, count + 1))
    lines = [visible(found.get(number, "")) for number in range(1, count + 1)]
    return lines[:-1] if lines and not lines[-1] else lines

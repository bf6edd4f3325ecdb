"""Long values in, pieces out that fit a line and still show where two values differ."""

from unicodedata import combining, east_asian_width

from egpsync.report.words import plural

CONTEXT = 20  # characters at least shown on each side of the place where two values differ
SHORTEST = 80  # characters that a folded value always gets
_NOTES = 42  # characters that saying what is left out takes, at both ends


def fold(text: str, limit: int) -> str:
    """At most about `limit` characters of a text: its beginning and its end, and how much is left out between."""
    if len(text) <= limit:
        return text
    half = max(limit, SHORTEST) // 2 - 15
    return f"{text[:half]} ...({plural(len(text) - 2 * half, 'character')})... {text[-half:]}"


def fold_pair(before: str, after: str, limit: int) -> tuple[str, str]:
    """Two texts, of which what is left out is first what they have in common."""
    longest = max(len(before), len(after))
    if longest <= limit:
        return before, after
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    room = max(2 * CONTEXT, limit - _NOTES - (longest - start - end))
    behind = min(end, room // 2)
    ahead = min(start, room - behind)
    behind = min(end, room - ahead)
    return _window(before, start - ahead, end - behind, limit), _window(after, start - ahead, end - behind, limit)


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def padded(text: str, columns: int) -> str:
    """The text with blanks behind it up to that many columns."""
    return text + " " * (columns - cells(text))


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike, halving what is compared at once."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _window(text: str, left: int, right: int, limit: int) -> str:
    """The text without `left` characters at its beginning and `right` at its end, saying so."""
    lead = f"({plural(left, 'character')})... " if left else ""
    tail = f" ...({plural(right, 'character')})" if right else ""
    shown = text[left : len(text) - right]
    return f"{lead}{fold(shown, limit - len(lead) - len(tail))}{tail}"

"""What is known of characters and words, wherever text is written."""

from collections.abc import Iterable
from itertools import chain

UNSEEN = frozenset(
    map(
        chr,
        chain(
            [0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0],
            range(0x180B, 0x1810),
            range(0xFE00, 0xFE10),
            range(0xE0100, 0xE01F0),
        ),
    )
)
"""Printable by Unicode's categories, and yet nothing is seen: fillers, joiners, variation selectors, braille blank."""


def closest(word: str, words: Iterable[str], cutoff: float = 0.6) -> str:
    """The word that is most like it, by at least `cutoff` of 1; "" for none."""
    from difflib import get_close_matches  # noqa: PLC0415 - 5 ms that those alone need who misspell

    return next(iter(get_close_matches(word, list(words), n=1, cutoff=cutoff)), "")

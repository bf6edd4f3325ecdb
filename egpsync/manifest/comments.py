"""A file's bytes in, its comments out: what looks like one inside of a text is none."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from egpsync.manifest.findings import LINE_BREAK
from egpsync.manifest.parse import (
    FASTEST,
    Parser,
    ScalarEvent,
    StreamEndEvent,
    YAMLError,
    start_of,
    stop_of,
    without_mark,
)

BEGINNING = re.compile(r"(?:^|(?<=\s))#")
Place = tuple[int, int]


class Comment(NamedTuple):
    """From its sign to the end of its line."""

    line: int  # from 0
    column: int  # from 0
    text: str


def comments(data: bytes, parser: Parser = FASTEST) -> Iterator[Comment]:
    """All of them, in order. Of a file that does not parse: those behind the fault may be text."""
    texts = _texts(data, parser)
    following = 0
    for number, line in enumerate(LINE_BREAK.split(without_mark(data).decode("utf-8", errors="replace"))):
        for found in BEGINNING.finditer(line):
            at = (number, found.start())
            while following < len(texts) and texts[following][1] <= at:
                following += 1
            if following == len(texts) or not texts[following][0] <= at:
                yield Comment(number, found.start(), line[found.start() :])
                break


def _texts(data: bytes, parser: Parser) -> list[tuple[Place, Place]]:
    """Where scalars begin and end, in order, as far as the file can be read."""
    spans: list[tuple[Place, Place]] = []
    try:
        reading = parser(without_mark(data))
        while type(event := reading.get_event()) is not StreamEndEvent:
            if type(event) is ScalarEvent:
                spans.append((start_of(event), stop_of(event)))
    except YAMLError:
        pass  # what is wrong with the file is told where it is read
    return spans

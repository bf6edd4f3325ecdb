"""Manifests' bytes in, the comments that silence a lint out: `# egpsync: ignore mutable-image-tag, engine-labels`."""

import re
from collections.abc import Iterator, Mapping
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
from egpsync.model.values import Source

HINT = b"egpsync:"
COMMENT = re.compile(r"(?:^|(?<=\s))#\s*egpsync:\s*ignore\b[ \t:]*(.*)$")
NAMES = re.compile(r"[^\s,#]+")
Place = tuple[int, int]


class Ignore(NamedTuple):
    """A comment that silences lints on its line."""

    source: Source
    rules: tuple[str, ...]  # as written; they may not exist


def ignores(files: Mapping[str, bytes], parser: Parser = FASTEST) -> Iterator[Ignore]:
    """The comments of all files, in order. What looks like one inside of a text is none."""
    for file, data in files.items():
        if HINT not in data:
            continue
        found = list(_like_one(file, data))
        texts = _texts(data, parser) if found else ()
        for one in found:
            at = (one.source.line - 1, one.source.column - 1)
            if not any(start <= at < end for start, end in texts):
                yield one


def _like_one(file: str, data: bytes) -> Iterator[Ignore]:
    for number, line in enumerate(LINE_BREAK.split(without_mark(data).decode("utf-8", errors="replace")), start=1):
        if "egpsync:" in line and (found := COMMENT.search(line)):
            source = Source(file=file, line=number, column=found.start() + 1)
            yield Ignore(source, tuple(NAMES.findall(found[1])))


def _texts(data: bytes, parser: Parser) -> tuple[tuple[Place, Place], ...]:
    """Where scalars begin and end, as far as the file can be read."""
    spans: list[tuple[Place, Place]] = []
    try:
        reading = parser(without_mark(data))
        while type(event := reading.get_event()) is not StreamEndEvent:
            if type(event) is ScalarEvent:
                spans.append((start_of(event), stop_of(event)))
    except YAMLError:
        pass  # what is wrong with the file is told where it is read
    return tuple(spans)

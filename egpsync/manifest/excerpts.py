"""A file's bytes and the lines that are asked for in, those lines without the values of secret fields out.

What is secret is judged by what the parser knows: the range of each value below a key that is secret or near to one.
Where a file does not parse, nothing but keys is shown from the first such key on.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from egpsync.manifest.findings import LINE_BREAK, is_secret_name
from egpsync.manifest.parse import (
    FASTEST,
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    Parser,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    YAMLError,
    not_text,
    start_of,
    stop_of,
    without_mark,
)
from egpsync.model.report import MASK

LONGEST = 500
"""Characters of a source line that are kept: a whole document can stand on one line."""

DEEPEST = 100
"""Levels that are followed; beyond, a file counts as one that does not parse."""

Place: TypeAlias = tuple[int, int]
"""Line and column, from 0, as the parser counts."""

WORD = re.compile(r"[\w-]+")
ESCAPED_KEY = re.compile(r'"[^"]*\\[^"]*"\s*:')


class Span(NamedTuple):
    """A part of the file that is not shown."""

    start: Place
    end: Place


def excerpts(
    data: bytes, lines: Collection[int], hidden: Collection[Place] = (), parser: Parser = FASTEST
) -> Mapping[int, str]:
    """The lines, counted from 1, as they can be shown; nothing of a file that is no text.

    `hidden` are the places, counted from 1, of keys whose values are not shown either.
    """
    if not lines or not_text("", data):
        return {}
    text = LINE_BREAK.split(without_mark(data).decode("utf-8"))
    wanted = sorted(line - 1 for line in lines if 0 < line <= len(text))
    seen = _Seen(wanted, {(line - 1, column - 1) for line, column in hidden})
    seen.read(parser, without_mark(data))
    limit = seen.limit(text)
    return {line + 1: _shown(text[line], line, seen, limit)[:LONGEST] for line in wanted}


class _Frame:
    """A collection on its way."""

    __slots__ = ("cover", "is_mapping", "key", "secret", "start", "whole")

    def __init__(self, start: Place, *, is_mapping: bool, whole: bool, cover: bool) -> None:
        self.start = start
        self.is_mapping = is_mapping
        self.cover = cover  # each value in it is hidden
        self.whole = whole  # it is hidden itself, from its start
        self.key: Place | None = None  # where the key is whose value comes next
        self.secret = False  # whether that value is secret


class _Seen:
    """What the parser told: where keys stand, and which parts of the file are secret."""

    def __init__(self, wanted: Sequence[int], hidden: Collection[Place]) -> None:
        self._wanted = wanted
        self._hidden = hidden
        self._frames: list[_Frame] = []
        self._anchors: dict[str, Span] = {}
        self._open_anchors: list[str | None] = []
        self.spans: dict[int, list[Span]] = {}  # by line, of those that are wanted
        self.keys: dict[int, list[Span]] = {}  # likewise
        self.first: Place | None = None  # where the first secret key ends
        self.last: Place = (0, 0)  # how far the parser came
        self.broken = False

    def read(self, parser: Parser, data: bytes) -> None:
        """Follow the parser to the end, or to where it fails."""
        try:
            events = parser(data)
            while type(event := events.get_event()) is not StreamEndEvent:
                self._event(event)
                self.last = (event.end_mark.line, event.end_mark.column)
                if len(self._frames) > DEEPEST:
                    self.broken = True
                    return
        except (YAMLError, ValueError):
            self.broken = True

    def limit(self, text: Sequence[str]) -> Place | None:
        """From where on nothing but keys is shown: where the file breaks after a key that is secret or looks so."""
        if not self.broken or not self._wanted:
            return None
        if self.first is not None:
            return self.first
        line, column = self.last
        for at in range(line, self._wanted[-1] + 1):
            start = column if at == line else 0
            escaped = ESCAPED_KEY.search(text[at], start)
            found = [word for word in WORD.finditer(text[at], start) if is_secret_name(word[0])]
            if found or escaped:
                ends = [word.end() for word in found[:1]] + ([escaped.start()] if escaped else [])
                return at, min(ends)
        return None

    def _event(self, event: Any) -> None:
        kind = type(event)
        if kind in {MappingEndEvent, SequenceEndEvent}:
            self._close(event)
        elif kind in {ScalarEvent, AliasEvent, MappingStartEvent, SequenceStartEvent}:
            frame = self._frames[-1] if self._frames else None
            if frame is not None and frame.is_mapping and frame.key is None:
                self._key(event, frame)
            else:
                self._value(event, frame)

    def _key(self, event: Any, frame: _Frame) -> None:
        frame.key = start_of(event)
        frame.secret = type(event) is not ScalarEvent or is_secret_name(event.value)
        if type(event) in {MappingStartEvent, SequenceStartEvent}:
            self._open(event, whole=True, cover=False)
            return
        span = Span(start_of(event), stop_of(event))
        for line in self._lines_of(span):
            self.keys.setdefault(line, []).append(span)
        if frame.secret and self.first is None:
            self.first = span.end

    def _value(self, event: Any, frame: _Frame | None) -> None:
        secret = frame is not None and frame.secret
        mapping = type(event) is MappingStartEvent
        whole = frame is not None and (frame.cover or frame.key in self._hidden or (secret and not mapping))
        if frame is not None:
            frame.key, frame.secret = None, False
        if type(event) in {MappingStartEvent, SequenceStartEvent}:
            self._open(event, whole=whole, cover=secret)
            return
        span = Span(start_of(event), stop_of(event))
        if type(event) is AliasEvent:
            if whole:
                self._hide(self._anchors.get(event.anchor or "", span))
        elif event.anchor is not None:
            self._anchors[event.anchor] = span
        if whole:
            self._hide(span)

    def _open(self, event: Any, *, whole: bool, cover: bool) -> None:
        mapping = type(event) is MappingStartEvent
        self._frames.append(_Frame(start_of(event), is_mapping=mapping, whole=whole, cover=cover))
        self._open_anchors.append(event.anchor)

    def _close(self, event: Any) -> None:
        frame, anchor = self._frames.pop(), self._open_anchors.pop()
        span = Span(frame.start, stop_of(event))
        if anchor is not None:
            self._anchors[anchor] = span
        if frame.whole:
            self._hide(span)

    def _hide(self, span: Span) -> None:
        for line in self._lines_of(span) if span.start != span.end else ():
            self.spans.setdefault(line, []).append(span)

    def _lines_of(self, span: Span) -> Sequence[int]:
        """The wanted lines that it stands on."""
        return self._wanted[bisect_left(self._wanted, span.start[0]) : bisect_right(self._wanted, span.end[0])]


def _shown(text: str, line: int, seen: _Seen, limit: Place | None) -> str:
    if limit is not None and line > limit[0]:
        return _only_keys(text, seen.keys.get(line, ()))
    kept = "".join(_parts(text, line, seen.spans.get(line, ())))
    if limit is None or line < limit[0]:
        return kept
    after = text[limit[1] :].lstrip("\"' ")
    return text[: limit[1]] + (f": {MASK}" if after.startswith(":") else f" {MASK}" if after else "")


def _only_keys(text: str, keys: Iterable[Span]) -> str:
    if not text.strip():
        return text
    names = [text[span.start[1] : span.end[1]] for span in keys if span.start[0] == span.end[0]]
    return text[: len(text) - len(text.lstrip())] + " ".join([*(f"{name}:" for name in names), MASK])


def _parts(text: str, line: int, spans: Iterable[Span]) -> Iterator[str]:
    """The line's parts that can be shown, and MASK for each of the others; a remark after one goes with it."""
    at = 0
    for start, end in sorted(spans):
        first = start[1] if start[0] == line else len(text) - len(text.lstrip())
        last = end[1] if end[0] == line else len(text)
        if last <= max(first, at):
            continue
        yield text[at : max(first, at)]
        yield MASK
        at = last
    rest = text[at:]
    yield "" if at and rest.lstrip().startswith("#") else rest

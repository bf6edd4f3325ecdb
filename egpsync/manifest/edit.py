"""A manifest's text and what is to be set where in, the text with just that changed out.

The parser tells where each value begins and ends, and only those characters are replaced: comments, order, quotes,
anchors and line ends of all else stay. Whoever edits reads the outcome again before it is written.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from egpsync.manifest.emit import emit, one_line
from egpsync.manifest.parse import (
    FASTEST,
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
    start_of,
    stop_of,
)
from egpsync.model.values import Json, Path

LINE = re.compile("[^\r\n]*(?:\r\n|\r|\n)?")
ANCHOR = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]+)+")

APPENDED = "+"
"""The last key of a path to what is to be added to a list."""

Place = tuple[int, int]
"""Line and column, from 0."""


class CannotPlaceError(ValueError):
    """The value has no place that could be changed alone, in words."""


class Change(NamedTuple):
    """A value to set below a mapping or list that begins at a place."""

    at: Place  # of the value that encloses it: a model, or whatever stands at the key itself where `path` is empty
    path: Path  # below that; what is not there yet is added
    value: Json


class _Node(NamedTuple):
    kind: str  # "map", "list", "scalar" or "alias"
    start: Place
    stop: Place  # just behind its last character; of a collection in block style, of what stands in it
    flow: bool
    style: str  # of a scalar: "" where it is plain
    name: str  # of its anchor, or of that which an alias means; "" for none
    entries: tuple[tuple[str, Place, "_Node"], ...]  # key (its number in a list), where that begins, value

    def get(self, key: str) -> "_Node | None":
        return next((node for name, _, node in self.entries if name == key), None)


class Edited:
    """A text on its way to another."""

    def __init__(self, text: str) -> None:
        """Without a byte order mark. Raises YAMLError where it cannot be read."""
        self._lines = [line for line in LINE.findall(text) if line]
        self._starts = _starts(self._lines)
        self._text = text
        self._break = "\r\n" if "\r\n" in text else "\n"
        roots = list(_roots(text.encode("utf-8")))
        self._by_place = {node.start: node for root in roots for node in _all(root)}
        self._meant = {node.name for root in roots for node in _all(root) if node.kind == "alias"}

    def with_changes(self, changes: Sequence[Change]) -> str:
        """The text with all of them. Raises CannotPlaceError."""
        edits = sorted(map(self._edit, changes), key=lambda edit: edit[:2])
        for (_, stop, _), (start, _, _) in pairwise(edits):
            if start < stop:
                raise CannotPlaceError("two values share one place")
        text = self._text
        for start, stop, new in reversed(edits):
            text = text[:start] + new + text[stop:]
        return text

    def _edit(self, change: Change) -> tuple[int, int, str]:
        node = self._by_place.get(change.at)
        if node is None:
            raise CannotPlaceError("its place is not found again")
        path = list(change.path)
        while path and node.kind == "map" and (below := node.get(path[0])) is not None:
            self._refuse_shared(node)
            node = below
            path.pop(0)
        self._refuse_shared(node)
        if not path:
            return self._replaced(node, change.value)
        if node.kind == "map" and node.entries:
            return self._added(node, path, change.value)
        if node.kind == "list" and node.entries and path == [APPENDED]:
            return self._appended(node, change.value)
        if node.kind in {"alias", "list"}:
            raise CannotPlaceError("what encloses it is written elsewhere")
        return self._replaced(node, nested(path, change.value))  # null, or an empty mapping

    def _refuse_shared(self, node: _Node) -> None:
        if node.kind != "alias" and node.name and node.name in self._meant:
            raise CannotPlaceError(f"the anchor &{node.name} gives it to others too")

    def _replaced(self, node: _Node, value: Json) -> tuple[int, int, str]:
        start, stop = self._offset(node.start), self._offset(node.stop)
        if node.kind != "alias" and (anchor := ANCHOR.match(self._text, start, stop)):
            start = anchor.end()  # nobody means it, and it is not ours to remove
        if self._text[start:stop].endswith(("\n", "\r")):  # a block scalar ends with its last line
            stop = len(self._text[:stop].removesuffix("\n").removesuffix("\r"))
        if node.kind in {"map", "list"} and not node.flow:
            return start, stop, self._in_block(node, value)
        new = _quoted_like(node.style, value)
        if start == stop:  # nothing stands behind the colon
            return start, stop, ("" if self._text[start - 1 : start] in {" ", "\t"} else " ") + new
        return start, stop, new

    def _in_block(self, node: _Node, value: Json) -> str:
        """In the place of a collection in block style: one like it where it is one too, else on one line."""
        if isinstance(value, list) and value and node.kind == "list":
            lines = [line for item in value for line in _item(item)]
        elif isinstance(value, dict) and value and node.kind == "map":
            lines = emit(value)
        else:
            return _flow(value)
        return f"{self._break}{' ' * node.start[1]}".join(lines)

    def _added(self, node: _Node, path: Sequence[str], value: Json) -> tuple[int, int, str]:
        inner = nested(path[1:], value)
        if node.flow:
            at = self._offset(node.entries[-1][2].stop)
            return at, at, f", {one_line(path[0])}: {_flow(inner)}"
        lines = emit({path[0]: inner})
        at = self._line_end(self._offset(node.stop))
        before = "" if at and self._text[at - 1] in "\r\n" else self._break
        indent = " " * node.entries[0][1][1]
        return at, at, before + "".join(f"{indent}{line}{self._break}" for line in lines)

    def _appended(self, node: _Node, value: Json) -> tuple[int, int, str]:
        if node.flow:
            at = self._offset(node.entries[-1][2].stop)
            return at, at, f", {_flow(value)}"
        at = self._line_end(self._offset(node.stop))
        before = "" if at and self._text[at - 1] in "\r\n" else self._break
        lines = (f"{' ' * node.start[1]}{line}{self._break}" for line in _item(value))
        return at, at, before + "".join(lines)

    def _line_end(self, offset: int) -> int:
        """The beginning of the line behind the one that ends there."""
        if offset and self._text[offset - 1] in "\r\n":
            return offset
        found = re.compile("\r\n|\r|\n").search(self._text, offset)
        return found.end() if found else len(self._text)

    def _offset(self, place: Place) -> int:
        line, column = place
        return self._starts[line] + column if line < len(self._starts) else len(self._text)


def _starts(lines: Sequence[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts


def nested(path: Sequence[str], value: Json) -> Json:
    """The value as it stands below a path: in a mapping in a mapping."""
    for key in reversed(path):
        value = {key: value}
    return value


def _item(value: Json) -> list[str]:
    """An item of a list in block style."""
    if not isinstance(value, dict) or not value:
        return [f"- {_flow(value)}"]
    first, *rest = emit(value)
    return [f"- {first}", *(f"  {line}" if line else "" for line in rest)]


def _flow(value: Json) -> str:
    """The value on one line, wherever it stands."""
    match value:
        case dict():
            return f"{{{', '.join(f'{one_line(key)}: {_flow(item)}' for key, item in value.items())}}}"
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case str():
            return one_line(value)
        case _:
            return emit({"k": value})[0].removeprefix("k: ")


def _quoted_like(style: str, value: Json) -> str:
    """Text in the quotes that stood there."""
    if not isinstance(value, str) or style not in {"'", '"'}:
        return _flow(value)
    if style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    quoted = one_line(value)
    return quoted if quoted.startswith('"') else f'"{quoted}"'


def _all(node: _Node) -> Iterator[_Node]:
    for _, _, below in node.entries:
        yield from _all(below)
    yield node  # the last at its place: a mapping begins where its first key does


def _roots(data: bytes) -> Iterator[_Node]:
    reading = FASTEST(data)
    while type(event := reading.get_event()) is not StreamEndEvent:
        if type(event) is DocumentStartEvent:
            yield _node(reading.get_event(), reading.get_event)


def _node(event: Any, following: Any) -> _Node:
    start, name = start_of(event), event.anchor or ""
    if type(event) is AliasEvent:
        return _Node("alias", start, stop_of(event), flow=False, style="", name=name, entries=())
    if type(event) is ScalarEvent:
        return _Node("scalar", start, stop_of(event), flow=False, style=event.style or "", name=name, entries=())
    entries: list[tuple[str, Place, _Node]] = []
    flow = bool(event.flow_style)
    if type(event) is MappingStartEvent:
        while type(end := following()) is not MappingEndEvent:
            key, place = getattr(end, "value", ""), start_of(end)
            if type(end) not in {ScalarEvent, AliasEvent}:
                _node(end, following)
            entries.append((key, place, _node(following(), following)))
    else:
        while type(end := following()) is not SequenceEndEvent:
            value = _node(end, following)
            entries.append((str(len(entries)), value.start, value))
    stop = stop_of(end) if flow or not entries else entries[-1][2].stop
    kind = "map" if type(event) is MappingStartEvent else "list"
    return _Node(kind, start, stop, flow=flow, style="", name=name, entries=tuple(entries))

"""A manifest's bytes in, the same with its keys in the schema's order and evenly indented out.

Whole lines are moved and shifted, so that comments, quotes, anchors and line ends stay as they are written. What comes
of it is read again: where it would mean anything else, or lack a comment, the file is left as it is.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from egpsync.fields.schemas import load
from egpsync.fields.table import MANIFEST
from egpsync.manifest.comments import comments
from egpsync.manifest.find import Found
from egpsync.manifest.parse import (
    BYTE_ORDER_MARK,
    FASTEST,
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    start_of,
    without_mark,
)
from egpsync.manifest.read import read
from egpsync.model.values import Json

STEP = 2  # spaces
TOPS = frozenset({"defaults", "models", "patches", "templates"})

_BELOW: Mapping[tuple[str, str], str] = {
    ("document", "defaults"): "defaults",
    ("document", "templates"): "templates",
    ("document", "models"): "models",
    ("document", "patches"): "patches",
    ("models", ""): "model",
    ("patches", ""): "patch",
    ("templates", ""): "template",
    **{(kind, "lifecycle"): "lifecycle" for kind in ("model", "patch", "template", "defaults")},
    **{(kind, "vendor_configuration"): "configuration" for kind in ("model", "patch", "template", "defaults")},
    ("launch_configuration", "model_image"): "model_image",
    ("launch_configuration", "model_infra"): "model_infra",
}
"""What stands below what, by key; "" is any."""


class Unchanged(NamedTuple):
    """Why a file is left as it is."""

    why: str


class _Node(NamedTuple):
    kind: str  # "map" or "list" in block style; "leaf" for all else
    line: int  # where it begins, from 0
    column: int
    entries: tuple["_Entry", ...] = ()


class _Entry(NamedTuple):
    key: str  # "" in a list, and for a key that is no text
    line: int  # of its key; of its value in a list
    column: int
    value: _Node


class _Segment(NamedTuple):
    """The lines of an entry, from its comments to the next one's."""

    entry: _Entry
    start: int
    stop: int
    blank: int  # from here on lines are empty


def formed(found: Found) -> bytes | Unchanged:
    """The file in form; itself where it is already, or holds nothing that can be put in order."""
    before = read([found])
    if not before.documents and all(problem.rule == "no-manifests" for problem in before.problems):
        return found.data
    if before.problems:
        return Unchanged("it cannot be read as it is")
    if not any(_is_manifest(document.root.value) for document in before.documents):
        return found.data
    mark = BYTE_ORDER_MARK if found.data.startswith(BYTE_ORDER_MARK) else b""
    text = without_mark(found.data).decode("utf-8")
    lines = text.splitlines(keepends=True)
    if "\r" in text.replace("\r\n", ""):
        return Unchanged("its lines end as those of old Macs did")
    if not lines[-1].endswith("\n"):
        lines[-1] += "\r\n" if lines[0].endswith("\r\n") else "\n"
    made = mark + "".join(_Form(lines).all(_documents(found.data))).encode("utf-8")
    if made == found.data:
        return made
    after = read([Found(found.name, made)])
    values = [document.root.value for document in before.documents]
    if after.problems or [document.root.value for document in after.documents] != values:
        return Unchanged("its values would be read as others")
    if _texts(made) != _texts(found.data):
        return Unchanged("a comment would be lost")
    return made


def _is_manifest(value: Json) -> bool:
    """Whether it is no YAML of another kind, which follows other rules."""
    return isinstance(value, dict) and "version" in value and not TOPS.isdisjoint(value)


def _texts(data: bytes) -> Counter[str]:
    return Counter(comment.text.strip() for comment in comments(data))


class _Form:
    """Lines on their way into form."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def all(self, documents: Sequence[tuple[_Node, int]]) -> Iterator[str]:
        done = 0
        for root, stop in documents:
            if root.kind != "map":
                continue
            start = self._lead(root.entries[0].line, done)
            if all(line.strip() in {"", "---"} for line in self._lines[done:start]):
                start = root.entries[0].line  # what stands at the top is about the whole
            yield from self._lines[done:start]
            yield from self._map(root, start, stop, 0, "document")
            done = stop
        yield from self._lines[done:]

    def _map(self, node: _Node, start: int, stop: int, column: int, kind: str) -> list[str]:
        """The mapping's lines, keys in order; `start` is where the comments of its first key begin."""
        kind = _of_configuration(node) if kind == "configuration" else kind
        segments = self._segments(node, start, stop)
        order = _order(kind)
        ranked = sorted(segments, key=lambda one: order.get(one.entry.key, len(order)))
        made: list[str] = []
        for segment, place in zip(ranked, segments, strict=True):
            made += self._entry(segment, column, _BELOW.get((kind, segment.entry.key)) or _BELOW.get((kind, ""), ""))
            made += self._lines[place.blank : place.stop]
        return made

    def _list(self, node: _Node, start: int, stop: int, column: int, kind: str) -> list[str]:
        made: list[str] = []
        for segment in self._segments(node, start, stop):
            made += self._item(segment, node.column, column, _BELOW.get((kind, ""), ""))
            made += self._lines[segment.blank : segment.stop]
        return made

    def _segments(self, node: _Node, start: int, stop: int) -> list[_Segment]:
        """Each entry's lines."""
        starts = [start, *(self._lead(entry.line, before.line + 1) for before, entry in pairwise(node.entries))]
        return [
            _Segment(entry, one, two, self._blank(entry.line + 1, two))
            for entry, one, two in zip(node.entries, starts, [*starts[1:], stop], strict=True)
        ]

    def _within(self, segment: _Segment, column: int) -> int:
        """Where what is indented so far ends: comments behind it that are indented less are not about it."""
        stop = segment.blank
        while stop > segment.entry.line + 1 and self._is_outside(stop - 1, column):
            stop -= 1
        return stop

    def _is_outside(self, number: int, column: int) -> bool:
        line = self._lines[number].strip()
        return not line or (line.startswith("#") and self._indent(number) < column)

    def _lead(self, line: int, least: int) -> int:
        """Where the comments directly above a line begin; one that is indented more is about what stands above it."""
        widest = self._indent(line)
        while line > least and self._lines[line - 1].lstrip().startswith("#") and self._indent(line - 1) <= widest:
            line -= 1
        return line

    def _blank(self, least: int, stop: int) -> int:
        while stop > least and not self._lines[stop - 1].strip():
            stop -= 1
        return stop

    def _entry(self, segment: _Segment, column: int, kind: str) -> list[str]:
        """A key with what stands at it."""
        entry = segment.entry
        made = [_indented(line, column) for line in self._lines[segment.start : entry.line]]
        first = " " * column + self._lines[entry.line][entry.column :]
        if entry.value.kind == "leaf" or entry.value.line == entry.line:
            return [*made, first, *self._shifted(entry.line + 1, segment.blank, column - entry.column)]
        stop = self._within(segment, entry.value.column)
        made += [first, *self._node(entry.value, entry.line + 1, stop, column + STEP, kind)]
        return [*made, *(_indented(line, column) for line in self._lines[stop : segment.blank])]

    def _item(self, segment: _Segment, dash: int, column: int, kind: str) -> list[str]:
        """An item of a list with its dash."""
        entry = segment.entry
        line = self._lines[entry.line]
        made = [_indented(one, column) for one in self._lines[segment.start : entry.line]]
        if line[:dash].strip() or line[dash : entry.column].strip() != "-":  # the dash stands on a line of its own
            return [*made, *self._shifted(entry.line, segment.blank, 0)]
        if entry.value.kind == "leaf":
            first = f"{' ' * column}- {line[entry.column :]}" if line[entry.column :].strip() else line
            return [*made, first, *self._shifted(entry.line + 1, segment.blank, column + STEP - entry.column)]
        stop = self._within(segment, entry.value.column)
        inner = self._node(entry.value, entry.line, stop, column + STEP, kind)
        above = next(at for at, one in enumerate(inner) if not one.lstrip().startswith("#"))
        made += [_indented(one, column) for one in inner[:above]]
        made += [f"{' ' * column}- {inner[above].lstrip(' ')}", *inner[above + 1 :]]
        return [*made, *(_indented(line, column) for line in self._lines[stop : segment.blank])]

    def _node(self, node: _Node, start: int, stop: int, column: int, kind: str) -> list[str]:
        if node.kind == "map":
            return self._map(node, start, stop, column, kind)
        return self._list(node, start, stop, column, kind)

    def _shifted(self, start: int, stop: int, by: int) -> list[str]:
        lines = self._lines[start:stop]
        if by >= 0:
            return [" " * by + line if line.strip() else line for line in lines]
        return [line[min(-by, self._indent(start + at)) :] if line.strip() else line for at, line in enumerate(lines)]

    def _indent(self, number: int) -> int:
        line = self._lines[number]
        return len(line) - len(line.lstrip(" "))


def _indented(line: str, column: int) -> str:
    return " " * column + line.lstrip() if line.strip() else line


def _of_configuration(node: _Node) -> str:
    """Whose configuration it is, by what stands in it."""
    launch = {"model_image", "model_infra"}.intersection(entry.key for entry in node.entries)
    return "launch_configuration" if launch else "llmengine_configuration"


@cache
def _order(kind: str) -> Mapping[str, int]:
    """The places of a mapping's keys, as the schema names them; none for a map that people fill."""
    schema: Mapping[str, Any] = load(MANIFEST)
    described = schema if kind == "document" else schema["definitions"].get(kind, {})
    return {key: at for at, key in enumerate(described.get("properties", ()))}


def _documents(data: bytes) -> list[tuple[_Node, int]]:
    """The root of each document, and the line at which it ends."""
    reading = FASTEST(without_mark(data))
    found: list[tuple[_Node, int]] = []
    root: _Node | None = None
    while type(event := reading.get_event()) is not StreamEndEvent:
        if type(event) is DocumentEndEvent and root is not None:
            line, column = start_of(event)
            found.append((root, line + bool(column)))
            root = None
        elif type(event) in {MappingStartEvent, SequenceStartEvent, ScalarEvent}:
            root = _node(event, reading.get_event)
    return found


def _node(event: Any, following: Any) -> _Node:
    line, column = start_of(event)
    if type(event) in {ScalarEvent, AliasEvent}:
        return _Node("leaf", line, column)
    entries: list[_Entry] = []
    plain = not event.flow_style
    if type(event) is MappingStartEvent:
        while type(key := following()) is not MappingEndEvent:
            key_line, key_column = start_of(key)
            simple = type(key) is ScalarEvent and key.anchor is None and key.tag is None
            if type(key) not in {ScalarEvent, AliasEvent}:
                _node(key, following)
            plain = plain and simple
            entries.append(_Entry(key.value if simple else "", key_line, key_column, _node(following(), following)))
        even = len({entry.column for entry in entries}) == 1
        kind = "map" if plain and even else "leaf"
    else:
        while type(item := following()) is not SequenceEndEvent:
            value = _node(item, following)
            entries.append(_Entry("", value.line, value.column, value))
        kind = "list" if plain and entries else "leaf"
    marked = event.anchor is not None or event.tag is not None
    if kind == "map" and marked:
        line, column = entries[0].line, entries[0].column
    return _Node(kind, line, column, tuple(entries)) if kind != "leaf" else _Node("leaf", line, column)

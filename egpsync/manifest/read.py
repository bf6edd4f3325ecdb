"""Paths in, Documents out: YAML 1.2 values with the line and column of each, and every problem met on the way."""

import gc
import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO, NoReturn, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from egpsync.manifest import scalars
from egpsync.manifest.files import Found, find
from egpsync.manifest.places import Finding, Hint, Lines, Problems, in_words
from egpsync.manifest.text import end_of, fault_of
from egpsync.model.manifest import Document, Documents, Node
from egpsync.model.values import Json, Source

Parser: TypeAlias = Callable[[str], Any]
"""Text -> an object with PyYAML's get_event()."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a file may hold; beyond, it is refused with the place where it went too far."""

    size: int = 64 * 1024 * 1024  # bytes: 10,000 models take about 15 MiB
    depth: int = 64  # mappings and lists inside each other, aliases expanded
    aliased: int = 100_000  # values that the aliases of one file stand for, taken together


class PureParser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """PyYAML's own parser, for where its C library is missing: the same events, many times slower."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)

    def get_event(self) -> Any:
        """The next event; an escape that is no Unicode character is a ScannerError, as in the C library."""
        try:
            event = super().get_event()  # type: ignore[no-untyped-call]
        except (ValueError, OverflowError) as error:
            raise self._bad_escape(self.get_mark()) from error
        if isinstance(event, ScalarEvent) and any("\ud800" <= sign <= "\udfff" for sign in event.value):
            raise self._bad_escape(event.start_mark)
        return event

    def _bad_escape(self, mark: Any) -> yaml.scanner.ScannerError:
        problem = "found invalid Unicode character escape code"
        return yaml.scanner.ScannerError("while parsing a quoted scalar", mark, problem, mark)


FASTEST: Parser = yaml.cyaml.CParser if yaml.__with_libyaml__ else PureParser  # type: ignore[attr-defined]


def read(
    paths: Sequence[str], *, limits: Limits | None = None, parser: Parser = FASTEST, stdin: BinaryIO | None = None
) -> Documents:
    """Read every file that the paths mean; a file with a problem gives no document.

    `paths` are files, folders, patterns, and "-" for standard input (`stdin`, else the process's own).
    """
    limits = limits or Limits()
    found = find(paths, size=limits.size, stdin=stdin)
    texts = {file.name: file.data.decode("utf-8-sig", errors="replace") for file in found}
    problems = Problems(Lines(texts))
    documents: list[Document] = []
    with _uncollected():
        for file in found:
            documents += _File(file, texts[file.name], problems, limits).documents(parser)
    if not documents and not problems:
        nothing = "there is no manifest: all that was read is empty"
        problems.add(Finding("no-manifests", nothing, _top(found[0].name if found else ".")))
    return Documents(documents=tuple(documents), problems=problems.sorted(), texts=texts, digest=_digest(found))


class _StopError(Exception):
    """The file cannot be read on; the problem is noted already."""


class _File:
    """One file on its way from bytes to documents."""

    def __init__(self, found: Found, text: str, problems: Problems, limits: Limits) -> None:
        self._found = found
        self._name = found.name
        self._text = text
        self._problems = problems
        self._limits = limits
        self._sound = True
        self._parser: Parser
        self._next: Callable[[], Any]
        self._anchors: dict[str, Node | None] = {}  # None while the anchor's own value is being read
        self._aliased = 0

    def documents(self, parser: Parser) -> list[Document]:
        """Its documents that are not empty; none where it has a problem."""
        documents: list[Document] = []
        try:
            fault = fault_of(self._found, self._text)
            if fault:
                self._stop(fault)
            self._parser = parser
            self._next = parser(self._text).get_event
            while type(event := self._next()) is not StreamEndEvent:
                if type(event) is DocumentStartEvent:
                    documents += self._document(event)
        except _StopError:
            return []
        except yaml.reader.ReaderError:
            self._refuse_character()
        except yaml.MarkedYAMLError as error:
            self._refuse_syntax(error)
        return documents if self._sound else []

    def _too_deep(self, mark: Any) -> Finding | None:
        """Where the text before a fault goes too deep, as parsers look ahead and newer ones have a limit of their own.

        Up to that place it is read again: what is nested too deeply there is met before the text ends.
        """
        depth = 0
        try:
            following = self._parser(self._text[: mark.index]).get_event
            while type(event := following()) is not StreamEndEvent:
                depth += (type(event) in _OPENING) - (type(event) in _CLOSING)
                if depth > self._limits.depth:
                    return self._depth(self._place(event.start_mark))
        except (yaml.YAMLError, ValueError):
            pass
        return None

    def _depth(self, place: Source) -> Finding:
        return Finding("depth", f"values are nested more than {self._limits.depth} deep", place)

    def _document(self, start: DocumentStartEvent) -> list[Document]:
        if start.version not in {None, (1, 2)}:
            self._refuse("yaml-version", "manifests are YAML 1.2", start, Hint(expected="no %YAML line, or %YAML 1.2"))
        self._anchors = {}
        event = self._next()
        mark = event.start_mark
        root = self._node(event, 1, mark.line + 1, mark.column + 1)
        return [] if root.value is None else [Document(file=self._name, root=root)]

    def _node(self, event: Any, depth: int, key_line: int, key_column: int) -> Node:
        mark = event.start_mark
        line, column = mark.line + 1, mark.column + 1
        kind = type(event)
        if kind is AliasEvent:
            target = self._alias(event, depth)
            return Node(target.value, self._name, line, column, key_line, key_column, target.children)
        anchor = event.anchor
        if anchor is not None:
            self._anchors[anchor] = None
        value: Json
        children: Any = None
        if kind is ScalarEvent:
            value = self._scalar(event)
        else:
            self._check_collection(event, depth)
            value, children = self._mapping(depth) if kind is MappingStartEvent else self._sequence(depth)
        node = Node(value, self._name, line, column, key_line, key_column, children)
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _mapping(self, depth: int) -> tuple[dict[str, Json], dict[str, Node]]:
        values: dict[str, Json] = {}
        children: dict[str, Node] = {}
        while type(event := self._next()) is not MappingEndEvent:
            mark = event.start_mark
            key = self._key(event, depth)
            value = self._next()
            node = self._node(value, depth + 1, mark.line + 1, mark.column + 1)
            if key is None:
                continue
            if node.value is None and value.start_mark.index == value.end_mark.index:
                end = event.end_mark  # nothing stands there, and parsers disagree on where: say just after the colon
                node = node._replace(line=end.line + 1, column=end.column + 2)
            if key in children:
                first = Hint(expected="each key once in a mapping", related=children[key].key_source)
                self._refuse("duplicate-key", f"the key {in_words(key)} stands here for the second time", event, first)
                continue
            values[key] = node.value
            children[key] = node
        return values, children

    def _sequence(self, depth: int) -> tuple[list[Json], tuple[Node, ...]]:
        nodes = []
        while type(event := self._next()) is not SequenceEndEvent:
            mark = event.start_mark
            nodes.append(self._node(event, depth + 1, mark.line + 1, mark.column + 1))
        return [node.value for node in nodes], tuple(nodes)

    def _key(self, event: Any, depth: int) -> str | None:
        """The key's text; None where it is refused."""
        if type(event) is AliasEvent:
            self._refuse("alias", "an alias cannot be a key", event, Hint(expected="the key written out"))
            return None
        if type(event) is not ScalarEvent:
            self._node(event, depth + 1, 1, 1)
            self._refuse("string-key", "a mapping or list cannot be a key", event, Hint(expected="text as the key"))
            return None
        if event.value == "<<" and event.implicit[0]:
            instead = Hint(expected="the fields written out, or given once in defaults")
            self._refuse("merge-key", "the merge key << is not part of YAML 1.2", event, instead)
            return None
        key = self._node(event, depth, 1, 1).value
        if type(key) is str:
            return key
        hint = Hint(expected="text as the key: quote it", suggestion=f'"{event.value}"' if event.value else "")
        self._refuse("string-key", f"the key {event.value or 'that is left out'} is not text", event, hint)
        return None

    def _scalar(self, event: Any) -> Json:
        """The scalar's value; text where it is refused, so that the fault is told once."""
        text: str = event.value
        try:
            if event.tag is not None:
                return scalars.tagged(text, event.tag)
            return _plain(text) if event.implicit[0] else sys.intern(text)
        except scalars.NumberRangeError:
            hint = Hint(expected="a finite number of reasonable length, or quotes around what is text")
            self._refuse("number-range", "JSON has no such number", event, hint)
        except KeyError:
            self._refuse("yaml-tag", f"the tag {event.tag} is not known here", event, _TAGS)
        except ValueError:
            self._refuse("yaml-tag", f"the value does not fit its tag {event.tag}", event, _TAGS)
        return ""

    def _check_collection(self, event: Any, depth: int) -> None:
        if depth > self._limits.depth:
            self._stop(self._depth(self._place(event.start_mark)))
        expected = "map" if type(event) is MappingStartEvent else "seq"
        if event.tag not in {None, f"tag:yaml.org,2002:{expected}"}:
            self._refuse("yaml-tag", f"the tag {event.tag} is not known here", event, _TAGS)

    def _alias(self, event: Any, depth: int) -> Node:
        """The node that the alias stands for, where it stands for one and the limits allow it."""
        place = self._place(event.start_mark)
        target = self._anchors.get(event.anchor)
        if target is None:
            known = event.anchor in self._anchors
            message = f"the alias *{event.anchor} " + ("stands inside its own anchor" if known else "has no anchor")
            self._stop(Finding("alias", message, place))
        count, height = _measure(target)
        self._aliased += count
        if self._aliased > self._limits.aliased:
            message = f"aliases stand for more than {self._limits.aliased:,} values"
            self._stop(Finding("alias-expansion", message, place))
        if depth + height - 1 > self._limits.depth:
            self._stop(self._depth(place))
        return target

    def _refuse(self, rule: str, message: str, event: Any, hint: Hint) -> None:
        self._sound = False
        self._problems.add(Finding(rule, message, self._place(event.start_mark), hint))

    def _stop(self, finding: Finding) -> NoReturn:
        self._problems.add(finding)
        raise _StopError

    def _refuse_character(self) -> None:
        """PyYAML tells the place in bytes or in characters, as its parser is: look for it in the text."""
        self._sound = False
        found = yaml.reader.Reader.NON_PRINTABLE.search(self._text)
        sign, start = (found[0], found.start()) if found else ("?", 0)
        message = f"the control character U+{ord(sign):04X} is not allowed in YAML"
        hint = Hint(expected="an escape in double quotes, where it is meant")
        self._problems.add(Finding("encoding", message, end_of(self._text[:start], self._name), hint))

    def _refuse_syntax(self, error: yaml.MarkedYAMLError) -> None:
        self._sound = False
        mark: Any = error.problem_mark or error.context_mark
        context: Any = error.context_mark
        if deep := (self._too_deep(mark) if mark else None):
            self._problems.add(deep)
            return
        place = self._place(mark) if mark else _top(self._name)
        related = self._place(context) if context and context.line + 1 != place.line else None
        message = ", ".join(filter(None, (error.context, error.problem)))
        hint = Hint(expected=_remedy(message, Lines({self._name: self._text}).at(place), place.column), related=related)
        self._problems.add(Finding("yaml-syntax", f"not well-formed YAML: {message}", place, hint))

    def _place(self, mark: Any) -> Source:
        return Source(file=self._name, line=mark.line + 1, column=mark.column + 1)


_TAGS = Hint(expected="no tag: quotes make text, and the rest follows from how it is written")
_OPENING = frozenset({MappingStartEvent, SequenceStartEvent})
_CLOSING = frozenset({MappingEndEvent, SequenceEndEvent})
_plain = lru_cache(maxsize=65_536)(scalars.plain)
"""Manifests repeat themselves: most plain scalars were met before."""


def _measure(node: Node) -> tuple[int, int]:
    """How many values a node stands for, itself included, and how deep they are nested."""
    if node.children is None:
        return 1, 0
    below = node.children.values() if isinstance(node.children, Mapping) else node.children
    measured = [_measure(child) for child in below]
    return 1 + sum(count for count, _ in measured), 1 + max((height for _, height in measured), default=0)


def _remedy(message: str, line: str, column: int) -> str:
    """What to write instead, for the usual slips; "" for others."""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "spaces: YAML is not indented with tabs"
    if "mapping values are not allowed" in message:
        return 'one "key: value" on a line, and quotes around a value that holds ": "'
    if "cannot start any token" in message and column <= len(line):
        return f"quotes around a value that begins with {line[column - 1]}"
    return ""


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cyclic garbage collector, which takes half the time of a large read and finds nothing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _digest(found: Sequence[Found]) -> str:
    digest = hashlib.sha256()
    for file in found:
        name = file.name.encode(errors="surrogateescape")
        digest.update(b"%d:%b%d:%b" % (len(name), name, len(file.data), file.data))
    return digest.hexdigest()


def _top(file: str) -> Source:
    return Source(file=file, line=1, column=1)

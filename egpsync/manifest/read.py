"""Found files in, Documents out: YAML 1.2 values with the line and column of each, and every problem met on the way."""

import gc
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from struct import Struct
from typing import Any, NoReturn

from egpsync.manifest import scalars
from egpsync.manifest.extent import measure
from egpsync.manifest.find import Found
from egpsync.manifest.findings import LINE_BREAK, LONGEST_VALUE, Finding, Hint, in_words
from egpsync.manifest.parse import (
    FASTEST,
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    MarkedYAMLError,
    Parser,
    ReaderError,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    YAMLError,
    bad_character,
    not_text,
    without_mark,
)
from egpsync.manifest.problems import Problems
from egpsync.model.manifest import EACH, Document, Documents, Layer, Node, Places
from egpsync.model.values import Json, Source
from egpsync.value import Value


class ReadLimits(Value, frozen=True, kw_only=True):
    """What a file may hold; beyond, it is refused with the place where it went too far."""

    depth: int = 64  # mappings and lists inside each other, aliases expanded
    values: int = 4_000_000  # 100,000 models have some three million
    aliased: int = 100_000  # values that the aliases of one file stand for, taken together; long texts count as several


LIMITS = ReadLimits()
pack = Struct(f"{EACH}I").pack
"""A value's numbers as the bytes that an array holds: a third faster than to extend it by a tuple."""

REMEMBERED = 65_536
"""Texts of plain scalars whose values are kept."""

NOWHERE = -1
"""The number of a key that is an anchor: nothing stands below it."""


def read(found: Sequence[Found], *, limits: ReadLimits = LIMITS, parser: Parser = FASTEST) -> Documents:
    """Read every file; one with a problem gives no document."""
    files = {file.name: file.data for file in found}
    problems = Problems(files, parser=parser)
    documents: list[Document] = []
    with _uncollected():
        for file in found:
            documents += _File(file, problems, limits).documents(parser)
    if not documents and not problems:
        nothing = "there is no manifest: all that was read is empty"
        problems.add(Finding("no-manifests", nothing, _top(found[0].name if found else ".")))
    return Documents(documents=tuple(documents), problems=problems.sorted(), files=files)


class _StopError(Exception):
    """The file cannot be read on; the problem is noted already."""


class _File:
    """One file on its way from bytes to documents.

    The loops over mappings and lists take scalars, nine values of ten, without a further call.
    """

    def __init__(self, found: Found, problems: Problems, limits: ReadLimits) -> None:
        self._found = found
        self._name = found.name
        self._problems = problems
        self._limits = limits
        self._sound = True
        self._places = Places(found.name)
        self._plain: dict[str, Json] = {}  # plain scalars' texts -> their values: most were met before
        self._known: dict[str, str] = {}  # keys without quotes that were met
        self._parser: Parser
        self._next: Callable[[], Any]
        self._anchors: dict[str, tuple[Json, int] | None] = {}  # None while the anchor's own value is being read
        self._aliased = 0
        self._steps = 1_000_000  # that may be spent on looking for the first of two equal keys

    def documents(self, parser: Parser) -> list[Document]:
        """Its documents that are not empty; none where it has a problem."""
        documents: list[Document] = []
        try:
            self._check_text()
            self._parser = parser
            self._next = parser(without_mark(self._found.data)).get_event
            while type(event := self._next()) is not StreamEndEvent:
                if type(event) is DocumentStartEvent:
                    documents += self._document(event)
        except _StopError:
            return []
        except ReaderError:
            self._sound = False
            self._problems.add(bad_character(self._name, self._found.data))
        except MarkedYAMLError as error:
            self._refuse_syntax(error)
        return documents if self._sound else []

    def _check_text(self) -> None:
        if self._found.rule:
            self._stop(Finding(self._found.rule, self._found.message, _top(self._name)))
        fault = not_text(self._name, self._found.data)
        if fault:
            self._stop(fault)

    def _document(self, start: Any) -> list[Document]:
        if start.version not in {None, (1, 2)}:
            self._refuse("yaml-version", "manifests are YAML 1.2", start, Hint(expected="no %YAML line, or %YAML 1.2"))
        self._anchors = {}
        event = self._next()
        at = self._place_of(event.start_mark, event.start_mark)
        value = self._value(event, 1, at)
        root = Node(value, (Layer("document", value, self._places, at),))
        return [] if value is None else [Document(file=self._name, root=root)]

    def _value(self, event: Any, depth: int, at: int) -> Json:
        """The event's value; its number is `at`, under which its places stand already."""
        kind = type(event)
        if kind is AliasEvent:
            return self._alias(event, depth, at)
        anchor = event.anchor
        if anchor is not None:
            self._anchors[anchor] = None
        value: Json
        if kind is ScalarEvent:
            value = self._scalar(event)
        else:
            self._check_collection(event, depth)
            value = self._mapping(depth, at) if kind is MappingStartEvent else self._sequence(depth)
            numbers = self._places.numbers
            numbers[at * EACH + 4] = len(numbers) // EACH - at
        if anchor is not None:
            self._anchors[anchor] = value, at
        return value

    def _mapping(self, depth: int, at: int) -> dict[str, Json]:
        values: dict[str, Json] = {}
        following, known, plain, numbers = self._next, self._known, self._plain, self._places.numbers
        add = numbers.frombytes
        most = self._limits.values * EACH
        while type(event := following()) is not MappingEndEvent:
            mark = event.start_mark
            key = known.get(event.value) if type(event) is ScalarEvent and event.tag is None else None
            if key is None or event.anchor is not None:
                key = self._key(event, depth)
            value = following()
            place = value.start_mark
            if len(numbers) >= most:
                self._too_many(mark)
            if key is None or key in values:
                if key is not None:
                    self._refuse_twice(key, event, values, at)
                self._pass_over(value, depth + 1)
                continue
            if type(value) is ScalarEvent and value.anchor is None and value.tag is None:
                text = value.value
                if not value.implicit[0]:
                    values[key] = sys.intern(text)
                elif text:
                    try:
                        values[key] = plain[text]
                    except KeyError:
                        values[key] = self._scalar(value)
                else:
                    place = event.end_mark
                    add(pack(mark.line, mark.column, place.line, place.column + 1, 1))
                    values[key] = None
                    continue
                add(pack(mark.line, mark.column, place.line, place.column, 1))
            else:
                values[key] = None  # so that keys stand in the order of their numbers
                values[key] = self._value(value, depth + 1, self._place_of(mark, place))
        return values

    def _sequence(self, depth: int) -> list[Json]:
        values: list[Json] = []
        following, plain, numbers = self._next, self._plain, self._places.numbers
        add = numbers.frombytes
        most = self._limits.values * EACH
        while type(event := following()) is not SequenceEndEvent:
            mark = event.start_mark
            if len(numbers) >= most:
                self._too_many(mark)
            line, column = mark.line, mark.column
            add(pack(line, column, line, column, 1))
            if type(event) is ScalarEvent and event.anchor is None and event.tag is None and not event.implicit[0]:
                values.append(sys.intern(event.value))
            elif type(event) is ScalarEvent and event.anchor is None and event.tag is None:
                try:
                    values.append(plain[event.value])
                except KeyError:
                    values.append(self._scalar(event))
            else:
                values.append(self._value(event, depth + 1, len(numbers) // EACH - 1))
        return values

    def _key(self, event: Any, depth: int) -> str | None:
        """The key's text; None where it is refused."""
        if type(event) is AliasEvent:
            self._refuse("alias", "an alias cannot be a key", event, Hint(expected="the key written out"))
            return None
        if type(event) is not ScalarEvent:
            self._refuse("string-key", "a mapping or list cannot be a key", event, Hint(expected="text as the key"))
            self._pass_over(event, depth + 1)
            return None
        if event.value == "<<" and event.implicit[0]:
            instead = Hint(expected="the fields written out, or given once in defaults")
            self._refuse("merge-key", "the merge key << is not part of YAML 1.2", event, instead)
            return None
        key = self._scalar(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = key, NOWHERE
        if type(key) is str:
            if event.implicit[0] and event.tag is None:
                self._known[key] = key
            return key
        hint = Hint(expected="text as the key: quote it", suggestion=f'"{event.value}"' if event.value else "")
        self._refuse("string-key", f"the key {_cut(event.value) or 'that is left out'} is not text", event, hint)
        return None

    def _refuse_twice(self, key: str, event: Any, values: Mapping[str, Json], at: int) -> None:
        first = None
        self._steps -= len(values)
        if self._steps > 0:
            first = next(self._places.key_source(n) for n, other in self._places.items(at, values) if other == key)
        hint = Hint(expected="each key once in a mapping", related=first)
        self._refuse("duplicate-key", f"the key {in_words(key)} stands here for the second time", event, hint)

    def _pass_over(self, event: Any, depth: int) -> None:
        """Read what is refused, for the faults that stand in it."""
        numbers = self._places.numbers
        start = len(numbers)
        self._value(event, depth, self._place_of(event.start_mark, event.start_mark))
        del numbers[start:]

    def _scalar(self, event: Any) -> Json:
        """The scalar's value; text where it is refused, so that the fault is told once."""
        text: str = event.value
        try:
            if event.tag is not None:
                return scalars.tagged(text, event.tag)
            return self._plain_value(text) if event.implicit[0] else sys.intern(text)
        except scalars.NumberRangeError:
            return self._refuse_number(event)
        except KeyError:
            self._refuse("yaml-tag", "this tag is not known here", event, _TAGS)
        except ValueError:
            self._refuse("yaml-tag", "the value does not fit its tag", event, _TAGS)
        return ""

    def _plain_value(self, text: str) -> Json:
        if text not in self._plain:
            if len(self._plain) >= REMEMBERED:
                self._plain.clear()
            self._plain[text] = scalars.plain(text)
        return self._plain[text]

    def _refuse_number(self, event: Any) -> str:
        hint = Hint(expected="a finite number of at most 400 digits, or quotes around what is text")
        self._refuse("number-range", "JSON has no such number", event, hint)
        return ""

    def _check_collection(self, event: Any, depth: int) -> None:
        if depth > self._limits.depth:
            self._stop(self._depth(self._source(event.start_mark)))
        if event.tag is not None and event.tag != _TAGGED[type(event)]:
            self._refuse("yaml-tag", "this tag is not known here", event, _TAGS)

    def _alias(self, event: Any, depth: int, at: int) -> Json:
        """The value that the alias stands for, where it stands for one and the limits allow it."""
        place = self._source(event.start_mark)
        target = self._anchors.get(event.anchor)
        if target is None:
            known = event.anchor in self._anchors
            message = "this alias stands inside its own anchor" if known else "this alias has no anchor"
            self._stop(Finding("alias", message, place))
        value, target_at = target
        count, height = measure(value)
        self._aliased += count
        if self._aliased > self._limits.aliased:
            message = f"aliases stand for more than {self._limits.aliased:,} values"
            self._stop(Finding("alias-expansion", message, place))
        if depth + height - 1 > self._limits.depth:
            self._stop(self._depth(place))
        if height:
            self._places.aliases[at] = self._places.aliases.get(target_at, target_at)
        return value

    def _place_of(self, key: Any, value: Any) -> int:
        """Note where a key and its value start; the value's number."""
        numbers = self._places.numbers
        numbers.frombytes(pack(key.line, key.column, value.line, value.column, 1))
        return len(numbers) // EACH - 1

    def _too_many(self, mark: Any) -> NoReturn:
        message = f"the file holds more than {self._limits.values:,} values; split it into several files"
        self._stop(Finding("value-count", message, self._source(mark)))

    def _depth(self, place: Source) -> Finding:
        return Finding("depth", f"values are nested more than {self._limits.depth} deep", place)

    def _refuse(self, rule: str, message: str, event: Any, hint: Hint) -> None:
        self._sound = False
        self._problems.add(Finding(rule, message, self._source(event.start_mark), hint))

    def _stop(self, finding: Finding) -> NoReturn:
        self._problems.add(finding)
        raise _StopError

    def _refuse_syntax(self, error: MarkedYAMLError) -> None:
        self._sound = False
        mark: Any = error.problem_mark or error.context_mark
        context: Any = error.context_mark
        text = without_mark(self._found.data).decode("utf-8")
        if deep := (self._too_deep(text[: mark.index]) if mark else None):
            self._problems.add(deep)
            return
        place = self._source(mark) if mark else _top(self._name)
        related = self._source(context) if context and context.line + 1 != place.line else None
        message = ", ".join(filter(None, (error.context, error.problem)))
        lines = LINE_BREAK.split(text)
        line = lines[place.line - 1] if place.line <= len(lines) else ""
        hint = Hint(expected=_remedy(message, line, place.column), related=related)
        self._problems.add(Finding("yaml-syntax", f"not well-formed YAML: {_unquoted(message)}", place, hint))

    def _too_deep(self, text: str) -> Finding | None:
        """Where the text before a fault goes too deep, as parsers look ahead and newer ones have a limit of their own.

        Up to that place it is read again: what is nested too deeply there is met before the text ends.
        """
        depth = 0
        try:
            following = self._parser(text.encode()).get_event
            while type(event := following()) is not StreamEndEvent:
                depth += (type(event) in _OPENING) - (type(event) in _CLOSING)
                if depth > self._limits.depth:
                    return self._depth(self._source(event.start_mark))
        except (YAMLError, ValueError):
            pass
        return None

    def _source(self, mark: Any) -> Source:
        return Source(file=self._name, line=mark.line + 1, column=mark.column + 1)


_OPENING = frozenset({MappingStartEvent, SequenceStartEvent})
_CLOSING = frozenset({MappingEndEvent, SequenceEndEvent})
_TAGGED = {MappingStartEvent: "tag:yaml.org,2002:map", SequenceStartEvent: "tag:yaml.org,2002:seq"}
_TAGS = Hint(expected="no tag: quotes make text, and the rest follows from how it is written")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _unquoted(message: str) -> str:
    """Without what the parser quotes of the file, unless it is a single character."""
    return re.sub(r"(['\"])(?!<)(?:(?!\1).){2,}\1", "…", message)


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


def _top(file: str) -> Source:
    return Source(file=file, line=1, column=1)

"""A file's bytes in, the events of YAML out, or why they are not text that YAML takes; the only importer of yaml."""

import re
from importlib import import_module
from typing import Any

import yaml
from yaml.events import AliasEvent, DocumentEndEvent, DocumentStartEvent, StreamEndEvent

from egpsync.manifest import events
from egpsync.manifest.events import Parser
from egpsync.manifest.findings import LINE_BREAK, Finding, Hint
from egpsync.model.values import Source
from egpsync.process import is_own

__all__ = [
    "FASTEST",
    "AliasEvent",
    "DocumentEndEvent",
    "DocumentStartEvent",
    "MappingEndEvent",
    "MappingStartEvent",
    "MarkedYAMLError",
    "Parser",
    "PureParser",
    "ReaderError",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "StreamEndEvent",
    "YAMLError",
    "bad_character",
    "not_text",
    "start_of",
    "stop_of",
    "without_mark",
]

YAMLError = yaml.YAMLError
MarkedYAMLError = yaml.MarkedYAMLError
ReaderError = yaml.reader.ReaderError
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CONTROL = re.compile("[^\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML does not allow as it is."""

_BREAK = "breaks the line for some programs and not for others"
MISREAD = {"\x85": _BREAK, "\u2028": _BREAK, "\u2029": _BREAK, "\ufeff": "is invisible, and shifts what follows"}
"""Characters that PyYAML, which reads by YAML 1.1, places or understands otherwise than YAML 1.2 and editors."""


_LIBRARY = import_module("yaml._yaml") if yaml.__with_libyaml__ and is_own() else None
_TAKEN = _LIBRARY is not None and events.take_over(_LIBRARY, yaml.cyaml.CParser)  # type: ignore[attr-defined]
_KINDS: Any = events if _TAKEN else yaml.events
MappingEndEvent: Any = _KINDS.MappingEndEvent
MappingStartEvent: Any = _KINDS.MappingStartEvent
ScalarEvent: Any = _KINDS.ScalarEvent
SequenceEndEvent: Any = _KINDS.SequenceEndEvent
SequenceStartEvent: Any = _KINDS.SequenceStartEvent


class PureParser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """PyYAML's own parser, for where its C library is missing: the same events, many times slower."""

    def __init__(self, data: bytes) -> None:
        yaml.reader.Reader.__init__(self, data)
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


def without_mark(data: bytes) -> bytes:
    """The bytes after a byte order mark, which the parsers would count differently."""
    return data.removeprefix(BYTE_ORDER_MARK)


def start_of(event: Any) -> tuple[int, int]:
    """The line and column, from 0, at which what the event is about begins."""
    return event.start_mark.line, event.start_mark.column


def stop_of(event: Any) -> tuple[int, int]:
    """Where it ends: just behind its last character."""
    return event.end_mark.line, event.end_mark.column


def not_text(file: str, data: bytes) -> Finding | None:
    """What keeps the file from being parsed at all."""
    try:
        text = without_mark(data).decode("utf-8")
    except UnicodeDecodeError as error:
        before = without_mark(data)[: error.start].decode("utf-8", errors="replace")
        utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        message = "the file is UTF-16" if utf16 else f"the byte 0x{error.object[error.start]:02x} is not UTF-8"
        return Finding("encoding", message, end_of(before, file), Hint(expected="a file saved as UTF-8"))
    for sign, why in MISREAD.items() if not text.isascii() else ():
        if sign in text:
            message = f"the character U+{ord(sign):04X} {why}"
            hint = Hint(expected=f'the escape "\\u{ord(sign):04x}" in double quotes')
            return Finding("encoding", message, end_of(text[: text.index(sign)], file), hint)
    return None


def bad_character(file: str, data: bytes) -> Finding:
    """The control character that the parser stopped at: it tells the place in bytes or in characters, as it is made."""
    text = without_mark(data).decode("utf-8")
    found = CONTROL.search(text)
    sign, start = (found[0], found.start()) if found else ("?", 0)
    message = f"the control character U+{ord(sign):04X} is not allowed in YAML"
    hint = Hint(expected="an escape in double quotes, where it is meant")
    return Finding("encoding", message, end_of(text[:start], file), hint)


def end_of(text: str, file: str) -> Source:
    """The place just after the text, where the file begins with it."""
    lines = LINE_BREAK.split(text)
    return Source(file=file, line=len(lines), column=len(lines[-1]) + 1)

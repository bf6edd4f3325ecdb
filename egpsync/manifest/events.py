"""PyYAML's events of values, made in C: of a large manifest's time a tenth goes into making them by its own classes.

Only in a process of egpsync's own, as the C library makes events by names of a module that others may be using. Where
that module is not as it is known here, PyYAML's own classes stay: the same attributes, slower.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from egpsync.value import Value

Parser: TypeAlias = Callable[[bytes], Any]
"""UTF-8 without a byte order mark -> an object with PyYAML's get_event(), which raises YAMLError."""


class ScalarEvent(Value, gc=False):
    """A scalar."""

    anchor: Any
    tag: Any
    implicit: Any
    value: Any
    start_mark: Any
    end_mark: Any
    style: Any


class MappingStartEvent(Value, gc=False):
    """The start of a mapping."""

    anchor: Any
    tag: Any
    implicit: Any
    start_mark: Any
    end_mark: Any
    flow_style: Any


class SequenceStartEvent(MappingStartEvent, gc=False):
    """The start of a list."""


class MappingEndEvent(Value, gc=False):
    """The end of a mapping."""

    start_mark: Any
    end_mark: Any


class SequenceEndEvent(MappingEndEvent, gc=False):
    """The end of a list."""


KINDS = (ScalarEvent, MappingStartEvent, SequenceStartEvent, MappingEndEvent, SequenceEndEvent)
SAMPLE = b"&a !b c: [d, 'e', {}]\nf: |\n g\n"


def take_over(library: Any, parser: Parser) -> bool:
    """Have PyYAML's C library make its events of these; whether it does now, with all that they had.

    `library` is the module in which it looks for their classes, `parser` makes a parser of it.
    """
    theirs = {kind.__name__: getattr(library, kind.__name__, None) for kind in KINDS}
    if None in theirs.values():
        return False
    before = _sampled(parser)
    vars(library).update({kind.__name__: kind for kind in KINDS})
    try:
        alike = _sampled(parser) == before
    except Exception:  # noqa: BLE001 - whatever another version of the library makes of these
        alike = False
    if not alike:
        vars(library).update(theirs)
    return alike


def _sampled(parser: Parser) -> list[Any]:
    """What the events of a sample hold."""
    following, found = parser(SAMPLE).get_event, []
    while (event := following()) is not None:
        held = {name: _plain(getattr(event, name, None)) for kind in KINDS for name in kind.__struct_fields__}
        found.append((type(event).__name__, held))
    return found


def _plain(value: Any) -> Any:
    return (value.line, value.column, value.index) if hasattr(value, "line") else value

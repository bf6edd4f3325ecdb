"""Text in, what is read and found in it out; values in, nodes of them out."""

import io
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from egpsync.manifest.check import check
from egpsync.manifest.find import find
from egpsync.manifest.merge import merge
from egpsync.manifest.parse import FASTEST, Parser
from egpsync.manifest.read import LIMITS, ReadLimits, read
from egpsync.model.manifest import EACH, Documents, Layer, Node, Places, Problem


def from_text(text: str | bytes, parser: Parser = FASTEST, limits: ReadLimits = LIMITS) -> Documents:
    """What is read from standard input."""
    data = text if isinstance(text, bytes) else text.encode()
    return read(find(["-"], stdin=io.BytesIO(data)), parser=parser, limits=limits)


def from_paths(paths: Sequence[str], parser: Parser = FASTEST, limits: ReadLimits = LIMITS) -> Documents:
    """What is read from files."""
    return read(find(paths), parser=parser, limits=limits)


def all_problems(documents: Documents) -> tuple[Problem, ...]:
    """Those of reading, then those of checking."""
    return (*documents.problems, *check(merge(documents)))


def node_of_lines(value: Any, file: str = "a.yaml") -> Node:
    """A node of a value, in which each value stands on a line of its own, in the order of its keys."""
    places = Places(file)
    _write(value, places, count(1))
    return Node(value, (Layer("document", value, places, 0),))


def _write(value: Any, places: Places, lines: Iterator[int]) -> None:
    at, line = len(places.numbers) // EACH, next(lines)
    places.numbers.extend((line - 1, 0, line - 1, 0, 1))
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _write(item, places, lines)
    places.numbers[at * EACH + 4] = len(places.numbers) // EACH - at

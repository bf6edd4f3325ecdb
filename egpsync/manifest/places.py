"""Places in manifests in, what to show of them out: source lines with their secrets cut, values in words."""

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from egpsync.fields.table import secret_keys
from egpsync.manifest import RULES
from egpsync.model.manifest import Node, Problem
from egpsync.model.report import MASK
from egpsync.model.values import Json, Source

LINE_BREAK = re.compile("\r\n|\r|\n")
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|' + r"'[^']*'")
LONGEST_EXCERPT = 500
"""Characters of a source line that are kept: a whole document can stand on one line."""

LONGEST_VALUE = 60


class Hint(NamedTuple):
    """What a problem says beside its message."""

    expected: str = ""
    suggestion: str = ""
    related: Source | None = None


class Finding(NamedTuple):
    """A problem before its source line is looked up."""

    rule: str
    message: str
    source: Source
    hint: Hint = Hint()


class Lines:
    """The lines of files, split when first asked for."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._lines: dict[str, list[str]] = {}
        self._shown: dict[str, list[str]] = {}

    def at(self, source: Source) -> str:
        """The whole source line there; "" beyond the end."""
        lines = self._of(source.file)
        return lines[source.line - 1] if source.line <= len(lines) else ""

    def shown(self, source: Source) -> str:
        """The source line as it can be shown: the values of secret fields cut away, and not endlessly long."""
        lines = self._shown.get(source.file)
        if lines is None:
            lines = self._shown[source.file] = _masked(self._of(source.file))
        return lines[source.line - 1][:LONGEST_EXCERPT] if source.line <= len(lines) else ""

    def _of(self, file: str) -> list[str]:
        lines = self._lines.get(file)
        if lines is None:
            lines = self._lines[file] = LINE_BREAK.split(self._texts.get(file, ""))
        return lines


class Problems:
    """Collects problems over files, each with its source line."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._found: dict[tuple[str, Source], Problem] = {}

    def add(self, finding: Finding) -> None:
        """Add one; a rule speaks once about a place."""
        if finding.rule not in RULES:
            raise KeyError(finding.rule)
        problem = Problem(
            rule=finding.rule,
            message=finding.message,
            source=finding.source,
            excerpt=self._lines.shown(finding.source),
            expected=finding.hint.expected,
            suggestion=finding.hint.suggestion,
            related=finding.hint.related,
        )
        self._found.setdefault((finding.rule, finding.source), problem)

    def __len__(self) -> int:
        return len(self._found)

    def sorted(self) -> tuple[Problem, ...]:
        """All of them, by file, line and column."""
        return tuple(
            sorted(self._found.values(), key=lambda p: (p.source.file, p.source.line, p.source.column, p.rule))
        )


def in_words(value: Json) -> str:
    """A value as a message quotes it: short, on one line."""
    match value:
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case None:
            return "null"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def has(node: Node, path: tuple[str | int, ...]) -> bool:
    """Whether the whole path leads somewhere below the node."""
    for key in path:
        match node.children:
            case Mapping() as fields if key in fields:
                node = fields[str(key)]
            case tuple() as items if isinstance(key, int) and key < len(items):
                node = items[key]
            case _:
                return False
    return True


def _masked(lines: list[str]) -> list[str]:
    """The lines with everything cut that stands in a secret field, judged by their looks: it works on broken YAML."""
    secret = re.compile(rf"\b({'|'.join(sorted(secret_keys()))})\b[\"']?\s*:")
    shown = []
    field: str | None = None  # the line with the secret field
    brackets = 0  # that the field's value has opened and not closed
    for line in lines:
        if field is not None and (brackets > 0 or _is_below(field, line)):
            brackets += _opened(line) if brackets > 0 else 0
            shown.append(line[: _indent(line)] + MASK if line.strip() else line)
            continue
        key = secret.search(line)
        field = line if key else None
        brackets = _opened(line[key.end() :]) if key else 0
        shown.append(f"{line[: key.end()]} {MASK}" if key and line[key.end() :].strip() else line)
    return shown


def _is_below(field: str, line: str) -> bool:
    """Whether a line is part of the value of a field above it; the items of a list need not be indented for that."""
    item = line.lstrip(" ").startswith("-") and not field.lstrip(" ").startswith("-")
    return not line.strip() or _indent(line) > _indent(field) or (item and _indent(line) == _indent(field))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _opened(text: str) -> int:
    """How many brackets it opens beyond those that it closes, outside of quotes."""
    bare = QUOTED.sub("", text)
    return sum(map(bare.count, "{[")) - sum(map(bare.count, "}]"))

"""Findings in, Problems out: each with its rule's severity and its source line, sorted, and not endlessly many."""

from collections.abc import Mapping

from egpsync.manifest.excerpts import excerpts
from egpsync.manifest.findings import Finding, Lines
from egpsync.manifest.lint import LINTS
from egpsync.manifest.parse import FASTEST, Parser
from egpsync.manifest.rules import RULES, Rule
from egpsync.model.manifest import Problem, Severity
from egpsync.model.values import Source

ALL_RULES: tuple[Rule, ...] = (*RULES, *LINTS)
"""Whatever manifests can be told, errors first."""

BY_ID: Mapping[str, Rule] = {rule.id: rule for rule in ALL_RULES}
NO_LEVELS: Mapping[str, Severity] = {}
MOST = 1_000
"""Problems of one run that are told one by one."""


class Problems:
    """Collects findings over files; a rule speaks once about a place."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        *,
        room: int = MOST,
        parser: Parser = FASTEST,
        levels: Mapping[str, Severity] = NO_LEVELS,
    ) -> None:
        """`room` is how many more problems are told one by one, `levels` how severe those of some rules are."""
        self._levels = levels
        self._files = files
        self.lines = Lines(files)
        self._room = room
        self._parser = parser
        self._found: dict[tuple[str, Source], Finding] = {}
        self._more = 0

    def add(self, finding: Finding) -> None:
        """Add one; beyond the room it is only counted."""
        key = (finding.rule, finding.source)
        if self.is_full and key not in self._found:
            self._more += 1
        else:
            self._found.setdefault(key, finding)

    def add_more(self, count: int) -> None:
        """There are so many more, which were not looked at."""
        self._more += count

    @property
    def is_full(self) -> bool:
        """Whether what comes is only counted."""
        return len(self._found) >= self._room

    def __len__(self) -> int:
        return len(self._found)

    def sorted(self) -> tuple[Problem, ...]:
        """All of them, by file, line and column."""
        findings = sorted(self._found.values(), key=_order)
        if self._more:
            last = findings[-1].source if findings else Source(file=next(iter(self._files), "."), line=1, column=1)
            findings.append(Finding("more-problems", f"and at least {self._more:,} more problems", last))
        shown = self._excerpts(findings)
        return tuple(_problem(finding, shown, self._levels) for finding in findings)

    def _excerpts(self, findings: list[Finding]) -> Mapping[tuple[str, int], str]:
        """By file and line; a file that cannot be read has none."""
        shown: dict[tuple[str, int], str] = {}
        for file in sorted({finding.source.file for finding in findings}):
            places = [(finding.source, finding.hides) for finding in findings if finding.source.file == file]
            lines = {source.line for source, _ in places}
            hidden = {(source.line, source.column) for source, hides in places if hides}
            found = excerpts(self._files.get(file, b""), lines, hidden, self._parser)
            shown |= {(file, line): text for line, text in found.items()}
        return shown


def _order(finding: Finding) -> tuple[str, int, int, str]:
    return finding.source.file, finding.source.line, finding.source.column, finding.rule


def _problem(finding: Finding, shown: Mapping[tuple[str, int], str], levels: Mapping[str, Severity]) -> Problem:
    return Problem(
        rule=finding.rule,
        message=finding.message,
        source=finding.source,
        excerpt=shown.get((finding.source.file, finding.source.line), ""),
        expected=finding.hint.expected,
        suggestion=finding.hint.suggestion,
        related=finding.hint.related,
        severity=levels.get(finding.rule) or BY_ID[finding.rule].severity,
    )

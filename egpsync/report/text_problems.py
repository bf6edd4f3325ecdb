"""Problems and refusals in, lines of terminal text out."""

from collections.abc import Iterator

from egpsync.model.manifest import Problem, Severity
from egpsync.model.plan import Refusal
from egpsync.model.report import Report
from egpsync.model.values import Source
from egpsync.report.escape import label, visible
from egpsync.report.fold import cells, fold
from egpsync.report.style import Style, Tone
from egpsync.report.words import plural

_LONGEST = 1_000  # characters of a sentence
_LEFT_OF_FAULT = 60  # columns of a long source line that are kept before the fault


def problem_lines(problem: Problem, style: Style) -> Iterator[str]:
    """`file:line:column: error: message [rule]`, the source line with a caret, and what would be right."""
    tone = Tone.ALARM if problem.severity is Severity.ERROR else Tone.UPDATE
    severity = style.paint(tone, f"{problem.severity.value}:")
    rule = style.paint(Tone.FAINT, f"[{visible(problem.rule)}]")
    yield f"{style.paint(Tone.STRONG, place(problem.source))}: {severity} {_said(problem.message, style)} {rule}"
    yield from _excerpt(problem, style)
    if problem.expected:
        yield f"      expected: {_said(problem.expected, style)}"
    if problem.suggestion:
        yield f"      did you mean {style.paint(Tone.CREATE, _said(problem.suggestion, style))}?"
    if problem.related:
        yield f"      see also {place(problem.related)}"


def refusal_lines(report: Report, style: Style) -> Iterator[str]:
    """Every guard that tripped, with the figures, the place and what consents."""
    if report.refusals:
        count = plural(len(report.refusals), "guard")
        yield style.paint(Tone.ALARM, f"REFUSED: {count} tripped, nothing is sent.")
    for refusal in report.refusals:
        yield from _refusal(refusal, style)


def place(source: Source) -> str:
    """file:line:column, made safe."""
    return visible(str(source))


def _said(text: str, style: Style) -> str:
    """A sentence, which may quote a value of any length: whole with -v."""
    return visible(text if style.verbosity > 0 else fold(text, _LONGEST))


def _excerpt(problem: Problem, style: Style) -> Iterator[str]:
    if not problem.excerpt:
        return
    column = min(problem.source.column - 1, len(problem.excerpt))
    first = max(0, column - _LEFT_OF_FAULT)
    lead = "..." if first else ""
    shown = visible(problem.excerpt[first : first + style.width - 10])
    tail = "..." if len(problem.excerpt) > first + style.width - 10 else ""
    gutter = f"{problem.source.line:>5} | "
    offset = len(lead) + cells(visible(problem.excerpt[first:column]))
    yield f"{style.paint(Tone.FAINT, gutter)}{lead}{shown}{tail}"
    if problem.source.column <= len(problem.excerpt) + 1:  # else what it points at is cut away, as a secret is
        yield f"{style.paint(Tone.FAINT, '      | ')}{' ' * offset}{style.paint(Tone.ALARM, '^')}"


def _refusal(refusal: Refusal, style: Style) -> Iterator[str]:
    vendor, name = refusal.model or ("", "")
    model = f" {label(name)} ({label(vendor)}):" if refusal.model else ""
    source = f"  {style.paint(Tone.FAINT, f'({place(refusal.source)})')}" if refusal.source else ""
    yield f"  {style.paint(Tone.DESTROY, visible(refusal.guard))}:{model} {visible(refusal.message)}{source}"
    if refusal.consent:
        yield f"      to go on: {style.paint(Tone.STRONG, visible(refusal.consent))}"

"""What holds for every format: the whole text of one rich report, no secret, no command, the same bytes each time."""

import itertools
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from egpsync.model.plan import Create, Update
from egpsync.model.values import Json
from egpsync.report.build import build_plan
from egpsync.report.formats import FORMATS, about
from egpsync.report.style import Style
from egpsync.value import replace
from tests.report.samples import CHANGES, HOSTILE, REPORTS, SECRET, head, plan

GOLDEN = Path(__file__).parent / "golden"
STYLES = [Style(verbosity=verbosity, color=color) for verbosity in (-1, 0, 1) for color in (False, True)]
EVERYTHING = list(itertools.product(["text"], REPORTS, STYLES)) + list(
    itertools.product([form for form in FORMATS if form != "text"], REPORTS, STYLES[:1])
)
SGR = re.compile(r"\x1b\[[0-9;]*m")


def backwards(value: Json) -> Json:
    """The same JSON with the keys of its maps in the opposite order."""
    match value:
        case dict():
            return {key: backwards(value[key]) for key in reversed(value)}
        case list():
            return [backwards(inner) for inner in value]
        case _:
            return value


def test_the_formats_are_these() -> None:
    """The table is what the command line offers, each with what it is for."""
    assert list(FORMATS) == [
        "text",
        "json",
        "markdown",
        "html",
        "summary",
        "github",
        "gitlab",
        "codequality",
        "junit",
        "sarif",
        "prometheus",
    ]
    assert all(map(about, FORMATS))
    assert len(FORMATS) == 11


def test_the_docs_list_every_format() -> None:
    """With what it is for, in the same words."""
    table = re.findall(
        r"^\| `(\w+)` \| (.*) \|$",
        (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert table == [(form, about(form)) for form in FORMATS]


def test_a_format_that_is_not_there_is_a_key_error() -> None:
    """As in any other mapping."""
    with pytest.raises(KeyError, match="pdf"):
        FORMATS["pdf"]


def test_a_command_loads_one_renderer() -> None:
    """What is not asked for is not imported."""
    code = (
        "import sys; from egpsync.report.formats import FORMATS; FORMATS['summary']; "
        "print(*sorted(name for name in sys.modules if name.startswith('egpsync.report.to_')))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["egpsync.report.to_summary"]


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.*")), ids=lambda file: file.name)
def test_the_whole_report_reads_as_agreed(file: Path) -> None:
    """A report with every action and hostile names, word for word; -v where the file's name says it."""
    name, *options, ending = file.name.split(".")
    form = {"txt": "text", "md": "markdown", "json": "json"}[ending]
    style = Style(verbosity=1 if "verbose" in options else 0)
    assert FORMATS[form](REPORTS[name], style) == file.read_text(encoding="utf-8")


@pytest.mark.parametrize(("form", "name", "style"), EVERYTHING)
def test_no_secret_is_in_any_format(form: str, name: str, style: Style) -> None:
    """A value of env_vars that is in fields, bodies, the live model and a failure's message is in no output."""
    assert SECRET not in FORMATS[form](REPORTS[name], style)


@pytest.mark.parametrize(("form", "name", "style"), EVERYTHING)
def test_no_format_passes_on_what_a_terminal_or_runner_obeys(form: str, name: str, style: Style) -> None:
    """Beside our own colours there are no control characters, no bidi marks and no runner's commands."""
    text = SGR.sub("", FORMATS[form](REPORTS[name], style))
    assert not re.search("[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\u202e]", text)
    commands = r"##\w*\[" if form == "github" else r"^\s*::|##\w*\["  # test_annotations reads those of GitHub
    assert not re.search(commands, text, re.MULTILINE)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("form", FORMATS)
def test_the_order_of_keys_in_bodies_leaves_no_trace(form: str) -> None:
    """Two plans that differ in the order of keys and changes alone give the same bytes."""

    def turned(change: Any) -> Any:
        steps = tuple(
            replace(step, body=backwards(step.body)) if isinstance(step, Create | Update) else step
            for step in change.steps
        )
        fields = [replace(field, after=backwards(field.after)) for field in change.fields]
        return replace(change, steps=steps, fields=tuple(reversed(fields)))

    style = Style(verbosity=1)
    other = build_plan(head(), plan(*map(turned, reversed(CHANGES))))
    assert FORMATS[form](other, style) == FORMATS[form](REPORTS["plan"], style)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_hostile_name_is_on_one_line_everywhere(form: str) -> None:
    """Every line that carries a piece of the hostile name carries all of it."""
    lines = FORMATS[form](REPORTS["refused"], Style(verbosity=1)).splitlines()
    first, last = HOSTILE[:3], "[group]"
    assert all(last in line for line in lines if first in line)
    assert sum(first in line for line in lines) > 3


@pytest.mark.parametrize("form", sorted(set(FORMATS) - {"gitlab", "prometheus"}))
def test_what_ended_the_command_stands_in_every_format(form: str) -> None:
    """Those that hold nothing but figures say that it is errored, or nothing."""
    assert "HTTP 503" in FORMATS[form](REPORTS["errored"], Style())

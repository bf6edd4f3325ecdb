"""A report's JSON read back: the same report, or a Misfit that says where."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from egpsync.report.from_json import from_json
from egpsync.report.style import Style
from egpsync.report.to_json import to_json
from egpsync.typed import Misfit, read_json
from tests.report.samples import REPORTS

GOLDEN = Path(__file__).parent / "golden"
APPLIED = (GOLDEN / "apply.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_a_report_that_is_read_is_the_report_that_was_written(name: str) -> None:
    """Whatever the command: the same value, and so the same bytes in every format."""
    report = REPORTS[name]
    assert from_json(read_json(to_json(report, Style()))) == report


def put(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy of the document with the value at the path."""
    changed = inside = copy.deepcopy(document)
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("changes",), 7, "Expected `array`, got `int` - at `$.changes`"),
        (("changes", 0), 7, "Expected `object`, got `int` - at `$.changes[0]`"),
        (("changes", 0, "action"), "destroy", "change 1: Invalid enum value 'destroy' - at `$.action`"),
        (("changes", 2, "fields", 0, "path"), [1], "change 3: Expected `str`, got `int` - at `$.fields[0].path[0]`"),
        (("changes", 2, "fields", 0, "path"), [], "has no path"),
        (("changes", 0, "outcome"), {}, "Object missing required field `result` - at `$.outcome`"),
        (("target",), None, "Expected `object`, got `null` - at `$.target`"),
        (("summary", "create"), "1", "Expected `int`, got `str` - at `$.summary[...]`"),
        (("format_version",), "2.0", "its format has version 2.0, and this egpsync reads 1"),
    ],
)
def test_a_part_of_another_kind_is_named(path: tuple[str | int, ...], value: Any, says: str) -> None:
    """Nothing is coerced, and nothing of it becomes a traceback further down."""
    with pytest.raises(Misfit) as caught:
        from_json(put(json.loads(APPLIED), path, value))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[" * 100_000, "it is no JSON, or cut short"),
        ("[" * 101 + "]" * 101, "it is nested more than 100 levels deep"),
        ("1" * 401, "a number of 401 digits stands in it"),
        ("1e999", "a number without end stands in it"),
        ("NaN", "NaN stands in it, which is not JSON"),
        ('{"a":', "it is no JSON, or cut short"),
    ],
)
def test_json_without_measure_is_refused(text: str, says: str) -> None:
    """Depth and digits have limits, as what comes after has none of its own."""
    with pytest.raises(Misfit, match=says):
        read_json(text)

"""The hostile report through every format, word for word, and what holds for all of it."""

import json
import re
from pathlib import Path

import pytest

from egpsync.report.formats import FORMATS
from egpsync.report.style import Style
from tests.report.hostile import HOSTILE_REPORTS, LONG, WORST
from tests.report.samples import SECRET

GOLDEN = Path(__file__).parent / "golden" / "hostile"
EVERY = [(form, kind) for form in FORMATS for kind in HOSTILE_REPORTS]
WHOLE = {"json", "html"}
"""The formats whose long values stay whole: what they hold is read back instead of being kept word for word."""

OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
OUR_ANNOTATION = re.compile(r"::(error|warning|notice) (file=[^,:]*,line=\d+,col=\d+,)?title=egpsync[^:,]*::.+")


@pytest.mark.parametrize(("form", "kind"), [one for one in EVERY if one[0] not in WHOLE])
def test_the_hostile_report_reads_as_agreed(form: str, kind: str) -> None:
    """Each format of each command's report, word for word."""
    golden = (GOLDEN / f"{kind}.{form}").read_text(encoding="utf-8")
    assert FORMATS[form](HOSTILE_REPORTS[kind], Style()) == golden


@pytest.mark.parametrize(("form", "kind"), EVERY)
@pytest.mark.parametrize("verbosity", [-1, 0, 1])
def test_nothing_of_it_escapes(form: str, kind: str, verbosity: int) -> None:
    """No secret, nothing that a terminal obeys, no command that a CI runner obeys but our own annotations."""
    text = FORMATS[form](HOSTILE_REPORTS[kind], Style(verbosity=verbosity))
    text.encode()
    assert SECRET not in text
    assert OBEYED.search(text) is None
    assert re.search(r"##\w*\[", text) is None
    commands = [line for line in text.split("\n") if line.lstrip().startswith("::")]
    assert all(form == "github" and OUR_ANNOTATION.fullmatch(line) for line in commands)


@pytest.mark.parametrize("kind", ["plan", "drift", "apply"])
def test_json_holds_every_hostile_value_whole(kind: str) -> None:
    """Escaped on the way, and the same value for who reads it."""
    changes = json.loads(FORMATS["json"](HOSTILE_REPORTS[kind], Style()))["changes"]
    changed = next(change for change in changes if change["action"] == "update")
    assert changed["name"] == f"meta{WORST}"
    assert [changed["fields"][0]["before"], changed["fields"][0]["after"]] == [WORST, LONG]

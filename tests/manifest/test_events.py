"""Events that are made in C: the same documents and problems come of them, and nobody else's PyYAML is touched."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from egpsync.manifest import parse
from egpsync.manifest.parse import FASTEST, PureParser
from egpsync.process import is_own
from tests.manifest.test_fuzz import FRAGMENTS, edited
from tests.manifest.texts import from_text

OWN = """
import json, sys
from egpsync.process import claim
claim()
from tests.manifest.test_events import told
from egpsync.manifest import events
from egpsync.manifest.parse import ScalarEvent
assert ScalarEvent is events.ScalarEvent
json.dump([told(text.encode()) for text in json.load(sys.stdin)], sys.stdout)
"""
OTHER_LIBRARY = """
import yaml, yaml._yaml as library
from egpsync.process import claim
claim()
{change}
before = dict(vars(library))
from egpsync.manifest.parse import ScalarEvent
from egpsync.manifest import events
assert ScalarEvent is yaml.events.ScalarEvent
assert dict(vars(library)) == before
"""
c_only = pytest.mark.skipif(FASTEST is PureParser, reason="PyYAML was built without libyaml")


def told(data: bytes) -> str:
    """All that reading gives: values, places, problems."""
    read = from_text(data)
    roots = [document.root for document in read.documents]
    return repr([(root.value, root.layers[0].places.numbers.tolist()) for root in roots] + [read.problems])


def run(program: str, given: Any = None) -> str:
    """What a process of its own prints."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=root, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@c_only
def test_the_same_comes_of_them() -> None:
    """Of whatever text, well-formed or not: values, places and problems."""
    dice = random.Random(0)
    edits = [
        [(dice.random(), dice.randrange(3), dice.choice(FRAGMENTS)) for _ in range(dice.randrange(4))]
        for _ in range(400)
    ]
    texts = [edited(each) for each in edits]
    ours = json.loads(run(OWN, texts))
    assert ours == [told(text.encode()) for text in texts]
    assert sum("Problem" in one for one in ours) in range(100, 390)  # or they would show little


@c_only
@pytest.mark.parametrize(
    "change",
    [
        "del library.SequenceEndEvent",
        "library.ScalarEvent = type('S', (yaml.ScalarEvent,), {'value': property(lambda _: 'x', lambda *_: None)})",
    ],
)
def test_another_library_keeps_its_own(change: str) -> None:
    """Where it is not as it is known here, nothing of it is changed."""
    run(OTHER_LIBRARY.format(change=change))


def test_a_program_that_imports_egpsync_keeps_its_pyyaml() -> None:
    """It is its process, as this one is the tests'."""
    assert not is_own()
    assert parse.ScalarEvent is yaml.events.ScalarEvent

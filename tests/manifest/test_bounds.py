"""What a hostile file costs is bounded by its size: work is counted in calls, memory in bytes."""

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from egpsync.manifest.parse import FASTEST
from egpsync.manifest.read import ReadLimits
from tests.manifest.texts import all_problems, from_text

MODEL = "version: 1\nmodels:\n- name: a\n  model_vendor: launch\n  vendor_configuration: {model_image: {"

HOSTILE: dict[str, Callable[[int], str]] = {
    "a list of wrong values": lambda n: f"{MODEL}command: [{'1,' * n}1]}}}}",
    "quotes in a secret": lambda n: MODEL + 'env_vars: "' + '\\"' * n + '"}}',
    "a long list": lambda n: f"[{'a,' * n}a]",
    "unknown keys": lambda n: MODEL + ", ".join(f"k{i}: 1" for i in range(n)) + "}}",
    "equal keys": lambda n: "{" + ", ".join(["a: 1"] * n) + "}",
    "each key twice": lambda n: "{" + ", ".join(f"k{i}: 1, k{i}: 2" for i in range(n)) + "}",
    "one long key": lambda n: f"{MODEL}? {'k' * n}\n : 1}}}}",
    "one long name": lambda n: f"version: 1\nmodels: [{{name: a, model_vendor: {'launc' * n}}}]",
    "wrong models": lambda n: f"version: 1\nmodels: [{'1,' * n}1]",
    "empty models": lambda n: f"version: 1\nmodels: [{'{},' * n}{{}}]",
    "equal models": lambda n: "version: 1\nmodels: [" + "{name: a, model_vendor: openai}," * n + "]",
    "aliases": lambda n: "a: &a [x]\nb: [" + "*a," * n + "]",
    "aliases of long text": lambda n: f"a: &a {'x' * n}\nb: [" + "*a," * n + "]",
    "defaults under many": lambda n: (
        "version: 1\ndefaults: {model_vendor: openai, model_metadata: {"
        + ", ".join(f"k{i}: 1" for i in range(n))
        + "}}\nmodels: ["
        + ", ".join(f"{{name: m{i}, model_metadata: {{a: 1}}}}" for i in range(n))
        + "]"
    ),
    "ignored paths": lambda n: (
        f"version: 1\nmodels: [{{name: a, model_vendor: openai, lifecycle: {{ignore_changes: "
        f"[{'model_metdata,' * n}a]}}}}]"
    ),
    "deep lists": lambda n: "[" * n,
    "an open quote": lambda n: MODEL + "env_vars: '" + "x: [\n" * n,
    "secrets on one line": lambda n: f"{{{', '.join(['env_vars: x'] * n)}}}",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_twice_the_input_is_at_most_a_little_more_than_twice_the_work(kind: str) -> None:
    """Counted in calls, of Python and of C, beyond what the limits cut off."""
    checked(HOSTILE[kind](10))
    small, large = (calls(HOSTILE[kind](n)) for n in (1_100, 2_200))
    assert large <= 2.3 * small


@pytest.mark.parametrize("kind", HOSTILE)
def test_memory_is_at_most_300_times_the_input(kind: str) -> None:
    """At its peak, problems and all, which are at most a thousand: 1 MB never takes 300."""
    text = HOSTILE[kind](4_000)
    tracemalloc.start()
    try:
        checked(text)
        assert tracemalloc.get_traced_memory()[1] < 300 * len(text) + 10_000_000
    finally:
        tracemalloc.stop()


def test_at_most_a_thousand_problems_are_told() -> None:
    """The rest is counted."""
    problems = all_problems(from_text(HOSTILE["a list of wrong values"](2_999)))
    assert len(problems) == 1_001
    assert (problems[-1].rule, problems[-1].message) == ("more-problems", "and at least 2,000 more problems")


def test_values_are_limited() -> None:
    """A file that goes on ends at the limit, with the place."""
    found = from_text("a: [1, 2, 3]\nb: 4", limits=ReadLimits(values=5))
    assert [(str(p.source), p.message) for p in found.problems] == [
        ("<stdin>:2:1", "the file holds more than 5 values; split it into several files")
    ]


def checked(text: str) -> None:
    """Read and check, as validate does."""
    documents = from_text(text, FASTEST)
    if documents.documents:
        all_problems(documents)


def calls(text: str) -> int:
    """How many calls it takes."""
    count = 0

    def on_event(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(on_event)
    try:
        checked(text)
    finally:
        sys.setprofile(None)
    return count

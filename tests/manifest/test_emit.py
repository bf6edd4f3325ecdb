"""JSON values as YAML: how they look, and that readers of either version take them for the same."""

import math

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from egpsync.manifest.emit import Comments, emit
from egpsync.manifest.parse import FASTEST, Parser, PureParser
from egpsync.model.values import Json
from tests.manifest.texts import from_text

TEXT = st.text(st.characters(codec="utf-8"))
TRICKY = st.text(st.sampled_from(list("abcny01.-+_:#,'\"[]{}&*!|>%@`?=<~/\\$ \n\t\r\x00\x1b\x85\u2028\ufeff\u3164é😀")))
TEXTS = TEXT | TRICKY
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def text_of(value: Json) -> str:
    """The value under a key, as it stands in a manifest."""
    return "\n".join(emit({"key": value})) + "\n"


def read_back(value: Json, parser: Parser = FASTEST) -> Json:
    """The value, written and read as a manifest."""
    documents = from_text(text_of(value), parser)
    assert documents.problems == ()
    return documents.documents[0].root.value["key"]


def same(one: Json, other: Json) -> bool:
    """Equal in type as well, at every level."""
    return repr(one) == repr(other)


@given(TEXTS)
@example("a: b")
@example("a #b")
@example("- a")
@example("---")
@example("...")
@example("{{ x }}\n  {%- if y %}\n\tz\n")
@example("a\n\nb")
@example("a\n b \nc")
@example("\na")
@example("<<")
@example("=")
@example("a" * 2000)
def test_text_stays_text(text: str) -> None:
    """Any text is read back as it was, by the manifests' reader and by one of YAML 1.1, as a value and as a key."""
    assert read_back(text) == text
    assert read_back([text, {text: text}]) == [text, {text: text}]
    assert yaml.safe_load(text_of({text: [text]})) == {"key": {text: [text]}}


@given(VALUES)
def test_values_stay_what_they_are(value: Json) -> None:
    """Any JSON value is read back as it was, by the C library, by the pure parser, and by a reader of YAML 1.1."""
    assert same(read_back(value), value)
    assert same(read_back(value, PureParser), value)
    assert same(yaml.safe_load(text_of(value))["key"], value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("v1.4.2", "v1.4.2"),
        ("16Gi", "16Gi"),
        ("a sentence, with a comma", "a sentence, with a comma"),
        ("https://example.com/a?b=c", "https://example.com/a?b=c"),
        ("no", '"no"'),
        ("N", '"N"'),
        ("1.10", '"1.10"'),
        ("0123", '"0123"'),
        ("1_000", '"1_000"'),
        ("22:22", '"22:22"'),
        ("1e3", '"1e3"'),
        ("0x1F", '"0x1F"'),
        ("0o17", '"0o17"'),
        (".inf", '".inf"'),
        ("2026-01-01", '"2026-01-01"'),
        ("", '""'),
        (" a", '" a"'),
        ("a\tb", r'"a\tb"'),
        ("\x1b[31m", r'"\x1b[31m"'),
        ("\u202egpj", r'"\u202egpj"'),
        ("\u3164", r'"\u3164"'),
        ("\U000e0041", r'"\U000e0041"'),
        ("Zürich 😀", '"Zürich 😀"'),
        (1e22, "1.0e+22"),
        (-0.0, "-0.0"),
        (True, "true"),
        (None, "null"),
        ({}, "{}"),
        ([], "[]"),
        (["serve", "--port", "5005", 8], '[serve, --port, "5005", 8]'),
    ],
)
def test_how_values_look(value: Json, shown: str) -> None:
    """Plain where every reader agrees on it, in double quotes with escapes else."""
    assert text_of(value) == f"key: {shown}\n"


def test_lines_stay_lines() -> None:
    """Text of several lines is a block as it is; where an editor would strip its ends, it is quoted."""
    assert text_of("{{ a }}\n  b\n") == "key: |\n  {{ a }}\n    b\n"
    assert text_of("a\nb") == "key: |-\n  a\n  b\n"
    assert text_of("a \nb") == 'key: "a \\nb"\n'
    assert text_of("a\n\n") == 'key: "a\\n\\n"\n'


def test_collections_are_blocks() -> None:
    """Mappings and lists of more than short scalars stand on lines of their own, to be compared line by line."""
    value = {"list": [{"a": 1, "b": [[2]]}, "x\ny"], "long": ["word" * 10, "word" * 20]}
    assert text_of(value) == (
        "key:\n  list:\n    - a: 1\n      b:\n        - [2]\n    - |-\n      x\n      y\n"
        f"  long:\n    - {'word' * 10}\n    - {'word' * 20}\n"
    )


def test_comments_stand_at_the_end_of_their_mapping() -> None:
    """A comment is wrapped between words, and belongs to the mapping above it."""
    comments: Comments = {("a",): [f"left out: {', '.join(['some-long-name'] * 8)}"]}
    assert emit({"a": {"b": 1}, "c": math.pi}, comments) == [
        "a:",
        "  b: 1",
        "  # left out: some-long-name, some-long-name, some-long-name, some-long-name, some-long-name,",
        "  # some-long-name, some-long-name, some-long-name",
        "c: 3.141592653589793",
    ]

"""Scalars as the core schema of YAML 1.2 reads them, and as design.md narrows it."""

import pytest

from egpsync.manifest.parse import Parser
from egpsync.model.values import Json
from tests.manifest.texts import from_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None), ("Null", None), ("NULL", None), ("~", None), ("", None), ("nULL", "nULL"),
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False),
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("tRue", "tRue"),
        ("0", 0), ("12", 12), ("-3", -3), ("+4", 4), ("0o17", 15), ("0x1F", 31), ("0xff", 255),
        ("0123", "0123"), ("00", "00"), ("-01", "-01"), ("01.5", "01.5"), ("1_000", "1_000"), ("0b1", "0b1"),
        ("22:22", "22:22"), ("1:30:00", "1:30:00"), ("2026-01-01", "2026-01-01"), ("0o9", "0o9"), ("-0x1", "-0x1"),
        ("1.5", 1.5), ("1.", 1.0), (".5", 0.5), ("-1.25", -1.25), ("1e3", 1000.0), ("1.5E-2", 0.015), ("12e1", 120.0),
        ("1.2.3", "1.2.3"), (".", "."), ("e3", "e3"), ("1e", "1e"), ("v1", "v1"), ("=", "="), ("8Gi", "8Gi"),
        ('"12"', "12"), ("'true'", "true"), ('"~"', "~"), ('""', ""), ('"\\u00e9\\n"', "é\n"),
        ("!!str 12", "12"), ("!!str", ""), ("!!int 12", 12), ('!!int "12"', 12), ("!!float 1", 1.0),
        ("!!bool true", True), ("!!null ~", None), ("!!float 1.5", 1.5),
        ("|\n  a\n  b\n", "a\nb\n"), (">-\n  12\n", "12"), ("a\n  b", "a b"),
        ("12345678901234567890123", 12345678901234567890123), ("-" + "9" * 400, 1 - 10**400),
    ],
)  # fmt: skip
def test_scalar(text: str, value: Json, parser: Parser) -> None:
    """Value and type are those of YAML 1.2; what only YAML 1.1 knows is text."""
    found = from_text(f"key: {text}", parser)
    assert found.problems == ()
    read_value = found.documents[0].root.value["key"]
    assert (read_value, type(read_value)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        ".inf",
        "-.inf",
        "+.Inf",
        ".NaN",
        ".nan",
        "1e999",
        "9" * 5000,
        "9" * 401,
        "0x1" + "0" * 333,
        "0x" + "f" * 9999,
        "0o" + "7" * 450,
        "0x" + "0" * 500,
        "!!float .inf",
    ],
)
def test_numbers_that_json_cannot_hold(text: str, parser: Parser) -> None:
    """An infinite, undefined or endless number is refused where it stands."""
    found = from_text(f"key: {text}", parser)
    assert [(p.rule, str(p.source), p.message) for p in found.problems] == [
        ("number-range", "<stdin>:1:6", "JSON has no such number")
    ]
    assert found.documents == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("!!int x", "the value does not fit its tag"),
        ("!!int 1.5", "the value does not fit its tag"),
        ("!!bool yes", "the value does not fit its tag"),
        ("!!null 0", "the value does not fit its tag"),
        ("!!float true", "the value does not fit its tag"),
        ("!!timestamp 2026-01-01", "this tag is not known here"),
        ("!!python/object:os.system x", "this tag is not known here"),
        ("!Ref x", "this tag is not known here"),
        ("! 12", "this tag is not known here"),
        ("!!str [a]", "this tag is not known here"),
        ("!!set {a}", "this tag is not known here"),
        ("!!map [a]", "this tag is not known here"),
    ],
)
def test_tags(text: str, message: str, parser: Parser) -> None:
    """A tag is honoured or an error, never ignored."""
    found = from_text(f"key: {text}", parser)
    assert [(p.rule, str(p.source), p.message) for p in found.problems] == [("yaml-tag", "<stdin>:1:6", message)]


def test_collection_tags_that_say_nothing_new(parser: Parser) -> None:
    """!!map and !!seq are accepted where they fit."""
    found = from_text(b"!!map {a: !!seq [1]}", parser)
    assert found.documents[0].root.value == {"a": [1]}

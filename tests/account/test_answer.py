"""A server's error bodies in all their shapes, as one message that says what it said and nothing that we sent."""

import json
import re
from typing import Any

import pytest

from egpsync.account.answers import Answer, fault_of, json_of
from egpsync.errors import Ambiguous, Misanswered

SECRET = "hf_SENTINEL_0123456789"


def answer(content: Any, *, status: int = 422, method: str = "PATCH", **headers: str) -> Answer:
    """An answer with JSON, or with the bytes given."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(method=method, url="https://api.example/v5/models", status=status, headers=named, content=data)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"detail": "Model not found"}, "HTTP 422: Model not found"),
        ({"detail": {"detail": "nested"}}, "HTTP 422: nested"),
        ({"error": "Too many requests", "timestamp": "now"}, "HTTP 422: Too many requests"),
        ({"error": "Internal error occurred", "request_id": "r-1"}, "HTTP 422: Internal error occurred"),
        ({"error": {"message": "in OpenAI's shape", "type": "x"}}, "HTTP 422: in OpenAI's shape"),
        ({"message": "from a gateway"}, "HTTP 422: from a gateway"),
        ({"detail": []}, "HTTP 422: []"),
        ({"detail": None}, "HTTP 422: null"),
        ({"detail": [{"loc": None, "msg": "no place"}, {"msg": "none"}]}, "HTTP 422: None: no place; None: none"),
        ({"detail": [{"loc": 5, "msg": "odd"}]}, "HTTP 422: 5: odd"),
        ({"other": 1}, 'HTTP 422: {"other": 1}'),
        ("text", "HTTP 422: text"),
        (None, "HTTP 422: null"),
        (b"", "HTTP 422"),
        (b"<html>\n  <h1>Bad Gateway</h1>\n</html>", "HTTP 422 <html> <h1>Bad Gateway</h1> </html>"),
        (b"\xff\xfe\x00", "HTTP 422 \ufffd\ufffd\x00"),
    ],
)
def test_every_shape_of_an_error_gives_its_words(body: Any, message: str) -> None:
    """FastAPI's, the engine's, a gateway's, and what is no JSON at all."""
    assert fault_of(answer(body)).what == message


def test_a_validation_error_names_every_place_and_no_input() -> None:
    """What FastAPI echoes of our request can hold a secret, so it is left out."""
    body = {
        "detail": [
            {
                "type": "int_parsing",
                "loc": ["body", "vendor_configuration", "model_infra", "gpus"],
                "msg": "Input should be a valid integer",
                "input": SECRET,
                "ctx": {"error": SECRET},
            },
            {"type": "missing", "loc": ["body", "name"], "msg": "Field required", "input": {"env_vars": SECRET}},
        ]
    }
    assert fault_of(answer(body)).what == (
        "HTTP 422: body.vendor_configuration.model_infra.gpus: Input should be a valid integer; "
        "body.name: Field required"
    )


def test_a_validation_error_in_an_unknown_shape_does_not_echo_the_input_either() -> None:
    """One item without `msg` must not turn the whole list into text."""
    body = {"detail": [{"loc": ["body"], "msg": "bad", "input": SECRET}, {"loc": ["body"], "input": SECRET}]}
    assert SECRET not in fault_of(answer(body)).what


def test_an_unknown_shape_does_not_echo_the_input() -> None:
    """A single error that is no list echoes as much."""
    body = {"detail": {"loc": ["body"], "type": "x", "input": SECRET}}
    assert SECRET not in fault_of(answer(body)).what


def test_a_long_page_is_cut() -> None:
    """300 characters tell enough."""
    page = b"x" * 5000
    assert fault_of(answer(page, status=502)).what == "HTTP 502 " + "x" * 300 + "..."


def test_long_words_of_the_server_are_cut() -> None:
    """A detail of a megabyte does not fill the report."""
    assert len(fault_of(answer({"detail": "x" * 1_000_000})).what) < 2000


def test_a_redirect_names_where_to() -> None:
    """The message says what to correct."""
    assert fault_of(answer(b"", status=301, location="https://other.example/")).what == (
        "HTTP 301 to https://other.example/"
    )


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "120"}, 120.0),
        ({"retry_after": " 1.5 "}, 1.5),
        ({"retry_after_ms": "1500"}, 1.5),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:28:30 GMT"}, 0.0),
        ({}, None),
        ({"retry_after": "never"}, None),
        ({"retry_after": "\u00b2"}, None),
        ({"retry_after": "1.2.3"}, None),
    ],
)
def test_when_to_come_again_is_read_in_all_forms(headers: dict[str, str], seconds: float | None) -> None:
    """A date is taken by the server's own clock, as ours can be wrong."""
    assert fault_of(answer({}, status=429, **headers)).retry_after == seconds


def test_no_content_is_no_value() -> None:
    """A DELETE can be answered with nothing."""
    assert json_of(answer(b"", status=204, method="DELETE")) is None


@pytest.mark.parametrize(
    ("method", "type_", "kind", "what"),
    [
        ("GET", "application/json", Ambiguous, "the answer is cut short"),
        ("GET", "text/html", Misanswered, "the answer is no JSON: Expecting value: line 1 column 12 (char 11)"),
        ("PATCH", "application/json", Ambiguous, "the answer is cut short"),
        ("PATCH", "text/html", Ambiguous, "the answer is no JSON: Expecting value: line 1 column 12 (char 11)"),
    ],
)
def test_what_cannot_be_read_is_cut_json_or_none(method: str, type_: str, kind: type[Exception], what: str) -> None:
    """Cut JSON passes; a page instead of JSON does not."""
    with pytest.raises(kind) as caught:
        json_of(answer(b'{"items": [', status=200, method=method, content_type=type_))
    assert caught.value.what == what  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 2024 00:00:00 +99999999999999", "Mon, 01 Jan 99999999999999999999 0:0:0"]
)
def test_a_date_that_no_clock_can_show_is_no_request_to_wait(date: str) -> None:
    """It must not end the run."""
    assert fault_of(answer({}, status=429, retry_after=date)).retry_after is None


@pytest.mark.parametrize("depth", [900, 100_000])
def test_an_error_that_is_nested_too_deep_ends_no_run(depth: int) -> None:
    """How deep a Python can follow it differs; its beginning is shown in any case."""
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    assert re.match(r'HTTP 422:? {"a": ?{"a": ?', fault_of(answer(deep)).what)

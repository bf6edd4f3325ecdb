"""The JSON document, and the schema that describes it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from egpsync.report.style import Style
from egpsync.report.to_json import FORMAT_VERSION, to_json
from tests.report.samples import HOSTILE, REPORTS

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "schemas" / "report.schema.json").read_text(encoding="utf-8")
)


def closed(schema: Any) -> Any:
    """The schema with no key allowed that it does not name."""
    match schema:
        case Mapping():
            inner = {key: closed(value) for key, value in schema.items()}
            return {**inner, "additionalProperties": False} if is_closable(schema) else inner
        case list():
            return [closed(part) for part in schema]
        case _:
            return schema


def is_closable(schema: Mapping[str, Any]) -> bool:
    """Whether this part of the schema names the keys of an object."""
    return isinstance(schema.get("properties"), Mapping) and "type" in schema


def described(place: str, schema: Any) -> Iterator[tuple[str, bool]]:
    """Every property's place in the schema, and whether it has a description."""
    if isinstance(schema, Mapping):
        if is_closable(schema):
            for name, part in schema["properties"].items():
                yield f"{place}/{name}", "description" in part
        for key, part in schema.items():
            yield from described(f"{place}/{key}", part)


def document(name: str) -> Any:
    """The JSON of a sample report, read back."""
    return json.loads(to_json(REPORTS[name], Style()))


def test_the_schema_is_a_schema() -> None:
    """It is valid draft-07, the draft that editors read."""
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_every_property_is_described() -> None:
    """An editor can say of each key what it means."""
    assert [place for place, has in described("", SCHEMA) if not has] == []


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_is_as_the_schema_says(name: str) -> None:
    """Both validators accept each kind of report."""
    jsonschema.Draft7Validator(SCHEMA).validate(document(name))
    jsonschema_rs.Draft7Validator(SCHEMA).validate(document(name))


def test_a_joined_report_is_of_reports() -> None:
    """Each of them is looked at too; one that joins nothing lacks what a report must have."""
    joined = {"format_version": FORMAT_VERSION, "reports": [document("plan"), document("drift")]}
    jsonschema.Draft7Validator(SCHEMA).validate(joined)
    del joined["reports"][1]["kind"]
    for wrong in (joined, {"format_version": FORMAT_VERSION}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft7Validator(SCHEMA).validate(wrong)


@pytest.mark.parametrize("name", REPORTS)
def test_no_report_has_a_key_that_the_schema_does_not_name(name: str) -> None:
    """The schema is open for later versions; what this version writes is all in it."""
    jsonschema.Draft7Validator(closed(SCHEMA)).validate(document(name))


def test_an_undeclared_key_would_be_found() -> None:
    """The closed schema of the test above does refuse what is not in it, at any depth."""
    later = document("apply")
    later["changes"][0]["fields"].append({**document("drift")["changes"][-1]["fields"][0], "later": 1})
    jsonschema.Draft7Validator(SCHEMA).validate(later)
    with pytest.raises(jsonschema.ValidationError, match="'later' was unexpected"):
        jsonschema.Draft7Validator(closed(SCHEMA)).validate(later)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [("format_version", "2.0"), ("kind", "export"), ("summary", {"create": 1}), ("applyable", "yes"), ("files", -1)],
)
def test_the_schema_refuses_what_is_wrong(key: str, wrong: Any) -> None:
    """A reader that validates is told of another major version, an unknown kind, missing counts."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SCHEMA).validate({**document("plan"), key: wrong})


def test_the_document_is_ascii_and_means_what_it_was() -> None:
    """Everything beyond printable ASCII is escaped, and reading it gives the hostile name back."""
    text = to_json(REPORTS["plan"], Style())
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert json.loads(text)["changes"][0]["name"] == HOSTILE


def test_the_format_version_is_the_schemas() -> None:
    """The version that is written is the one whose major number the schema takes."""
    assert (FORMAT_VERSION, SCHEMA["properties"]["format_version"]["pattern"]) == ("1.1", r"^1\.[0-9]+$")


def test_the_style_changes_nothing() -> None:
    """JSON is for machines: neither colour nor verbosity nor width is in it."""
    styles = [Style(), Style(color=True, verbosity=2, width=20), Style(verbosity=-1)]
    assert len({to_json(REPORTS["apply"], style) for style in styles}) == 1


def test_only_a_run_has_outcomes() -> None:
    """The key `outcome` is in the changes of an apply that was carried out, and nowhere else."""
    assert all("outcome" in change for change in document("apply")["changes"])
    assert not any("outcome" in change for change in document("plan")["changes"])

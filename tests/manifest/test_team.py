"""The team's own schemas, over every resolved model."""

import json
from pathlib import Path
from typing import Any

import pytest

from egpsync.errors import FileError
from egpsync.manifest.check import check
from egpsync.manifest.merge import merge
from egpsync.manifest.team import TeamSchema
from egpsync.model.manifest import Problem
from tests.manifest.conftest import Write
from tests.manifest.texts import from_text

MODELS = """version: 1
templates: {t: {vendor_configuration: {model_image: {tag: latest}}}}
models:
  - {name: a, model_vendor: launch, extends: [t], model_metadata: {team: nlp}}
  - {name: old, model_vendor: launch, state: absent}
"""
TAG = {"title": "A tag never moves", "description": "a version, such as v1.2", "pattern": "^v[0-9]"}


def found(schema: Any, write: Write) -> tuple[Problem, ...]:
    """What the models break of it."""
    write(json.dumps(schema), "policy.json")
    return check(merge(from_text(MODELS)), (TeamSchema("policy.json"),))


def image(tag: Any) -> Any:
    """A schema for the tag of launch's image."""
    return {
        "properties": {
            "vendor_configuration": {"properties": {"model_image": {"properties": {"tag": tag}}}},
        }
    }


def test_the_place_is_the_value_and_the_advice_the_schemas_own(write: Write) -> None:
    """Whatever layer set it; a tombstone is not held to it."""
    assert [(p.rule, str(p.source), p.message, p.expected) for p in found(image(TAG), write)] == [
        (
            "team-schema",
            "<stdin>:2:59",
            "vendor_configuration.model_image.tag: A tag never moves",
            "a version, such as v1.2",
        )
    ]


def test_a_schema_without_words_is_told_by_its_keyword(write: Write) -> None:
    """No value is quoted."""
    (problem,) = found({"properties": {"model_metadata": {"required": ["tier"]}}}, write)
    assert (str(problem.source), problem.message, problem.expected) == (
        "<stdin>:4:67",
        'model_metadata: "tier" is a required property',
        "policy.json",
    )


def test_references_within_the_repository(write: Write) -> None:
    """Beside it, and inside itself."""
    write(json.dumps({"$defs": {"tag": TAG}}), "shared/tags.json")
    (problem,) = found(image({"$ref": "shared/tags.json#/$defs/tag"}), write)
    assert (problem.message, problem.expected) == (
        "vendor_configuration.model_image.tag: A tag never moves",
        "a version, such as v1.2",
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "policy.json is no JSON: "),
        ("[]", "policy.json is no JSON object"),
        ('{"type": "nonsense"}', "the value is not valid under any of the schemas listed in the 'anyOf' keyword"),
        ('{"pattern": "(?=a)"}', 'the value is not a "regex"'),
        ('{"$ref": "https://x.example/a.json"}', "it refers to https://x.example/a.json, which is outside"),
        ('{"$ref": "../../etc/passwd"}', "it refers to file:///"),
    ],
)
def test_what_is_no_schema(write: Write, text: str, why: str) -> None:
    """Nothing is fetched, and nothing is read outside of the repository."""
    write("", ".git/HEAD")
    write(text, "policy.json")
    with pytest.raises(FileError) as error:
        TeamSchema("policy.json")
    assert why in str(error.value)
    assert str(error.value).startswith("policy.json: ")


def test_a_link_out_of_the_repository_is_not_followed(write: Write, tmp_path_factory: pytest.TempPathFactory) -> None:
    """It could be any file of the machine."""
    write("", ".git/HEAD")
    outside = tmp_path_factory.mktemp("outside") / "a.json"
    outside.write_text("{}")
    Path("policy.json").symlink_to(outside)
    with pytest.raises(FileError, match="outside of the repository"):
        TeamSchema("policy.json")


def test_patterns_take_no_longer_than_their_text(write: Write) -> None:
    """One that backtracks for ever elsewhere is nothing here."""
    write(json.dumps({"properties": {"name": {"pattern": "^(a+)+$"}}}), "policy.json")
    text = f"version: 1\nmodels: [{{name: {'a' * 5_000}!, model_vendor: openai}}]"
    assert [p.rule for p in check(merge(from_text(text)), (TeamSchema("policy.json"),))] == ["team-schema"]

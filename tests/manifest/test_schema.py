"""The schema itself, and that both validators and the checks agree on what it says."""

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
from hypothesis import example, given
from hypothesis import strategies as st

from egpsync.fields.schemas import load
from egpsync.fields.table import MANIFEST
from egpsync.manifest.check import Schema, check, document_schema, model_schema
from egpsync.manifest.merge import merge
from egpsync.model.manifest import Document, Documents
from egpsync.model.values import Json
from tests.manifest.texts import node_of_lines


def properties(schema: Any, where: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every property that is described somewhere, and where."""
    definitions = load(MANIFEST)["definitions"]
    if "properties" in schema:
        for name, part in schema["properties"].items():
            target = definitions[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
            yield f"{where}.{name}", target
            if "$ref" not in part:
                yield from properties(target, f"{where}.{name}")


def test_it_is_a_draft_07_schema() -> None:
    """Editors' YAML servers read no later draft."""
    schema = load(MANIFEST)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema)


def test_every_property_is_described() -> None:
    """An editor has something to show for each."""
    described = ("model", "defaults", "launch_configuration", "model_image", "model_infra", "llmengine_configuration",
                 "lifecycle")  # fmt: skip
    schemas = {"": load(MANIFEST), **{name: load(MANIFEST)["definitions"][name] for name in described}}
    silent = [
        where
        for name, schema in schemas.items()
        for where, part in properties(schema, name)
        if not str(part.get("description", "")).endswith((".", "]"))
    ]
    assert silent == []


def test_objects_take_no_unknown_fields() -> None:
    """Whatever has properties of its own is closed."""
    definitions = load(MANIFEST)["definitions"]
    open_ones = [
        name
        for name, schema in definitions.items()
        if schema.get("type") == "object" and "properties" in schema and schema.get("additionalProperties") is not False
    ]
    assert open_ones == []


KEYS = st.sampled_from(
    ["name", "id", "model_vendor", "model_type", "state", "renamed_from", "model_metadata", "vendor_configuration",
     "lifecycle", "status", "x"]
)  # fmt: skip
LEAVES = st.sampled_from(
    [None, True, 0, 1, 2.0, 2.5, -1, 10**30, "", "a", "a\n", "launch", "llmengine", "openai", "absent", "generic",
     "chat_completion", "sync", "8Gi", "8Gi\n", "4", "500m", "0", "a\u202eb", "é"]
)  # fmt: skip
FIELDS = st.sampled_from(
    ["gpus", "gpu_type", "cpus", "memory", "endpoint_type", "labels", "tag", "command", "env_vars", "model_image",
     "model_infra", "model", "high_priority", "prevent_destroy", "ignore_changes", "x"]
)  # fmt: skip
CONFIGURATIONS = st.recursive(
    LEAVES, lambda inner: st.dictionaries(FIELDS, inner, max_size=3) | st.lists(inner, max_size=2), max_leaves=6
)
MODELS = LEAVES | st.dictionaries(KEYS, CONFIGURATIONS, max_size=4).map(
    lambda model: {"name": "a", "model_vendor": "launch"} | model
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "version": st.sampled_from([1, 1, 1, 1.0, True, "1"]),
        "owner": LEAVES,
        "defaults": MODELS,
        "models": st.lists(MODELS, max_size=2) | LEAVES,
    },
)


def explained(schema: Schema, value: Json) -> bool:
    """Whether the explaining validator has something to say."""
    return not jsonschema.Draft7Validator(schema.schema).is_valid(value)


@given(DOCUMENTS | CONFIGURATIONS)
@example({"version": 1, "models": [{"name": "a", "model_vendor": "launch"}]})
def test_both_validators_give_the_same_verdict_on_documents(value: Json) -> None:
    """What the fast one lets pass, the explaining one has nothing to say about, and the other way round."""
    schema = document_schema()
    assert schema.holds(value) == (not explained(schema, value))


@given(MODELS)
def test_both_validators_give_the_same_verdict_on_models(value: Json) -> None:
    """The same for single models."""
    schema = model_schema()
    assert schema.holds(value) == (not explained(schema, value))


SCHEMA_RULES = frozenset(
    {"wrong-type", "wrong-value", "unknown-field", "server-set-field", "field-not-taken", "missing-field"}
)


@given(DOCUMENTS | CONFIGURATIONS)
@example({"version": 1, "models": [{"name": "a", "state": "absent"}]})
@example({"version": 1, "models": [{"nmae": "a", "model_vendor": "launch"}]})
def test_checking_finds_what_an_editor_finds(value: Json) -> None:
    """A document that its schema refuses has a problem; one that it accepts can only suffer from its defaults."""
    documents = Documents(documents=(Document(file="a", root=node_of_lines(value)),), problems=(), files={})
    found = [problem for problem in check(merge(documents)) if problem.rule in SCHEMA_RULES]
    if not document_schema().holds(value):
        assert found
    elif found:
        assert "defaults" in value

"""Variables and secrets in values: what they stand for, of which type, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egpsync.errors import EgpsyncError
from egpsync.manifest.check import check
from egpsync.manifest.desired import desired
from egpsync.manifest.merge import merge
from egpsync.manifest.variables import Values, resolve
from egpsync.manifest.write import write
from egpsync.model.live import LiveModel
from egpsync.model.manifest import DesiredModel, Problem
from egpsync.model.values import Json
from tests.manifest.texts import from_text

VARIABLES = {"TIER": "gold", "MAX": "4", "ON": "true", "NONE": "null", "EMPTY": "", "ENV": "prod", "TEXT": "a b"}
NO_REFERENCE = [("variable-syntax", 35, "this is no reference to a variable", "")]
HEAD = "version: 1\ndefaults: {model_vendor: launch}\nmodels:\n"


def compiled(text: str, values: Values) -> tuple[tuple[Problem, ...], tuple[DesiredModel, ...]]:
    """The problems, and the models where there are none."""
    documents = resolve(from_text(text), values)
    merged = merge(documents)
    problems = (*documents.problems, *check(merged))
    return problems, () if problems else desired(merged).models


def fields(text: str) -> Json:
    """The fields of one model, its text from the fourth line on."""
    problems, (model,) = compiled(HEAD + text, Values(variables=VARIABLES))
    assert problems == ()
    return model.fields


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${TIER}", "gold"), ("${MAX}", "4"), ("a-${ENV}-${MAX}", "a-prod-4"), ("${GONE:-x}", "x"), ("${GONE:-}", ""),
        ("${EMPTY}", ""), ("${EMPTY:-x}", "x"), ("${TIER:-x}", "gold"), ("${TIER:?why}", "gold"), ("$PORT", "$PORT"),
        ("$$", "$"), ("$${TIER}", "${TIER}"), ("a$$b$c", "a$b$c"), ("$$$${TIER}", "$${TIER}"), ("$$${TIER}", "$gold"),
        ("${GONE:-a:-b c}", "a:-b c"),
    ],
)  # fmt: skip
def test_references_in_free_form_values_give_text(written: str, value: str) -> None:
    """With defaults, and dollars that are none."""
    assert fields(f"  - {{name: a, model_metadata: {{k: '{written}', l: ['{written}']}}}}\n") == {
        "model_metadata": {"k": value, "l": [value]}
    }


def test_a_scalar_that_is_one_reference_takes_the_type_of_its_field() -> None:
    """Numbers, booleans and null where the schema wants them; text where it takes text."""
    infra = "{max_workers: '${MAX}', gpus: '${NONE}', high_priority: '${ON}', cpus: '${MAX}', memory: '${MAX}Gi'}"
    assert fields(f"  - {{name: a, vendor_configuration: {{model_infra: {infra}}}}}\n") == {
        "vendor_configuration": {
            "model_infra": {"max_workers": 4, "gpus": None, "high_priority": True, "cpus": "4", "memory": "4Gi"}
        }
    }


def test_names_take_variables_too() -> None:
    """And templates, patches and defaults: wherever values stand."""
    text = """version: 1
defaults: {model_vendor: '${VENDOR:-openai}'}
templates: {t: {model_metadata: {a: '${TIER}'}}}
models: [{name: 'm-${ENV}', extends: [t]}]
patches: [{name: m-prod, model_metadata: {b: '${MAX}'}}]
"""
    problems, (model,) = compiled(text, Values(variables=VARIABLES))
    assert problems == ()
    assert (model.name, model.vendor, model.fields) == (
        "m-prod", "openai", {"model_metadata": {"a": "gold", "b": "4"}},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            "{name: a, vendor_configuration: {model_infra: {gpus: '${TEIR}'}}}",
            [("variable-unset", 58, "the variable TEIR is not set", "TIER")],
        ),
        (
            "{name: a, model_metadata: {k: '${ZZZ:?set it to x}'}}",
            [("variable-unset", 35, 'the variable ZZZ is not set: "set it to x"', "")],
        ),
        ("{name: a, model_metadata: {'${A}': 1}}", [("variable-in-key", 32, "keys take no variables", "")]),
        (
            "{name: a, model_metadata: {k: '${1A}'}}",
            NO_REFERENCE,
        ),
        ("{name: a, model_metadata: {k: 'x${A'}}", NO_REFERENCE),
        (
            "{name: a, model_metadata: {k: '${A:+b}'}}",
            NO_REFERENCE,
        ),
        (
            "{name: a, model_metadata: {k: '${secret:KEY}'}}",
            [("secret-misplaced", 35, "a secret would be shown here", "")],
        ),
        (
            "{name: a, vendor_configuration: {model_image: {env_vars: '${secret:KEY}'}}}",
            [("secret-misplaced", 62, "a secret would be shown here", "")],
        ),
        (
            "{name: a, vendor_configuration: {model_infra: {gpus: '${TEXT}'}}}",
            [("wrong-type", 58, 'vendor_configuration.model_infra.gpus is the text "a b"', "")],
        ),
    ],
)
def test_what_is_refused(model: str, expected: list[tuple[str, int, str, str]]) -> None:
    """Once, at the value; what would follow from it is not told as well."""
    problems, _ = compiled(f"{HEAD}  - {model}\n", Values(variables=VARIABLES))
    assert [(p.rule, p.source.column, p.message, p.suggestion) for p in problems] == expected


SECRETS = HEAD + "  - {name: a, vendor_configuration: {model_image: {env_vars: {A: 'x-${secret:KEY}', B: c}}}}\n"
PATH = ("vendor_configuration", "model_image", "env_vars", "A")


def test_secrets_are_looked_up_only_where_they_are_asked_for() -> None:
    """Offline they stay references; a plan has their values, and what was written in their place."""
    ((), (offline,)) = compiled(SECRETS, Values())
    ((), (online,)) = compiled(SECRETS, Values(secret=lambda name: f"<{name}>"))
    assert offline.fields["vendor_configuration"]["model_image"]["env_vars"] == {"A": "x-${secret:KEY}", "B": "c"}
    assert online.fields["vendor_configuration"]["model_image"]["env_vars"] == {"A": "x-<KEY>", "B": "c"}
    assert online.references == {PATH: "x-${secret:KEY}"}


def test_a_secret_that_is_not_to_be_had_ends_the_run() -> None:
    """As its source says it."""

    def nowhere(name: str) -> str:
        raise EgpsyncError("it is nowhere", where=f"secret {name}")

    with pytest.raises(EgpsyncError, match="secret KEY: it is nowhere"):
        compiled(SECRETS, Values(secret=nowhere))


def test_files_without_a_dollar_are_left_as_they_are() -> None:
    """They cost nothing more."""
    documents = from_text(HEAD)
    assert resolve(documents, Values(variables=VARIABLES)) is documents


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029\ufeff")) | st.text("${}A:- "))
def test_what_is_exported_means_itself(text: str) -> None:
    """Whatever dollars a live value holds."""
    live = LiveModel(
        id="m",
        name="a",
        vendor="openai",
        model_type="completion",
        status="ready",
        status_reason="",
        metadata={"k": text, "l": [text]},
        configuration=None,
    )
    problems, (model,) = compiled(write([live], owner=None).text, Values())
    assert problems == ()
    assert model.fields["model_metadata"] == {"k": text, "l": [text]}

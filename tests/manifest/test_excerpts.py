"""What is shown of source lines: no value of a secret field, however it is spelt, and no text that is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egpsync.manifest.excerpts import excerpts
from egpsync.manifest.parse import FASTEST, Parser, PureParser
from tests.manifest.texts import all_problems, from_text

SECRET = "s3cretS3CRET"
HEAD = "version: 1\nmodels:\n- name: a\n  model_vendor: launch\n  vendor_configuration:\n    model_image:\n"


@pytest.mark.parametrize(
    ("text", "line", "shown"),
    [
        ("env_vars:\n\tTOKEN: s3cret\n", 2, "\t(sensitive)"),
        ("envvars:\n  A: s3cret\n", 2, "  A: (sensitive)"),
        ("env-vars: {A: s3cret}\n", 1, "env-vars: {A: (sensitive)}"),
        ("ENV_VARS: s3cret # s3cret\n", 1, "ENV_VARS: (sensitive)"),
        ("environment: [s3cret]\n", 1, "environment: (sensitive)"),
        ("? env_vars\n: A: s3cret\n", 2, ": A: (sensitive)"),
        ('"env\\x5fvars": {A: s3cret}\n', 1, '"env\\x5fvars": {A: (sensitive)}'),
        ("env_vars: # [\n  A: s3cret\nb: 1\n", 3, "b: 1"),
        ('env_vars:\n  A: "x\ns3cret"\nb: 1\n', 3, "(sensitive)"),
        ("env_vars:\n  A: |\n    x\n# y\n    s3cret\n", 5, "    (sensitive)"),
        ("env_vars: *a\nb: &a s3cret\n", 2, "b: &a s3cret"),
        ("b: &a {A: s3cret}\nenv_vars: *a\n", 1, "b: (sensitive)"),
        ("env_vars:\n  A: {s3cret: {b: c}}\n", 2, "  A: (sensitive)"),
        ("a: {env_vars: {A: s3cret, @\n", 1, "a: {env_vars: (sensitive)"),
        ('a: {"env\\x5fvars": {A: s3cret, @\n', 1, 'a: {"env\\x5fvars": (sensitive)'),
        ("a: @b\n", 1, "a: @b"),
        ("a: 1\nb: 2\n", 2, "b: 2"),
    ],
)
def test_lines(text: str, line: int, shown: str, parser: Parser) -> None:
    """The key stays readable, its value does not; where a file does not parse, all after such a key is gone."""
    assert excerpts(text.encode(), {line}, parser=parser) == {line: shown}


@pytest.mark.parametrize("data", [b"\xff\xfea\x00", b"a: \xe9", b"\x80" * 9, "a: \u2028b".encode()])
def test_what_is_not_text_is_not_shown(data: bytes) -> None:
    """Of a key file or an image nothing is quoted."""
    assert excerpts(data, {1}) == {}


def test_the_value_of_an_unknown_key_is_not_quoted() -> None:
    """It may be anything; that of a misspelt one is no more secret than the one that is meant."""
    text = HEAD + "      zzz: {a: s3cret}\n      taag: v1\n"
    assert [problem.excerpt for problem in all_problems(from_text(text))] == [
        "      zzz: (sensitive)",
        "      taag: v1",
    ]


KEYS = st.sampled_from(
    ["env_vars", "envvars", "env-vars", "ENV_VARS", '"env\\x5fvars"', "'env_vars'", "env_vars ", "Env_Vars", "env_var"]
)
VALUES = st.sampled_from(
    [
        " {S}", " '{S}'", ' "{S}"', " |\n{I}  {S}\n", " |-\n{I}  x\n\n{I}  {S}", "\n{I}  A: {S}",
        "\n{I}  A: x\n{I}  A: {S}", " <A: {S}>", " <A: [{S}, <b: {S}>]>", " [{S}]", "\n{I}- {S}", " &x {S}",
        " *{S}", " !{S} x", " !!{S} x", " <A: {S}", " [{S}", " '{S}", ' "{S}', "\n{I}\t{S}: x", "\n{I}  A: @{S}",
        "\n{I}  A: `{S}", " %{S}", ' "\\q{S}"', "\n{I}  A: x: {S}", ' "a\n{S}"', " 0x{S}",
        "\n{I}  A: |\n{I}    x\n# y\n{I}    {S}", " # [\n{I}  A: {S}",
    ]
)  # fmt: skip
AFTER = st.sampled_from(
    ["", "\n{I}tag: 1", "\n{I}tag: [", "\n}", "\n{I}a: 'x", "\n{I}nmae: 1\n{I}nmae: 2", "\n\x07", "\n{I}- x"]
)


@given(KEYS, VALUES, AFTER, st.sampled_from([FASTEST, PureParser]), st.booleans())
def test_no_secret_is_in_any_problem(key: str, value: str, after: str, parser: Parser, flow: bool) -> None:
    """Whatever is wrong around it, in block or flow style, under either parser; keys alone stay readable."""
    indent = "" if flow else "      "
    text = f"{indent}{key}:{value}{after}".replace("{I}", indent).replace("{S}", SECRET)
    text = text.replace("<", "{").replace(">", "}")
    whole = f"{{version: 1, models: [{{name: a, model_vendor: launch, {text}" if flow else HEAD + text
    documents = from_text(whole, parser)
    told = repr(all_problems(documents) if documents.documents else documents.problems)
    assert SECRET not in told.replace(f"{SECRET}:", "")

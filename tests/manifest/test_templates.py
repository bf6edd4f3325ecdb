"""Templates under models and patches over them: what comes of it, where each value stands, and what is wrong."""

from collections.abc import Callable

import pytest

from egpsync.manifest.desired import desired
from egpsync.manifest.merge import merge
from egpsync.model.manifest import Documents, Problem
from egpsync.model.values import Json

Check = Callable[..., tuple[Problem, ...]]
Read = Callable[..., Documents]

SHARED = """version: 1
templates:
  base:
    vendor_configuration: {model_infra: {cpus: "2", gpus: 1, gpu_type: nvidia-tesla-t4}}
    model_metadata: {a: base}
  small: {extends: [base], vendor_configuration: {model_infra: {cpus: "4"}}, model_metadata: {b: small}}
  hosted: {model_vendor: openai, model_type: completion, model_metadata: {c: hosted}}
"""
MODELS = """version: 1
defaults: {model_vendor: launch, model_metadata: {a: defaults, d: defaults}}
models:
  - {name: one, extends: [small], model_metadata: {b: model}}
  - {name: gone, extends: [small], state: absent}
  - {name: gpt, extends: [hosted], model_vendor: azure}
"""
PATCHES = """version: 1
patches:
  - {name: one, vendor_configuration: {model_infra: {gpus: 2}}}
  - {name: one, model_vendor: launch, vendor_configuration: {model_infra: {gpus: 3}}}
"""


def fields(documents: Documents) -> dict[str, Json]:
    """The fields of each model, by name."""
    return {model.name: {"vendor": model.vendor, **model.fields} for model in desired(merge(documents)).models}


def test_layers_from_the_lowest_up(documents: Read, problems: Check) -> None:
    """Defaults, templates in their order with what they extend, the model, patches in the order of files."""
    assert problems(SHARED, MODELS, PATCHES) == ()
    found = fields(documents(SHARED, MODELS, PATCHES))
    infra = {"cpus": "4", "gpus": 3, "gpu_type": "nvidia-tesla-t4"}
    assert found["one"] == {
        "vendor": "launch",
        "model_metadata": {"a": "base", "b": "model", "d": "defaults"},
        "vendor_configuration": {"model_infra": infra},
    }
    assert found["gone"] == {"vendor": "launch"}


def test_a_template_for_one_vendor_gives_others_what_all_take(documents: Read) -> None:
    """Its type and configuration are for vendors of its family; the vendor that it names counts where none is said."""
    found = fields(documents(SHARED, MODELS))
    assert found["gpt"] == {
        "vendor": "azure",
        "model_type": "completion",
        "model_metadata": {"a": "defaults", "c": "hosted", "d": "defaults"},
    }


def test_each_value_stands_where_it_was_set(documents: Read) -> None:
    """Whatever file, and each layer by its name."""
    model = desired(merge(documents(SHARED, MODELS, PATCHES))).models[0]
    infra = ("vendor_configuration", "model_infra")
    paths = [(*infra, "cpus"), (*infra, "gpus"), (*infra, "gpu_type"), ("model_metadata", "b"), ("model_metadata", "d")]
    assert [(str(model.source_of(path)), model.node.at(path).origin) for path in paths] == [
        ("a.yaml:6:65", "template small"),
        ("c.yaml:4:76", "patch"),
        ("a.yaml:4:62", "template base"),
        ("b.yaml:4:52", "model"),
        ("b.yaml:2:64", "defaults"),
    ]
    assert (str(model.source), str(model.source_of(("name",)))) == ("b.yaml:4:5", "b.yaml:4:6")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "templates: {small: {}}\nmodels: [{name: a, model_vendor: openai, extends: [smal]}]",
            [("unknown-template", "a.yaml:3:52", 'there is no template "smal"', "small", None)],
        ),
        (
            "templates:\n  a: {extends: [b]}\n  b: {extends: [c]}\n  c: {extends: [a]}\n  d: {extends: [d]}",
            [
                ("template-cycle", "a.yaml:5:16", 'the template "c" extends itself, by way of "a"', "", None),
                ("template-cycle", "a.yaml:6:16", 'the template "d" extends itself, by way of "d"', "", None),
            ],
        ),
        (
            "models: [{name: one, model_vendor: openai}]\npatches: [{name: onee}, {name: one, model_vendor: azure}]",
            [
                ("unknown-patch", "a.yaml:3:18", 'there is no model "onee" to patch', "one", None),
                ("unknown-patch", "a.yaml:3:32", 'there is no model "one" of azure to patch', "", None),
            ],
        ),
        (
            "models: [{name: a, model_vendor: openai}, {name: a, model_vendor: azure}]\npatches: [{name: a}]",
            [("ambiguous-patch", "a.yaml:3:18", 'several models are called "a"', "", "a.yaml:2:43")],
        ),
        (
            "templates: {a: {nmae: x}}\npatches: [{id: x}]",
            [
                ("unknown-field", "a.yaml:2:17", 'templates.a has no field "nmae"', "", None),
                ("missing-field", "a.yaml:3:11", "patches[0] has no name", "", None),
                ("unknown-field", "a.yaml:3:12", 'patches[0] has no field "id"', "", None),
            ],
        ),
        (
            "templates: {a: {extends: a}, b: 1}\nmodels: [{name: a, model_vendor: openai, extends: a}]",
            [
                ("wrong-type", "a.yaml:2:26", 'templates.a.extends is the text "a"', "", None),
                ("wrong-type", "a.yaml:2:33", "templates.b is the number 1", "", None),
                ("wrong-type", "a.yaml:3:51", 'extends is the text "a"', "", None),
            ],
        ),
        (
            "templates: {a: {extends: [[b], {c: 1}]}}",
            [
                ("wrong-type", "a.yaml:2:27", "templates.a.extends[0] is a list", "", None),
                ("wrong-type", "a.yaml:2:32", "templates.a.extends[1] is a mapping", "", None),
            ],
        ),
    ],
)
def test_what_is_wrong(problems: Check, text: str, expected: list[tuple[str, str, str, str, str | None]]) -> None:
    """Names that lead nowhere, circles, and what a template or patch does not take, each with its place."""
    assert [
        (p.rule, str(p.source), p.message, p.suggestion, str(p.related) if p.related else None)
        for p in problems(f"version: 1\n{text}")
    ] == expected


def test_two_templates_of_one_name(problems: Check) -> None:
    """The second is the one too many, in whatever file."""
    text = "version: 1\ntemplates: {a: {}}"
    assert [(p.rule, str(p.source), str(p.related)) for p in problems(text, text)] == [
        ("duplicate-template", "b.yaml:2:13", "a.yaml:2:13")
    ]


def test_a_fault_of_a_template_is_told_where_it_stands(problems: Check) -> None:
    """Once, however many models extend it."""
    text = """version: 1
templates: {t: {vendor_configuration: {model_infra: {gpus: two}}}}
models: [{name: a, model_vendor: launch, extends: [t]}, {name: b, model_vendor: launch, extends: [t]}]
"""
    assert [(p.rule, str(p.source), p.message) for p in problems(text)] == [
        (
            "wrong-type",
            "a.yaml:2:60",
            'vendor_configuration.model_infra.gpus is the text "two" (from template t, under the model "a")',
        )
    ]


def test_templates_nested_too_deeply(problems: Check) -> None:
    """As deep as values may be nested, and no deeper."""
    lines = "".join(f"  t{at}: {{extends: [t{at + 1}]}}\n" for at in range(100))
    assert [p.rule for p in problems(f"version: 1\ntemplates:\n{lines}  t100: {{}}\n")] == ["depth"]


def test_what_is_merged_is_limited(problems: Check) -> None:
    """A wide default under many models is not copied for ever."""
    wide = ", ".join(f"k{at}: 1" for at in range(5_000))
    models = ", ".join(f"{{name: m{at}, model_metadata: {{a: 1}}}}" for at in range(500))
    text = f"version: 1\ndefaults: {{model_vendor: openai, model_metadata: {{{wide}}}}}\nmodels: [{models}]"
    assert [p.rule for p in problems(text)] == ["alias-expansion"]

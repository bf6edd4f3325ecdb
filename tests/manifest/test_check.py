"""What the schema refuses, in a reader's words: message, place, what was expected, what was meant."""

import json
from collections.abc import Callable
from typing import NamedTuple

import pytest

from egpsync.manifest.findings import Finding
from egpsync.manifest.problems import Problems
from egpsync.manifest.rules import RULES
from egpsync.model.manifest import Problem, Severity
from egpsync.model.values import Source

Check = Callable[..., tuple[Problem, ...]]


class Said(NamedTuple):
    """What a problem tells."""

    rule: str
    place: str
    message: str
    expected: str = ""
    suggestion: str = ""


def said(problems: tuple[Problem, ...]) -> list[Said]:
    """All that is told."""
    return [Said(p.rule, str(p.source), p.message, p.expected, p.suggestion) for p in problems]


def launch(configuration: str) -> str:
    """A manifest of one launch model, its configuration on the fifth line from column 28 on."""
    return f"""version: 1
models:
  - name: a
    model_vendor: launch
    vendor_configuration: {configuration}
"""


WITHOUT = "a manifest without it: remove it"
LLMENGINE = (
    "one of chat_template_override, checkpoint_path, cpus, default_callback_url, endpoint_type, gpu_type, gpus, "
    "high_priority, inference_framework, inference_framework_image_tag, labels, max_workers, memory, min_workers, "
    "model, nodes_per_worker, num_shards, per_worker, post_inference_hooks, public_inference, quantize, source, storage"
)

VALID = """version: 1
owner: platform/models
defaults:
  model_vendor: launch
  model_metadata: {team: nlp}
  vendor_configuration: {model_infra: {gpus: 1, gpu_type: nvidia-ampere-a10}}
  lifecycle: {prevent_destroy: true}
models:
  - name: summarizer
    renamed_from: summariser
    model_type: generic
    model_metadata: {tier: gold, size: 1.5, nested: {a: [1, null]}, gone: null}
    vendor_configuration:
      model_image:
        registry: registry.example.com
        repository: nlp/sum
        tag: v1.4.2
        command: [serve, --port=5005]
        env_vars: {MODE: fast, OLD: null}
        readiness_delay: null
      model_infra: {cpus: 4, memory: 1.5Gi, labels: {team: nlp}, min_workers: 0, max_workers: 4}
    lifecycle: {prevent_redeploy: false, ignore_changes: [vendor_configuration.model_infra.min_workers]}
  - {name: cpu-only, vendor_configuration: {model_infra: {cpus: 500m, gpus: 0, gpu_type: null}}}
  - {name: gpt, model_vendor: openai, model_type: chat_completion}
  - {name: llama, id: m-1, model_vendor: llmengine, vendor_configuration: {model: llama-3, cpus: "8"}}
  - {name: old, state: absent}
  - {id: m-2, state: absent, lifecycle: {prevent_destroy: false}}
"""


def test_a_valid_manifest_has_no_problems(problems: Check) -> None:
    """Every family, defaults, tombstones, null for optional fields."""
    assert problems(VALID) == ()


def test_a_problem_in_full(problems: Check) -> None:
    """All that a problem carries."""
    assert problems(launch("{model_infra: {endpoint_type: streeming}}")) == (
        Problem(
            rule="wrong-value",
            message='vendor_configuration.model_infra.endpoint_type is "streeming"',
            source=Source(file="a.yaml", line=5, column=57),
            excerpt="    vendor_configuration: {model_infra: {endpoint_type: streeming}}",
            expected="one of async, sync, streaming",
            suggestion="streaming",
            related=None,
            severity=Severity.ERROR,
        ),
    )


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("gpus: two", ("wrong-type", 'the text "two"', "an integer, at least 0", "")),
        ("gpus: '2'", ("wrong-type", 'the text "2"', "an integer, at least 0", "2")),
        ("gpus: 1.5", ("wrong-type", "the number 1.5", "an integer, at least 0", "")),
        ("gpus: '.inf'", ("wrong-type", 'the text ".inf"', "an integer, at least 0", "")),
        ("gpus: true", ("wrong-type", "the boolean true", "an integer, at least 0", "")),
        ("gpus: -1", ("wrong-value", "-1", "an integer, at least 0", "")),
        ("per_worker: 0", ("wrong-value", "0", "an integer, at least 1", "")),
        ("high_priority: yes", ("wrong-type", 'the text "yes"', "true or false", "true")),
        ("high_priority: 'False'", ("wrong-type", 'the text "False"', "true or false", "False")),
        ("high_priority: 1", ("wrong-type", "the number 1", "true or false", "")),
        ("gpu_type: nvidia_ampere-a10g", ("wrong-value", '"nvidia_ampere-a10g"',
         "one of nvidia-tesla-t4, nvidia-ampere-a10, nvidia-ampere-a100, nvidia-ampere-a100e, nvidia-hopper-h100, "
         "nvidia-hopper-h100-1g20gb, nvidia-hopper-h100-3g40gb", "nvidia-ampere-a10")),
        ("endpoint_type: SYNC", ("wrong-value", '"SYNC"', "one of async, sync, streaming", "sync")),
        ("endpoint_type: 1", ("wrong-type", "the number 1", "one of async, sync, streaming", "")),
        ("cpus: 2.50", ("wrong-type", "the number 2.50", "text: quote it", '"2.50"')),
        ("cpus: 0", ("wrong-value", "0", 'a CPU count above 0 such as 4, "2.5" or "500m"', "")),
        ("cpus: '.5'", ("wrong-value", '".5"', 'a CPU count above 0 such as 4, "2.5" or "500m"', "")),
        ("cpus: 2.5m", ("wrong-value", '"2.5m"', 'a CPU count above 0 such as 4, "2.5" or "500m"', "")),
        ("cpus: 0m", ("wrong-value", '"0m"', 'a CPU count above 0 such as 4, "2.5" or "500m"', "")),
        ("labels: [a]", ("wrong-type", "a list", "a mapping of text", "")),
        ("labels: {a: 1}", ("wrong-type", "the number 1", "text: quote it", '"1"')),
    ],
)  # fmt: skip
def test_infrastructure(problems: Check, field: str, told: tuple[str, str, str, str]) -> None:
    """One fault is one problem, told with the value as written, what would be right, and what was probably meant."""
    rule, value, expected, suggestion = told
    found = problems(launch(f"{{model_infra: {{{field}}}}}"))
    path = "labels.a" if field.startswith("labels: {") else field.partition(":")[0]
    message = f"vendor_configuration.model_infra.{path} is {value}"
    assert [(p.rule, p.message, p.expected, p.suggestion) for p in found] == [(rule, message, expected, suggestion)]


@pytest.mark.parametrize("value", ["8GB", "8gi", "8K", "8 Gi", "500m", "0", "0Gi", "-1Gi", "1.Gi", '"8Gi\\n"', '""'])
def test_quantities_that_the_platform_does_not_read(problems: Check, value: str) -> None:
    """Memory and storage have units of their own; a line break at the end does not slip through."""
    if value == "0":
        value = '"0"'
    found = problems(launch(f"{{model_infra: {{memory: {value}, storage: {value}}}}}"))
    assert [(p.rule, p.expected) for p in found] == [
        (
            "wrong-value",
            "a quantity above 0 such as 16Gi, 512Mi or 1.5G (units k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei)",
        )
    ] * 2


@pytest.mark.parametrize("value", ["8Gi", "8192Mi", "1.5G", "0.5Ti", '"1073741824"', "100k", "1Ei", "null"])
def test_quantities_that_it_reads(problems: Check, value: str) -> None:
    """Every unit, fractions, plain bytes as text, and null for unset."""
    assert problems(launch(f"{{model_infra: {{memory: {value}}}}}")) == ()


@pytest.mark.parametrize(
    ("field", "described", "expected", "suggestion"),
    [
        ("tag: 1.10", "tag is the number 1.10", "text: quote it", '"1.10"'),
        ("tag: 0x1F", "tag is the number 0x1F", "text: quote it", '"0x1F"'),
        ("tag: 12e45", "tag is the number 12e45", "text: quote it", '"12e45"'),
        ("tag: true", "tag is the boolean true", "text: quote it", '"true"'),
        ("tag: ", "tag is empty (null)", "text without spaces or line breaks", ""),
        ("command: serve", 'command is the text "serve"', "a list of text", ""),
        ("command: [serve, 8080]", "command[1] is the number 8080", "text: quote it", '"8080"'),
        ("readiness_delay: 2m", 'readiness_delay is the text "2m"', "an integer, at least 0", ""),
        ("request_schema: []", "request_schema is a list", "a mapping", ""),
    ],
)
def test_image(problems: Check, field: str, described: str, expected: str, suggestion: str) -> None:
    """What YAML took for a number is shown as it was written, in quotes that would have kept it."""
    found = problems(launch(f"{{model_image: {{{field}}}}}"))
    message = f"vendor_configuration.model_image.{described}"
    assert [(p.rule, p.message, p.expected, p.suggestion) for p in found] == [
        ("wrong-type", message, expected, suggestion)
    ]


@pytest.mark.parametrize("value", ["a b", '"v1\\n"', '""'])
def test_image_texts_hold_no_spaces(problems: Check, value: str) -> None:
    """A line break that a block scalar brings along is seen."""
    found = problems(launch(f"{{model_image: {{tag: {value}}}}}"))
    assert [(p.rule, p.expected) for p in found] == [("wrong-value", "text without spaces or line breaks")]


def test_values_of_env_vars_are_not_quoted(problems: Check) -> None:
    """Neither message nor suggestion nor source line shows what may be a secret."""
    (problem,) = problems(launch("{model_image: {env_vars: {PIN: 271828}}}"))
    assert said((problem,)) == [
        Said(
            "wrong-type",
            "a.yaml:5:58",
            "vendor_configuration.model_image.env_vars.PIN is a number",
            "text: quote it",
        )
    ]
    assert "271828" not in repr(problem)


@pytest.mark.parametrize(
    ("env_vars", "message"),
    [
        ("s3cret", "env_vars is text"),
        ("[s3cret]", "env_vars is a list"),
        ("{PIN: 2718.28}", "env_vars.PIN is a number"),
        ("{PIN: true}", "env_vars.PIN is a boolean"),
        ("{PIN: [s3cret]}", "env_vars.PIN is a list"),
        ("{PIN: {s3cret: 1}}", "env_vars.PIN is a mapping"),
    ],
)
def test_env_vars_of_the_wrong_type(problems: Check, env_vars: str, message: str) -> None:
    """The kind of value is told, not the value."""
    (problem,) = problems(launch(f"{{model_image: {{env_vars: {env_vars}}}}}"))
    assert problem.message == f"vendor_configuration.model_image.{message}"
    assert "s3cret" not in repr(problem)
    assert "2718" not in repr(problem)


def test_what_is_not_taken_is_not_looked_into(problems: Check) -> None:
    """A tombstone's configuration is one fault, however wrong it is inside."""
    text = """version: 1
models:
  - {name: a, model_vendor: launch, state: absent, vendor_configuration: {model_infra: {gpus: two, x: 1}}}
"""
    assert [problem.rule for problem in problems(text)] == ["field-not-taken"]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("nmae: a", [Said("unknown-field", "a.yaml:4:5", 'the model has no field "nmae"', "", "name")]),
        (
            "name: a\n    state: gone",
            [Said("wrong-value", "a.yaml:5:12", 'state is "gone"', "one of present, absent, released")],
        ),
        (
            "name: a\n    status: ready\n    created_at: x",
            [
                Said(
                    "server-set-field", "a.yaml:5:5", "status is set by the server", "a manifest without it: remove it"
                ),
                Said(
                    "server-set-field",
                    "a.yaml:6:5",
                    "created_at is set by the server",
                    "a manifest without it: remove it",
                ),
            ],
        ),
        (
            "name: a\n    gpus: 1",
            [
                Said(
                    "unknown-field",
                    "a.yaml:5:5",
                    'the model has no field "gpus"',
                    "gpus in vendor_configuration.model_infra",
                    "vendor_configuration.model_infra.gpus",
                )
            ],
        ),
        (
            "name: a\n    vendor_configuration: {infra: {gpus: two}}",
            [
                Said(
                    "unknown-field",
                    "a.yaml:5:28",
                    'vendor_configuration has no field "infra"',
                    "",
                    "model_infra",
                )
            ],
        ),
        (
            "name: a\n    vendor_configuration: {model_infra: {cpu: 4}}",
            [
                Said("unknown-field", "a.yaml:5:42", 'vendor_configuration.model_infra has no field "cpu"', "", "cpus"),
            ],
        ),
        ("id: m-1", [Said("missing-field", "a.yaml:4:5", "the model has no name", "name")]),
        ("name: 12", [Said("wrong-type", "a.yaml:4:11", "name is the number 12", "text: quote it", '"12"')]),
        (
            'name: ""',
            [
                Said(
                    "wrong-value",
                    "a.yaml:4:11",
                    'name is ""',
                    "text without line breaks, control or invisible characters",
                )
            ],
        ),
        (
            'name: "a\\u202eb"',
            [
                Said(
                    "wrong-value",
                    "a.yaml:4:11",
                    'name is "a\u202eb"',
                    "text without line breaks, control or invisible characters",
                )
            ],
        ),
        (
            'name: "a\\n"',
            [
                Said(
                    "wrong-value",
                    "a.yaml:4:11",
                    'name is "a\\n"',
                    "text without line breaks, control or invisible characters",
                )
            ],
        ),
        (
            "name: a\n    model_type: chat_completion",
            [Said("wrong-value", "a.yaml:5:17", 'model_type is "chat_completion"', "generic")],
        ),
        (
            "name: a\n    model_metadata: null",
            [Said("wrong-type", "a.yaml:5:21", "model_metadata is empty (null)", "a mapping")],
        ),
        (
            "name: a\n    lifecycle: {ignore_changes: [a..b], prevent_destroy: 1}",
            [
                Said("ignored-path", "a.yaml:5:34", '"a..b" names no field of a model of launch'),
                Said(
                    "wrong-value",
                    "a.yaml:5:34",
                    'lifecycle.ignore_changes[0] is "a..b"',
                    "a dotted path such as vendor_configuration.model_infra.min_workers",
                ),
                Said("wrong-type", "a.yaml:5:58", "lifecycle.prevent_destroy is the number 1", "true or false"),
            ],
        ),
    ],
)
def test_models(problems: Check, model: str, expected: list[Said]) -> None:
    """Unknown fields are shown at their key, wrong values at the value, missing ones at the model."""
    assert said(problems(f"version: 1\ndefaults: {{model_vendor: launch}}\nmodels:\n  - {model}\n")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1", [Said("missing-field", "a.yaml:1:1", "the document has no version", "version: 1"),
                  Said("unknown-field", "a.yaml:1:1", 'the document has no field "a"',
                       "one of defaults, models, owner, patches, templates, version")]),
        ("vresion: 1", [Said("unknown-field", "a.yaml:1:1", 'the document has no field "vresion"', "", "version")]),
        ("version: 2", [Said("wrong-value", "a.yaml:1:10", "version is 2", "1")]),
        ("version:", [Said("wrong-value", "a.yaml:1:9", "version is null", "1")]),
        ("version: '1'", [Said("wrong-value", "a.yaml:1:10", 'version is "1"', "1")]),
        ("[a]", [Said("wrong-type", "a.yaml:1:1", "the document is a list", "version: 1, and this list under models")]),
        ("text", [Said("wrong-type", "a.yaml:1:1", 'the document is the text "text"', "a mapping")]),
        ("version: 1\nmodels:", [Said("wrong-type", "a.yaml:2:8", "models is empty (null)", "a list")]),
        ("version: 1\nmodels: {a: 1}", [Said("wrong-type", "a.yaml:2:9", "models is a mapping", "a list")]),
        ("version: 1\nmodels: [a]", [Said("wrong-type", "a.yaml:2:10", 'the model is the text "a"', "a mapping")]),
        ("version: 1\ndefaults: []", [Said("wrong-type", "a.yaml:2:11", "defaults is a list", "a mapping")]),
        ("version: 1\ndefaults: {name: a}",
         [Said("unknown-field", "a.yaml:2:12", 'defaults has no field "name"',
               "one of lifecycle, model_metadata, model_type, model_vendor, vendor_configuration")]),
        ("version: 1\nowner: 'a b'",
         [Said("wrong-value", "a.yaml:2:8", 'owner is "a b"',
               "up to 128 letters, digits and . _ / -, beginning with a letter or digit")]),
        ("version: 1\nmodels:\n  - name: a",
         [Said("missing-field", "a.yaml:3:5", "the model has no model_vendor", "model_vendor, here or in defaults")]),
        ("version: 1\nmodels:\n  - {}",
         [Said("missing-field", "a.yaml:3:5", "the model has no model_vendor and no name", "model_vendor and name")]),
        ("version: 1\nmodels:\n  - {name: a, model_vendor: opena}",
         [Said("wrong-value", "a.yaml:3:29", 'model_vendor is "opena"',
               "one of openai, cohere, vertex_ai, anthropic, azure, gemini, launch, llmengine, model_zoo, bedrock, "
               "xai, fireworks_ai", "openai")]),
        ("version: 1\nmodels:\n  - {state: absent}",
         [Said("missing-field", "a.yaml:3:5", "the model has no model_vendor and no name",
               "id, or name and model_vendor")]),
        ("version: 1\nmodels:\n  - {name: a, state: absent}",
         [Said("missing-field", "a.yaml:3:5", "the model has no model_vendor", "id, or name and model_vendor")]),
        ("version: 1\nmodels:\n  - {id: a, state: absent, model_metadata: {}}",
         [Said("field-not-taken", "a.yaml:3:28", "model_metadata: a model with state: absent or released is only "
               "named: it takes id, or name and model_vendor, and lifecycle")]),
        ("version: 1\nmodels:\n  - {name: a, model_vendor: openai, vendor_configuration: {gpus: two}}",
         [Said("field-not-taken", "a.yaml:3:37", "vendor_configuration: hosted vendors take no vendor_configuration: "
               "only launch and llmengine models have one")]),
        ("version: 1\nmodels:\n  - {name: a, model_vendor: llmengine, vendor_configuration: {modle: b, imagine: {}}}",
         [Said("unknown-field", "a.yaml:3:63", 'vendor_configuration has no field "modle"', "", "model"),
          Said("unknown-field", "a.yaml:3:73", 'vendor_configuration has no field "imagine"', LLMENGINE)]),
        ("version: 1\nmodels:\n  - {name: a, model_vendor: llmengine, vendor_configuration: {cpus: 500m}}",
         [Said("wrong-value", "a.yaml:3:69", 'vendor_configuration.cpus is "500m"',
               "a whole number of CPUs above 0 such as 4")]),
    ],
)  # fmt: skip
def test_documents(problems: Check, text: str, expected: list[Said]) -> None:
    """The document's own fields, and what each family of vendors takes."""
    assert said(problems(text)) == expected


def test_a_fault_in_defaults_is_told_once_where_it_stands(problems: Check) -> None:
    """However many models it is merged under."""
    text = """version: 1
defaults: {model_vendor: launch, vendor_configuration: {model_infra: {gpus: two}}}
models: [{name: a}, {name: b}]
"""
    assert said(problems(text)) == [
        Said(
            "wrong-type",
            "a.yaml:2:77",
            'defaults.vendor_configuration.model_infra.gpus is the text "two"',
            "an integer, at least 0",
        )
    ]


def test_defaults_that_do_not_fit_a_model_are_told_with_it(problems: Check) -> None:
    """Defaults without a vendor go under every model: the place is theirs, the model is named."""
    text = """version: 1
defaults: {vendor_configuration: {model_infra: {gpus: 1}}}
models: [{name: a, model_vendor: openai}, {name: b, model_vendor: llmengine}]
"""
    assert said(problems(text)) == [
        Said(
            "field-not-taken",
            "a.yaml:2:12",
            "vendor_configuration: hosted vendors take no vendor_configuration: only launch and llmengine models have "
            'one (from defaults, under the model "a")',
        ),
        Said(
            "unknown-field",
            "a.yaml:2:35",
            'vendor_configuration has no field "model_infra" (from defaults, under the model "b")',
            LLMENGINE,
        ),
    ]


def test_problems_of_all_files_are_sorted_by_place(problems: Check) -> None:
    """All files in one run, by file, line and column."""
    found = problems("a: 1\nversion: 2", "version: 1\nmodels: [1]\nowner: ''")
    assert [str(problem.source) for problem in found] == ["a.yaml:1:1", "a.yaml:2:10", "b.yaml:2:10", "b.yaml:3:8"]


def test_json_is_yaml(problems: Check) -> None:
    """A manifest can be written as JSON."""
    assert problems(json.dumps({"version": 1, "models": [{"name": "a", "model_vendor": "azure"}]})) == ()


def test_a_problem_must_be_of_a_listed_rule() -> None:
    """The README lists every rule that can be met."""
    problems = Problems({})
    problems.add(Finding("no-such-rule", "", Source(file="a", line=1, column=1)))
    with pytest.raises(KeyError):
        problems.sorted()


def test_every_rule_has_a_description() -> None:
    """Ids are in kebab case and say something."""
    assert [
        rule.id
        for rule in RULES
        if rule.id != rule.id.lower().replace("_", "-") or not (rule.summary and rule.why and rule.mend)
    ] == []

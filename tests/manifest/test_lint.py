"""Lints: what each finds in a resolved model, where, how severe, and what silences it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egpsync.manifest.check import check, linted
from egpsync.manifest.find import Found
from egpsync.manifest.lint import LINTS, lint
from egpsync.manifest.merge import merge
from egpsync.manifest.read import read
from egpsync.model.manifest import Declared, Documents, Merged, Severity, node_of
from egpsync.model.values import Source

ALL = {one.id: one.severity for one in LINTS}
IMAGE = {"registry": "r.example", "repository": "a/b", "tag": "v1", "command": ["serve"]}
LLM = {
    "model": "m",
    "inference_framework": "vllm",
    "endpoint_type": "streaming",
    "gpus": 2,
    "num_shards": 2,
    "gpu_type": "nvidia-hopper-h100",
    "cpus": "20",
    "memory": "80Gi",
    "storage": "200Gi",
    "nodes_per_worker": 1,
    "min_workers": 1,
    "max_workers": 2,
    "public_inference": False,
    "labels": {"team": "t", "product": "p"},
}


def merged_of(text: str) -> Merged:
    """A manifest's text, merged."""
    return merge(read([Found("m.yaml", text.encode())]))


def found(merged: Merged) -> list[str]:
    """What the lints say of it."""
    return [f"{problem.rule}: {problem.message}" for problem in linted(merged, ALL)]


def of_launch(**parts: Any) -> list[str]:
    """What they say of a launch model with such an image and infrastructure."""
    image, infra = {**IMAGE, **parts.pop("image", {})}, parts
    configuration = {"model_image": image, "model_infra": infra}
    model = {"name": "a", "model_vendor": "launch", "vendor_configuration": configuration}
    return found(merged_of(json.dumps({"version": 1, "models": [model]})))


def of_llm(**parts: Any) -> list[str]:
    """What they say of an LLM that is sound but for these parts; None leaves one out."""
    configuration = {key: value for key, value in {**LLM, **parts}.items() if value is not None}
    model = {"name": "a", "model_vendor": "llmengine", "vendor_configuration": configuration}
    return found(merged_of(json.dumps({"version": 1, "models": [model]})))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, []),
        ({"image": {"tag": "latest"}}, ['mutable-image-tag: the tag "latest" moves']),
        ({"image": {"tag": "v1.4.2"}}, []),
        (
            {"image": {"env_vars": {"DD_ENV": "x", "MINE": "y"}}},
            ["reserved-env-var: env_vars.DD_ENV is set by the engine itself"],
        ),
        (
            {"endpoint_type": "streaming", "per_worker": 1},
            ["streaming-command: the endpoint streams, and no streaming_command is declared"],
        ),
        (
            {"endpoint_type": "sync", "image": {"command": [], "streaming_command": ["s"]}},
            ["streaming-command: the endpoint is sync, and has no command"],
        ),
        ({"labels": {"team": "t"}}, ["engine-labels: labels lack product"]),
        ({"labels": {}}, ["engine-labels: labels lack product and team"]),
        (
            {"labels": {"team": "t", "product": "p", "user_id": "u"}},
            ["reserved-label: the label user_id is set by the engine itself"],
        ),
        (
            {"labels": {"team": "a team", "product": "p"}},
            ['label-value: the label team is "a team", which is no label\'s value'],
        ),
        (
            {"gpu_type": "nvidia-tesla-t4"},
            ['gpu-type-without-gpus: gpu_type is "nvidia-tesla-t4", and gpus is not declared'],
        ),
        ({"gpus": 1}, ["gpus-without-gpu-type: gpus is 1, and gpu_type is not declared"]),
        ({"gpus": 1, "gpu_type": "nvidia-tesla-t4", "cpus": "62", "memory": "248Gi"}, []),
        (
            {"gpus": 1, "gpu_type": "nvidia-tesla-t4", "cpus": "62.5"},
            ["over-node-limits: cpus is 62.5, and a node with nvidia-tesla-t4 has 62 CPUs for it"],
        ),
        ({"gpus": 0, "memory": "29Gi"}, ["over-node-limits: memory is 29Gi, and a node without GPUs has 28Gi for it"]),
        (
            {"gpus": 0, "storage": "640Gi"},
            ["over-node-limits: storage is 640Gi, and a node without GPUs has 639Gi for it"],
        ),
        ({"cpus": "500"}, []),  # on what, is not declared
        ({"max_workers": 251}, ["too-many-workers: max_workers is 251"]),
        ({"max_workers": 0}, ["no-workers: max_workers is 0"]),
        ({"min_workers": 0}, []),  # of which endpoint, is not declared
        ({"min_workers": 0, "endpoint_type": "async"}, []),
        (
            {"min_workers": 0, "max_workers": 1, "endpoint_type": "sync"},
            ["scale-to-zero: min_workers is 0, and the endpoint is sync"],
        ),
        (
            {"min_workers": 0, "max_workers": 3, "endpoint_type": "sync"},
            [
                "scale-to-zero: min_workers is 0, and the endpoint is sync",
                "scaled-from-zero: max_workers is 3, and scaling begins at 0",
            ],
        ),
        (
            {"per_worker": 10, "endpoint_type": "streaming", "image": {"streaming_command": ["s"]}},
            ["streaming-per-worker: per_worker is 10, and the endpoint streams"],
        ),
        (
            {"per_worker": 21, "endpoint_type": "async"},
            ["async-per-worker: per_worker is 21, and 20 are taken at once"],
        ),
    ],
)
def test_launch(parts: dict[str, Any], said: list[str]) -> None:
    """What is found in a launch model."""
    assert of_launch(**parts) == said


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, []),
        ({"gpu_type": "nvidia-ampere-a100e"}, ["llm-gpu-type: no LLM is served on nvidia-ampere-a100e"]),
        (
            {"storage": None, "nodes_per_worker": None},
            ["llm-hardware-incomplete: cpus, gpu_type, gpus, memory declared, and not nodes_per_worker, storage"],
        ),
        (dict.fromkeys(["cpus", "gpu_type", "gpus", "memory", "nodes_per_worker", "storage", "num_shards"]), []),
        ({"num_shards": 1}, ["llm-shards: num_shards is 1, and gpus is 2"]),
        ({"inference_framework": "vllmm"}, ['llm-framework: the engine knows no framework "vllmm"']),
        (
            {"endpoint_type": "sync"},
            ["llm-endpoint-type: vllm serves streaming endpoints alone, and this one is sync"],
        ),
        ({"quantize": "bitsandbytes"}, ['llm-quantize: vllm does not quantize by "bitsandbytes"']),
        ({"quantize": "awq"}, []),
        ({"checkpoint_path": "/data/m"}, ["llm-checkpoint: checkpoint_path is no place in an object store"]),
        ({"checkpoint_path": "s3://b/m.tar"}, ["llm-checkpoint: checkpoint_path is an archive"]),
        ({"checkpoint_path": "https://x.blob.core.windows.net/m"}, []),
        (
            {"chat_template_override": "x" * 10_001},
            ["llm-chat-template: chat_template_override has 10,001 characters"],
        ),
        (
            {"chat_template_override": "x", "inference_framework": "sglang"},
            ["llm-chat-template: sglang takes no chat_template_override"],
        ),
        (
            {"nodes_per_worker": 2},
            ["llm-nodes: nodes_per_worker is 2, and min_workers is 1 and max_workers 2"],
        ),
        ({"nodes_per_worker": 2, "max_workers": 1}, []),
        (
            {"public_inference": None},
            ["llm-public-inference: public_inference is not declared, and the engine's own client means true"],
        ),
    ],
)
def test_llmengine(parts: dict[str, Any], said: list[str]) -> None:
    """What is found in an LLM."""
    assert of_llm(**parts) == said


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"name": "a b", "model_vendor": "launch"}, ['name-not-a-label: the name "a b" cannot be a label']),
        ({"name": "a b", "model_vendor": "openai"}, []),
        ({"name": "a ", "model_vendor": "openai"}, ['blank-around-name: the name "a " begins or ends in a blank']),
        (
            {"name": "a", "model_vendor": "launch", "model_metadata": {"_llm": 1}},
            ["reserved-metadata: the metadata key _llm is the engine's own"],
        ),
    ],
)
def test_names_and_metadata(model: dict[str, Any], said: list[str]) -> None:
    """What is found beside the configuration."""
    assert found(merged_of(json.dumps({"version": 1, "models": [model]}))) == said


IN_VAIN = "finds nothing on this line: nothing is ignored"
TEMPLATE = """\
version: 1
templates:
  small:
    vendor_configuration:
      model_image: {{tag: latest}}{comment}
models:
  - {{name: a, model_vendor: launch, extends: [small]}}
  - {{name: b, model_vendor: launch, extends: [small]}}
"""


def test_a_warning_points_at_the_line_that_set_the_value() -> None:
    """That of a template, and once for all models that extend it; it is a warning with what to write."""
    (problem,) = linted(merged_of(TEMPLATE.format(comment="")), ALL)
    assert (problem.severity, problem.rule, str(problem.source)) == (
        Severity.WARNING,
        "mutable-image-tag",
        "m.yaml:5:26",
    )
    assert (problem.excerpt, problem.expected) == (
        "      model_image: {tag: latest}",
        "a tag that stays, such as v1.4.2",
    )


@pytest.mark.parametrize("others", ["1.0", "true", "1"])
def test_a_model_is_judged_by_itself(others: str) -> None:
    """Whatever another one before it holds that Python takes for the same."""
    model = "- {{name: {}, model_vendor: launch, vendor_configuration: {{model_infra: {{gpus: {}}}}}}}"
    text = "version: 1\nmodels:\n" + "\n".join([model.format("a", others), model.format("b", "1")])
    lines = [problem.source.line for problem in linted(merged_of(text), ALL) if problem.rule == "gpus-without-gpu-type"]
    assert 4 in lines


def test_what_is_about_a_whole_map_is_silenced_at_its_key() -> None:
    """There it stands, and there people write the comment."""
    head = "version: 1\nmodels:\n- name: a\n  model_vendor: launch\n  vendor_configuration:\n    model_infra:\n"
    text = f"{head}      labels: # egpsync: ignore engine-labels\n        x: y\n"
    assert linted(merged_of(text), ALL) == ()


def test_a_level_makes_an_error_of_it_or_nothing() -> None:
    """What the project file says counts."""
    merged = merged_of(TEMPLATE.format(comment=""))
    (problem,) = linted(merged, {"mutable-image-tag": Severity.ERROR})
    assert problem.severity is Severity.ERROR
    assert linted(merged, {"engine-labels": Severity.WARNING}) == ()


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("  # egpsync: ignore mutable-image-tag", []),
        (
            "  # egpsync: ignore engine-labels, mutable-image-tag",
            [f"unused-ignore: engine-labels {IN_VAIN}"],
        ),
        (
            "  # egpsync: ignore mutable-tag",
            [
                'mutable-image-tag: the tag "latest" moves',
                'unused-ignore: there is no lint "mutable-tag": nothing is ignored',
            ],
        ),
        (
            "  # egpsync: ignore",
            [
                'mutable-image-tag: the tag "latest" moves',
                "unused-ignore: the comment names no lint: nothing is ignored",
            ],
        ),
        ("  # see egpsync.yaml", ['mutable-image-tag: the tag "latest" moves']),
    ],
)
def test_a_comment_silences_what_it_names(comment: str, said: list[str]) -> None:
    """On the value's line; what silences nothing is told."""
    assert found(merged_of(TEMPLATE.format(comment=comment))) == said


def test_an_unused_ignore_suggests_the_nearest() -> None:
    """A misspelt name is most likely another."""
    problems = linted(merged_of(TEMPLATE.format(comment="  # egpsync: ignore mutable-imagetag")), ALL)
    assert [problem.suggestion for problem in problems if problem.rule == "unused-ignore"] == ["mutable-image-tag"]


def test_unused_ignores_are_told_where_warnings_are() -> None:
    """A run that looks for errors alone says nothing of them."""
    merged = merged_of("version: 1  # egpsync: ignore engine-labels\nmodels: []\n")
    assert linted(merged, {"engine-labels": Severity.ERROR}) == ()
    assert [problem.rule for problem in linted(merged, ALL)] == ["unused-ignore"]


@pytest.mark.parametrize(
    "text",
    [
        'version: 1\nmodels: []\n# x: "\nowner: "a # egpsync: ignore engine-labels"\n',
        "version: 1\nmodels: []\nowner: |\n  # egpsync: ignore engine-labels\n",
        "version: 1\nmodels: []\nowner: 'a\n\n  # egpsync: ignore engine-labels'\n",
    ],
)
def test_what_stands_in_a_text_is_no_comment(text: str) -> None:
    """Only a comment silences, so only a comment can be in vain."""
    assert linted(merged_of(text), ALL) == ()


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(sorted({*LLM, "quantize", "checkpoint_path", "chat_template_override", "per_worker"}))
infra = st.dictionaries(fields, odd | st.sampled_from([*LLM.values()]), max_size=8)
image = st.dictionaries(st.sampled_from([*IMAGE, "env_vars", "streaming_command"]), odd, max_size=4)
configuration = st.one_of(odd, infra, st.fixed_dictionaries({"model_infra": odd | infra, "model_image": odd | image}))
models = st.dictionaries(
    st.sampled_from(["name", "model_metadata", "state", "model_vendor", "vendor_configuration"]),
    odd | configuration,
    max_size=5,
) | st.fixed_dictionaries(
    {"model_vendor": st.sampled_from(["launch", "llmengine", "openai"]), "vendor_configuration": configuration}
)


@given(st.lists(odd | models, max_size=4))
def test_no_model_is_a_crash(values: list[Any]) -> None:
    """Whatever was merged, valid or not: lints find something, or nothing, at a place."""
    source = Source(file="m.yaml", line=1, column=1)
    nodes = [node_of(value, source) for value in values]
    documents = Documents(documents=(), problems=(), files={"m.yaml": b""})
    merged = Merged(documents=documents, models=tuple(Declared(node, node, None) for node in nodes), templates={})
    assert all(finding.source == source for finding in lint(merged, ALL))


def test_ids_are_those_of_no_other_rule_and_say_something() -> None:
    """At least fifteen, each with why, how to mend, and its source."""
    assert len(LINTS) >= 15
    assert all(one.summary and one.why and one.mend and one.source for one in LINTS)
    assert len({one.id for one in LINTS}) == len(LINTS)


def test_lints_leave_what_is_checked_alone() -> None:
    """They are warnings beside the errors, not among them."""
    assert check(merged_of(TEMPLATE.format(comment=""))) == ()

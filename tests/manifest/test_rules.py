"""Contradictions among fields and among models, over all documents."""

from collections.abc import Callable

import pytest

from egpsync.model.manifest import Problem

Check = Callable[..., tuple[Problem, ...]]


def brief(problems: tuple[Problem, ...]) -> list[tuple[str, str, str, str | None]]:
    """Rule, place, message and the other place."""
    return [(p.rule, str(p.source), p.message, str(p.related) if p.related else None) for p in problems]


def models(*lines: str, vendor: str = "launch") -> str:
    """A manifest with one model on each line from the fourth on."""
    return f"version: 1\ndefaults: {{model_vendor: {vendor}}}\nmodels:\n" + "".join(f"  - {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["{name: a}", "{name: b}", "{name: a}", "{name: a}"],
            [
                ("duplicate-model", "a.yaml:6:12", 'the model "a" of launch is declared twice', "a.yaml:4:12"),
                ("duplicate-model", "a.yaml:7:12", 'the model "a" of launch is declared twice', "a.yaml:4:12"),
            ],
        ),
        (
            ["{name: a}", "{name: a, state: absent}"],
            [("duplicate-model", "a.yaml:5:12", 'the model "a" of launch is declared twice', "a.yaml:4:12")],
        ),
        (
            ["{name: a, id: x}", "{id: x, state: absent}"],
            [("duplicate-model", "a.yaml:5:10", 'the model with the id "x" is declared twice', "a.yaml:4:19")],
        ),
        (
            ["{name: a, renamed_from: c}", "{name: b, renamed_from: c}"],
            [("duplicate-rename", "a.yaml:5:29", 'two models are renamed from "c" of launch', "a.yaml:4:29")],
        ),
        (
            ["{name: a, renamed_from: a}"],
            [("rename-to-itself", "a.yaml:4:29", "renamed_from is the model's own name", None)],
        ),
        (
            ["{name: a, model_metadata: {egpsync: {owner: me}}}"],
            [
                (
                    "reserved-key",
                    "a.yaml:4:32",
                    "the metadata key egpsync is reserved: egpsync keeps its own mark there",
                    None,
                )
            ],
        ),
        (["{name: a}", "{name: a, model_vendor: openai}"], []),
        (["{name: a, renamed_from: b}", "{name: b, renamed_from: a}"], []),
        (["{name: a, renamed_from: c}", "{name: b, model_vendor: openai, renamed_from: c}"], []),
        (["{name: [a]}", "{name: [a]}"], [("wrong-type", "a.yaml:4:12", "name is a list", None),
                                         ("wrong-type", "a.yaml:5:12", "name is a list", None)]),
    ],
)  # fmt: skip
def test_identities(problems: Check, lines: list[str], expected: list[tuple[str, str, str, str | None]]) -> None:
    """The same model is declared once, and one model is renamed to one name."""
    assert brief(problems(models(*lines))) == expected


def test_identities_hold_across_files(problems: Check) -> None:
    """The second file's model is the one too many."""
    assert brief(problems(models("{name: a}"), models("{name: a}"))) == [
        ("duplicate-model", "b.yaml:4:12", 'the model "a" of launch is declared twice', "a.yaml:4:12")
    ]


@pytest.mark.parametrize(
    ("infra", "expected"),
    [
        (
            "{min_workers: 3, max_workers: 2}",
            [("worker-range", "a.yaml:4:65", "min_workers 3 is above max_workers 2", "a.yaml:4:81")],
        ),
        (
            "{gpus: 0, gpu_type: nvidia-tesla-t4}",
            [("gpu-contradiction", "a.yaml:4:58", 'gpu_type is "nvidia-tesla-t4", and gpus is 0', "a.yaml:4:71")],
        ),
        (
            "{gpus: 2, gpu_type: null}",
            [("gpu-contradiction", "a.yaml:4:58", "gpus is 2, and gpu_type is null", "a.yaml:4:71")],
        ),
        ("{min_workers: 2, max_workers: 2}", []),
        ("{min_workers: 5}", []),
        ("{max_workers: null, min_workers: 5}", []),
        ("{gpus: 0, gpu_type: null}", []),
        ("{gpus: 1, gpu_type: nvidia-tesla-t4}", []),
        ("{gpus: 1}", []),
        ("{gpu_type: nvidia-tesla-t4}", []),
        ("{gpus: null, gpu_type: nvidia-tesla-t4}", []),
    ],
)
def test_infrastructure(problems: Check, infra: str, expected: list[tuple[str, str, str, str | None]]) -> None:
    """Only what is declared can contradict: a manifest may say one half."""
    assert brief(problems(models(f"{{name: a, vendor_configuration: {{model_infra: {infra}}}}}"))) == expected


def test_the_flat_configuration_of_llmengine_is_held_to_the_same(problems: Check) -> None:
    """min_workers and gpus stand one level higher there."""
    text = models(
        "{name: a, vendor_configuration: {min_workers: 2, max_workers: 1, gpus: 1, gpu_type: null}}", vendor="llmengine"
    )
    assert [problem.rule for problem in problems(text)] == ["worker-range", "gpu-contradiction"]


def test_a_contradiction_with_defaults_stands_in_the_model(problems: Check) -> None:
    """The model's own field is the place, the default the related one."""
    text = """version: 1
defaults: {model_vendor: launch, vendor_configuration: {model_infra: {min_workers: 3, gpu_type: nvidia-tesla-t4}}}
models:
  - {name: a, vendor_configuration: {model_infra: {max_workers: 2, gpus: 0}}}
"""
    assert brief(problems(text)) == [
        ("worker-range", "a.yaml:4:65", "min_workers 3 is above max_workers 2", "a.yaml:2:84"),
        ("gpu-contradiction", "a.yaml:4:74", 'gpu_type is "nvidia-tesla-t4", and gpus is 0', "a.yaml:2:97"),
    ]


@pytest.mark.parametrize(
    ("path", "suggestion"),
    [
        ("vendor_configuration.model_infra.min_worker", "vendor_configuration.model_infra.min_workers"),
        ("model_infra.min_workers", "vendor_configuration.model_infra.min_workers"),
        ("min_workers", "vendor_configuration.model_infra.min_workers"),
        ("model_metdata.team", "model_metadata"),
        ("name", ""),
        ("status", ""),
        ("vendor_configuration.*.nothing", "vendor_configuration"),
    ],
)
def test_ignored_paths_name_a_field(problems: Check, path: str, suggestion: str) -> None:
    """A path that ignores nothing is a mistake."""
    (problem,) = problems(models(f"{{name: a, lifecycle: {{ignore_changes: [{path}]}}}}"))
    message = f'"{path}" names no field of a model of launch'
    assert brief((problem,)) == [("ignored-path", "a.yaml:4:44", message, None)]
    assert problem.suggestion == suggestion


@pytest.mark.parametrize(
    "path",
    [
        "vendor_configuration",
        "vendor_configuration.model_infra",
        "vendor_configuration.model_image.env_vars.TOKEN",
        "model_metadata",
        "model_metadata.team.lead",
        "model_metadata.*_at",
        "vendor_configuration.*.min_workers",
        "model_type",
    ],
)
def test_ignored_paths_of_every_kind(problems: Check, path: str) -> None:
    """Objects, leaves, and keys of free-form maps."""
    assert problems(models(f"{{name: a, lifecycle: {{ignore_changes: [{path}]}}}}")) == ()


@pytest.mark.parametrize(
    ("path", "suggestion"),
    [
        ("model_metdata", "model_metadata"),
        ("model_metadata.team", "model_metadata"),
        ("vendor_configuration.model_infra", "vendor_configuration.model_infra.labels"),
    ],
)
def test_exact_paths_name_a_free_form_map(problems: Check, path: str, suggestion: str) -> None:
    """What is no map of the user's own has no keys to remove."""
    (problem,) = problems(models(f"{{name: a, lifecycle: {{exact: [{path}]}}}}"))
    message = f'"{path}" names no free-form map of a model of launch'
    assert brief((problem,)) == [("exact-path", "a.yaml:4:35", message, None)]
    assert problem.suggestion == suggestion


def test_ignored_paths_in_defaults_need_fit_no_more_than_one_family(problems: Check) -> None:
    """A file may hold models of several vendors under one list."""
    text = """version: 1
defaults: {lifecycle: {ignore_changes: [vendor_configuration.model_infra.gpus, vendor_configuration.nothing]}}
models: [{name: a, model_vendor: openai}, {name: b, model_vendor: launch}]
"""
    assert brief(problems(text)) == [
        ("ignored-path", "a.yaml:2:80", '"vendor_configuration.nothing" names no field of a model of openai', None)
    ]

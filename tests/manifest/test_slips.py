"""Common slips, and the answer that helps."""

from collections.abc import Callable

import pytest

from egpsync.model.manifest import Problem

Check = Callable[..., tuple[Problem, ...]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "version: 1\nmodels: [{name: a, vendor: launch, vendor_configuration: {model_infra: {gpus: two}}}]",
            [
                ("a.yaml:2:20", 'the model has no field "vendor"', "", "model_vendor"),
                (
                    "a.yaml:2:79",
                    'vendor_configuration.model_infra.gpus is the text "two"',
                    "an integer, at least 0",
                    "",
                ),
            ],
        ),
        (
            "version: 1\nmodels: [{name: a, model_vendor: launch, type: generic, image: {tag: v1}, infra: {gpus: 1}}]",
            [
                ("a.yaml:2:42", 'the model has no field "type"', "", "model_type"),
                (
                    "a.yaml:2:57",
                    'the model has no field "image"',
                    "image in vendor_configuration",
                    "vendor_configuration.model_image",
                ),
                (
                    "a.yaml:2:75",
                    'the model has no field "infra"',
                    "infra in vendor_configuration",
                    "vendor_configuration.model_infra",
                ),
            ],
        ),
        (
            "version: 1\nmodels: [{name: a, vendor: launch, image: {tag: v1}}]",
            [
                ("a.yaml:2:20", 'the model has no field "vendor"', "", "model_vendor"),
                (
                    "a.yaml:2:36",
                    'the model has no field "image"',
                    "image in vendor_configuration",
                    "vendor_configuration.model_image",
                ),
            ],
        ),
        (
            "version: 1\nmodels: [{name: a, model_vendor: launch, vendor_configuration: {image: {}, infra: {}}}]",
            [
                ("a.yaml:2:65", 'vendor_configuration has no field "image"', "", "model_image"),
                ("a.yaml:2:76", 'vendor_configuration has no field "infra"', "", "model_infra"),
            ],
        ),
        (
            "- {name: a, model_vendor: openai}",
            [("a.yaml:1:1", "the document is a list", "version: 1, and this list under models", "")],
        ),
        (
            "version: 1\nname: a\nmodel_vendor: openai",
            [
                (
                    "a.yaml:2:1",
                    'the document has no field "name"',
                    "models: and a list, of which this is an item",
                    "",
                ),
                (
                    "a.yaml:3:1",
                    'the document has no field "model_vendor"',
                    "models: and a list, of which this is an item",
                    "",
                ),
            ],
        ),
    ],
)
def test_slips(problems: Check, text: str, expected: list[tuple[str, str, str, str]]) -> None:
    """The rest of such a model is checked in the same run."""
    assert [(str(p.source), p.message, p.expected, p.suggestion) for p in problems(text)] == expected

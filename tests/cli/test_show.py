"""egpsync show: what a model comes to, and where each value comes from."""

import json
from pathlib import Path

import pytest

from tests.cli.samples import Shell, ShellHere


@pytest.fixture
def shell(tmp_path: Path) -> ShellHere:
    """The command line in this process: nothing here is about signals or streams."""
    return ShellHere(tmp_path)


SHARED = """version: 1
templates:
  small: {vendor_configuration: {model_infra: {cpus: "4"}}}
"""
MODELS = """version: 1
defaults: {model_vendor: launch, model_metadata: {team: nlp}}
models:
  - name: s-${ENV:-dev}
    extends: [small]
    model_metadata: {note: "a\\n::error::b"}
    vendor_configuration:
      model_image: {env_vars: {HF: "${secret:HF}", PLAIN: s3cret}}
      model_infra: {max_workers: "${MAX}"}
patches:
  - {name: s-dev, vendor_configuration: {model_infra: {gpus: 0}}}
"""
SHOWN = """\
name: s-dev  # m/b.yaml:4 model, s-${ENV:-dev}
model_vendor: launch  # m/b.yaml:2 defaults
model_metadata:
  team: nlp  # m/b.yaml:2 defaults
  note: |-  # m/b.yaml:6 model
    a
    \\u003a:error::b
vendor_configuration:
  model_infra:
    cpus: "4"  # m/a.yaml:3 template small
    max_workers: 4  # m/b.yaml:9 model, ${MAX}
    gpus: 0  # m/b.yaml:11 patch
  model_image:
    env_vars:
      HF: "${secret:HF}"  # m/b.yaml:8 model
      PLAIN: "(sensitive)"  # m/b.yaml:8 model
"""


def test_each_value_with_its_origin(shell: Shell) -> None:
    """Layers, variables and secrets; nothing of it is a command to a pipeline."""
    shell.file("m/a.yaml", SHARED)
    shell.file("m/b.yaml", MODELS)
    done = shell.run("show", "s-dev", "m", "--var", "MAX=4")
    assert (done.code, done.out, done.err) == (0, SHOWN, "")


def test_as_json(shell: Shell) -> None:
    """The model by itself, and the origin of each value by its path."""
    shell.file("m/a.yaml", SHARED)
    shell.file("m/b.yaml", MODELS)
    (shown,) = json.loads(shell.run("show", "s-dev", "m", "--var", "MAX=4", "--format", "json").out)["models"]
    assert shown["model"]["vendor_configuration"]["model_infra"] == {"cpus": "4", "max_workers": 4, "gpus": 0}
    assert shown["origins"][0] == {
        "path": ["name"],
        "layer": "model",
        "written": "s-${ENV:-dev}",
        "source": {"file": "m/b.yaml", "line": 4, "column": 5},
    }


def test_a_name_that_no_model_has(shell: Shell) -> None:
    """The nearest is named."""
    shell.file("m/a.yaml", "version: 1\nmodels: [{name: summarizer, model_vendor: openai}]\n")
    done = shell.run("show", "sumarizer", "m")
    assert (done.code, done.out) == (64, "")
    assert done.err == 'Error: the manifests declare no model "sumarizer"\n  Did you mean summarizer?\n'


def test_models_of_several_vendors(shell: Shell) -> None:
    """Each is shown."""
    shell.file("m/a.yaml", "version: 1\nmodels: [{name: a, model_vendor: openai}, {name: a, model_vendor: azure}]\n")
    out = shell.run("show", "a", "m").out
    assert [line.split()[1] for line in out.split("\n") if "vendor" in line] == ["openai", "azure"]


def test_invalid_manifests_are_told_first(shell: Shell) -> None:
    """What they come to is not known."""
    shell.file("m/a.yaml", MODELS)
    done = shell.run("show", "s-dev", "m")
    assert done.code == 3
    assert 'm/a.yaml:5:15: error: there is no template "small" [unknown-template]' in done.out

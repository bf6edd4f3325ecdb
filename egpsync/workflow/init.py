"""A folder in, the files of a repository that works out: project file, manifest, editor, pre-commit hook, pipeline."""

import json
from collections.abc import Mapping
from pathlib import Path

from egpsync.errors import FileError
from egpsync.fields.schemas import PACKAGE, schema_text
from egpsync.model.plan import Target

PROJECT = "egpsync.yaml"
MANIFEST = "models/models.yaml"
PIPELINE = ".github/workflows/models.yaml"
SCHEMAS = ("manifest.schema.json", "project.schema.json")
NAMES = (
    PROJECT,
    MANIFEST,
    ".pre-commit-config.yaml",
    ".vscode/settings.json",
    PIPELINE,
    *(f"schemas/{name}" for name in SCHEMAS),
)
"""What is written, the first first."""

_EXAMPLE = """\
# yaml-language-server: $schema=../schemas/manifest.schema.json
#
# What this repository wants of each model. Fields that stand nowhere here are left as they are.
version: 1
owner: my-team # the mark by which these models are known as ours

models: []
#  - name: summarizer
#    model_vendor: launch
#    model_type: generic
#    model_metadata: {team: nlp}
#    vendor_configuration:
#      model_image: {registry: registry.example, repository: nlp/summarizer, tag: v1.0.0, command: [serve]}
#      model_infra: {cpus: "4", memory: 8Gi, min_workers: 1, max_workers: 2, labels: {team: nlp, product: summaries}}
"""

_HOOKS = r"""repos:
  - repo: local
    hooks:
      - id: egpsync-validate
        name: egpsync validate
        entry: egpsync validate
        language: system
        files: ^(egpsync\.yaml|models/.*\.ya?ml)$
        pass_filenames: false
      - id: egpsync-fmt
        name: egpsync fmt
        entry: egpsync fmt --quiet
        language: system
        files: ^models/.*\.ya?ml$
"""


def configs() -> Path:
    """The example repository and the pipelines: inside a wheel's package, or beside it in a checkout."""
    found = next((folder for folder in (PACKAGE / "configs", PACKAGE.parent / "configs") if folder.is_dir()), None)
    if found is None:
        raise FileError("the example repository is missing", where=str(PACKAGE), advice="Install egpsync again.")
    return found


def starter(target: Target, exported: str | None) -> Mapping[str, str]:
    """What each file holds; `exported` is a manifest of the account, None for an example."""
    modeline = "# yaml-language-server: $schema=../schemas/manifest.schema.json\n"
    editor = {
        "yaml.schemas": {
            "./schemas/manifest.schema.json": "models/**/*.yaml",
            "./schemas/project.schema.json": PROJECT,
        }
    }
    return {
        PROJECT: _project(target),
        MANIFEST: _EXAMPLE if exported is None else modeline + _without_modeline(exported),
        ".pre-commit-config.yaml": _HOOKS,
        ".vscode/settings.json": json.dumps(editor, indent=2) + "\n",
        PIPELINE: _pipeline(),
        **{f"schemas/{name}": schema_text(name) for name in SCHEMAS},
    }


def _project(target: Target) -> str:
    account = json.dumps(target.account_id) if target.account_id else "your-account"
    known = "" if target.account_id else "# "
    return f"""\
# yaml-language-server: $schema=schemas/project.schema.json
version: 1
manifests: [models]
default_target: main
targets:
  main: # no option or variable leads anywhere else
    base_url: {target.base_url}
    {known}account_id: {account}
"""


def _without_modeline(text: str) -> str:
    first, _, rest = text.partition("\n")
    return rest if first.startswith("# yaml-language-server:") else text


def _pipeline() -> str:
    """The pipeline for pull requests, as it is ready to copy."""
    file = configs() / "ci" / "github" / "pull-request.yaml"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("# Copy to"))

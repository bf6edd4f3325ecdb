"""Where libyaml or jsonschema-rs is missing everything works the same, slower, and -v says so."""

import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT = "import sys; sys.modules.update(dict.fromkeys({missing!r})); from egpsync.cli import run; sys.exit(run())"
MANIFEST = """version: 1
defaults: {model_vendor: launch}
models:
  - {name: a, vendor_configuration: {model_infra: {gpus: two, cpu: 4}}}
  - {name: "b\\x1cc", vendor_configuration: {model_image: {tag: "a\\x1cb", env_vars: {A: 1}}}}
  - {name: a, status: ready}
---
{version: 1, models: [{name: a
"""
LIBYAML = "PyYAML was built without libyaml: manifests are read many times slower"
VALIDATOR = "jsonschema-rs is not installed: manifests are checked many times slower"


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ([], []),
        (["yaml._yaml"], [LIBYAML]),
        (["jsonschema_rs"], [VALIDATOR]),
        (["yaml._yaml", "jsonschema_rs"], [LIBYAML, VALIDATOR]),
    ],
)
def test_it_works_the_same(tmp_path: Path, missing: list[str], told: list[str]) -> None:
    """Byte for byte on stdout, with the same exit."""
    first, _, second = MANIFEST.partition("---\n")
    (tmp_path / "a.yaml").write_text(first)
    (tmp_path / "b.yaml").write_text(second.replace("[{name: a\n", "[{name: [a]}]}\n"))
    usual, other = (validate(tmp_path, without) for without in ([], missing))
    assert (other.returncode, other.stdout) == (3, usual.stdout)
    assert usual.stdout.count("error: ") == 9
    lines = [*told, "a.yaml: read", "b.yaml: read"]
    assert other.stderr.splitlines() == [f"egpsync: {line}" for line in lines]


def validate(folder: Path, missing: list[str]) -> subprocess.CompletedProcess[str]:
    """A run that cannot import what is missing."""
    command = [sys.executable, "-c", WITHOUT.format(missing=missing), "validate", "-v", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

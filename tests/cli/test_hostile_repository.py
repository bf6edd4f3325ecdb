"""A repository from a stranger's pull request, planned with a key: an answer with its place, and nothing else."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.samples import KEY, Shell, ShellHere, everything, hosted
from tests.conftest import StartEmulator


@pytest.fixture
def shell(tmp_path: Path) -> ShellHere:
    """The command line in this process: nothing here is about signals or streams."""
    return ShellHere(tmp_path)


SECRET = {"model_image": {"env_vars": {"TOKEN": "${secret:TOKEN}"}}}
TAKES_A_SECRET = {"version": 1, "models": [{"name": "s", "model_vendor": "launch", "vendor_configuration": SECRET}]}
SOUND = {"version": 1, "models": [hosted("a")]}


def printing(program: str) -> dict[str, Any]:
    """A project whose secrets come from a Python program."""
    return {"version": 1, "secrets": {"command": [sys.executable, "-c", program]}}


def project(**parts: Any) -> dict[str, Any]:
    """A project file with such parts."""
    return {"version": 1, **parts}


REPOSITORIES: dict[str, tuple[dict[str, Any], Any, int, str]] = {
    "templates that extend each other": (
        project(),
        {
            "version": 1,
            "templates": {"x": {"extends": ["y"]}, "y": {"extends": ["x"]}},
            "models": [hosted("a", extends=["x"])],
        },
        3,
        "models/all.yaml:1:",
    ),
    "a variable that names the key": (
        project(),
        {"version": 1, "models": [hosted("a", model_metadata={"k": "${SGP_API_KEY}"})]},
        3,
        "SGP_API_KEY",
    ),
    "a secret that is the key": (
        printing("import os; print(os.environ.get('SGP_API_KEY') or open('key').read())"),
        TAKES_A_SECRET,
        1,
        "it holds the API key",
    ),
    "a secret command that prints what is no text": (
        printing("import sys; sys.stdout.buffer.write(bytes(range(256)))"),
        TAKES_A_SECRET,
        1,
        "secret TOKEN",
    ),
    "a secret command that prints 10 MB": (printing("print('x' * 10_000_000)"), TAKES_A_SECRET, 1, "secret TOKEN"),
    "a secret command that fails with the secret": (
        printing(f"import sys; sys.exit('{KEY}')"),
        TAKES_A_SECRET,
        1,
        "ended with 1",
    ),
    "manifests beyond the repository": (project(manifests=["../outside"]), SOUND, 3, "egpsync.yaml:1:"),
    "manifests at an absolute path": (project(manifests=["/proc/self/environ"]), SOUND, 3, "egpsync.yaml:1:"),
    "a manifest that is a link out of the repository": (project(manifests=["models", "link"]), SOUND, 3, "link"),
    "a policy beyond the repository": (project(schemas=["../outside/policy.json"]), SOUND, 3, "egpsync.yaml:1:"),
    "secrets from a folder beyond everything": (
        project(secrets={"folder": "/proc/self"}),
        {
            "version": 1,
            "models": [
                {
                    "name": "s",
                    "model_vendor": "launch",
                    "vendor_configuration": {"model_image": {"env_vars": {"TOKEN": "${secret:environ}"}}},
                }
            ],
        },
        1,
        "secret environ",
    ),
    "a key from another variable": (
        project(
            default_target="t",
            targets={"t": {"base_url": "http://127.0.0.1:1", "account_id": "a", "api_key_env": "HOME"}},
        ),
        SOUND,
        5,
        "127.0.0.1:1",
    ),
}


@pytest.mark.parametrize("kind", REPOSITORIES)
def test_a_hostile_repository_gets_an_answer(emulator: StartEmulator, shell: Shell, kind: str) -> None:
    """The right exit code and the place; the account is not changed, the key not told, and no file written."""
    settings, manifest, code, said = REPOSITORIES[kind]
    running = emulator(seed=[hosted("a")])
    repository = shell.folder / "repository"
    outside = shell.folder / "outside"
    for folder in (repository / "models", repository / ".git", outside):
        folder.mkdir(parents=True)
    (outside / "policy.json").write_text("{}")
    (outside / "all.yaml").write_text(f"{KEY}: [\n")
    (repository / "link").symlink_to(outside / "all.yaml")
    (repository / "key").write_text(KEY)
    (repository / "egpsync.yaml").write_text(json.dumps({"manifests": ["models"], **settings}))
    (repository / "models" / "all.yaml").write_text(json.dumps(manifest))
    before = files(repository)
    shell.knows(running).folder = repository
    done = shell.run("plan", "--report", "json=report.json", EGPSYNC_EXPECT_BASE_URL=running.base_url)
    (repository / "report.json").unlink(missing_ok=True)
    assert (done.code, said in done.out + done.err) == (code, True), done.out + done.err
    assert "Traceback" not in done.err
    assert KEY not in everything(done, outside.parent / "home")
    assert running.log.changes == ()
    assert files(repository) == before


def files(folder: Path) -> dict[str, bytes]:
    """What lies in the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

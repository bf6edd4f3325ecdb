"""egpsync targets, and how a target steers the commands that ask an account."""

import json

import pytest

from tests.cli.samples import KEY, Shell, hosted
from tests.conftest import StartEmulator
from tests.test_history import commit, git

TWO = """\
version: 1
default_target: staging
manifests: [models]
targets:
  staging: {base_url: "%s", account_id: acct-1, api_key_env: STAGING_KEY}
  production: {base_url: "https://prod.example", api_key_file: keys/prod, manifests: [models, "!models/b.yaml"]}
  far: {manifests: [none]}
"""


def repository(shell: Shell, url: str = "http://127.0.0.1:9") -> Shell:
    """A project file of three targets, and two manifests."""
    shell.file("models/a.yaml", json.dumps({"version": 1, "models": [hosted("a")]}))
    shell.file("models/b.yaml", json.dumps({"version": 1, "models": [hosted("b")]}))
    return shell.file("egpsync.yaml", TWO % url)


def test_targets_are_listed(shell: Shell) -> None:
    """Where each is, its manifests, and whether its key is at hand; the environment's account is no obstacle."""
    repository(shell).file("keys/prod", KEY)
    shell.environ |= {"SGP_CLIENT_BASE_URL": "https://env.example", "SGP_API_KEY": ""}
    assert shell.run("targets").out == (
        "   target      base URL              account  manifests     key\n"
        "*  staging     http://127.0.0.1:9    acct-1   2             missing (STAGING_KEY)\n"
        "   production  https://prod.example  default  1             at hand (keys/prod)\n"
        "   far         https://env.example   default  lead nowhere  missing (SGP_API_KEY)\n"
    )


def test_targets_as_json(shell: Shell) -> None:
    """The same, for programs; no key is in it."""
    done = repository(shell).run("targets", "--format", "json", STAGING_KEY=KEY)
    assert KEY not in done.out
    assert done.json["targets"][0] == {
        "name": "staging",
        "base_url": "http://127.0.0.1:9",
        "account_id": "acct-1",
        "manifests": 2,
        "key": True,
        "key_from": "STAGING_KEY",
        "default": True,
    }


def test_without_a_project_file_there_are_none(shell: Shell) -> None:
    """It is no error."""
    done = shell.run("targets", "--format", "json")
    assert (done.code, done.json["targets"]) == (0, [])
    assert shell.run("targets").err == "egpsync: there is no project file (egpsync.yaml) here\n"


@pytest.mark.parametrize("command", ["plan", "apply", "drift", "export", "validate", "revert", "targets"])
def test_a_faulty_project_file_exits_3(emulator: StartEmulator, shell: Shell, command: str) -> None:
    """With its place, whatever the command, and nothing is asked."""
    running = emulator()
    shell.knows(running).file("egpsync.yaml", "version: 1\nmanifest: [x]\n")
    done = shell.run(command, *(["x"] if command == "revert" else []))
    assert done.code == 3
    assert "egpsync.yaml:2:1: error: the project file has no field" in done.out + done.err
    assert running.log.entries == ()


def test_a_faulty_project_file_is_a_report(shell: Shell) -> None:
    """In the format that was asked for."""
    shell.file("egpsync.yaml", "version: 1\nmanifest: [x]\n")
    done = shell.run("plan", "--format", "json").json
    assert (done["kind"], done["errored"], done["problems"][0]["suggestion"]) == ("plan", True, "manifests")


def test_a_target_steers_a_run(emulator: StartEmulator, shell: Shell) -> None:
    """Its account, key and manifests; the head of the report names it."""
    running = emulator(api_key=KEY, seed=[hosted("a")])
    repository(shell, running.base_url)
    shell.environ |= {"SGP_API_KEY": "another-key", "STAGING_KEY": KEY}
    done = shell.run("plan", "--format", "json")
    assert done.code == 0, done.err
    assert done.json["target"] == {"name": "staging", "base_url": running.base_url, "account_id": "acct-1"}
    assert [change["name"] for change in done.json["changes"]] == ["a", "b"]
    assert "  target staging\n" in shell.run("plan").out


@pytest.mark.parametrize("command", ["plan", "apply", "drift", "export"])
def test_another_account_than_the_targets_is_not_asked(emulator: StartEmulator, shell: Shell, command: str) -> None:
    """Exit 5, both named."""
    running, other = emulator(), emulator()
    repository(shell, running.base_url)
    done = shell.run(command, "--base-url", other.base_url, STAGING_KEY=KEY)
    assert (done.code, done.out) == (5, "")
    assert running.base_url in done.err
    assert other.base_url in done.err
    assert running.log.entries == ()
    assert other.log.entries == ()


def test_an_expected_account_holds_against_the_project_file(emulator: StartEmulator, shell: Shell) -> None:
    """A pull request that names another server is shown no key."""
    evil = emulator()
    repository(shell, evil.base_url)
    done = shell.run("plan", STAGING_KEY=KEY, EGPSYNC_EXPECT_BASE_URL="https://egp.example")
    assert done.code == 5
    assert f"the base URL is {evil.base_url}, and https://egp.example is expected" in done.out
    done = shell.run("plan", "--expect-account-id", "acct-2", STAGING_KEY=KEY)
    assert done.code == 5
    assert evil.log.entries == ()


def test_the_project_file_is_no_manifest(emulator: StartEmulator, shell: Shell) -> None:
    """Nor is another one that is named, where its folder is named as PATH."""
    running = emulator(seed=[hosted("a"), hosted("b")])
    repository(shell.knows(running), running.base_url)
    (shell.folder / "egpsync.yaml").rename(shell.folder / "models" / "other.yaml")
    done = shell.run("validate", ".", "--project", "models/other.yaml")
    assert (done.code, done.out.splitlines()[-1]) == (0, "2 models in 2 files: valid.")
    (shell.folder / "models" / "other.yaml").rename(shell.folder / "models" / "egpsync.yaml")
    assert shell.run("validate", ".").out.splitlines()[-1] == "2 models in 2 files: valid."


def test_a_report_knows_where_the_repository_is(emulator: StartEmulator, shell: Shell) -> None:
    """Its place on the web, the working folder in it, and the commit, so that links lead to the right lines."""
    git(shell.folder, "init", "-q")
    project = {"version": 1, "manifests": ["sub/models"], "repository_url": "https://git.example/models/blob/main"}
    head = commit(
        shell.folder,
        {
            "egpsync.yaml": json.dumps(project),
            "sub/models/a.yaml": json.dumps({"version": 1, "models": [hosted("a")]}),
        },
    )
    shell.knows(emulator())
    below = Shell(shell.folder / "sub")
    below.environ = shell.environ
    assert below.run("plan", "--format", "json").json["repository"] == {
        "url": "https://git.example/models/blob/main",
        "directory": "sub",
        "revision": head,
    }

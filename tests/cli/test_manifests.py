"""Bad manifests at the command line: message, place, exit code 3, and that nothing is sent."""

import json
from pathlib import Path

import pytest

from tests.cli.samples import Shell, hosted
from tests.conftest import StartEmulator

HEAD = "version: 1\nmodels:\n"
BAD = {
    "not YAML": ("version: 1\nmodels: [\n", "bad.yaml:3:1: "),
    "a tab": ("version: 1\nmodels:\n\t- name: a\n", "bad.yaml:3:1: "),
    "no UTF-8": ("\udcff", "bad.yaml:1:1: "),
    "empty": ("", "bad.yaml:1:1: "),
    "a list": ("- a\n", "bad.yaml:1:1: "),
    "duplicate key": (HEAD + "  - name: a\n    model_vendor: openai\n    name: b\n", "bad.yaml:5:5: "),
    "unknown field": (HEAD + "  - name: a\n    model_vendor: openai\n    modle_type: x\n", "bad.yaml:5:5: "),
    "wrong type": (HEAD + "  - name: 1\n    model_vendor: openai\n", "bad.yaml:3:11: "),
    "unknown vendor": (HEAD + "  - name: a\n    model_vendor: opnai\n", "bad.yaml:4:19: "),
    "wrong version": ("version: 2\nmodels: []\n", "bad.yaml:1:10: "),
    "the same model twice": (
        HEAD + "  - {name: a, model_vendor: openai}\n  - {name: a, model_vendor: openai}\n",
        "bad.yaml:4:",
    ),
    "NaN": (HEAD + "  - {name: a, model_vendor: openai, model_metadata: {x: .nan}}\n", "bad.yaml:3:57: "),
    "a cycle": ("version: 1\nmodels: &a\n  - *a\n", "bad.yaml:3:5: "),
}


@pytest.mark.parametrize(
    ("command", "bad"),
    [*(("validate", bad) for bad in BAD), ("plan", "not YAML"), ("apply", "unknown field"), ("drift", "wrong type")],
)
def test_a_bad_manifest_exits_3_with_its_place(emulator: StartEmulator, shell: Shell, command: str, bad: str) -> None:
    """On stdout, as it is the result; no request is made for it."""
    text, place = BAD[bad]
    running = emulator()
    (shell.folder / "bad.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
    done = shell.knows(running).run(command, "bad.yaml", *(["--yes"] if command == "apply" else []))
    assert done.code == 3
    assert place in done.out
    assert running.log.entries == ()
    assert "Traceback" not in done.err


def test_all_problems_of_all_files_come_in_one_run(shell: Shell) -> None:
    """With the source line and a caret."""
    shell.file("configs/models/a.yaml", HEAD + "  - name: a\n    model_vendor: opnai\n")
    shell.file("configs/models/b.yaml", "version: 2\nmodels: []\n")
    done = shell.run("validate")
    assert done.code == 3
    assert "configs/models/a.yaml:4:19: " in done.out
    assert "configs/models/b.yaml:1:10: " in done.out
    assert "    model_vendor: opnai\n" in done.out
    assert "^" in done.out


def test_validate_needs_no_key_and_no_server(shell: Shell) -> None:
    """Offline."""
    shell.wants(hosted("a"))
    done = shell.run("validate", SGP_API_KEY="", SGP_CLIENT_BASE_URL="nonsense")
    assert (done.code, done.err) == (0, "")


def test_problems_as_json(shell: Shell) -> None:
    """The same places, for machines."""
    shell.file("configs/models/a.yaml", HEAD + "  - name: a\n    model_vendor: opnai\n")
    done = shell.run("validate", "--format", "json")
    (problem,) = done.json["problems"]
    assert done.code == 3
    assert problem["source"] == {"file": "configs/models/a.yaml", "line": 4, "column": 19}
    assert (done.json["kind"], done.json["errored"]) == ("validate", True)


def test_an_incomplete_create_is_a_problem_with_its_line(emulator: StartEmulator, shell: Shell) -> None:
    """Only the account shows that the model is missing; nothing is sent."""
    running = emulator()
    shell.knows(running).file("configs/models/a.yaml", HEAD + "  - name: new\n    model_vendor: openai\n")
    done = shell.run("apply", "--yes")
    assert done.code == 3
    assert "configs/models/a.yaml:3:5: " in done.out
    assert "'new' is not in the account, which holds no model at all, and creating it needs model_type" in done.out
    assert {entry.method for entry in running.log.entries} == {"GET"}


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("none.yaml", 1, "Error: none.yaml: there is no such file or folder\n"),
        ("*.yaml", 1, "Error: *.yaml: the pattern matches no file\n"),
        ("empty", 3, "the folder holds no .yaml or .yml file"),
    ],
)
def test_a_path_that_leads_nowhere_is_no_empty_manifest(
    emulator: StartEmulator, shell: Shell, path: str, code: int, message: str
) -> None:
    """An account must not look unmanaged because a path is misspelt."""
    running = emulator()
    (shell.folder / "empty").mkdir()
    done = shell.knows(running).run("plan", path)
    assert done.code == code
    assert message in done.out + done.err
    assert running.log.entries == ()


def test_no_path_and_no_default_is_wrong_usage(emulator: StartEmulator, shell: Shell) -> None:
    """What to do is said; nothing is asked."""
    running = emulator()
    done = shell.knows(running).run("plan")
    assert (done.code, done.out) == (64, "")
    assert done.err == (
        "Error: no PATH given, and there is no configs/models here\n"
        "  Name files, folders or patterns, or say `manifests` in egpsync.yaml.\n"
    )
    assert running.log.entries == ()


def test_the_default_path_is_configs_models(emulator: StartEmulator, shell: Shell) -> None:
    """All files below it."""
    running = emulator(seed=[hosted("a"), hosted("b")])
    shell.knows(running)
    for name in ("configs/models/a.yaml", "configs/models/deep/er/b.yml"):
        shell.file(name, json.dumps({"version": 1, "models": [hosted(Path(name).stem)]}))
    done = shell.run("plan", "--format", "json")
    assert [change["name"] for change in done.json["changes"]] == ["a", "b"]


def test_files_folders_and_patterns_can_be_mixed(emulator: StartEmulator, shell: Shell) -> None:
    """Each file counts once."""
    running = emulator()
    shell.knows(running)
    for name in "abc":
        shell.file(f"dir/{name}.yaml", json.dumps({"version": 1, "models": [hosted(name)]}))
    done = shell.run("plan", "dir/a.yaml", "dir", "dir/*.yaml", "--format", "json")
    assert [change["name"] for change in done.json["changes"]] == ["a", "b", "c"]


def test_a_dash_is_standard_input(emulator: StartEmulator, shell: Shell) -> None:
    """A manifest can come through a pipe."""
    running = emulator(seed=[hosted("a")])
    text = json.dumps({"version": 1, "models": [hosted("a", model_metadata={"x": 1})]})
    done = shell.knows(running).run("plan", "-", "--format", "json", stdin=text)
    assert [change["action"] for change in done.json["changes"]] == ["update"]
    assert done.json["changes"][0]["source"]["file"] == "<stdin>"


def test_a_bad_manifest_from_standard_input_has_a_place(shell: Shell) -> None:
    """Its file is called <stdin>."""
    done = shell.run("validate", "-", stdin="version: 2\nmodels: []\n")
    assert done.code == 3
    assert "<stdin>:1:10: " in done.out

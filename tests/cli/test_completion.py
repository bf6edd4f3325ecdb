"""`egpsync completion`: what a shell completes, with the real shell where it is there, and offline."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.samples import KEY, Shell, hosted

PROJECT = {"version": 1, "targets": {"staging": {}, "production": {}}, "default_target": "staging"}


@pytest.fixture
def repository(shell: Shell) -> Shell:
    """Two targets and three models; `egpsync` is on the path."""
    shell.file("egpsync.yaml", json.dumps(PROJECT)).wants(hosted("ranker"), hosted("rewriter"), hosted("summarizer"))
    program = shell.folder / "bin" / "egpsync"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m egpsync "$@"\n')
    program.chmod(0o755)
    shell.environ["PATH"] = f"{program.parent}:{os.environ['PATH']}"
    return shell


def completed(shell: Shell, line: str) -> list[str]:
    """What bash is told for a line whose last word is being typed."""
    words = line.split(" ")
    environ = {"_EGPSYNC_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = shell.run(**environ)
    assert (done.code, done.err) == (0, "")
    return [item.partition(",")[2] for item in done.out.splitlines() if item]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("egpsync va", ["validate"]),
        ("egpsync plan --detai", ["--detailed-exitcode"]),
        ("egpsync plan --format jso", ["json"]),
        ("egpsync plan --target ", ["production", "staging"]),
        ("egpsync plan --target s", ["staging"]),
        ("egpsync show r", ["ranker", "rewriter"]),
        ("egpsync apply --select su", ["summarizer"]),
        ("egpsync comment git", ["github", "gitlab"]),
    ],
)
def test_commands_options_targets_and_models(repository: Shell, line: str, expected: list[str]) -> None:
    """From the command line's own tables and the files."""
    assert completed(repository, line) == expected


@pytest.mark.parametrize(
    ("broken", "line"),
    [("egpsync.yaml", "egpsync plan --target s"), ("configs/models/all.yaml", "egpsync show r")],
)
def test_broken_files_complete_to_nothing(repository: Shell, broken: str, line: str) -> None:
    """A prompt is no place for their problems."""
    repository.file(broken, "version: [\n")
    assert completed(repository, line) == []


@pytest.mark.parametrize(
    "name", ["r$(touch pwned)", "r`id`", "r;id", "r\x1b[2J", "r\nx", "r x", "r'", "-r", "r&", "r|x", "~r"]
)
def test_a_name_that_a_shell_would_act_upon_is_not_offered(repository: Shell, name: str) -> None:
    """It would stand on the command line as it is, and a stranger's branch may have chosen it."""
    repository.wants(hosted(name), hosted("ranker"))
    repository.file("egpsync.yaml", json.dumps({"version": 1, "targets": {"staging": {}}, "default_target": "staging"}))
    assert completed(repository, "egpsync show ") == ["ranker"]
    assert completed(repository, "egpsync plan --select ") == ["ranker"]


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(repository: Shell, kind: str) -> None:
    """It asks by the variable that this command answers to, and holds no key."""
    done = repository.run("completion", kind)
    assert (done.code, "_EGPSYNC_COMPLETE" in done.out, KEY in done.out) == (0, True, False)
    if shutil.which(kind):
        script = repository.folder / "script"
        script.write_text(done.out)
        subprocess.run([kind, "-n", str(script)], check=True)


def test_another_shell_is_wrong_usage(shell: Shell) -> None:
    """Those that there are, are named."""
    done = shell.run("completion", "tcsh")
    assert (done.code, "'bash', 'zsh', 'fish'" in done.err) == (64, True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes(repository: Shell, tmp_path: Path) -> None:
    """The script as it is sourced: a model's name for `show r`."""
    script = "source <(egpsync completion bash); COMP_WORDS=(egpsync show ra); COMP_CWORD=2; "
    script += '_egpsync_completion egpsync; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=tmp_path,
        env=repository.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout.split(), done.stderr) == (["ranker"], "")

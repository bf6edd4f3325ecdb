"""Hints that can be copied: the next command means the same models of the same account."""

import shlex

import pytest

from tests.cli.samples import Shell, hosted
from tests.conftest import StartEmulator

MANIFEST = "version: 1\nmodels:\n  - {name: gpt, model_vendor: openai, model_metadata: {team: y}}\n"


def hint(shell: Shell, *arguments: str) -> str:
    """The last line that the command prints on stdout."""
    return shell.run(*arguments).out.strip().splitlines()[-1]


@pytest.fixture
def known(emulator: StartEmulator, shell: Shell) -> Shell:
    """A model that differs from the manifest in a folder of its own."""
    shell.knows(emulator(seed=[hosted("gpt")]))
    shell.file("prod/m.yaml", MANIFEST)
    return shell


def test_a_plan_names_the_apply_that_carries_it_out(known: Shell) -> None:
    """Paths and what steers the plan are repeated; how it is shown and where else it goes is not."""
    given = ("plan", "prod", "--select", "g*", "--retry-failed", "--color", "never", "--report", "json=r.json", "-v")
    assert (
        hint(known, *given) == "Nothing was sent. `egpsync apply --select 'g*' --retry-failed prod` carries this out."
    )


def test_the_hint_does_what_it_says(known: Shell) -> None:
    """What is copied out of it is a command that applies what was shown."""
    told = hint(known, "plan", "--select=g*", "prod").split("`")[1]
    _, *command = shlex.split(told)
    assert known.run(*command, "--yes").code == 0
    assert known.run("plan", "prod", "--detailed-exitcode").code == 0


def test_drift_repeats_them_for_both_commands(known: Shell) -> None:
    """What would show and what would mend it are of the same paths."""
    assert hint(known, "drift", "prod") == (
        "Nothing was sent. `egpsync plan prod` shows what would put it right, `egpsync apply prod` does it."
    )


def test_what_could_end_a_quotation_is_not_repeated(known: Shell) -> None:
    """A path that holds a backtick is not put between backticks: the hint says it in words."""
    known.file("a`b/m.yaml", MANIFEST)
    assert hint(known, "plan", "a`b") == (
        "Nothing was sent. `egpsync apply` with the same paths and options carries this out."
    )


def test_a_report_rendered_again_says_the_same(known: Shell) -> None:
    """The arguments travel in the JSON."""
    known.run("plan", "prod", "--report", "json=r.json", "--report", "text=r.txt")
    first = (known.folder / "r.txt").read_text().splitlines()[-1]
    assert hint(known, "report", "r.json", "--format", "text") == first
    assert "`egpsync apply prod`" in first

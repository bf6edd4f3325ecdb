"""Lints at the command line: warned of by validate, made errors by the project file, explained by their names."""

import json
from pathlib import Path

import pytest

from egpsync.manifest.problems import ALL_RULES
from tests.cli.samples import Shell, ShellHere, launch
from tests.conftest import StartEmulator


@pytest.fixture
def shell(tmp_path: Path) -> ShellHere:
    """The command line in this process: nothing here is about signals or streams."""
    return ShellHere(tmp_path)


WARNED = "configs/models/all.yaml:1:"


@pytest.fixture
def warned(shell: Shell) -> Shell:
    """A manifest that one lint warns of."""
    return shell.wants(launch("a", tag="latest"))


def test_validate_warns_and_is_valid(warned: Shell) -> None:
    """The place, the words, the name of the lint; exit 0."""
    done = warned.run("validate")
    assert (done.code, WARNED in done.out) == (0, True)
    assert 'warning: the tag "latest" moves [mutable-image-tag]' in done.out


def test_strict_makes_warnings_fail(warned: Shell) -> None:
    """Exit 3, and the report calls them errors."""
    done = warned.run("validate", "--strict", "--format", "json")
    assert (done.code, [problem["severity"] for problem in done.json["problems"]]) == (3, ["error"])


def test_strict_finds_nothing_in_what_is_sound(shell: Shell) -> None:
    """Exit 0 where nothing is to be warned of."""
    assert shell.wants(launch("a")).run("validate", "--strict").code == 0


@pytest.mark.parametrize(
    ("level", "code", "said"), [("error", 3, "error:"), ("off", 0, ""), ("warning", 0, "warning:")]
)
def test_the_project_file_says_how_severe(warned: Shell, level: str, code: int, said: str) -> None:
    """It raises, lowers, or turns off."""
    warned.file("egpsync.yaml", json.dumps({"version": 1, "lint": {"mutable-image-tag": level}}))
    done = warned.run("validate")
    assert (done.code, said in done.out, "mutable-image-tag" in done.out) == (code, True, bool(said))


def test_a_lint_that_is_none_is_a_fault_of_the_project_file(warned: Shell) -> None:
    """With its place and the nearest."""
    warned.file("egpsync.yaml", '{"version": 1, "lint": {"mutable-imagetag": "off"}}')
    done = warned.run("validate")
    assert done.code == 3
    assert "egpsync.yaml:1:25: error: lint.mutable-imagetag: there is no such lint" in done.out
    assert "did you mean mutable-image-tag?" in done.out


def test_a_plan_stops_at_errors_and_does_not_warn(emulator: StartEmulator, warned: Shell) -> None:
    """What was warned of before a merge is not told with every plan; what the team made an error is."""
    warned.knows(emulator())
    assert "mutable-image-tag" not in warned.run("plan").out
    warned.file("egpsync.yaml", json.dumps({"version": 1, "lint": {"mutable-image-tag": "error"}}))
    done = warned.run("plan")
    assert (done.code, "[mutable-image-tag]" in done.out) == (3, True)


@pytest.mark.parametrize("kind", ["sarif", "github", "codequality", "junit", "markdown", "html", "json", "text"])
def test_every_format_carries_the_warning(warned: Shell, kind: str) -> None:
    """By its words, and no format calls the run failed."""
    done = warned.run("validate", "--format", kind)
    assert (done.code, "moves" in done.out) == (0, True)


def test_sarif_calls_it_a_warning_and_helps(warned: Shell) -> None:
    """With the rule's help, for who meets it in a security tab."""
    (run,) = warned.run("validate", "--format", "sarif").json["runs"]
    (result,) = run["results"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert (result["ruleId"], result["level"], rule["id"]) == ("mutable-image-tag", "warning", "mutable-image-tag")
    assert "digest" in rule["help"]["text"]


@pytest.mark.parametrize("rule", [rule.id for rule in ALL_RULES])
def test_every_problem_is_explained(rule: str, shell: Shell) -> None:
    """Why it is one, and how to mend it."""
    done = shell.run("explain", rule)
    (known,) = [one for one in ALL_RULES if one.id == rule]
    assert (done.code, done.err) == (0, "")
    assert all(words in done.out for words in (rule, known.summary, known.why, known.mend))


def test_all_of_them_are_listed(shell: Shell) -> None:
    """In a table, and as JSON."""
    done = shell.run("explain")
    assert (done.code, [rule.id for rule in ALL_RULES if rule.id not in done.out]) == (0, [])
    listed = shell.run("explain", "--format", "json").json["rules"]
    assert [rule["id"] for rule in listed] == [rule.id for rule in ALL_RULES]


def test_a_misspelt_one_is_wrong_usage_with_the_nearest(shell: Shell) -> None:
    """Exit 64."""
    done = shell.run("explain", "mutable-tag")
    assert (done.code, done.err) == (
        64,
        "Error: there is no problem 'mutable-tag'\n  Did you mean mutable-image-tag?\n",
    )

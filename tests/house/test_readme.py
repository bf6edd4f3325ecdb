"""The README and docs/ against the program: commands, options, exit codes, problem ids, make targets, links."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from egpsync.cli import main
from egpsync.emulator import seed
from egpsync.errors import ExitCode
from egpsync.manifest.lint import LINTS
from egpsync.manifest.rules import RULES
from tests.conftest import StartEmulator

SHOWN_URL = "http://127.0.0.1:5003"


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    """The README's text."""
    return (root / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def reference(root: Path) -> dict[str, str]:
    """The text of each page of docs/, by its name."""
    return {page.stem: page.read_text(encoding="utf-8") for page in (root / "docs").glob("*.md")}


@pytest.fixture(scope="module")
def everything(readme: str, reference: dict[str, str]) -> str:
    """The README and docs/ together."""
    return "\n".join([readme, *reference.values()])


def commands() -> dict[str, click.Command]:
    """Every command by its name."""
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def table_below(readme: str, title: str) -> list[list[str]]:
    """The cells of the first table below a heading, its head left out."""
    section = readme.split(f" {title}\n", 1)[1]
    lines = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert lines is not None
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in lines[0].splitlines()[2:]]


def test_the_readme_is_a_page(readme: str) -> None:
    """It leads; what is to be looked up stands in docs/."""
    assert len(readme.splitlines()) <= 120


def test_links_lead_somewhere(root: Path) -> None:
    """Each relative link of the README, of docs/ and of the other pages is a file or folder of the checkout."""
    pages = [*root.glob("*.md"), *(root / "docs").glob("*.md"), *(root / "configs").rglob("*.md")]
    dead = [
        f"{page.name}: {link}"
        for page in pages
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert dead == []


def test_every_page_is_reached_from_the_readme(readme: str, reference: dict[str, str]) -> None:
    """The README names each page of docs/, or a page that it names does."""
    named = set(re.findall(r"docs/([a-z-]+)\.md", readme))
    further = {name for page in named for name in re.findall(r"\]\(([a-z-]+)\.md\)", reference[page])}
    assert set(reference) - named - further == set()


def test_every_command_is_in_the_table(reference: dict[str, str]) -> None:
    """The table of commands lists each of them once."""
    listed = [re.findall(r"`egpsync (\w+)", row[0])[0] for row in table_below(reference["commands"], "Commands")]
    assert sorted(listed) == sorted(commands())


def test_examples_use_options_that_exist(everything: str) -> None:
    """Each option in a line that starts with `$ egpsync` is one of that command."""
    wrong = [
        line
        for line in re.findall(r"^\$ (egpsync .*?)(?: +#.*)?$", everything, re.MULTILINE)
        for option in re.findall(r" (--?[a-z][a-z-]*)", line)
        if option not in options_of(line.split()[1])
    ]
    assert wrong == []


def test_options_named_in_the_text_exist(everything: str) -> None:
    """Each option that the text names is one of some command."""
    known = {option for command in commands() for option in options_of(command)}
    named = set(re.findall(r"`(--[a-z][a-z-]*)", everything)) | set(
        re.findall(r"`egpsync [^`]* (--[a-z-]+)", everything)
    )
    assert named - known == set()


def options_of(command: str) -> set[str]:
    """Every spelling of every option of a command."""
    group = commands()[command]
    return {
        "--help",
        *(option for parameter in group.params for option in (*parameter.opts, *parameter.secondary_opts)),
    }


def test_exit_codes_are_the_enumeration(reference: dict[str, str]) -> None:
    """The table of exit codes holds those that the program knows, in their order."""
    codes = [int(code) for row in table_below(reference["commands"], "Exit codes") for code in row[0].split(", ")]
    assert codes == [int(code) for code in ExitCode]


def test_make_targets_exist(root: Path, readme: str) -> None:
    """Each `make` target that the README or CONTRIBUTING names is one that `make help` prints."""
    text = readme + (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    printed = subprocess.run(["make", "help"], cwd=root, capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"make ([a-z-]+)", printed))
    named = {name for found in re.findall(r"^\$ make ([a-z-]+)|`make ([a-z-]+)`", text, re.MULTILINE) for name in found}
    assert {"demo", "test", "check"} <= named - {""} <= targets


def test_the_first_plan_is_printed_as_shown(
    readme: str, reference: dict[str, str], root: Path, tmp_path: Path, emulator: StartEmulator
) -> None:
    """The first manifest, planned against the seed of the example repository, gives the very text that is shown."""
    url = emulator(seed=seed.read(root / "configs" / "demo" / "seed.json")).base_url
    (tmp_path / "summarizer.yaml").write_text(blocks(readme, "yaml")[0], encoding="utf-8")
    plan = next(block for block in blocks(readme, "console") if block.startswith("$ egpsync plan summarizer.yaml\n"))
    assert egpsync(tmp_path, url, "plan", "summarizer.yaml").replace(url, SHOWN_URL) == plan.split("\n", 1)[1]
    request = next(block for block in blocks(reference["behaviour"], "console") if "PATCH" in block)
    assert request in egpsync(tmp_path, url, "plan", "-v", "summarizer.yaml")


def test_a_mistake_is_printed_as_shown(reference: dict[str, str], tmp_path: Path) -> None:
    """The mistaken manifest of docs/manifests.md gives the very text that it shows."""
    shown = next(
        block
        for block in blocks(reference["manifests"], "console")
        if block.startswith("$ egpsync validate mistaken.yaml")
    )
    line = re.findall(r"^    6 \| (.*)$", shown, re.MULTILINE)[0]
    head = "version: 1\nmodels:\n  - name: summarizer\n    model_vendor: launch\n    vendor_configuration:\n"
    (tmp_path / "mistaken.yaml").write_text(f"{head}{line}\n", encoding="utf-8")
    assert egpsync(tmp_path, SHOWN_URL, "validate", "mistaken.yaml") == shown.split("\n", 1)[1]


def test_every_problem_is_in_the_table(reference: dict[str, str]) -> None:
    """The table of problems has the ids and words of the program's own."""
    rows = {row[0].strip("`"): row[1] for row in table_below(reference["problems"], "Problems")}
    assert rows == {rule.id: rule.summary for rule in RULES}
    rows = {row[0].strip("`"): row[1] for row in table_below(reference["problems"], "Lints")}
    assert rows == {one.id: one.summary for one in LINTS}


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def egpsync(folder: Path, url: str, *arguments: str) -> str:
    """What a command prints to stdout, run in `folder` against the API at `url`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("SGP_", "EGP_", "EGPSYNC_"))}
    environ |= {"SGP_CLIENT_BASE_URL": url, "SGP_API_KEY": "any-key-will-do"}
    command = [sys.executable, "-m", "egpsync", *arguments]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False).stdout

"""The table of settings against what is made of it: options, and the table in the docs."""

from pathlib import Path

import click
import pytest

from egpsync.cli.options import Command, access, consent, manifests, rollout, saved_plans
from egpsync.fields.schemas import load
from egpsync.settings import KEY_VARIABLES, ROWS, Row, rows

ROOT = Path(__file__).resolve().parents[2]


@click.command("all", cls=Command)
@manifests
@access
@consent
@rollout
@saved_plans
def every_option() -> None:
    """All settings that are options."""


def table() -> list[str]:
    """The rows as the table of docs/settings.md."""
    return [
        "| option | variable | project file | default | takes | is |",
        "| --- | --- | --- | --- | --- | --- |",
        f"| | {_variables(KEY_VARIABLES)} | | | one word | The API key. No option takes it: it would stand in lists of "
        "processes and in logs. |",
        *map(_line, ROWS),
    ]


def _line(row: Row) -> str:
    default = f"`{row.default_shown}`" if row.default_shown else ""
    option = ", ".join(f"`{flag}`" for flag in row.flag.split("/"))
    place = f"`{'.'.join(row.project)}`" if row.project else ""
    return f"| {option} | {_variables(row.variables)} | {place} | {default} | {row.kind.expects} | {row.help} |"


def _variables(names: tuple[str, ...]) -> str:
    return ", else ".join(f"`{name}`" for name in names)


def test_the_table_in_the_docs_is_that_of_the_rows() -> None:
    """Every setting with its option, variables, default and help, in the rows' order."""
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("|")][: len(ROWS) + 3] == table()


def test_every_setting_is_an_option() -> None:
    """Under the heading of its group, with its variables and its default."""
    options = {option.name: option for option in every_option.params if isinstance(option, click.Option)}
    for row in rows():
        option = options[row.name]
        assert getattr(option, "heading", None) == row.group
        assert option.help is not None
        assert all(variable in option.help for variable in row.variables)
        assert row.default_shown in option.help


def test_help_lists_options_under_headings() -> None:
    """The command's own come first, and no option is lost."""
    context = click.Context(every_option)
    shown = every_option.get_help(context)
    headings = [line.rstrip(":") for line in shown.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings == [
        "Options",
        "Project",
        "Variables and secrets",
        "Account and key",
        "Requests",
        "Consent and limits",
        "Rollout",
        "Records",
        "Saved plans",
    ]
    assert all(row.place in shown for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_default_is_a_value_of_its_kind(row: Row) -> None:
    """What is written into --help can be written into the variable."""
    assert row.default in (None, ()) or row.kind.convert(str(row.default)) == row.default


@pytest.mark.parametrize("row", [row for row in ROWS if row.project], ids=lambda row: row.name)
def test_the_project_file_has_a_place_for_it(row: Row) -> None:
    """The schema of a target knows the key that the row names."""
    schema = load("project.schema.json")
    part = schema["definitions"]["target"]
    for key in row.project:
        part = part["properties"][key]
        part = schema["definitions"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    assert part["type"] in ("string", "integer", ["string", "object"])

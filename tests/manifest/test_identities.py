"""What the manifests of a repository declare, whatever else is in it."""

from pathlib import Path

import pytest

from egpsync.manifest.identities import identities
from egpsync.manifest.variables import Values
from tests.manifest.conftest import Write

ONE = "version: 1\ndefaults: {model_vendor: openai}\nmodels:\n"


def test_names_former_names_and_ids(write: Write) -> None:
    """From all files, with defaults and templates, of models that are wrong too; a missing vendor may be any."""
    write(
        f"{ONE}  - {{name: a}}\n  - {{name: b, renamed_from: c, nmae: x}}\n  - {{id: m-1, state: absent}}\n", "m/a.yaml"
    )
    write("version: 1\nmodels: [{name: d, extends: [t]}, {name: e}, 1]\n", "n/b.yml")
    write("version: 1\ntemplates: {t: {model_vendor: launch}}\n", "t.yaml")
    found = identities(["."])
    assert found.names == {("openai", "a"), ("openai", "b"), ("openai", "c"), ("launch", "d"), ("", "e")}
    assert (set(found.ids), found.unread) == ({"m-1"}, ())
    known = [("openai", "a", "x"), ("azure", "a", "x"), ("azure", "e", "x"), ("launch", "z", "m-1")]
    assert [found.declare(*model) for model in known] == [True, False, True, True]


@pytest.mark.parametrize(
    "text",
    [
        "{{ if .Values }}\na: [\n",
        "services: {web: {image: x}}\n",
        "models: [{name: a}]\n",
        "version: 1\n",
        "- version: 1\n  models: []\n",
        "a: 1\na: 2\n",
        "",
    ],
)
def test_files_of_other_kinds_declare_nothing(write: Write, text: str) -> None:
    """Broken ones and those of other programs stand in nobody's way."""
    write(text, "chart.yaml")
    assert identities(["."]).unread == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{ONE}  - {{name: a\n", "not well-formed YAML"),
        (f"{ONE}  - {{name: a, name: b}}\n", 'the key "name" stands here for the second time'),
        ('{"version": 1, "models": [', "not well-formed YAML"),
        (f"{ONE}  - {{name: a}}\n".encode("utf-16"), "the file is UTF-16"),
        (f"{ONE}  - {{name: 'a-${{ENV}}'}}\n", "the name holds a variable"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_named(write: Write, text: str | bytes, told: str) -> None:
    """It may declare anything."""
    write(text, "m/a.yaml")
    (unread,) = identities(["."]).unread
    assert unread.startswith("m/a.yaml:")
    assert told in unread


def test_a_link_out_of_the_repository_may_declare_anything(write: Write) -> None:
    """It is not read, and named."""
    write(f"{ONE}  - {{name: a}}\n", "m/a.yaml")
    Path("m/b.yaml").symlink_to("/etc/hostname")
    found = identities(["m"])
    assert (set(found.names), [line.partition(":")[0] for line in found.unread]) == ({("openai", "a")}, ["m/b.yaml"])


def test_paths_can_be_left_out(write: Write) -> None:
    """Such as what another target names."""
    for name in ("a", "b"):
        write(f"{ONE}  - {{name: {name}}}\n", f"{name}/m.yaml")
    assert identities([".", "!b"]).names == {("openai", "a")}


def test_variables_complete_a_name(write: Write) -> None:
    """Those that the run has; a name of which one is not set could be any."""
    write(f"{ONE}  - {{name: 'a-${{ENV}}'}}\n  - {{name: 'b-${{GONE}}'}}\n  - {{name: 'c$${{X}}'}}\n", "m/a.yaml")
    found = identities(["."], Values(variables={"ENV": "prod"}))
    assert {("openai", "a-prod"), ("openai", "c${X}")} <= found.names
    assert found.unread == ("m/a.yaml:5:12: the name holds a variable that is not set here",)

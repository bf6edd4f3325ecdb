"""The project file: where it is looked for, what is wrong with it and where, and how it joins the other sources."""

import itertools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egpsync.errors import FileError, UsageError, WrongTargetError
from egpsync.model.project import Project
from egpsync.settings import ROWS, Row, load_settings
from egpsync.workflow.project import find_project, open_project

KEY = "key-SENTINEL-7319"
TWO = """\
version: 1
default_target: staging
manifests: [models]
vars: {TIER: gold, ONLY: project}
parallelism: 3
limits: {percent: 11, count: 12}
targets:
  staging:
    base_url: https://EGP.example/
    account_id: acct-1
    api_key_env: STAGING_KEY
    manifests: [models, targets/staging, "!models/wip/*"]
    vars: {TIER: silver}
    limits: {percent: 50}
  production: {base_url: "https://prod.example", rollout: {canaries: 1}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, which is the working folder."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(folder: Path, text: str) -> Project:
    """The project of a sound file."""
    (folder / "egpsync.yaml").write_text(text, encoding="utf-8")
    found = open_project(None)
    assert found.problems == ()
    assert found.project is not None
    return found.project


def complaints(folder: Path, text: str) -> list[str]:
    """What is said against a faulty file, each with its place."""
    (folder / "egpsync.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
    found = open_project(None)
    assert found.project is None
    return [f"{problem.source.line}:{problem.source.column}: {problem.message}" for problem in found.problems]


def test_without_one_nothing_is_different(folder: Path) -> None:
    """No project, no problem."""
    assert open_project(None).project is None
    assert load_settings({}, {}).manifests is None


def test_the_nearest_up_to_the_repository_counts(folder: Path) -> None:
    """Neither one further up, nor one above the repository."""
    deep = folder / "a" / "b"
    deep.mkdir(parents=True)
    assert find_project(deep) is None
    (folder / "egpsync.yaml").touch()
    assert find_project(deep) == folder / "egpsync.yaml"
    (folder / "a" / "egpsync.yaml").touch()
    assert find_project(deep) == folder / "a" / "egpsync.yaml"
    (deep / ".git").touch()  # as in a worktree
    assert find_project(deep) is None


def test_outside_a_repository_only_the_working_folder_counts(tmp_path: Path) -> None:
    """Whoever can write to a folder above, such as /tmp, decides nothing."""
    (tmp_path / "egpsync.yaml").touch()
    (tmp_path / "a").mkdir()
    assert find_project(tmp_path / "a") is None
    assert find_project(tmp_path) == tmp_path / "egpsync.yaml"


@pytest.mark.parametrize("kind", ["link out", "dangling link", "fifo", "folder"])
def test_what_is_no_file_of_the_repository_is_refused(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    """A link would quote another file in a report; a pipe would be waited for."""
    file = folder / "egpsync.yaml"
    match kind:
        case "link out":
            (tmp_path_factory.mktemp("out") / "secret").write_text(KEY)
            file.symlink_to(next(tmp_path_factory.getbasetemp().glob("out*/secret")))
        case "dangling link":
            file.symlink_to("nowhere")
        case "fifo":
            os.mkfifo(file)
        case "folder":
            file.mkdir()
    with pytest.raises(FileError, match="is no regular file of this repository"):
        open_project(None)


def test_paths_are_relative_to_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder below they lead back up; "!" stays in front."""
    (folder / "a").mkdir()
    (folder / "egpsync.yaml").write_text(TWO, encoding="utf-8")
    monkeypatch.chdir(folder / "a")
    project = open_project(None).project
    assert project is not None
    assert project.file == "../egpsync.yaml"
    assert project.manifests == ("../models",)
    assert project.targets["staging"].manifests == ("../models", "../targets/staging", "!../models/wip/*")


def test_names_that_mean_something_else_are_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash is no standard input, a mark in a folder's name leaves nothing out, and a bracket in it is no pattern."""
    assert opened(folder, 'version: 1\nmanifests: ["-", "./!x", "!-"]\n').manifests == ("./-", "./!x", "!./-")
    odd = folder / "a[b]" / "c"
    odd.mkdir(parents=True)
    (odd.parent / "egpsync.yaml").write_text('version: 1\nmanifests: ["*.yaml", x]\n', encoding="utf-8")
    monkeypatch.chdir(folder)
    project = open_project("a[b]/egpsync.yaml").project
    assert project is not None
    assert project.manifests == ("a[[]b]/*.yaml", "a[b]/x")


def test_another_file_can_be_named(folder: Path) -> None:
    """By flag or variable; what is no file is told."""
    (folder / "other.yaml").write_text("version: 1\nmanifests: [x]\n", encoding="utf-8")
    project = open_project("other.yaml").project
    assert project is not None
    assert project.manifests == ("x",)
    with pytest.raises(FileError, match="the project file is not there"):
        open_project("none.yaml")
    with pytest.raises(FileError, match="the project file is a folder"):
        open_project(".git")


FAULTS = """\
version: 1
  2:1: the key "version" stands here for the second time
target: {}
  2:1: the project file has no field "target"
targets: {a: {api_key: secret}}
  2:15: targets.a has no field "api_key"
vars: {a-b: x}
  2:8: 'a-b' is no name for one of vars
vars: {A: [x]}
  2:11: vars.A is a list
vars: {A: 1.10}
  2:11: vars.A is the number 1.10
targets: {'a b': {}}
  2:11: 'a b' is no name for one of targets
targets: {a: {api_key_env: A, api_key_file: b}}
  2:31: targets.a names two places of its key
targets: {a: {base_url: 'http://egp.example'}}
  2:25: targets.a.base_url: 'http://egp.example' is not https
targets: {a: {base_url: 'https://u:p@h'}}
  2:25: targets.a.base_url: credentials, query and fragment have no place in it
default_target: x
  2:17: default_target is 'x', and there is no such target
manifests: [../x]
  2:13: manifests[0] is '../x', which lies outside of the repository
manifests: [/proc/self/environ]
  2:13: manifests[0] is '/proc/self/environ', which lies outside of the repository
schemas: [a/../../x]
  2:11: schemas[0] is 'a/../../x', which lies outside of the repository
manifests: [out/passwd]
  2:13: manifests[0] is 'out/passwd', which lies outside of the repository
secrets: {command: []}
  2:20: secrets.command is empty
map_semantics: both
  2:16: map_semantics is "both"
map_semantics: {env_vars: both}
  2:27: map_semantics.env_vars is "both"
lint: {engine-labels: off, x: no}
  2:31: lint.x is "no"
consent: [{action: rename, count: 1, until: 2026-01-01, reason: x}]
  2:20: consent[0].action is "rename"
consent: [{action: delete, count: 1, until: 2026-02-30, reason: x}]
  2:45: consent[0].until is '2026-02-30', which is no day of any year
consent: [{action: delete, count: 1, until: 2026-01-01}]
  2:11: consent[0] has no reason
accepted_drift: [{model: a, until: 2026-01-01, reason: x, target: t}]
  2:67: accepted_drift[0].target is 't', and there is no such target
repository_url: 'javascript:alert(1)'
  2:17: repository_url is "javascript:alert(1)"
a: &a [*a]
  2:8: this alias stands inside its own anchor
"""
"""The second line of a file, and below it what is said against it."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1:1: the project file is empty"]),
        ("version: 1\n---\nversion: 1\n", ["3:1: a project file is one document, and there is another here"]),
        ("[]\n", ["1:1: the project file is a list"]),
        ("version: 2\n", ["1:10: version is 2"]),
        ("a: [\n", ["2:1: not well-formed YAML: while parsing a flow node, did not find expected node content"]),
        ("version: 1\n\udcff: 1\n", ["2:1: the byte 0xff is not UTF-8"]),
        *(
            (f"version: 1\n{line}\n", [said.strip()])
            for line, said in zip(FAULTS.splitlines()[::2], FAULTS.splitlines()[1::2], strict=True)
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(folder: Path, text: str, expected: list[str]) -> None:
    """Line and column, whatever it is."""
    (folder / "out").symlink_to("/etc")
    assert complaints(folder, text) == expected


def test_a_default_target_that_is_misspelt_names_the_nearest(folder: Path) -> None:
    """As everywhere."""
    (folder / "egpsync.yaml").write_text(TWO.replace("default_target: staging", "default_target: stagin"))
    assert open_project(None).problems[0].suggestion == "staging"


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
KEYS = ["version", "default_target", "manifests", "vars", "secrets", "schemas", "lint", "consent", "accepted_drift",
        "repository_url", "map_semantics", "limits", "rollout", "parallelism", "targets"]  # fmt: skip


@given(values=st.dictionaries(st.sampled_from(KEYS), JSONS, max_size=4), sound=st.booleans())
def test_no_file_is_a_crash(tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any], *, sound: bool) -> None:
    """Any value at any key: a project, or problems that have a place in the file."""
    file = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    file.write_text(json.dumps(values | ({"version": 1} if sound else {})), encoding="utf-8")
    found = open_project(str(file))
    assert (found.project is None) == bool(found.problems)
    assert all(problem.source.line >= 1 for problem in found.problems)


def test_the_target_is_the_named_or_the_default_one(folder: Path) -> None:
    """By flag, then variable, then the file; one that is not there names the nearest."""
    project = opened(folder, TWO)
    assert load_settings({}, {}, project, offline=True).scope == project.targets["staging"]
    named = load_settings({}, {"EGPSYNC_TARGET": "production"}, project, offline=True)
    assert named.scope == project.targets["production"]
    with pytest.raises(UsageError, match="Did you mean production"):
        load_settings({"target": "prodution"}, {}, project, offline=True)
    with pytest.raises(UsageError, match="Name one with --target: production, staging"):
        load_settings({}, {}, opened(folder, TWO.replace("default_target: staging\n", "")), offline=True)
    with pytest.raises(UsageError, match="There is no project file"):
        load_settings({"target": "staging"}, {}, None)


def test_a_project_without_targets_needs_none(folder: Path) -> None:
    """It says what holds for the one account."""
    settings = load_settings({}, {}, opened(folder, "version: 1\nparallelism: 3\nmanifests: [x]\n"))
    assert (settings.scope, settings.parallelism, settings.manifests) == (None, 3, ("x",))


PLACED = [row for row in ROWS if row.project and row.name not in ("base_url", "account_id", "map_semantics")]
"""Settings of which a target and the project can both say something else."""


@pytest.mark.parametrize("row", PLACED, ids=lambda row: row.name)
def test_precedence(folder: Path, row: Row) -> None:
    """Flag, variable, target, project, default: each wins over all that follow it, in all sixteen combinations."""
    for sources in itertools.product([False, True], repeat=4):
        flag, variable, target, project = sources
        said = {"version": 1, "targets": {"t": _at(row, 13) if target else {}}, "default_target": "t"}
        settings = load_settings(
            {row.name: 11 if flag else None},
            {row.variables[0]: "12"} if variable else {},
            opened(folder, json.dumps(said | (_at(row, 14) if project else {}))),
        )
        assert getattr(settings, row.name) == next(itertools.compress([11, 12, 13, 14], sources), row.default)


def _at(row: Row, value: int) -> dict[str, Any]:
    """The value at the row's place."""
    said: Any = value
    for key in reversed(row.project):
        said = {key: said}
    return dict(said)


def test_map_semantics_are_a_word_or_a_map(folder: Path) -> None:
    """Of text as of the project file, and a flag wins here too."""
    project = opened(folder, "version: 1\nmap_semantics: {env_vars: merge, labels: replace}\n")
    assert load_settings({}, {}, project).map_semantics == (("env_vars", "merge"), ("labels", "replace"))
    assert load_settings({"map_semantics": "merge"}, {}, project).map_semantics == (("*", "merge"),)
    environ = {"EGPSYNC_MAP_SEMANTICS": "labels=merge,model_metadata=replace"}
    expected = (("labels", "merge"), ("model_metadata", "replace"))
    assert load_settings({}, environ, project).map_semantics == expected
    for odd in ("both", "labels=", "=merge", "labels:merge", "merge,", ""):
        with pytest.raises(UsageError, match="merge or replace is expected"):
            load_settings({"map_semantics": odd}, {}, None)


def test_a_target_without_a_value_takes_the_projects(folder: Path) -> None:
    """Key by key, also inside limits."""
    settings = load_settings({}, {"STAGING_KEY": KEY}, opened(folder, TWO))
    assert (settings.limit_percent, settings.limit_count, settings.parallelism) == (50, 12, 3)
    assert settings.base_url == "https://egp.example"
    settings = load_settings({"target": "production"}, {}, opened(folder, TWO))
    assert (settings.limit_percent, settings.canaries, settings.manifests) == (11, 1, ("models",))


@pytest.mark.parametrize(
    ("flags", "environ", "given"),
    [
        ({"base_url": "https://evil.example"}, {}, "https://evil.example"),
        ({}, {"SGP_CLIENT_BASE_URL": "https://prod.example"}, "https://prod.example"),
        ({}, {"EGP_ENDPOINT_URL": "https://egp.example/public"}, "https://egp.example/public"),
        ({"account_id": "acct-2"}, {}, "acct-2"),
        ({}, {"SGP_ACCOUNT_ID": "acct-2"}, "acct-2"),
    ],
)
def test_another_account_than_the_targets_is_refused(
    folder: Path, flags: dict[str, str], environ: dict[str, str], given: str
) -> None:
    """Exit 5, both named."""
    with pytest.raises(WrongTargetError) as caught:
        load_settings(flags, environ, opened(folder, TWO))
    assert caught.value.exit_code == 5
    assert f"and {given} was given" in caught.value.what
    assert "acct-1" in caught.value.what or "https://egp.example" in caught.value.what


def test_the_same_account_in_other_words_is_the_same(folder: Path) -> None:
    """Another spelling of the URL is no other place."""
    settings = load_settings(
        {"base_url": "HTTPS://egp.EXAMPLE:443/."}, {"SGP_ACCOUNT_ID": "acct-1"}, opened(folder, TWO)
    )
    assert settings.base_url == "https://egp.example"


def test_a_key_is_taken_from_where_the_target_says_alone(folder: Path) -> None:
    """Another account's key is never shown to it; only --api-key-file overrides."""
    project = opened(folder, TWO)
    others = {"SGP_API_KEY": "other", "EGP_API_KEY": "other", "EGPSYNC_API_KEY_FILE": "other"}
    settings = load_settings({}, others, project)
    assert (settings.api_key, settings.key_from) == (None, "STAGING_KEY")
    assert load_settings({}, others | {"STAGING_KEY": KEY}, project).api_key == KEY
    (folder / "mine").write_text("from-file\n")
    assert load_settings({"api_key_file": "mine"}, others | {"STAGING_KEY": KEY}, project).api_key == "from-file"


def test_a_key_file_of_a_target_is_a_regular_file(folder: Path) -> None:
    """Relative to the project file; a pipe or a device is not read."""
    project = opened(folder, "version: 1\ndefault_target: t\ntargets: {t: {api_key_file: keys/t}}\n")
    with pytest.raises(FileError, match="keys/t: the API key cannot be read from it"):
        load_settings({}, {"SGP_API_KEY": "other"}, project)
    (folder / "keys").mkdir()
    (folder / "keys" / "t").write_text(KEY)
    assert load_settings({}, {"SGP_API_KEY": "other"}, project).api_key == KEY
    (folder / "keys" / "t").unlink()
    os.mkfifo(folder / "keys" / "t")
    with pytest.raises(FileError, match="It is no regular file"):
        load_settings({}, {}, project)


def test_variables_of_the_commit_win_over_those_of_the_environment(folder: Path) -> None:
    """--var, target, project, EGPSYNC_VAR_*; nothing else of the environment."""
    environ = {
        "EGPSYNC_VAR_TIER": "env",
        "EGPSYNC_VAR_ONLY": "env",
        "EGPSYNC_VAR_MORE": "env",
        "TIER": "x",
        "EGPSYNC_VAR_": "x",
    }
    settings = load_settings({"variables": (("CLI", "flag"),)}, environ, opened(folder, TWO), offline=True)
    assert settings.variables == {"TIER": "silver", "ONLY": "project", "MORE": "env", "CLI": "flag"}
    settings = load_settings({"variables": (("TIER", "flag"),)}, environ, opened(folder, TWO), offline=True)
    assert settings.variables["TIER"] == "flag"


def test_numbers_and_booleans_are_variables_as_yaml_says_them(folder: Path) -> None:
    """Without quotes."""
    project = opened(folder, "version: 1\nvars: {N: 3, B: true, T: 'yes'}\n")
    assert load_settings({}, {}, project, offline=True).variables == {"N": "3", "B": "true", "T": "yes"}


def test_a_repository_below_another_is_its_own(folder: Path) -> None:
    """Git's own word for the root is that of the nearest .git."""
    subprocess.run(["git", "init", "-q", "inner"], cwd=folder, check=True)
    (folder / "egpsync.yaml").touch()
    assert find_project(folder / "inner") is None

"""Every guard through the real command line: exit 5 in plan, dry run and apply alike, in every format, nothing sent."""

import shutil
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cli.samples import Shell, hosted, launch
from tests.conftest import StartEmulator
from tests.guards.samples import absent, marked, owned

WAYS = (["plan"], ["apply", "--dry-run"], ["apply", "--yes"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An account and manifests that trip a guard."""

    seed: list[dict[str, Any]]
    manifest: str
    arguments: tuple[str, ...] = ()
    environ: dict[str, str]
    says: str  # in the message
    consent: str


CASES = {
    "delete-threshold": Case(
        seed=[hosted("a"), hosted("b")],
        manifest=owned(absent("a"), absent("b")),
        environ={"EGPSYNC_LIMIT_PERCENT": "50"},
        says="would delete 2 of 2 models; 1 are allowed without consent (50 percent, at least 1, at most 20)",
        consent="--confirm-delete 2",
    ),
    "redeploy-threshold": Case(
        seed=[launch("a"), launch("b")],
        manifest=owned(launch("a", tag="v2"), launch("b", tag="v2")),
        arguments=("--confirm-redeploy", "1"),
        environ={"EGPSYNC_LIMIT_COUNT": "1"},
        says="would redeploy 2 of 2 models; 1 are allowed without consent (100 percent, at least 3, at most 1)",
        consent="--confirm-redeploy 2",
    ),
    "recreate": Case(
        seed=[hosted("a")],
        manifest=owned({**hosted("a"), "model_type": "completion"}),
        environ={},
        says="can only be changed by replacing the model: model_type: ",
        consent="--allow-recreate",
    ),
    "prevent-destroy": Case(
        seed=[hosted("a", model_metadata=marked(prevent_destroy=True))],
        manifest=owned(absent("a")),
        environ={},
        says="is protected by prevent_destroy (its live mark says so), and would be deleted",
        consent="write `lifecycle: {prevent_destroy: false}` in its entry",
    ),
    "prevent-redeploy": Case(
        seed=[launch("a")],
        manifest=owned({**launch("a", tag="v2"), "lifecycle": {"prevent_redeploy": True}}),
        environ={},
        says="is protected by prevent_redeploy, and would be redeployed",
        consent="remove prevent_redeploy from its entry, or the fields that redeploy it",
    ),
    "foreign-owner": Case(
        seed=[hosted("a", model_metadata=marked("them"))],
        manifest=owned(hosted("a", model_metadata={"k": 1})),
        environ={},
        says="belongs to 'them', and these manifests are of 'us'",
        consent="change it in the manifests of 'them', have them give it up there first, "
        "or take it over with --adopt-from them",
    ),
    "empty-manifests": Case(
        seed=[hosted("a", model_metadata=marked())],
        manifest=owned(),
        arguments=("--prune",),
        environ={},
        says="the manifests of 'us' declare no model, and 1 would be pruned",
        consent="declare at least one model, or delete each with `state: absent`",
    ),
    "wrong-target": Case(
        seed=[hosted("a")],
        manifest=owned(hosted("a", model_metadata={"k": 1})),
        arguments=("--expect-account-id", "mine"),
        environ={"SGP_ACCOUNT_ID": "theirs"},
        says="the account is theirs, and mine is expected",
        consent="give the expected one with --account-id (SGP_ACCOUNT_ID), or correct --expect-account-id "
        "(EGPSYNC_EXPECT_ACCOUNT_ID)",
    ),
}


@pytest.mark.parametrize("guard", CASES)
def test_a_refusal_shows_the_same_everywhere(emulator: StartEmulator, shell: Shell, guard: str) -> None:
    """What tripped, the figures and what consents, in text, JSON and Markdown; exit 5 and nothing sent."""
    case = CASES[guard]
    running = emulator(seed=case.seed)
    shell.knows(running).file("configs/models/all.yaml", case.manifest)
    for way in WAYS:
        reports = ("--format", "json", "--report", "text=r.txt", "--report", "markdown=r.md")
        done = shell.run(*way, *case.arguments, *reports, **case.environ)
        assert done.code == 5
        (refusal,) = done.json["refusals"]
        assert refusal["guard"] == guard
        assert case.says in refusal["message"]
        assert refusal["consent"] == case.consent
        assert done.json["applyable"] is False
        assert f"{guard}: " in shell.read("r.txt")
        assert case.says in shell.read("r.txt")
        assert f"to go on: {case.consent}" in shell.read("r.txt")
        assert "Refused (exit 5): 1 guard tripped, nothing was sent." in shell.read("r.txt")
        assert f"- **Refused** by `{guard}`:" in shell.read("r.md")
        assert "To consent: " in shell.read("r.md")
    assert running.log.changes == ()


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        (["--expect-base-url", "https://prod.example"], {}),
        ([], {"EGPSYNC_EXPECT_BASE_URL": "https://prod.example"}),
        ([], {"EGPSYNC_EXPECT_ACCOUNT_ID": "mine"}),
    ],
)
def test_the_wrong_target_is_not_even_asked(
    emulator: StartEmulator, shell: Shell, arguments: list[str], environ: dict[str, str]
) -> None:
    """It would be shown the key."""
    running = emulator(seed=[hosted("a")])
    done = shell.knows(running).wants(hosted("a")).run("plan", *arguments, **environ)
    assert done.code == 5
    assert "is expected" in done.out
    assert running.log.entries == ()


def test_a_vanished_folder_deletes_nothing(emulator: StartEmulator, shell: Shell) -> None:
    """Wrong usage, before anything is asked; named, it is an error."""
    running = emulator(seed=[hosted("a", model_metadata=marked())])
    shell.knows(running).file("configs/models/all.yaml", owned(hosted("a")))
    shutil.rmtree(shell.folder / "configs")
    assert shell.run("apply", "--prune", "--yes").code == 64
    assert shell.run("apply", "configs/models", "--prune", "--yes").code == 1
    assert running.log.entries == ()


@pytest.mark.parametrize("text", ["", "version: 1\nowner: us\n", "version: 1\nowner: us\nmodels:\n", "# nothing\n"])
def test_a_file_without_models_deletes_nothing(emulator: StartEmulator, shell: Shell, text: str) -> None:
    """Whether it is invalid or only empty."""
    running = emulator(seed=[hosted("a", model_metadata=marked())])
    done = shell.knows(running).file("configs/models/all.yaml", text).run("apply", "--prune", "--yes")
    assert done.code in (3, 5)
    assert running.log.changes == ()


def test_drift_shows_differences_whatever_apply_would_be_refused(emulator: StartEmulator, shell: Shell) -> None:
    """It sends nothing, so limits on sending have no say: exit 2, and the differences."""
    seed = [hosted("a"), hosted("b"), hosted("c"), hosted("d", model_metadata=marked("them"))]
    running = emulator(seed=seed)
    recreated = {**hosted("a"), "model_type": "completion"}
    manifest = owned(recreated, absent("b"), absent("c"), hosted("d", model_metadata={"k": 1}))
    shell.knows(running).file("configs/models/all.yaml", manifest)
    done = shell.run("drift", "--format", "json", EGPSYNC_LIMIT_COUNT="0")
    assert done.code == 2
    assert done.json["refusals"] == []
    assert {change["name"]: change["action"] for change in done.json["changes"]} == {
        "a": "recreate",
        "b": "delete",
        "c": "delete",
        "d": "update",
    }


def test_drift_of_the_wrong_account_is_refused(emulator: StartEmulator, shell: Shell) -> None:
    """It would compare with what was never meant: exit 5, and nothing is asked."""
    running = emulator(seed=[hosted("a")])
    done = shell.knows(running).wants(hosted("a")).run("drift", "--expect-account-id", "mine")
    assert done.code == 5
    assert "the account is not set, and mine is expected" in done.out
    assert running.log.entries == ()


def test_drift_that_cannot_tell_models_apart_is_refused(emulator: StartEmulator, shell: Shell) -> None:
    """Both names exist: what differs depends on which is which."""
    running = emulator(seed=[hosted("old"), hosted("new")])
    done = shell.knows(running).wants(hosted("new", renamed_from="old")).run("drift")
    assert done.code == 5
    assert "ambiguous-rename" in done.out

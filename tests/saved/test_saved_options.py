"""What a saved plan carries, and what may not stand beside it on the command line."""

import json

import pytest

from tests.cli.samples import Shell, hosted, launch
from tests.conftest import StartEmulator

OWNED = {"egpsync": {"owner": "us"}}


def owned(shell: Shell, *models: dict[str, object]) -> None:
    """Manifests of the owner `us`."""
    shell.file("configs/models/all.yaml", json.dumps({"version": 1, "owner": "us", "models": models}))


def test_prune_is_carried(emulator: StartEmulator, shell: Shell) -> None:
    """Apply --plan deletes what plan --prune showed, without --prune."""
    running = emulator(seed=[hosted("a", model_metadata=OWNED), hosted("left", model_metadata=OWNED)])
    owned(shell.knows(running), hosted("a"))
    shell.run("plan", "--prune", "--out", "reviewed.plan")
    assert shell.run("apply", "--plan", "reviewed.plan", "--yes").code == 0
    assert [entry.method for entry in running.log.changes] == ["DELETE"]


def test_adopt_is_carried(emulator: StartEmulator, shell: Shell) -> None:
    """The mark alone is written."""
    running = emulator(seed=[hosted("a")])
    owned(shell.knows(running), hosted("a"))
    shell.run("plan", "--adopt", "--out", "reviewed.plan")
    assert shell.run("apply", "--plan", "reviewed.plan", "--yes").code == 0
    assert running.store.named("a")["model_metadata"] == {"egpsync": {"owner": "us", "name": "a"}}


def test_retry_failed_is_carried(emulator: StartEmulator, shell: Shell) -> None:
    """The failed model is deployed again."""
    running = emulator(seed=[{**launch("a"), "status": "failed"}], deploy_seconds=0.05)
    shell.knows(running).wants(launch("a"))
    shell.run("plan", "--retry-failed", "--out", "reviewed.plan")
    assert shell.run("apply", "--plan", "reviewed.plan", "--yes").code == 0
    assert running.store.named("a")["status"] == "ready"


def test_allow_recreate_is_carried(emulator: StartEmulator, shell: Shell) -> None:
    """The consent to replace was part of the review."""
    running = emulator(seed=[hosted("a")])
    shell.knows(running).wants({**hosted("a"), "model_type": "completion"})
    shell.run("plan", "--allow-recreate", "--out", "reviewed.plan")
    assert shell.run("apply", "--plan", "reviewed.plan", "--yes").code == 0
    assert running.store.named("a")["model_type"] == "completion"


def test_confirmed_counts_are_carried(emulator: StartEmulator, shell: Shell) -> None:
    """The limits of the environment are the same for both; the consent is in the file."""
    running = emulator(seed=[hosted("a"), hosted("b")])
    absent = [{"name": name, "model_vendor": "openai", "state": "absent"} for name in ("a", "b")]
    shell.knows(running).wants(*absent)
    shell.environ["EGPSYNC_LIMIT_COUNT"] = "1"
    assert shell.run("plan", "--confirm-delete", "2", "--out", "reviewed.plan").code == 0
    assert shell.run("apply", "--plan", "reviewed.plan", "--yes").code == 0
    assert running.store.models() == []


def test_a_refused_plan_can_never_be_applied(emulator: StartEmulator, shell: Shell) -> None:
    """Neither by a limit that is raised afterwards nor once the reason is gone: it has to be planned again."""
    running = emulator(seed=[hosted("a"), hosted("b")])
    absent = [{"name": name, "model_vendor": "openai", "state": "absent"} for name in ("a", "b")]
    shell.knows(running).wants(*absent)
    saved = shell.run("plan", "--limit-count", "1", "--out", "reviewed.plan")
    assert saved.code == 5
    assert "reviewed.plan holds a plan that is refused: it cannot be applied" in saved.err
    for arguments in (["apply", "--yes", "--plan"], ["apply", "--dry-run", "--plan"], ["plan", "--check"]):
        done = shell.run(*arguments, "reviewed.plan")
        assert done.code == 5
        assert "reviewed.plan: the plan was refused when it was saved, by delete-threshold" in done.err
    assert running.log.changes == ()


@pytest.mark.parametrize(
    ("beside", "named"),
    [
        (["configs"], "configs"),
        (["--prune"], "--prune"),
        (["--adopt"], "--adopt"),
        (["--retry-failed"], "--retry-failed"),
        (["--allow-recreate"], "--allow-recreate"),
        (["--confirm-delete", "0"], "--confirm-delete"),
    ],
)
def test_what_the_plan_holds_cannot_be_given_beside_it(shell: Shell, beside: list[str], named: str) -> None:
    """Wrong usage, and nothing is read or asked."""
    done = shell.file("p", "").run("apply", "--yes", "--plan", "p", *beside)
    assert done.code == 64
    assert f"{named} cannot be given beside --plan: the saved plan holds what it was made with" in done.err


def test_out_beside_check_is_wrong_usage(shell: Shell) -> None:
    """A check saves nothing."""
    done = shell.file("p", "").run("plan", "--check", "p", "--out", "q")
    assert done.code == 64
    assert "--out cannot be given beside --check" in done.err


def test_a_check_takes_no_manifests_and_no_planning_options(shell: Shell) -> None:
    """As with apply --plan; all that is too much is named at once."""
    done = shell.file("p", "").run("plan", "--check", "p", "configs", "--prune")
    assert done.code == 64
    assert "configs, --prune cannot be given beside --check" in done.err

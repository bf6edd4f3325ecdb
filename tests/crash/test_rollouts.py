"""Rollouts by the command line: who goes first, how many at once, what stops a run, and that the next one goes on."""

import threading
from typing import Any

import pytest

from egpsync.emulator.faults import Intervene, Rule
from egpsync.emulator.server import Running
from egpsync.emulator.store import Store
from tests.cli.samples import Done, Shell
from tests.conftest import StartEmulator
from tests.crash.samples import run_here
from tests.workflow.samples import hosted, launch


class Watcher:
    """Counts at the server how many models deploy at once, at each request."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.most = 0

    def rules(self) -> tuple[Rule, ...]:
        """To be met by every request, after the server has acted."""
        return (Rule(kind=Intervene(action=self._look, after=True)),)

    def _look(self, store: Store) -> None:
        with self.lock:
            self.most = max(self.most, sum(one["status"] == "deploying" for one in store.models()))


def redeployed(count: int, tag: str = "v2") -> tuple[dict[str, Any], ...]:
    """Manifests that want another image of each of so many models."""
    return tuple(launch(f"m{index}", image={"tag": tag}) for index in range(count))


def account(emulator: StartEmulator, count: int, **how: Any) -> Running:
    """So many launch models."""
    return emulator(seed=[launch(f"m{index}") for index in range(count)], **{"deploy_seconds": 0.1, **how})


def outcomes(done: Done) -> dict[str, str]:
    """What the report says of each model."""
    return {change["name"]: change["outcome"]["result"] for change in done.json["changes"]}


def apply(shell: Shell, *flags: str) -> Done:
    """Apply without a question, as JSON."""
    return run_here(shell, "apply", "--yes", "-q", "--format", "json", *flags)


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_models_deploy_at_once_than_allowed(emulator: StartEmulator, shell: Shell, most: int) -> None:
    """Redeploys, creates and replacements together, measured at the server; and the bound is used to the full."""
    watcher = Watcher()
    running = emulator(
        seed=[*(launch(f"m{index}") for index in range(4)), launch("other", infra={"endpoint_type": "sync"})],
        deploy_seconds=0.1,
        faults=watcher.rules(),
    )
    replaced = launch("other", infra={"endpoint_type": "async"})
    shell.knows(running).wants(*redeployed(4), launch("new-1"), launch("new-2"), replaced, hosted("quick"))
    done = apply(shell, "--max-redeploys", str(most), "--allow-recreate")
    assert (done.code, set(outcomes(done).values())) == (0, {"applied"})
    assert watcher.most == most


def test_a_bound_set_by_the_environment_holds(emulator: StartEmulator, shell: Shell) -> None:
    """EGPSYNC_MAX_REDEPLOYS, where no flag is given."""
    watcher = Watcher()
    shell.knows(account(emulator, 4, faults=watcher.rules())).wants(*redeployed(4))
    shell.environ["EGPSYNC_MAX_REDEPLOYS"] = "2"
    assert apply(shell).code == 0
    assert watcher.most == 2


def test_canaries_are_ready_before_any_other_begins(emulator: StartEmulator, shell: Shell) -> None:
    """As many as were asked for deploy alone; then the others."""
    running = account(emulator, 5)
    shell.knows(running).wants(*redeployed(5))
    done = apply(shell, "--canaries", "2")
    assert (done.code, set(outcomes(done).values())) == (0, {"applied"})
    names = {str(one["id"]): str(one["name"]) for one in running.store.models()}
    began = {names[entry.path.rpartition("/")[2]]: entry.at for entry in running.log.changes}
    first = sorted(began, key=lambda name: began[name])[:2]
    assert sorted(first) == ["m0", "m1"]
    assert min(began[name] for name in ("m2", "m3", "m4")) >= max(began["m0"], began["m1"]) + 0.1


def test_a_failed_canary_holds_back_the_others_until_it_is_mended(emulator: StartEmulator, shell: Shell) -> None:
    """Exit 4, nothing else deployed; with a sound image the next run rolls out."""
    running = account(emulator, 3, fail_tags=("bad",))
    shell.knows(running).wants(*redeployed(3, "bad"))
    done = apply(shell, "--canaries", "1")
    assert (done.code, outcomes(done)) == (4, {"m0": "failed", "m1": "not_attempted", "m2": "not_attempted"})
    assert len(running.log.changes) == 1
    after = apply(shell.wants(*redeployed(3, "good")), "--canaries", "1")
    assert (after.code, set(outcomes(after).values())) == (0, {"applied"})


def test_enough_failures_stop_the_run(emulator: StartEmulator, shell: Shell) -> None:
    """Exit 4; each model that has not begun says why."""
    running = account(emulator, 5, fail_tags=("bad",))
    shell.knows(running).wants(*redeployed(5, "bad"))
    done = apply(shell, "--max-failures", "2", "--max-redeploys", "1")
    assert done.code == 4
    assert list(outcomes(done).values()) == ["failed"] * 2 + ["not_attempted"] * 3
    assert done.json["changes"][4]["outcome"]["message"] == "the run stopped after 2 failures (--max-failures)"
    assert len(running.log.changes) == 2


def test_a_failed_deployment_is_tried_again_only_on_request(emulator: StartEmulator, shell: Shell) -> None:
    """Without --retry-failed nothing differs and nothing is sent; with it, the same image is deployed once more."""
    running = account(emulator, 1, fail_names=("m0",))
    shell.knows(running).wants(*redeployed(1))
    failed = apply(shell)
    assert (failed.code, outcomes(failed)) == (4, {"m0": "failed"})
    assert failed.json["changes"][0]["outcome"]["message"] == (
        "the deployment ended as failed: The image could not be pulled"
    )
    idle = apply(shell)
    assert (idle.code, idle.json["changes"][0]["action"], len(running.log.changes)) == (0, "unhealthy", 1)
    again = apply(shell, "--retry-failed")
    assert (outcomes(again), len(running.log.changes)) == ({"m0": "failed"}, 2)
    (note,) = again.json["changes"][0]["notes"]
    assert note.startswith("this configuration ended as failed on 20")
    assert note.endswith(": The image could not be pulled")


def test_a_deployment_that_takes_too_long_is_picked_up_by_the_next_run(emulator: StartEmulator, shell: Shell) -> None:
    """In flight, exit 4; the next run sends nothing and follows it to ready."""
    running = account(emulator, 1, deploy_seconds=1.0)
    shell.knows(running).wants(*redeployed(1))
    late = apply(shell, "--timeout", "0.2")
    assert (late.code, outcomes(late)) == (4, {"m0": "in_flight"})
    after = apply(shell)
    assert (after.code, outcomes(after)) == (0, {"m0": "applied"})
    assert len(running.log.changes) == 1
    assert running.store.named("m0")["status"] == "ready"


def test_a_deployment_that_failed_after_the_run_gave_up_is_told_by_the_next(
    emulator: StartEmulator, shell: Shell
) -> None:
    """It follows what is deploying, and says how that ended."""
    running = account(emulator, 1, deploy_seconds=1.0, fail_names=("m0",))
    shell.knows(running).wants(*redeployed(1))
    assert outcomes(apply(shell, "--timeout", "0.2")) == {"m0": "in_flight"}
    after = apply(shell)
    assert (after.code, outcomes(after)) == (1, {"m0": "failed"})
    assert len(running.log.changes) == 1


def test_a_failure_that_a_later_run_followed_is_remembered(emulator: StartEmulator, shell: Shell) -> None:
    """Going back to that configuration carries a note, whichever run saw how it ended."""
    running = account(emulator, 1, deploy_seconds=1.0, fail_tags=("v2",))
    shell.knows(running).wants(*redeployed(1))
    apply(shell, "--timeout", "0.2")
    apply(shell)
    shell.wants(*redeployed(1, tag="v3"))
    assert outcomes(apply(shell)) == {"m0": "applied"}
    shell.wants(*redeployed(1))
    (note,) = run_here(shell, "plan", "--format", "json").json["changes"][0]["notes"]
    assert note.startswith("this configuration ended as failed on ")


def test_without_waiting_the_next_run_follows_what_was_left(emulator: StartEmulator, shell: Shell) -> None:
    """--no-wait ends well with models in flight; a run that waits finds nothing to send."""
    running = account(emulator, 2, deploy_seconds=0.6)
    shell.knows(running).wants(*redeployed(2))
    done = apply(shell, "--no-wait")
    assert (done.code, outcomes(done)) == (0, {"m0": "in_flight", "m1": "in_flight"})
    after = apply(shell)
    assert (after.code, outcomes(after)) == (0, {"m0": "applied", "m1": "applied"})
    assert len(running.log.changes) == 2

"""kill -9 at a chosen moment: the next apply says what was left unknown, settles it, and brings the rest about."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from egpsync.emulator.faults import Cut, Intervene, Rule
from tests.cli.samples import Shell
from tests.conftest import StartEmulator
from tests.crash.samples import Signaller, left_unknown, run_here, run_with
from tests.workflow.samples import hosted, launch

HELD = "the server holds it"
PLANNED = "the server does not hold it, and it is planned again"
UNTOLD = "this plan does not tell whether it happened, so see what the server holds"
ONE = "/v5/models/*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What an account holds and what the manifests want."""

    seed: tuple[dict[str, Any], ...]
    wanted: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When the run is killed: at the n-th request of a method."""

    method: str
    nth: int = 1
    acted: bool = False  # whether the server does what that request asks, and only its answer is lost
    unknown: tuple[str, ...] = ()  # what the next run says of it


def before(method: str, verdict: str, nth: int = 1) -> Moment:
    """Killed while the server handles a request, which comes to nothing."""
    return Moment(method=method, nth=nth, unknown=(verdict,))


def after(method: str, verdict: str, nth: int = 1) -> Moment:
    """Killed when the server has acted and not yet answered."""
    return Moment(method=method, nth=nth, acted=True, unknown=(verdict,))


STORIES = {
    "metadata": Story(seed=(hosted("gpt"),), wanted=(hosted("gpt", model_metadata={"x": 1}),)),
    "configuration": Story(seed=(launch("gpt"),), wanted=(launch("gpt", image={"tag": "v2"}),)),
    "rename": Story(seed=(launch("old"),), wanted=(launch("gpt", renamed_from="old", image={"tag": "v2"}),)),
    "create": Story(seed=(), wanted=(launch("gpt"),)),
    "delete": Story(seed=(hosted("gpt"),), wanted=({"name": "gpt", "model_vendor": "openai", "state": "absent"},)),
    "recreate": Story(seed=(hosted("gpt"),), wanted=(hosted("gpt") | {"model_type": "completion"},)),
}
MOMENTS = {
    "metadata": {
        "while the model is read": Moment(method="GET"),
        "before the PATCH acted": before("PATCH", f"PATCH gpt: {PLANNED}"),
        "after the PATCH acted": after("PATCH", f"PATCH gpt: {HELD}"),
    },
    "configuration": {
        "before the PATCH acted": before("PATCH", f"PATCH gpt: {PLANNED}"),
        "after the PATCH acted": after("PATCH", f"PATCH gpt: {HELD}"),
        "while it deploys": Moment(method="GET", nth=2),
    },
    "rename": {
        "before the rename acted": before("PATCH", f"PATCH gpt: {PLANNED}"),
        "after the rename acted": after("PATCH", f"PATCH gpt: {HELD}"),
        "between rename and configuration": Moment(method="GET", nth=2),
        "before the configuration acted": before("PATCH", f"PATCH gpt: {PLANNED}", nth=2),
    },
    "create": {
        "before the POST acted": before("POST", f"POST gpt: {PLANNED}"),
        "after the POST acted": after("POST", f"POST gpt: {HELD}"),
    },
    "delete": {
        "before the DELETE acted": before("DELETE", f"DELETE gpt: {PLANNED}"),
        "after the DELETE acted": after("DELETE", f"DELETE gpt: {HELD}"),
    },
    "recreate": {
        "before the POST acted": before("POST", f"POST gpt: {PLANNED}"),
        "after the POST acted": after("POST", f"POST gpt: {HELD}"),
        "while the new one is waited for": Moment(method="GET"),
        "before the swap acted": before("PATCH", f"PATCH gpt: {PLANNED}"),
        "after the swap acted": after("PATCH", f"PATCH gpt: {HELD}"),
        "before the DELETE acted": before("DELETE", f"DELETE gpt: {PLANNED}"),
        "after the DELETE acted": after("DELETE", f"DELETE gpt: {HELD}"),
    },
}


@pytest.mark.parametrize(
    ("story", "moment"),
    [
        pytest.param(STORIES[story], moment, id=f"{story}-{when.replace(' ', '-')}")
        for story, moments in MOMENTS.items()
        for when, moment in moments.items()
    ],
)
def test_the_next_apply_settles_what_a_kill_left(
    emulator: StartEmulator, shell: Shell, story: Story, moment: Moment
) -> None:
    """It is told once, nothing acts twice that must not, and the account ends as the manifests want it."""
    signaller = Signaller()
    running = emulator(seed=story.seed, deploy_seconds=0.1, faults=rules(moment, signaller))
    shell.knows(running).wants(*story.wanted)
    apply = ("apply", "--yes", "--allow-recreate")
    assert run_with(signaller, shell, *apply).code == -9
    running.faults.clear()

    again = run_here(shell, *apply)
    assert (again.code, left_unknown(again)) == (0, list(moment.unknown))
    sent = len(running.log.changes)
    settled = run_here(shell, *apply)
    assert (settled.code, left_unknown(settled)) == (0, [])
    assert len(running.log.changes) == sent
    assert [entry.method for entry in running.log.changes if entry.acted].count("POST") <= 1
    assert {one["name"]: one["status"] for one in running.store.models()} == {
        one["name"]: "ready" for one in story.wanted if one.get("state") != "absent"
    }


def rules(moment: Moment, signaller: Signaller) -> tuple[Rule, ...]:
    """The kill; and, where the server shall not act, nothing after it."""
    path = "*" if moment.method == "POST" else ONE
    kill = Rule(
        method=moment.method, path=path, nth=(moment.nth,), kind=Intervene(action=signaller, after=moment.acted)
    )
    cut = Rule(method=moment.method, path=path, nth=(moment.nth,), kind=Cut())
    return (kill,) if moment.acted else (kill, cut)


@pytest.fixture
def killed(emulator: StartEmulator, shell: Shell) -> Callable[..., None]:
    """A function that lets an apply of one metadata change be killed, its PATCH without effect."""

    def kill() -> None:
        signaller = Signaller()
        running = emulator(seed=[hosted("gpt"), hosted("other")], faults=rules(Moment(method="PATCH"), signaller))
        shell.knows(running).wants(hosted("gpt", model_metadata={"x": 1}), hosted("other"))
        assert run_with(signaller, shell, "apply", "--yes").code == -9
        running.faults.clear()

    return kill


def test_what_is_declared_no_more_is_left_to_see(killed: Callable[..., None], shell: Shell) -> None:
    """A plan without the model says nothing of it: neither that it happened nor that it did not."""
    killed()
    done = run_here(shell.wants(hosted("other")), "apply", "--yes")
    assert done.code == 0
    assert left_unknown(done) == [f"PATCH gpt: {UNTOLD}"]


def test_a_model_that_was_to_be_deleted_and_is_declared_again_is_left_to_see(
    emulator: StartEmulator, shell: Shell
) -> None:
    """It lives, so its deletion cannot be told as done."""
    signaller = Signaller()
    running = emulator(seed=[hosted("gpt")], faults=rules(Moment(method="DELETE"), signaller))
    shell.knows(running).wants({"name": "gpt", "model_vendor": "openai", "state": "absent"})
    assert run_with(signaller, shell, "apply", "--yes").code == -9
    done = run_here(shell.wants(hosted("gpt")), "apply", "--yes")
    assert (done.code, left_unknown(done)) == (0, [f"DELETE gpt: {UNTOLD}"])


def test_a_revert_in_between_settles_nothing(killed: Callable[..., None], shell: Shell) -> None:
    """It plans the way back of one run alone, and leaves what another left unknown to the next apply."""
    killed()
    shell.wants(hosted("other", model_metadata={"y": 1})).file("first.json", "")
    state = shell.environ["EGPSYNC_STATE_DIR"]
    with_other_state = run_here(
        shell, "apply", "--yes", "--state-dir", f"{state}-2", "--report", "json=first.json", "-q"
    )
    assert with_other_state.code == 0
    back = run_here(shell, "revert", "first.json", "--yes")
    assert (back.code, left_unknown(back)) == (0, [])
    shell.wants(hosted("gpt", model_metadata={"x": 1}), hosted("other"))
    assert left_unknown(run_here(shell, "apply", "--yes")) == [f"PATCH gpt: {PLANNED}"]


def test_a_dry_run_settles_nothing(killed: Callable[..., None], shell: Shell) -> None:
    """It is the next real run that has to know."""
    killed()
    assert left_unknown(run_here(shell, "apply", "--dry-run")) == []
    assert left_unknown(run_here(shell, "apply", "--yes")) == [f"PATCH gpt: {PLANNED}"]


def test_a_run_that_was_not_consented_to_settles_nothing(killed: Callable[..., None], shell: Shell) -> None:
    """Without --yes and without a terminal nothing was sent, so what was left is left still."""
    killed()
    for _ in range(2):
        asked = shell.run("apply")
        assert (asked.code, left_unknown(asked)) == (64, [f"PATCH gpt: {PLANNED}"])

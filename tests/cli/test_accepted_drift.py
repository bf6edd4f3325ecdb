"""Differences that the project file accepts: shown apart, not counted, and red again the day they lapse."""

import json
from typing import Any

import pytest

from tests.cli.samples import Done, Shell, hosted
from tests.conftest import StartEmulator


def entry(model: str, path: str | None = None, until: str = "2999-12-31", **more: str) -> dict[str, str]:
    """One accepted difference."""
    return {"model": model, "until": until, "reason": "a trial", **({"path": path} if path else {}), **more}


@pytest.fixture
def drifted(emulator: StartEmulator, shell: Shell) -> Any:
    """A function that runs drift where a differs in two keys, b is missing, c is as it should be."""
    shell.knows(emulator(seed=[hosted("a", model_metadata={"x": 1, "y": 1, "deep": {"z": 1}}), hosted("c")]))
    wanted = [hosted("a", model_metadata={"x": 2, "y": 1, "deep": {"z": 2}}), hosted("b"), hosted("c")]
    shell.file("models/all.yaml", json.dumps({"version": 1, "models": wanted}))

    def drift(*entries: dict[str, str], arguments: tuple[str, ...] = ()) -> Done:
        project = {"version": 1, "manifests": ["models"], "targets": {"t": {}, "u": {}}, "default_target": "t"}
        shell.file("egpsync.yaml", json.dumps({**project, "accepted_drift": entries}))
        return shell.run("drift", *arguments)

    return drift


ALL = (entry("a", "model_metadata.x"), entry("a", "model_metadata.deep"), entry("b"))


def test_what_is_accepted_is_shown_apart_and_not_counted(drifted: Any) -> None:
    """A field, a map with all in it, and a missing model: exit 0, with a note at each."""
    done = drifted(*ALL)
    assert done.code == 0, done.out
    assert "\nNo drift: the account is as the manifests say, but for what the head of this report says.\n" in done.out
    assert "3 differences are accepted by the project file, and not counted\n" in done.out
    assert "model_metadata.x is accepted as it is through 2999-12-31: a trial (egpsync.yaml:1:" in done.out
    report = drifted(*ALL, arguments=("--format", "json")).json
    assert {change["name"]: change["action"] for change in report["changes"]} == dict.fromkeys("abc", "unchanged")


@pytest.mark.parametrize("left", range(3))
def test_what_is_not_accepted_counts(drifted: Any, left: int) -> None:
    """One that is left makes it red."""
    assert drifted(*(one for index, one in enumerate(ALL) if index != left)).code == 2


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        (entry("c"), "accepted_drift of the model 'c', through 2999-12-31, matches no difference"),
        (entry("a", "model_metadata.y"), "model_metadata.y of 'a', through 2999-12-31, matches no difference"),
        (entry("a", "model_metadata.deep.zz"), "matches no difference"),
        (entry("nobody"), "the model 'nobody', through 2999-12-31, matches no difference"),
        (entry("c", until="2001-01-01"), "the model 'c', through 2001-01-01, lapsed"),
    ],
)
def test_what_is_accepted_in_vain_is_red(drifted: Any, odd: dict[str, str], says: str) -> None:
    """Though nothing else differs."""
    done = drifted(*ALL, odd)
    assert done.code == 2
    assert says in done.out
    assert (
        "Nothing differs that counts, but 1 entry of accepted_drift lapsed or matches no difference (exit 2)."
        in done.out
    )


def test_it_turns_red_the_day_it_lapses(drifted: Any) -> None:
    """The difference counts again, and the entry is told."""
    done = drifted(*ALL[:2], entry("b", until="2001-01-01"))
    assert done.code == 2
    assert "through 2001-01-01, lapsed" in done.out


def test_it_is_of_its_target_alone(drifted: Any) -> None:
    """What another target accepts is neither used nor in vain."""
    assert drifted(*ALL[:2], entry("b", target="u")).code == 2
    assert drifted(*ALL, entry("nobody", target="u")).code == 0


def test_models_that_are_left_out_are_not_in_vain(drifted: Any) -> None:
    """A selection does not see them."""
    assert drifted(*ALL, arguments=("--select", "c")).code == 0

"""A server that answers nonsense, at every request of every command: seeded, bounded, and held against the store."""

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from egpsync.emulator.faults import Answer, Cut, Kind, Rewritten, Rule, Truncated
from egpsync.emulator.server import Running
from tests.cli.samples import KEY, Shell, everything, hosted, launch
from tests.conftest import StartEmulator

SECRET = "hf_SENTINEL_0123456789"
QUICK = {"EGPSYNC_RETRIES": "1", "EGPSYNC_RETRY_WAIT": "0.01", "EGPSYNC_SETTLE": "0.1", "EGPSYNC_TIMEOUT": "1"}
KNOWN = frozenset({0, 1, 2, 3, 4, 5, 64})
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    3.5,
    10**18,
    10**401,
    float("nan"),
    "",
    "text",
    "\ud800",
    "\x1b[31m\u202e::error::x",
    "x" * 20_000,
    [],
    [None],
    {},
    {"k": {"k": {}}},
    [[[[[[]]]]]],
    "********",
    f"your key {KEY} is not known, nor is {SECRET}",
)
COMMANDS: dict[str, tuple[str, ...]] = {
    "plan": ("plan", "--format", "json"),
    "apply": ("apply", "--yes", "--format", "json"),
    "apply with prune": ("apply", "--yes", "--prune", "--allow-recreate", "--confirm-delete", "9"),
    "drift": ("drift",),
    "export": ("export", "--owner", "us"),
    "revert": ("revert", "run.json", "--yes", "--allow-recreate", "--confirm-delete", "9"),
}
STATUSES = (200, 302, 401, 404, 409, 422, 429, 500, 503)
SEEDS = range(5)


def deep(levels: int) -> Any:
    """Lists inside each other."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def spoilt(value: Any, random: Random) -> Any:
    """The same JSON with one value somewhere in it replaced, dropped or doubled."""
    spots: list[tuple[Any, Any]] = []

    def visit(inside: Any) -> None:
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        for key in keys:
            spots.append((inside, key))
            if isinstance(inside[key], dict | list):
                visit(inside[key])

    value = deepcopy(value)
    if not isinstance(value, dict | list) or not value:
        return random.choice(ODD)
    visit(value)
    inside, key = random.choice(spots)
    match random.randrange(5):
        case 0 if isinstance(inside, dict):
            del inside[key]
        case 1 if isinstance(inside, list):
            inside.append(inside[key])
        case 2:
            inside[key] = deep(random.choice([5, 70, 500]))
        case _:
            inside[key] = deepcopy(random.choice(ODD))
    return value


def trouble(random: Random) -> Kind:
    """One way in which an answer goes wrong."""
    whole: list[Kind] = [
        Answer(
            status=random.choice([200, 302, 401, 404, 409, 422, 429, 500, 503]), body=random.choice(["<html>", {}, []])
        ),
        Answer(status=422, body={"detail": [{"loc": ["body", 3, None], "msg": f"{SECRET} is bad", "input": SECRET}]}),
        Answer(status=307, headers={"location": f"https://other.example/?key={KEY}"}),
        Truncated(),
        Cut(after=True),
    ]
    changed = Rewritten(change=lambda answer: spoilt(answer, random))
    return changed if random.random() < 0.75 else random.choice(whole)


def account(emulator: StartEmulator, shell: Shell) -> Running:
    """An account and manifests between which everything happens: create, update, redeploy, rename, delete, leave."""
    mark = {"egpsync": {"owner": "us"}}
    running = emulator(
        seed=[
            hosted("meta", model_metadata={**mark, "team": "x"}),
            launch("image", env_vars={"TOKEN": SECRET}),
            hosted("old-name"),
            hosted("going", model_metadata=mark),
            hosted("stray", model_metadata=mark),
            hosted("theirs", model_metadata={"egpsync": {"owner": "them"}}),
        ],
        deploy_seconds=0.02,
    )
    shell.knows(running)
    shell.environ |= QUICK
    shell.file(
        "configs/models/m.yaml",
        "version: 1\nowner: us\nmodels:\n"
        "  - {name: meta, model_vendor: openai, model_metadata: {team: y}}\n"
        "  - name: image\n    model_vendor: launch\n"
        f"    vendor_configuration: {{model_image: {{tag: v2, env_vars: {{TOKEN: {SECRET}}}}}}}\n"
        "  - {name: new-name, renamed_from: old-name, model_vendor: openai}\n"
        "  - {name: going, model_vendor: openai, state: absent}\n"
        "  - {name: fresh, model_vendor: openai, model_type: completion}\n",
    )
    return running


def untouched(running: Running) -> dict[str, Any]:
    """The models that no run may change."""
    return {model["id"]: model for model in running.store.models() if model["name"] == "theirs"}


def met(random: Random) -> Callable[[Any], bool]:
    """Which requests meet trouble: some, at random."""
    share = random.choice([0.1, 0.5, 1.0])
    return lambda _: random.random() < share


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("command", COMMANDS)
def test_whatever_the_server_answers(emulator: StartEmulator, shell: Shell, command: str, seed: int) -> None:
    """No traceback, a known exit, no secret, nothing of another's is touched; a sound server makes it good again."""
    random = Random(f"{command} {seed}")
    running = account(emulator, shell)
    before = untouched(running)
    if command == "revert":  # of a run that went well
        shell.run("apply", "--yes", "--confirm-delete", "9", "--report", "json=run.json")
    sent = len(running.log.changes)
    running.faults.add(Rule(where=met(random), kind=trouble(random)))
    done = shell.run(*COMMANDS[command])
    running.faults.clear()
    left = everything(done, shell.folder)
    assert "Traceback" not in left
    assert done.code in KNOWN, done.err
    assert KEY not in left
    assert SECRET not in left
    assert untouched(running) == before
    if not command.startswith(("apply", "revert")):
        assert len(running.log.changes) == sent
    again = shell.run("apply", "--yes", "--allow-recreate", "--confirm-delete", "9")
    assert again.code in {0, 3}, again.out + again.err
    if again.code == 0:
        assert shell.run("plan", "--detailed-exitcode").code == 0

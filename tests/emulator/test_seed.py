"""Seeds and state files: what an emulator starts with, and what outlives it."""

from pathlib import Path
from typing import Any

import pytest

from egpsync.emulator import seed
from egpsync.emulator.server import Setup, serve
from tests.conftest import StartEmulator
from tests.emulator.samples import Clock, client, hosted, launch, path_of

SEED = """
models:
  - name: gpt
    model_vendor: openai
    id: id-1
    created_at: 2026-01-01T00:00:00Z
    model_metadata: {country: no, code: 0123, at: 22:22, on: true, gone: null, ratio: 0.5, count: 12}
  - {name: sum, model_vendor: launch, status: failed, status_reason: no memory}
"""


def test_a_seed_file_is_read_as_yaml_1_2(tmp_path: Path) -> None:
    """Values mean what they mean in a manifest."""
    file = tmp_path / "seed.yaml"
    file.write_text(SEED, encoding="utf-8")
    assert seed.read(file) == (
        {
            "name": "gpt",
            "model_vendor": "openai",
            "id": "id-1",
            "created_at": "2026-01-01T00:00:00Z",
            "model_metadata": {
                "country": "no",
                "code": "0123",
                "at": "22:22",
                "on": True,
                "gone": None,
                "ratio": 0.5,
                "count": 12,
            },
        },
        {"name": "sum", "model_vendor": "launch", "status": "failed", "status_reason": "no memory"},
    )


def test_a_seed_file_can_be_json(tmp_path: Path) -> None:
    """JSON is YAML."""
    file = tmp_path / "seed.json"
    file.write_text('{"models": [{"name": "gpt", "model_vendor": "openai"}]}', encoding="utf-8")
    assert seed.read(file) == ({"name": "gpt", "model_vendor": "openai"},)


def test_a_seed_file_can_name_its_account(tmp_path: Path) -> None:
    """The account holds for the models that name no other."""
    file = tmp_path / "seed.yaml"
    file.write_text(
        "account: a-1\nmodels: [{name: x, model_vendor: openai}, {name: y, model_vendor: openai, account: a-2}]",
        encoding="utf-8",
    )
    assert [model["account"] for model in seed.read(file)] == ["a-1", "a-2"]


@pytest.mark.parametrize("text", ["", "[]", "models: {}", "models: [{name: x}]", "models: [1]", "models: ["])
def test_a_file_that_is_no_seed_is_an_error_with_its_name(tmp_path: Path, text: str) -> None:
    """What cannot be a seed is refused at the start."""
    file = tmp_path / "seed.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"seed\.yaml"):
        seed.read(file)


@pytest.mark.parametrize(("more", "status"), [({}, "ready"), ({"status_reason": "no memory"}, "failed")])
def test_a_seeded_model_can_be_deploying(emulator: StartEmulator, more: Any, status: str) -> None:
    """deploying_for says how long; a reason says that it will fail."""
    clock = Clock()
    running = emulator(seed=[launch("sum", deploying_for=10, **more)], clock=clock)
    before = running.store.named("sum")["status"]
    clock.now += 10
    after = running.store.named("sum")
    assert (before, after["status"], after["status_reason"]) == ("deploying", status, more.get("status_reason"))


def test_a_seed_can_hold_what_the_api_does_not_know_yet(emulator: StartEmulator) -> None:
    """Vendors, statuses and fields of tomorrow are answered as given."""
    running = emulator(seed=[{"name": "m", "model_vendor": "newcomer", "status": "resting", "colour": "red"}])
    with client(running) as http:
        model = http.get(path_of(running, "m")).json()
    assert (model["model_vendor"], model["status"], model["colour"]) == ("newcomer", "resting", "red")


def test_a_state_file_survives_a_restart(tmp_path: Path) -> None:
    """The second start has what the first one left, and not the seed."""
    setup = Setup(seed=(hosted("gpt"), hosted("gone")), state_file=tmp_path / "state.db")
    with serve(setup) as running, client(running) as http:
        http.delete(path_of(running, "gone"))
        http.post("/v5/models", json=hosted("new", model_metadata={"x": 1}))
        left = running.store.models()
    with serve(setup) as running, client(running) as http:
        assert running.store.models() == left
        created = http.post("/v5/models", json=hosted("newer")).json()
    assert created["created_at"] > left[-1]["created_at"]


def test_a_deployment_goes_on_after_a_restart(tmp_path: Path) -> None:
    """What was left of it when it began to be kept is what it still takes."""
    clock = Clock()
    setup = Setup(seed=(launch("sum", deploying_for=10),), state_file=tmp_path / "state.db", clock=clock)
    with serve(setup) as running:
        assert running.store.named("sum")["status"] == "deploying"
    clock.now = 5.0
    with serve(setup) as running:
        before = running.store.named("sum")["status"]
        clock.now += 10
        assert (before, running.store.named("sum")["status"]) == ("deploying", "ready")


def test_reset_empties_the_state_file_as_well(tmp_path: Path) -> None:
    """After a reset the file holds the seed."""
    setup = Setup(seed=(hosted("gpt"),), state_file=tmp_path / "state.db")
    with serve(setup) as running, client(running) as http:
        http.post("/v5/models", json=hosted("new"))
        running.reset()
    with serve(setup) as running:
        assert [model["name"] for model in running.store.models()] == ["gpt"]

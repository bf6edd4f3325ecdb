"""Deployments: how long they take, how they end, and what is refused until then."""

from typing import Any

import pytest

from tests.conftest import StartEmulator
from tests.emulator.samples import Clock, client, launch, llmengine, path_of

RECONFIGURE = {"vendor_configuration": {"model_infra": {"gpus": 1}}}


def test_a_redeploy_ends_after_its_time(emulator: StartEmulator) -> None:
    """A model is deploying until the clock has gone on, and ready from then on."""
    clock = Clock()
    running = emulator(seed=[launch("sum")], deploy_seconds=30, clock=clock)
    path = path_of(running, "sum")
    with client(running) as http:
        at_once = http.patch(path, json=RECONFIGURE).json()["status"]
        clock.now += 29
        before = http.get(path).json()
        clock.now += 1
        after = http.get(path).json()
    assert (at_once, before["status"], after["status"]) == ("deploying", "deploying", "ready")
    assert (before["model_availability"], after["model_availability"]) == ("unknown", "available")


@pytest.mark.parametrize(
    ("switches", "status", "reason"),
    [
        ({"fail_names": ("su*",)}, "failed", "The image could not be pulled"),
        ({"fail_tags": ("v1",), "failure_reason": "no such tag"}, "failed", "no such tag"),
        ({"time_out_names": ("sum",)}, "deployment_timeout", "The deployment took too long"),
        ({"fail_names": ("other",), "fail_tags": ("v2*",)}, "ready", None),
    ],
)
def test_a_deployment_ends_as_its_name_or_tag_says(
    emulator: StartEmulator, switches: Any, status: str, reason: str | None
) -> None:
    """Globs of names and tags decide which deployments fail or time out, with a reason."""
    running = emulator(seed=[launch("sum")], deploy_seconds=0, **switches)
    with client(running) as http:
        http.patch(path_of(running, "sum"), json=RECONFIGURE)
        model = http.get(path_of(running, "sum")).json()
    assert (model["status"], model["status_reason"]) == (status, reason)
    assert model["model_availability"] == ("available" if status == "ready" else "unavailable")


def test_an_llmengine_deployment_fails_by_its_image_tag(emulator: StartEmulator) -> None:
    """The tag of an llmengine model is inference_framework_image_tag."""
    running = emulator(seed=[llmengine("llm")], deploy_seconds=0, fail_tags=("bad-*",))
    with client(running) as http:
        body = {"vendor_configuration": {"inference_framework_image_tag": "bad-1"}}
        http.patch(path_of(running, "llm"), json=body)
        assert http.get(path_of(running, "llm")).json()["status"] == "failed"


@pytest.mark.parametrize("status", [400, 409, 422])
@pytest.mark.parametrize(
    ("method", "body"),
    [("PATCH", {"model_metadata": {}}), ("PATCH", RECONFIGURE), ("PATCH", {"name": "other"}), ("DELETE", None)],
)
def test_a_deploying_model_refuses_changes(emulator: StartEmulator, status: int, method: str, body: Any) -> None:
    """Every change of a deploying model is refused with the switched status and a telling detail."""
    running = emulator(seed=[launch("sum", deploying_for=60)], deploying_status=status)
    before = running.store.models()
    with client(running) as http:
        answer = http.request(method, path_of(running, "sum"), json=body)
    assert (answer.status_code, answer.json()) == (
        status,
        {"detail": "The model 'sum' is deploying; try again when it is done"},
    )
    assert running.store.models() == before


def test_a_failed_model_can_be_deployed_again(emulator: StartEmulator) -> None:
    """The reason of a failure goes when the next deployment begins."""
    running = emulator(seed=[launch("sum", status="failed", status_reason="no memory")], clock=Clock())
    with client(running) as http:
        answer = http.patch(path_of(running, "sum"), json=RECONFIGURE).json()
    assert (answer["status"], answer["status_reason"]) == ("deploying", None)


def test_metadata_begins_no_deployment(emulator: StartEmulator) -> None:
    """A failed model stays failed when its metadata changes."""
    running = emulator(seed=[launch("sum", status="failed", status_reason="no memory")])
    with client(running) as http:
        answer = http.patch(path_of(running, "sum"), json={"model_metadata": {"x": 1}}).json()
    assert (answer["status"], answer["status_reason"]) == ("failed", "no memory")


def test_an_empty_configuration_deploys_as_well(emulator: StartEmulator) -> None:
    """A configuration without a difference still asks for a deployment."""
    running = emulator(seed=[launch("sum")], clock=Clock())
    with client(running) as http:
        answer = http.patch(path_of(running, "sum"), json={"vendor_configuration": {}}).json()
    assert answer["status"] == "deploying"

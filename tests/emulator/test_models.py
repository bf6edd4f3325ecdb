"""GET, POST and DELETE of one model."""

from typing import Any

import pytest

from tests.conftest import StartEmulator
from tests.emulator.samples import Clock, client, hosted, launch, llmengine, path_of

COMPLETE = {
    "id": "id-1",
    "object": "model",
    "name": "sum",
    "model_type": "generic",
    "model_vendor": "launch",
    "model_metadata": {},
    "vendor_configuration": {
        "model_image": {
            "registry": "reg.example",
            "repository": "nlp/sum",
            "tag": "v1",
            "command": ["serve"],
            "predict_route": "/predict",
            "streaming_predict_route": None,
            "streaming_command": None,
            "request_schema": {},
            "response_schema": {},
            "env_vars": {},
            "readiness_delay": 120,
            "healthcheck_route": "/readyz",
        },
        "model_infra": {
            "endpoint_type": "sync",
            "cpus": None,
            "gpus": 0,
            "gpu_type": None,
            "memory": "8Gi",
            "storage": "16Gi",
            "min_workers": 0,
            "max_workers": 1,
            "per_worker": 10,
            "high_priority": False,
            "labels": {},
            "public_inference": False,
        },
    },
    "status": "ready",
    "status_reason": None,
    "model_availability": "available",
    "created_at": "2026-01-01T00:00:01Z",
    "created_by_user_id": "00000000-0000-4000-8000-000000000001",
    "created_by_identity_type": "user",
}


def test_a_model_is_answered_with_the_servers_defaults(emulator: StartEmulator) -> None:
    """What a launch model leaves out has the defaults of the reference page."""
    with client(emulator(seed=[launch("sum", id="id-1")])) as http:
        assert http.get("/v5/models/id-1").json() == COMPLETE


def test_ids_are_the_same_for_the_same_seed(emulator: StartEmulator) -> None:
    """Two emulators with one seed answer equal bytes."""
    first, second = (emulator(seed=[launch("a"), hosted("b")]) for _ in range(2))
    with client(first) as one, client(second) as other:
        assert one.get("/v5/models").content == other.get("/v5/models").content


def test_an_unknown_id_is_answered_404(emulator: StartEmulator) -> None:
    """The detail names the id."""
    with client(emulator()) as http:
        answer = http.get("/v5/models/nope")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Model nope not found"})


@pytest.mark.parametrize(
    ("body", "status", "model_type"),
    [
        (launch("new"), "deploying", "generic"),
        (llmengine("new"), "deploying", "chat_completion"),
        (hosted("new"), "ready", "chat_completion"),
    ],
)
def test_a_created_model_deploys_where_its_vendor_does(
    emulator: StartEmulator, body: Any, status: str, model_type: str
) -> None:
    """Launch and llmengine begin as deploying, and hosted vendors are ready at once."""
    running = emulator(clock=Clock())
    with client(running) as http:
        answer = http.post("/v5/models", json=body)
    model = answer.json()
    assert (answer.status_code, model["status"], model["model_type"]) == (200, status, model_type)
    assert running.store.models() == [model]


@pytest.mark.parametrize("taken_status", [400, 409])
def test_a_taken_name_is_refused(emulator: StartEmulator, taken_status: int) -> None:
    """A name is unique for its vendor, and only there."""
    with client(emulator(seed=[launch("sum")], taken_status=taken_status)) as http:
        same = http.post("/v5/models", json=launch("sum"))
        other_vendor = http.post("/v5/models", json=hosted("sum"))
    assert (same.status_code, same.json()) == (
        taken_status,
        {"detail": "A model named 'sum' already exists for launch"},
    )
    assert other_vendor.status_code == 200


def test_on_conflict_update_takes_over_the_model(emulator: StartEmulator) -> None:
    """With on_conflict update, the model of that name gets the new configuration and keeps its id."""
    running = emulator(seed=[launch("sum", model_metadata={"team": "nlp"})])
    before = running.store.named("sum")
    with client(running) as http:
        answer = http.post("/v5/models", json=launch("sum", image={"tag": "v2"}, on_conflict="update")).json()
    assert (answer["id"], answer["status"], answer["model_metadata"]) == (before["id"], "deploying", {"team": "nlp"})
    assert answer["vendor_configuration"]["model_image"]["tag"] == "v2"
    assert "on_conflict" not in answer


def test_on_conflict_update_of_a_hosted_model_acts_at_once(emulator: StartEmulator) -> None:
    """Where nothing is deployed, the model stays ready."""
    running = emulator(seed=[hosted("gpt", model_metadata={"x": 1})])
    with client(running) as http:
        answer = http.post("/v5/models", json=hosted("gpt", model_metadata={"x": 2}, on_conflict="update")).json()
    assert (answer["status"], answer["model_metadata"], len(running.store.models())) == ("ready", {"x": 2}, 1)


def test_on_conflict_update_waits_for_no_deployment(emulator: StartEmulator) -> None:
    """A model that is deploying is not taken over."""
    with client(emulator(seed=[launch("sum", deploying_for=60)])) as http:
        assert http.post("/v5/models", json=launch("sum", on_conflict="update")).status_code == 409


def test_a_launch_model_without_configuration_is_answered_422(emulator: StartEmulator) -> None:
    """Validation errors have FastAPI's shape."""
    with client(emulator()) as http:
        answer = http.post("/v5/models", json={"name": "sum", "model_vendor": "launch"})
    assert (answer.status_code, answer.json()) == (
        422,
        {
            "detail": [
                {
                    "type": "missing",
                    "loc": ["body", "launch", "vendor_configuration"],
                    "msg": "Field required",
                    "input": {"name": "sum", "model_vendor": "launch"},
                }
            ]
        },
    )


def test_a_wrong_type_is_answered_422_with_its_place(emulator: StartEmulator) -> None:
    """The path leads to the field, and the input is echoed."""
    with client(emulator()) as http:
        error = http.post("/v5/models", json=launch("sum", infra={"gpus": "abc"})).json()["detail"][0]
    assert (error["type"], error["loc"], error["input"]) == (
        "int_parsing",
        ["body", "launch", "vendor_configuration", "model_infra", "gpus"],
        "abc",
    )


def test_a_body_that_is_no_json_is_answered_422(emulator: StartEmulator) -> None:
    """The place in the body is in the path, as FastAPI has it."""
    with client(emulator()) as http:
        answer = http.post("/v5/models", content=b'{"name": ')
    assert answer.status_code == 422
    assert (answer.json()["detail"][0]["type"], answer.json()["detail"][0]["loc"]) == ("json_invalid", ["body", 9])


def test_an_llmengine_configuration_takes_other_keys(emulator: StartEmulator) -> None:
    """Keys that are not documented are stored, also by a strict server."""
    body = llmengine("llm")
    body["vendor_configuration"]["trust_remote_code"] = True
    with client(emulator(bodies="strict")) as http:
        answer = http.post("/v5/models", json=body)
    assert answer.json()["vendor_configuration"] == {"model": "llama-3-8b", "gpus": 1, "trust_remote_code": True}


def test_hosted_vendors_can_be_switched_off(emulator: StartEmulator) -> None:
    """An account may not have hosted vendors."""
    with client(emulator(hosted=False)) as http:
        answer = http.post("/v5/models", json=hosted("gpt"))
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "Models of the vendor openai cannot be created in this account"},
    )


def test_a_deleted_model_is_gone(emulator: StartEmulator) -> None:
    """Deletion is answered with the id, and everything after it with 404."""
    with client(emulator(seed=[launch("sum", id="id-1")])) as http:
        deleted = http.delete("/v5/models/id-1")
        afterwards = [http.request(method, "/v5/models/id-1", json={}) for method in ("GET", "PATCH", "DELETE")]
    assert deleted.json() == {"id": "id-1", "object": "model", "deleted": True}
    assert [answer.status_code for answer in afterwards] == [404, 404, 404]


def test_an_llmengines_cpus_stay_an_integer(emulator: StartEmulator) -> None:
    """The API's type for them is an integer, so only sizes are spelled anew."""
    running = emulator(respell=True)
    body = llmengine("llm")
    body["vendor_configuration"] |= {"cpus": "3", "memory": "16Gi"}
    with client(running) as http:
        configuration = http.post("/v5/models", json=body).json()["vendor_configuration"]
    assert configuration == {"model": "llama-3-8b", "gpus": 1, "cpus": 3, "memory": "16384Mi"}


def test_quantities_can_come_back_in_another_spelling(emulator: StartEmulator) -> None:
    """With respell, memory is answered in Mi and cpus as a string, and nothing changes twice."""
    running = emulator(respell=True, deploy_seconds=0)
    with client(running) as http:
        http.post("/v5/models", json=launch("sum", infra={"cpus": 3, "memory": "8Gi"}))
        http.patch(path_of(running, "sum"), json={"vendor_configuration": {"model_infra": {"gpus": 0}}})
        infra = http.get(path_of(running, "sum")).json()["vendor_configuration"]["model_infra"]
    assert (infra["cpus"], infra["memory"], infra["storage"]) == ("3", "8192Mi", "16384Mi")


@pytest.mark.parametrize(
    "metadata",
    [
        '{"k": "\\ud800"}',
        '{"k": NaN}',
        '{"k": Infinity}',
        "[" * 5_000 + "]" * 5_000,
        '{"k": ' + "[" * 3_000 + "]" * 3_000 + "}",
    ],
    ids=["half a surrogate pair", "NaN", "Infinity", "5,000 levels", "3,000 levels below a key"],
)
def test_what_cannot_be_written_again_is_refused(emulator: StartEmulator, metadata: str) -> None:
    """422 like any other fault: it would spoil every later listing."""
    running = emulator(seed=[hosted("gpt")])
    with client(running) as http:
        answer = http.patch(path_of(running, "gpt"), content=f'{{"model_metadata": {metadata}}}'.encode())
        assert answer.status_code == 422
        assert http.get("/v5/models").status_code == 200

"""PATCH: the three bodies, and what becomes of maps, lists, nulls and unknown keys."""

from typing import Any

import pytest

from tests.conftest import StartEmulator
from tests.emulator.samples import Clock, client, hosted, launch, llmengine, path_of

MAPS = [
    ("replace", {"b": 3, "c": 4}),
    ("merge", {"a": 1, "b": 3, "c": 4}),
]


@pytest.mark.parametrize(("maps", "expected"), MAPS)
def test_metadata_replaces_or_merges_by_switch(emulator: StartEmulator, maps: str, expected: Any) -> None:
    """A metadata PATCH acts at once, and treats the stored map as the switch says."""
    running = emulator(seed=[hosted("gpt", model_metadata={"a": 1, "b": 2})], maps=maps)
    with client(running) as http:
        answer = http.patch(path_of(running, "gpt"), json={"model_metadata": {"b": 3, "c": 4}}).json()
    assert (answer["model_metadata"], answer["status"]) == (expected, "ready")


@pytest.mark.parametrize(("maps", "expected"), MAPS)
def test_free_form_maps_in_the_configuration_follow_the_switch(
    emulator: StartEmulator, maps: str, expected: Any
) -> None:
    """env_vars and the schemas are free-form maps."""
    stored = {"a": 1, "b": 2}
    given = {"b": 3, "c": 4}
    image = {"env_vars": stored, "request_schema": stored, "response_schema": stored}
    running = emulator(seed=[launch("sum", image=image)], maps=maps)
    with client(running) as http:
        body = {"vendor_configuration": {"model_image": dict.fromkeys(image, given)}}
        answer = http.patch(path_of(running, "sum"), json=body).json()
    assert [answer["vendor_configuration"]["model_image"][name] for name in image] == [expected] * 3


@pytest.mark.parametrize(("maps", "expected"), [("replace", {"b": "2"}), ("merge", {"a": "1", "b": "2"})])
@pytest.mark.parametrize("vendor", ["launch", "llmengine"])
def test_labels_follow_the_switch(emulator: StartEmulator, maps: str, expected: Any, vendor: str) -> None:
    """Labels are a free-form map in both vendors' configurations."""
    labels = {"labels": {"b": "2"}}
    seed = launch("sum", infra={"labels": {"a": "1"}})
    if vendor == "llmengine":
        seed = llmengine("sum")
        seed["vendor_configuration"]["labels"] = {"a": "1"}
    running = emulator(seed=[seed], maps=maps)
    with client(running) as http:
        body = {"vendor_configuration": labels if vendor == "llmengine" else {"model_infra": labels}}
        configuration = http.patch(path_of(running, "sum"), json=body).json()["vendor_configuration"]
    assert (configuration if vendor == "llmengine" else configuration["model_infra"])["labels"] == expected


def test_merging_is_shallow(emulator: StartEmulator) -> None:
    """A map within a map is replaced, also by a merging server."""
    running = emulator(seed=[hosted("gpt", model_metadata={"deep": {"a": 1}})], maps="merge")
    with client(running) as http:
        answer = http.patch(path_of(running, "gpt"), json={"model_metadata": {"deep": {"b": 2}}}).json()
    assert answer["model_metadata"] == {"deep": {"b": 2}}


def test_a_partial_configuration_leaves_the_rest_as_it_is(emulator: StartEmulator) -> None:
    """What a PATCH leaves out stays, a list is replaced, and the metadata can ride along."""
    running = emulator(seed=[launch("sum", image={"command": ["a", "b"]}, infra={"gpus": 2})], clock=Clock())
    before = running.store.named("sum")
    with client(running) as http:
        body = {"vendor_configuration": {"model_image": {"command": ["c"]}}, "model_metadata": {"x": 1}}
        answer = http.patch(path_of(running, "sum"), json=body).json()
    before["vendor_configuration"]["model_image"]["command"] = ["c"]
    changed = {"model_metadata": {"x": 1}, "status": "deploying", "model_availability": "unknown"}
    assert answer == {**before, **changed}


@pytest.mark.parametrize(("nulls", "memory", "metadata"), [("unset", None, None), ("keep", "4Gi", {"x": 1})])
def test_null_unsets_or_keeps_by_switch(emulator: StartEmulator, nulls: str, memory: Any, metadata: Any) -> None:
    """Null for an optional field unsets it, or means "as it is"."""
    seed = launch("sum", infra={"memory": "4Gi"}, model_metadata={"x": 1})
    running = emulator(seed=[seed], nulls=nulls)
    with client(running) as http:
        body = {"vendor_configuration": {"model_infra": {"memory": None}}, "model_metadata": None}
        answer = http.patch(path_of(running, "sum"), json=body).json()
    assert answer["vendor_configuration"]["model_infra"]["memory"] == memory
    assert answer["model_metadata"] == metadata


def test_null_for_a_required_field_is_answered_422(emulator: StartEmulator) -> None:
    """The image's tag cannot be unset, and nothing else of the body is done."""
    running = emulator(seed=[launch("sum")])
    before = running.store.models()
    with client(running) as http:
        body = {"vendor_configuration": {"model_infra": {"gpus": 1}, "model_image": {"tag": None}}}
        answer = http.patch(path_of(running, "sum"), json=body)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (
        422,
        ["body", "vendor_configuration", "model_image", "tag"],
    )
    assert running.store.models() == before


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ({"name": "other", "model_metadata": {"x": 1}}, {"model_metadata": {"x": 1}}),
        ({"model_metdata": {"x": 1}}, {}),
        ({"model": {"name": "other"}}, {}),
        ({}, {}),
    ],
)
def test_a_lenient_server_silently_drops_what_does_not_fit(emulator: StartEmulator, body: Any, changed: Any) -> None:
    """A mixed, misspelt or wrapped body is answered 200, and part or all of it is lost."""
    running = emulator(seed=[hosted("gpt")])
    before = running.store.named("gpt")
    with client(running) as http:
        answer = http.patch(path_of(running, "gpt"), json=body)
    assert (answer.status_code, answer.json()) == (200, {**before, **changed})


def test_a_lenient_server_drops_the_name_beside_a_configuration(emulator: StartEmulator) -> None:
    """A rename that travels with a configuration is lost, as are unknown keys of the configuration."""
    running = emulator(seed=[launch("sum")])
    with client(running) as http:
        body = {"name": "other", "vendor_configuration": {"model_infra": {"gpus": 1, "gpu": 2}}}
        answer = http.patch(path_of(running, "sum"), json=body).json()
    infra = answer["vendor_configuration"]["model_infra"]
    assert (answer["name"], infra["gpus"], "gpu" in infra) == ("sum", 1, False)


def test_a_lenient_server_drops_a_configuration_of_the_wrong_type(emulator: StartEmulator) -> None:
    """What no member of the union takes is an empty configuration, and the model is deployed for nothing."""
    running = emulator(seed=[launch("sum")], clock=Clock())
    before = running.store.named("sum")
    with client(running) as http:
        body = {"vendor_configuration": {"model_infra": {"gpus": "many"}}}
        answer = http.patch(path_of(running, "sum"), json=body)
    assert answer.status_code == 200
    assert answer.json() == {**before, "status": "deploying", "model_availability": "unknown"}


@pytest.mark.parametrize(("other_keys", "expected"), [("drop", None), ("keep", "x")])
def test_other_keys_of_an_llmengine_update_follow_the_switch(
    emulator: StartEmulator, other_keys: str, expected: Any
) -> None:
    """Creation takes undocumented keys; whether an update does is not known."""
    running = emulator(seed=[llmengine("llm")], other_keys=other_keys)
    with client(running) as http:
        body = {"vendor_configuration": {"rope_scaling": "x", "gpus": 2}}
        configuration = http.patch(path_of(running, "llm"), json=body).json()["vendor_configuration"]
    assert (configuration.get("rope_scaling"), configuration["gpus"]) == (expected, 2)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "other", "model_metadata": {"x": 1}},
        {"name": "other", "vendor_configuration": {"model_infra": {"gpus": 1}}},
        {"model_metdata": {"x": 1}},
        {"vendor_configuration": {"model_infra": {"gpu": 2}}},
    ],
)
def test_a_strict_server_refuses_what_does_not_fit(emulator: StartEmulator, body: Any) -> None:
    """A strict server answers 422, and nothing is changed."""
    running = emulator(seed=[launch("sum")], bodies="strict")
    before = running.store.models()
    with client(running) as http:
        answer = http.patch(path_of(running, "sum"), json=body)
    assert answer.status_code == 422
    assert "extra_forbidden" in {error["type"] for error in answer.json()["detail"]}
    assert running.store.models() == before


@pytest.mark.parametrize(
    "body",
    [
        {"model_metadata": {"x": 1}},
        {"vendor_configuration": {"model_infra": {"gpus": 1}}, "model_metadata": {"x": 1}},
        {"name": "other"},
        {"name": "other", "on_conflict": "swap"},
    ],
)
def test_a_strict_server_takes_the_three_bodies(emulator: StartEmulator, body: Any) -> None:
    """What the API documents is accepted."""
    running = emulator(seed=[launch("sum")], bodies="strict")
    with client(running) as http:
        assert http.patch(path_of(running, "sum"), json=body).status_code == 200


@pytest.mark.parametrize(
    ("seed", "configuration", "detail"),
    [
        (launch("m"), {"gpus": 1}, "The configuration is one of llmengine, and the model's vendor is launch"),
        (
            llmengine("m"),
            {"model_infra": {"gpus": 1}},
            "The configuration is one of launch, and the model's vendor is llmengine",
        ),
        (hosted("m"), {"gpus": 1}, "Models of the vendor openai have no configuration to update"),
    ],
)
def test_a_configuration_of_another_vendor_is_answered_400(
    emulator: StartEmulator, seed: Any, configuration: Any, detail: str
) -> None:
    """A partial configuration must match the model's vendor."""
    running = emulator(seed=[seed])
    with client(running) as http:
        answer = http.patch(path_of(running, "m"), json={"vendor_configuration": configuration})
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_fields_can_be_accepted_and_ignored(emulator: StartEmulator) -> None:
    """The engine takes some fields without changing them."""
    running = emulator(seed=[launch("sum")], ignored=("model_infra.endpoint_type",))
    with client(running) as http:
        body = {"vendor_configuration": {"model_infra": {"endpoint_type": "async", "gpus": 1}}}
        answer = http.patch(path_of(running, "sum"), json=body)
    infra = answer.json()["vendor_configuration"]["model_infra"]
    assert (answer.status_code, infra["endpoint_type"], infra["gpus"]) == (200, "sync", 1)


def test_a_rename_acts_at_once(emulator: StartEmulator) -> None:
    """A rename changes the name and nothing else."""
    running = emulator(seed=[launch("sum")])
    before = running.store.named("sum")
    with client(running) as http:
        answer = http.patch(path_of(running, "sum"), json={"name": "total"})
    assert answer.json() == {**before, "name": "total"}


def test_a_rename_onto_a_taken_name_is_refused(emulator: StartEmulator) -> None:
    """The name of another model of the vendor is taken, and that of another vendor's model is not."""
    running = emulator(seed=[launch("a"), launch("b", id="id-b"), hosted("c")], taken_status=409)
    with client(running) as http:
        taken = http.patch(path_of(running, "a"), json={"name": "b"})
        free = http.patch(path_of(running, "a"), json={"name": "c"})
    assert (taken.status_code, taken.json()) == (409, {"detail": "The name 'b' is taken by the model id-b"})
    assert free.status_code == 200


def test_swap_exchanges_two_names(emulator: StartEmulator) -> None:
    """With on_conflict swap, both models change their names in one step."""
    running = emulator(seed=[launch("a", id="id-a"), launch("b", id="id-b")])
    with client(running) as http:
        answer = http.patch("/v5/models/id-a", json={"name": "b", "on_conflict": "swap"})
    assert answer.json()["name"] == "b"
    assert {model["id"]: model["name"] for model in running.store.models()} == {"id-a": "b", "id-b": "a"}


def test_a_swap_with_a_deploying_model_is_refused(emulator: StartEmulator) -> None:
    """Neither of the two may be deploying."""
    running = emulator(seed=[launch("a", id="id-a"), launch("b", deploying_for=60)])
    with client(running) as http:
        answer = http.patch("/v5/models/id-a", json={"name": "b", "on_conflict": "swap"})
    assert (answer.status_code, answer.json()) == (
        409,
        {"detail": "The model 'b' is deploying; try again when it is done"},
    )
    assert running.store.model("id-a")["name"] == "a"


def test_a_rename_to_its_own_name_is_no_conflict(emulator: StartEmulator) -> None:
    """A model does not stand in its own way."""
    running = emulator(seed=[launch("a")])
    with client(running) as http:
        assert http.patch(path_of(running, "a"), json={"name": "a"}).status_code == 200

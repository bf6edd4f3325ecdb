"""The official client, with strict response validation, does every call: what keeps the emulator honest."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import scale_gp_beta
from scale_gp_beta import SGPClient
from scale_gp_beta.types import InferenceModel

from egpsync.emulator.faults import Answer, Rule, TooMany
from egpsync.emulator.server import Running
from tests.conftest import StartEmulator
from tests.emulator.samples import KEY, Clock, hosted, launch, llmengine


@contextmanager
def official(running: Running, *, account: str = "", retries: int = 0) -> Iterator[SGPClient]:
    """The official client, talking to an emulator."""
    with SGPClient(
        api_key=KEY,
        account_id=account,
        base_url=running.base_url,
        max_retries=retries,
        _strict_response_validation=True,
    ) as client:
        yield client


@pytest.mark.parametrize("base_path", ["", "/public"])
def test_it_pages_through_a_whole_account(emulator: StartEmulator, base_path: str) -> None:
    """The iterator follows the cursors over many pages, and meets every model once."""
    seed = [launch("l"), llmengine("e"), *(hosted(f"h{number}") for number in range(48))]
    running = emulator(seed=seed, base_path=base_path)
    with official(running) as client:
        found = [model.id for model in client.models.list(limit=7)]
    assert sorted(found) == sorted(model["id"] for model in running.store.models())
    assert len(running.log.entries) == 8


def test_it_pages_backwards(emulator: StartEmulator) -> None:
    """The iterator follows ending_before to the beginning."""
    running = emulator(seed=[hosted(name, id=f"id-{name}") for name in "edcba"])
    with official(running) as client:
        found = [model.name for model in client.models.list(limit=2, ending_before="id-e")]
    assert found == ["c", "d", "a", "b"]


def test_it_lists_with_every_parameter(emulator: StartEmulator) -> None:
    """The query parameters of the client are those of the emulator."""
    running = emulator(seed=[hosted("a"), hosted("b"), launch("a")])
    with official(running) as client:
        page = client.models.list(name="a", model_vendor="openai", sort_by="name", sort_order="asc", limit=1000)
    assert [(model.name, model.api_model_vendor) for model in page.items] == [("a", "openai")]
    assert page.has_more is False


def test_it_retrieves_a_model(emulator: StartEmulator) -> None:
    """Every field comes in the type that the client has for it."""
    running = emulator(seed=[launch("sum", id="id-1", infra={"cpus": "4"}, model_metadata={"x": 1})])
    with official(running) as client:
        model = client.models.retrieve("id-1")
    assert model.to_dict(mode="json") == running.store.model("id-1")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (launch("new", model_metadata={"x": 1}), "deploying"),
        (llmengine("new", model_type="chat_completion"), "deploying"),
        (hosted("new"), "ready"),
    ],
)
def test_it_creates_a_model_of_each_family(emulator: StartEmulator, body: Any, status: str) -> None:
    """The body travels as it is, and the answer is a model."""
    running = emulator(clock=Clock())
    with official(running) as client:
        model = client.models.create(model=body)
    assert (type(model), model.name, model.status) == (InferenceModel, "new", status)
    assert running.log.entries[0].body == body


def test_it_makes_the_three_updates(emulator: StartEmulator) -> None:
    """Metadata, configuration and name, each in its own body."""
    running = emulator(seed=[launch("sum", id="id-1"), launch("other")], deploy_seconds=0)
    bodies: list[Any] = [
        {"model_metadata": {"x": 1}},
        {"vendor_configuration": {"model_infra": {"gpus": 1}}, "model_metadata": {"x": 2}},
        {"name": "other", "on_conflict": "swap"},
    ]
    with official(running) as client:
        answers = [client.models.update("id-1", model=body) for body in bodies]
        after = client.models.retrieve("id-1")
    assert [answer.status for answer in answers] == ["ready", "deploying", "ready"]
    assert (after.name, after.metadata, after.status) == ("other", {"x": 2}, "ready")
    assert [entry.body for entry in running.log.changes] == bodies


def test_it_updates_an_llmengine_model(emulator: StartEmulator) -> None:
    """A flat configuration fits as well."""
    running = emulator(seed=[llmengine("llm", id="id-1")])
    with official(running) as client:
        client.models.update("id-1", model={"vendor_configuration": {"max_workers": 3}})
    assert running.store.model("id-1")["vendor_configuration"]["max_workers"] == 3


def test_it_deletes_a_model(emulator: StartEmulator) -> None:
    """The answer says so."""
    running = emulator(seed=[hosted("gpt", id="id-1")])
    with official(running) as client:
        answer = client.models.delete("id-1")
    assert answer.to_dict() == {"id": "id-1", "deleted": True, "object": "model"}
    assert running.store.models() == []


def test_it_selects_the_account(emulator: StartEmulator) -> None:
    """The client's account id is the emulator's account."""
    running = emulator(seed=[hosted("mine", account="a-1"), hosted("theirs")])
    with official(running, account="a-1") as client:
        assert [model.name for model in client.models.list()] == ["mine"]


def test_it_reads_a_failed_deployment(emulator: StartEmulator) -> None:
    """Status, reason and availability fit the client's types."""
    seed = [launch("a", status="failed", status_reason="no memory"), launch("b", status="deployment_timeout")]
    with official(emulator(seed=seed)) as client:
        found = [(one.status, one.status_reason, one.api_model_availability) for one in client.models.list()]
    assert found == [("deployment_timeout", None, "unavailable"), ("failed", "no memory", "unavailable")]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, scale_gp_beta.BadRequestError),
        (401, scale_gp_beta.AuthenticationError),
        (403, scale_gp_beta.PermissionDeniedError),
        (404, scale_gp_beta.NotFoundError),
        (409, scale_gp_beta.ConflictError),
        (422, scale_gp_beta.UnprocessableEntityError),
        (429, scale_gp_beta.RateLimitError),
        (503, scale_gp_beta.InternalServerError),
    ],
)
def test_it_maps_every_error(emulator: StartEmulator, status: int, error: type[Exception]) -> None:
    """Each status is the client's exception for it."""
    running = emulator(faults=[Rule(kind=Answer(status=status, body={"detail": "no"}))])
    with official(running) as client, pytest.raises(error):
        client.models.retrieve("id-1")


def test_it_meets_the_emulators_own_refusals(emulator: StartEmulator) -> None:
    """404 for what is not there, 409 while deploying, 400 for a taken name, 422 for a body that is wrong."""
    seed = [launch("busy", id="busy", deploying_for=60), launch("sum", id="sum")]
    running = emulator(seed=seed, bodies="strict")
    wrong: Any = {"vendor_configuration": {"model_infra": {"gpus": "many"}}}
    with official(running) as client:
        with pytest.raises(scale_gp_beta.NotFoundError, match="Model nope not found"):
            client.models.retrieve("nope")
        with pytest.raises(scale_gp_beta.ConflictError, match="is deploying"):
            client.models.delete("busy")
        with pytest.raises(scale_gp_beta.BadRequestError, match="taken"):
            client.models.update("sum", model={"name": "busy"})
        with pytest.raises(scale_gp_beta.UnprocessableEntityError, match="int_parsing"):
            client.models.update("sum", model=wrong)


def test_it_retries_what_the_emulator_limits(emulator: StartEmulator) -> None:
    """The client waits as Retry-After says, and then succeeds."""
    limits = Rule(nth=(1,), kind=TooMany(seconds=0.05, retry_after="milliseconds"))
    running = emulator(seed=[hosted("gpt", id="id-1")], faults=[limits])
    with official(running, retries=1) as client:
        assert client.models.retrieve("id-1").name == "gpt"
    assert [entry.status for entry in running.log.entries] == [429, 200]

"""Who is let in, and to which account."""

import httpx

from tests.conftest import StartEmulator
from tests.emulator.samples import client, hosted


def test_a_request_without_a_key_is_answered_401(emulator: StartEmulator) -> None:
    """The header x-api-key is required."""
    answer = httpx.get(emulator().base_url + "/v5/models")
    assert (answer.status_code, answer.json()) == (401, {"detail": "The API key is missing"})


def test_any_key_is_let_in_unless_one_is_configured(emulator: StartEmulator) -> None:
    """Without a configured key, every key that is not empty will do."""
    answer = httpx.get(emulator().base_url + "/v5/models", headers={"x-api-key": "whatever"})
    assert answer.status_code == 200


def test_a_wrong_key_is_answered_401(emulator: StartEmulator) -> None:
    """With a configured key, no other is let in."""
    answer = httpx.get(emulator(api_key="right").base_url + "/v5/models", headers={"x-api-key": "wrong"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "The API key is not known"})


def test_each_account_has_its_own_models(emulator: StartEmulator) -> None:
    """The header x-selected-account-id selects the account, and its absence the default one."""
    running = emulator(seed=[hosted("in-default"), hosted("in-other", account="other")])
    with client(running) as http:
        default = http.get("/v5/models").json()["items"]
        other = http.get("/v5/models", headers={"x-selected-account-id": "other"}).json()["items"]
    assert [model["name"] for model in default] == ["in-default"]
    assert [model["name"] for model in other] == ["in-other"]


def test_an_account_out_of_the_allowed_ones_is_answered_403(emulator: StartEmulator) -> None:
    """With allowed accounts configured, the key opens no other."""
    running = emulator(accounts=("mine",))
    with client(running, **{"x-selected-account-id": "theirs"}) as http:
        answer = http.get("/v5/models")
    assert (answer.status_code, answer.json()) == (403, {"detail": "The key has no access to the account 'theirs'"})


def test_a_base_path_stands_before_every_call(emulator: StartEmulator) -> None:
    """A base URL can carry a path, and nothing answers without it."""
    running = emulator(base_path="/public", seed=[hosted("one")])
    with client(running) as http:
        below = http.get("/v5/models")
        beside = http.get(running.root_url + "/v5/models")
    assert running.base_url == running.root_url + "/public"
    assert (below.json()["total"], beside.status_code) == (1, 404)


def test_an_unknown_path_is_answered_404_as_fastapi_does(emulator: StartEmulator) -> None:
    """What is no call of the API is Not Found."""
    with client(emulator()) as http:
        answer = http.get("/v4/models")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


def test_one_account_answers_whoever_asks(emulator: StartEmulator) -> None:
    """What the command serves where its seed names no account."""
    running = emulator(seed=[hosted("gpt")], one_account=True)
    with client(running, **{"x-selected-account-id": "acct-1"}) as http:
        assert [model["name"] for model in http.get("/v5/models").json()["items"]] == ["gpt"]

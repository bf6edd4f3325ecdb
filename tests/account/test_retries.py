"""When the client asks again, and for how long: time is passed in, HTTP is real."""

import asyncio
import contextlib
from collections.abc import Mapping
from email.utils import formatdate

import pytest

from egpsync.account.client import Access, Attempt, Client, Patience
from egpsync.emulator.faults import Answer, Cut, Hang, Kind, Rule, TooMany, Truncated
from egpsync.emulator.server import Running
from egpsync.errors import ApiError, RateLimited, ServerFault, Unreachable
from tests.account.samples import KEY, MODELS, Asked, error_of
from tests.account.test_client import closed_port
from tests.conftest import StartEmulator

GPT = {"name": "gpt", "model_vendor": "openai"}
PASSING: Mapping[str, Kind] = {
    "408": Answer(status=408),
    "425": Answer(status=425),
    "429": TooMany(),
    "500": Answer(status=500),
    "502 page": Answer(status=502, body="<html>"),
    "503": Answer(status=503),
    "504": Answer(status=504),
    "cut": Cut(),
    "reset": Cut(reset=True),
    "cut while answering": Cut(after=True, partial=True),
    "truncated": Truncated(),
    "late": Hang(seconds=0.05),
}
SURELY_NOT_DONE = {"425", "429", "503"}


def asked_twice(emulator: StartEmulator, method: str, kind: Kind) -> tuple[int, Asked, Running]:
    """How many requests arrive when the first one meets trouble, and whose they were."""
    running = emulator(seed=[GPT], faults=[Rule(method=method, nth=(1,), kind=kind)])
    asked = Asked(running.base_url)
    path = MODELS if method == "POST" else f"{MODELS}/{running.store.named('gpt')['id']}"
    body = {"name": "new", "model_vendor": "openai", "model_type": "completion"} if method == "POST" else {}
    with contextlib.suppress(ApiError):
        asked.get(path) if method == "GET" else asked.send(method, path, body)
    return len(running.log.entries), asked, running


@pytest.mark.parametrize("trouble", PASSING)
def test_a_read_is_repeated_on_whatever_passes(emulator: StartEmulator, trouble: str) -> None:
    """One failure is followed by one more request, and by the answer."""
    count, asked, _ = asked_twice(emulator, "GET", PASSING[trouble])
    assert count == 2
    assert asked.attempts[-1].problem == ""


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("trouble", PASSING)
def test_a_change_is_repeated_only_where_the_server_did_not_act(
    emulator: StartEmulator, method: str, trouble: str
) -> None:
    """Where it may have acted, whoever asked has to read first."""
    count, _, _ = asked_twice(emulator, method, PASSING[trouble])
    assert count == (2 if trouble in SURELY_NOT_DONE else 1)


@pytest.mark.parametrize("trouble", PASSING)
def test_a_creation_is_not_even_repeated_on_503(emulator: StartEmulator, trouble: str) -> None:
    """A second POST could make a second model."""
    count, _, _ = asked_twice(emulator, "POST", PASSING[trouble])
    assert count == (2 if trouble in {"425", "429"} else 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 302])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_plain_no_is_not_asked_again(emulator: StartEmulator, method: str, status: int) -> None:
    """What was refused once is refused again."""
    count, asked, _ = asked_twice(emulator, method, Answer(status=status))
    assert (count, asked.time.slept) == (1, [])


@pytest.mark.parametrize("method", ["GET", "PATCH", "POST", "DELETE"])
def test_every_method_is_repeated_without_a_connection(method: str) -> None:
    """Nothing was sent, so nothing can happen twice."""
    asked = Asked(f"http://127.0.0.1:{closed_port()}", patience=Patience(attempts=3))
    assert type(error_of(asked, method)) is Unreachable
    assert len(asked.attempts) == 3


def test_attempts_end(emulator: StartEmulator) -> None:
    """After six requests the last error is told."""
    running = emulator(faults=[Rule(kind=Answer(status=500))])
    asked = Asked(running.base_url)
    assert type(error_of(asked)) is ServerFault
    assert len(running.log.entries) == 6


def test_waits_are_drawn_below_a_doubling_bound(emulator: StartEmulator) -> None:
    """Full jitter: anything from nought to 0.5, 1, 2, 4, 8 seconds."""
    running = emulator(faults=[Rule(kind=Answer(status=500))])
    asked = Asked(running.base_url)
    error_of(asked)
    bounds = [0.5, 1.0, 2.0, 4.0, 8.0]
    assert len(asked.time.slept) == 5
    assert all(0 <= wait <= bound for wait, bound in zip(asked.time.slept, bounds, strict=True))


def test_the_deadline_ends_the_attempts(emulator: StartEmulator) -> None:
    """No wait begins that would end after it."""
    running = emulator(faults=[Rule(kind=Answer(status=500, headers={"retry-after": "40"}))])
    asked = Asked(running.base_url, patience=Patience(deadline=100))
    assert type(error_of(asked)) is ServerFault
    assert asked.time.slept == [40.0, 40.0]


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry-after": "7"}, 7.0, 7.0),
        ({"retry-after": "7.5"}, 7.5, 7.5),
        ({"retry-after-ms": "7250"}, 7.25, 7.25),
        ({"retry-after-ms": "7250", "retry-after": "60"}, 7.25, 7.25),
        ({"retry-after": "0"}, 0.0, 0.5),
        ({"retry-after": "-5"}, 0.0, 0.5),
        ({"retry-after": "soon"}, 0.0, 0.5),
        ({"retry-after": ""}, 0.0, 0.5),
        ({"retry-after-ms": "soon"}, 0.0, 0.5),
        ({"retry-after-ms": "nan"}, 0.0, 0.5),
        ({"retry-after": "Fri, 31 Feb 2026 99:00:00 GMT"}, 0.0, 0.5),
        ({"retry-after": formatdate(0, usegmt=True)}, 0.0, 0.5),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_server_says_when_to_come_again(
    emulator: StartEmulator, status: int, headers: dict[str, str], least: float, most: float
) -> None:
    """Seconds, a date by the server's own clock, or milliseconds; what cannot be read is as if it were not there."""
    running = emulator(faults=[Rule(nth=(1,), kind=Answer(status=status, headers=headers))])
    asked = Asked(running.base_url)
    asked.get()
    assert least <= sum(asked.time.slept) <= most + 0.001


@pytest.mark.parametrize("retry_after", ["seconds", "date", "milliseconds"])
def test_a_limit_in_each_of_its_forms_is_waited_out(emulator: StartEmulator, retry_after: str) -> None:
    """The emulator's own limiter, in every form that it speaks."""
    kind = TooMany(seconds=30, retry_after=retry_after)  # type: ignore[arg-type]
    running = emulator(faults=[Rule(nth=(1,), kind=kind)])
    asked = Asked(running.base_url)
    asked.get()
    assert (
        29 <= sum(asked.time.slept) <= 33
    )  # a date is told in whole seconds, and two clocks are read one after the other


@pytest.mark.parametrize("headers", [{"retry-after": "9999"}, {"retry-after-ms": "9999000"}])
def test_a_wait_beyond_the_deadline_ends_at_once(emulator: StartEmulator, headers: dict[str, str]) -> None:
    """It is not shortened, which the server would answer with more of the same, but told."""
    running = emulator(faults=[Rule(kind=Answer(status=429, headers=headers, body={"error": "Too many requests"}))])
    asked = Asked(running.base_url)
    error = error_of(asked)
    assert type(error) is RateLimited
    assert (len(running.log.entries), asked.time.slept) == (1, [])
    assert error.what == "HTTP 429: Too many requests"
    assert error.advice == "The server asks for less. Run again later, or with a lower --parallelism."


def test_one_429_slows_all_requests_together(emulator: StartEmulator) -> None:
    """While the server has asked for less, no other request is sent."""
    running = emulator(faults=[Rule(nth=(1,), kind=TooMany(seconds=30))])
    asked = Asked(running.base_url)

    held: list[float] = []

    async def hold(seconds: float) -> None:
        if not held:  # while the first one waits, others come
            held.append(seconds)
            others = [asyncio.create_task(client.get(MODELS)) for _ in range(4)]
            await asyncio.sleep(0.05)
            assert len(running.log.entries) == 1
            asked.time.now += seconds
            await asyncio.gather(*others)
        else:
            await asyncio.sleep(0.1)

    async def ask() -> None:
        async with client:
            await client.get(MODELS)

    access = Access(base_url=running.base_url, api_key=KEY)
    client = Client(access, on_attempt=asked.attempts.append, clock=asked.time, sleep=hold)
    asyncio.run(ask())
    assert held == [30.0]
    assert len(running.log.entries) == 6


def test_requests_beyond_the_connections_wait_their_turn(emulator: StartEmulator) -> None:
    """Waiting for a free connection is no timeout."""
    running = emulator(latency=0.05)
    asked = Asked(running.base_url, connections=2, timeout=0.2)

    async def many() -> int:
        async with asked.client() as client:
            return len(await asyncio.gather(*(client.get(MODELS) for _ in range(12))))

    assert asyncio.run(many()) == 12


def test_a_server_that_is_gone_is_given_up_once() -> None:
    """The first request tries with patience; the next ones do not each wait as long again, until one is answered."""
    tried: list[Attempt] = []

    async def ask() -> None:
        access = Access(base_url="http://127.0.0.1:9", api_key="key")
        patience = Patience(attempts=3, base=0.001)
        async with Client(access, patience=patience, on_attempt=tried.append) as client:
            for _ in range(4):
                with pytest.raises(Unreachable):
                    await client.get("/v5/models")

    asyncio.run(ask())
    assert [attempt.wait is None for attempt in tried] == [False, False, True, True, True, True]

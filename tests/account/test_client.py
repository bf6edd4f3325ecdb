"""The client over real HTTP: what it sends, and which error each failure becomes."""

import socket
import traceback
from typing import Any

import pytest

from egpsync.account.client import Access, Client, Patience
from egpsync.emulator.faults import GATEWAY_PAGE, Answer, Cut, Hang, Kind, Rule, Truncated
from egpsync.errors import (
    Ambiguous,
    ApiError,
    Conflict,
    Misanswered,
    NotFound,
    RateLimited,
    Refused,
    Rejected,
    ServerFault,
    Unreachable,
)
from tests.account.samples import KEY, MODELS, Asked, error_of
from tests.conftest import StartEmulator

ONCE = Patience(attempts=1)
LOST = "The server may or may not have acted. Plan again to see what it holds."
CHECK_KEY = "Check the API key (SGP_API_KEY or --api-key-file) and that it is meant for this base URL."
CHECK_ACCOUNT = "Check that the key may use this account (SGP_ACCOUNT_ID or --account-id)."
CHECK_URL = "Check the base URL and the account; a model may have been deleted since it was listed."
BUSY = "The model is busy or the name is taken. Plan again to see what the server holds."
LESS = "The server asks for less. Run again later, or with a lower --parallelism."
CORRECT = "Correct what the message names, and plan again."
REDIRECTED = "The server redirects, which is never followed. Correct the base URL."
LATER = "The server could not answer. Run again later: what is done is not done twice."
NOT_API = "Is the base URL that of the API, and not of a web page or a proxy?"


def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_key_account_and_types_travel_as_headers(emulator: StartEmulator) -> None:
    """The server knows the key and the account, and is told that JSON is spoken."""
    running = emulator(api_key=KEY, accounts=("acc-1",))
    Asked(running.base_url, account_id="acc-1").get()
    headers = running.log.entries[0].headers
    assert headers["x-selected-account-id"] == "acc-1"
    assert headers["accept"] == "application/json"
    assert headers["content-type"] == "application/json"


def test_without_an_account_no_account_header_is_sent(emulator: StartEmulator) -> None:
    """The server's default account is meant."""
    running = emulator()
    Asked(running.base_url).get()
    assert "x-selected-account-id" not in running.log.entries[0].headers


def test_a_base_url_can_carry_a_path(emulator: StartEmulator) -> None:
    """Paths are appended to the base URL's own."""
    running = emulator(base_path="/public")
    assert Asked(running.root_url + "/public").get()["total"] == 0


def test_query_and_body_arrive_as_given(emulator: StartEmulator) -> None:
    """The query's values, and the body's text in any script, reach the server unchanged."""
    running = emulator()
    Asked(running.base_url).get(query={"name": "a b&c=d", "limit": 7})
    error_of(Asked(running.base_url), "PATCH", MODELS + "/none")
    assert running.log.entries[0].query == {"name": "a b&c=d", "limit": "7"}
    assert running.log.entries[1].body == {"model_metadata": {}}


def test_a_lone_surrogate_in_a_body_is_sent_as_json_can_write_it(emulator: StartEmulator) -> None:
    r"""JSON may hold \ud800, and a map that travels whole gives it back."""
    running = emulator(seed=[{"name": "gpt", "model_vendor": "openai"}])
    path = f"{MODELS}/{running.store.named('gpt')['id']}"
    running.faults.add(Rule(method="PATCH", kind=Answer(status=409)))
    with pytest.raises(Conflict):
        Asked(running.base_url).send("PATCH", path, {"model_metadata": {"odd": "\ud800"}})
    assert running.log.changes[0].body == {"model_metadata": {"odd": "\ud800"}}


@pytest.mark.parametrize("method", ["GET", "PATCH", "POST", "DELETE"])
@pytest.mark.parametrize(
    ("status", "kind", "advice"),
    [
        (400, Rejected, CORRECT),
        (401, Refused, CHECK_KEY),
        (403, Refused, CHECK_ACCOUNT),
        (404, NotFound, CHECK_URL),
        (405, Rejected, CORRECT),
        (409, Conflict, BUSY),
        (422, Rejected, CORRECT),
        (425, Rejected, CORRECT),
        (429, RateLimited, LESS),
        (301, Misanswered, REDIRECTED),
        (307, Misanswered, REDIRECTED),
    ],
)
def test_a_status_becomes_its_error(
    emulator: StartEmulator, method: str, status: int, kind: type[ApiError], advice: str
) -> None:
    """Whatever the method, these statuses mean the same: the server did not act."""
    running = emulator(faults=[Rule(kind=Answer(status=status, body={"detail": "words of the server"}))])
    error = error_of(Asked(running.base_url, patience=ONCE), method)
    assert type(error) is kind
    assert error.what == f"HTTP {status}: words of the server"
    assert (error.status, error.advice) == (status, advice)
    assert (error.method, error.url) == (method, running.base_url + MODELS)
    assert str(error) == f"{method} {running.base_url}/v5/models: HTTP {status}: words of the server\n  {advice}"


@pytest.mark.parametrize(
    ("method", "status", "kind", "advice"),
    [
        ("GET", 408, ServerFault, LATER),
        ("GET", 500, ServerFault, LATER),
        ("GET", 502, ServerFault, LATER),
        ("GET", 503, ServerFault, LATER),
        ("GET", 504, ServerFault, LATER),
        ("PATCH", 408, Ambiguous, LOST),
        ("PATCH", 500, Ambiguous, LOST),
        ("PATCH", 502, Ambiguous, LOST),
        ("PATCH", 503, ServerFault, LATER),
        ("PATCH", 504, Ambiguous, LOST),
        ("DELETE", 500, Ambiguous, LOST),
        ("DELETE", 503, ServerFault, LATER),
        ("POST", 408, Ambiguous, LOST),
        ("POST", 500, Ambiguous, LOST),
        ("POST", 503, Ambiguous, LOST),
    ],
)
def test_a_server_fault_leaves_a_write_open(
    emulator: StartEmulator, method: str, status: int, kind: type[ApiError], advice: str
) -> None:
    """A read can be asked again; a write may have happened."""
    running = emulator(faults=[Rule(kind=Answer(status=status, body={"detail": "down"}))])
    error = error_of(Asked(running.base_url, patience=ONCE), method)
    assert (type(error), error.status, error.advice) == (kind, status, advice)
    assert error.what == f"HTTP {status}: down"


@pytest.mark.parametrize(
    "kind", [Cut(), Cut(reset=True), Cut(after=True), Cut(after=True, partial=True), Truncated(), Hang(seconds=0.05)]
)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_lost_answer_is_ambiguous(emulator: StartEmulator, kind: Kind, method: str) -> None:
    """The request was sent, and no usable answer came."""
    running = emulator(seed=[{"name": "gpt", "model_vendor": "openai"}], faults=[Rule(kind=kind)])
    path = f"{MODELS}/{running.store.named('gpt')['id']}"
    error = error_of(Asked(running.base_url, patience=ONCE), method, path)
    assert type(error) is Ambiguous
    assert error.advice == LOST


def test_a_server_that_hangs_is_left_after_the_timeout(emulator: StartEmulator) -> None:
    """The request may have happened, and the message says what went wrong."""
    running = emulator(faults=[Rule(kind=Hang(seconds=5))])
    error = error_of(Asked(running.base_url, patience=ONCE, timeout=0.05), "PATCH")
    assert type(error) is Ambiguous
    assert error.what == "no answer: ReadTimeout"


def test_a_closed_port_is_unreachable() -> None:
    """Nobody listens, so nothing was sent."""
    error = error_of(Asked(f"http://127.0.0.1:{closed_port()}", patience=ONCE), "PATCH")
    assert type(error) is Unreachable
    assert error.what == "no connection: All connection attempts failed"
    assert error.advice == "Nothing was sent. Check the base URL, the network, and whether the server is up."
    assert error.status is None


def test_tls_to_a_server_without_it_is_unreachable(emulator: StartEmulator) -> None:
    """A handshake that fails sends nothing."""
    running = emulator()
    error = error_of(Asked(running.base_url.replace("http:", "https:"), patience=ONCE), "PATCH")
    assert type(error) is Unreachable
    assert running.log.entries == ()


@pytest.mark.parametrize(("method", "kind"), [("GET", Misanswered), ("PATCH", Ambiguous), ("POST", Ambiguous)])
def test_a_web_page_as_a_good_answer_is_no_answer(emulator: StartEmulator, method: str, kind: type[ApiError]) -> None:
    """HTML with status 200 comes from something else than the API; a write behind it may have happened."""
    page = "<html>\n  <body>Sign in</body>\n</html>"
    running = emulator(faults=[Rule(kind=Answer(status=200, body=page))])
    error = error_of(Asked(running.base_url, patience=ONCE), method)
    assert type(error) is kind
    assert error.what == "the answer is no JSON: <html> <body>Sign in</body> </html>"
    assert error.advice == (NOT_API if method == "GET" else LOST)


def test_a_gateways_page_is_quoted(emulator: StartEmulator) -> None:
    """An error that is HTML shows the page's beginning on one line."""
    running = emulator(faults=[Rule(kind=Answer(status=502, body=GATEWAY_PAGE))])
    error = error_of(Asked(running.base_url, patience=ONCE))
    assert error.what == f"HTTP 502 {GATEWAY_PAGE}"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_a_number_that_json_does_not_have_is_no_answer(emulator: StartEmulator, text: str) -> None:
    """It could not be sent back, so it is not taken in."""
    running = emulator(faults=[Rule(kind=Answer(status=200, body=f'{{"items": [{text}]}}'))])
    error = error_of(Asked(running.base_url, patience=ONCE))
    assert error.what == f"the answer is no JSON: {text} is not JSON"


@pytest.mark.parametrize("status", [200, 400])
def test_json_nested_without_end_is_no_answer(emulator: StartEmulator, status: int) -> None:
    """What Python cannot hold is an error of the server, not a crash."""
    running = emulator(faults=[Rule(kind=Answer(status=status, body="[" * 100_000))])
    error = error_of(Asked(running.base_url, patience=ONCE))
    assert type(error) is (Misanswered if status == 200 else Rejected)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_redirect_is_an_error_and_nothing_travels_on(emulator: StartEmulator, status: int, method: str) -> None:
    """The other host is never asked, so it never sees the key."""
    other = emulator()
    moved = Answer(status=status, headers={"location": other.base_url + "/v5/models"}, body="")
    running = emulator(faults=[Rule(kind=moved)])
    error = error_of(Asked(running.base_url), method)
    assert type(error) is Misanswered
    assert error.what == f"HTTP {status} to {other.base_url}/v5/models"
    assert other.log.entries == ()
    assert len(running.log.entries) == 1


def test_a_proxy_is_not_asked_for_this_machine(emulator: StartEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain http is for this machine alone: through a proxy the key would leave it."""
    running, proxy = emulator(), emulator()
    monkeypatch.setenv("HTTP_PROXY", proxy.base_url)
    monkeypatch.setenv("ALL_PROXY", proxy.base_url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    Asked(running.base_url).get()
    assert proxy.log.entries == ()
    assert len(running.log.entries) == 1


@pytest.mark.parametrize(
    "kind",
    [
        Answer(status=401, body={"detail": f"Incorrect API key: {KEY}"}),
        Answer(status=401, body=f"<html>{KEY} is not known</html>"),
        Answer(status=302, headers={"location": "http://127.0.0.1:1/"}),
        Answer(status=422, body={"detail": [{"loc": ["header", "x-api-key"], "msg": "bad", "input": KEY}]}),
        Answer(status=200, body=GATEWAY_PAGE),
        Cut(),
        Cut(after=True, partial=True),
        Truncated(),
        Hang(seconds=5),
    ],
)
def test_the_key_is_in_no_error(emulator: StartEmulator, kind: Kind) -> None:
    """Neither the error, nor its causes, nor the traceback's text hold it."""
    running = emulator(faults=[Rule(kind=kind)])
    error = error_of(Asked(running.base_url, patience=ONCE, timeout=0.05), "PATCH")
    assert KEY not in texts_of(error)


def test_the_key_is_in_no_error_of_a_closed_port() -> None:
    """Nor where there was no connection."""
    assert KEY not in texts_of(error_of(Asked(f"http://127.0.0.1:{closed_port()}", patience=ONCE)))


def test_the_key_is_in_no_repr() -> None:
    """What says who asks does not say the key."""
    access = Access(base_url="https://api.example", api_key=KEY)
    assert KEY not in f"{access!r} {access} {Client(access)!r}"


def test_attempts_are_told_without_bodies_and_headers(emulator: StartEmulator) -> None:
    """A log gets the method, the URL, the status and the problem."""
    running = emulator(faults=[Rule(nth=(1,), kind=Answer(status=503, body={"detail": "down"}))])
    asked = Asked(running.base_url)
    asked.get()
    first, second = asked.attempts
    assert (first.method, first.url, first.status) == ("GET", running.base_url + MODELS, 503)
    assert (first.problem, first.wait is not None) == ("HTTP 503: down", True)
    assert (second.status, second.problem, second.wait) == (200, "", None)
    assert KEY not in repr(asked.attempts)


def texts_of(error: BaseException | None) -> str:
    """All that a log could print of an error and of what caused it."""
    texts: list[Any] = []
    while error is not None:
        texts += [str(error), repr(error), *map(repr, error.args), *traceback.format_exception(error)]
        error = error.__cause__ or error.__context__
    return "\n".join(map(str, texts))

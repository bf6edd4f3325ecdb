"""Wrong usage and unusable servers: message, exit code, and that nothing is sent."""

import subprocess
import sys

import pytest

from egpsync.emulator.faults import GATEWAY_PAGE, Answer, Rule
from tests.cli.samples import KEY, ROOT, Shell, hosted
from tests.conftest import StartEmulator


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plann"], "No such command 'plann'. Did you mean plan?"),
        (["plan", "--no-such-option"], "No such option"),
        (["plan", "--format", "xml"], "'xml' is not one of"),
        (["plan", "--report", "text"], "'text' is not FORMAT=FILE with FORMAT one of"),
        (
            ["plan", "--report", "json=a.json", "--report", "xml=a.xml"],
            "'xml=a.xml' is not FORMAT=FILE with FORMAT one",
        ),
        (["plan", "--parallelism", "0"], "--parallelism: '0' cannot be used: a number of at least 1"),
        (["plan", "--api-key", "secret"], "No such option"),
        (["plan", "--base-url", "http://api.example"], "'http://api.example' is not https"),
        (["plan", "--base-url", "https://[::1"], "'https://[::1' is no http(s) URL"),
        (["plan", "--account-id", "two words"], "--account-id: 'two words' cannot be used"),
        (["apply", "--timeout", "nan"], "--timeout: 'nan' cannot be used"),
    ],
)
def test_wrong_usage_exits_64_and_sends_nothing(
    emulator: StartEmulator, shell: Shell, arguments: list[str], message: str
) -> None:
    """Click's own 2 would read as "differences"; the message is on stderr alone."""
    running = emulator()
    done = shell.knows(running).wants(hosted("a")).run(*arguments)
    assert done.code == 64
    assert message in done.err
    assert done.out == ""
    assert running.log.entries == ()
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("SGP_API_KEY", "", "there is no API key\n  Set SGP_API_KEY, or name a file that holds the key"),
        ("SGP_CLIENT_BASE_URL", "http://api.example", "base URL: 'http://api.example' is not https"),
        ("SGP_ACCOUNT_ID", "\u00e4", "SGP_ACCOUNT_ID: '\u00e4' cannot be used: one word of printable ASCII"),
        ("EGPSYNC_PARALLELISM", "many", "EGPSYNC_PARALLELISM: 'many' cannot be used: a number is expected"),
        ("EGPSYNC_WAIT", "perhaps", "EGPSYNC_WAIT: 'perhaps' cannot be used: true or false is expected"),
    ],
)
def test_a_bad_environment_exits_64_and_sends_nothing(
    emulator: StartEmulator, shell: Shell, variable: str, value: str, message: str
) -> None:
    """The variable is named, and what is expected of it."""
    running = emulator()
    done = shell.knows(running).wants(hosted("a")).run("plan", **{variable: value})
    assert (done.code, done.out) == (64, "")
    assert done.err.startswith(f"Error: {message}")
    assert running.log.entries == ()


def test_an_unreachable_server_exits_1(shell: Shell) -> None:
    """What was asked, what happened, and what to do next."""
    shell.environ["SGP_CLIENT_BASE_URL"] = "http://127.0.0.1:9"
    shell.wants(hosted("a"))
    done = shell.run("plan")
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith(
        "Error: GET http://127.0.0.1:9/v5/models: no connection: All connection attempts failed\n"
        "  Nothing was sent. Check the base URL, the network, and whether the server is up.\n"
    )


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            Answer(status=401, body={"detail": "The API key is not known"}),
            "HTTP 401: The API key is not known\n  Check the API key (SGP_API_KEY or --api-key-file)",
        ),
        (
            Answer(status=403, body={"detail": "not yours"}),
            "HTTP 403: not yours\n  Check that the key may use this account",
        ),
        (
            Answer(status=200, body=GATEWAY_PAGE),
            f"the answer is no JSON: {GATEWAY_PAGE}\n  Is the base URL that of the API, and not of a web page",
        ),
        (Answer(status=404, body=GATEWAY_PAGE), f"HTTP 404 {GATEWAY_PAGE}\n  Check the base URL and the account"),
        (
            Answer(status=302, headers={"location": "https://login.example"}),
            "HTTP 302 to https://login.example\n  The server redirects, which is never followed.",
        ),
        (Answer(status=200, body={"hello": 1}), "the answer is not a list\n  Is the base URL that of the API?"),
    ],
)
def test_a_server_that_does_not_answer_as_the_api_exits_1(
    emulator: StartEmulator, shell: Shell, kind: Answer, message: str
) -> None:
    """Nothing but the one GET is sent, and stdout stays empty."""
    running = emulator(faults=[Rule(kind=kind)])
    done = shell.knows(running).wants(hosted("a")).run("apply", "--yes")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: GET {running.base_url}/v5/models: {message}")
    assert [entry.method for entry in running.log.entries] == ["GET"]


def test_a_hostile_message_of_the_server_reaches_no_terminal(emulator: StartEmulator, shell: Shell) -> None:
    """Control characters, bidi marks and workflow commands are written out."""
    words = "no\x1b[2J\u202e\r\n::error::owned"
    running = emulator(faults=[Rule(kind=Answer(status=400, body={"detail": words}))])
    done = shell.knows(running).wants(hosted("a")).run("plan")
    assert done.code == 1
    assert "\x1b" not in done.err
    assert "\u202e" not in done.err
    assert "\n::error::" not in done.err


def test_a_key_file_that_is_not_there_exits_1(emulator: StartEmulator, shell: Shell) -> None:
    """No other key is tried."""
    running = emulator()
    done = shell.knows(running).wants(hosted("a")).run("plan", "--api-key-file", "none")
    assert done.code == 1
    assert done.err.startswith("Error: none: the API key cannot be read from it\n")
    assert running.log.entries == ()


def test_a_key_file_is_enough(emulator: StartEmulator, shell: Shell) -> None:
    """Without any variable."""
    running = emulator(api_key=KEY, seed=[hosted("a")])
    shell.knows(running).wants(hosted("a")).file("api-key", f"{KEY}\n")
    assert shell.run("plan", "--api-key-file", "api-key", SGP_API_KEY="").code == 0


@pytest.mark.parametrize(
    ("variable", "value"), [("ALL_PROXY", "socks5://127.0.0.1:9"), ("HTTPS_PROXY", "nonsense://u:SENTINEL@127.0.0.1:9")]
)
def test_a_proxy_that_cannot_be_used_is_told(shell: Shell, variable: str, value: str) -> None:
    """The variables of the environment are the network's, and a wrong one is no crash."""
    shell.wants(hosted("a"))
    done = shell.run("plan", SGP_CLIENT_BASE_URL="https://127.0.0.1:9", **{variable: value})
    assert done.code == 64
    assert done.err == (
        "Error: HTTPS_PROXY, ALL_PROXY: the proxy that the environment names cannot be used\n"
        "  Name an http or https proxy, or except the API's host in NO_PROXY.\n"
    )


@pytest.mark.parametrize(("command", "flag"), [("plan", "--check"), ("apply", "--plan")])
def test_an_age_without_a_saved_plan_is_wrong_usage(shell: Shell, command: str, flag: str) -> None:
    """There is nothing that it could be the age of."""
    done = shell.run(command, "--plan-max-age", "60")
    assert (done.code, done.out) == (64, "")
    assert done.err == f"Error: --plan-max-age is about a saved plan: give it beside {flag}\n"


@pytest.mark.parametrize("command", ["emulator", "demo"])
def test_help_needs_no_extra(command: str) -> None:
    """What it is about can be read before it is installed; running it says what to install."""
    program = "import sys; sys.modules['fastapi'] = None; from egpsync.cli import run; run()"

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-c", program, command, *arguments]
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)

    shown, missing = call("--help"), call()
    assert (shown.returncode, shown.stdout[:14], shown.stderr) == (0, "Usage: egpsync", "")
    assert (missing.returncode, missing.stdout) == (64, "")
    assert missing.stderr == "Error: the emulator needs fastapi\n  Install it with: pip install 'egpsync[emulator]'\n"

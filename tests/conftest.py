"""What all tests share: emulators to talk to, a repository and a shell beside them, and a closed network beyond."""

import contextlib
import ipaddress
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import settings

from egpsync.emulator.faults import Rule
from egpsync.emulator.server import Running, Setup, serve
from egpsync.emulator.switches import Switches
from tests.cli.samples import Shell
from tests.workflow.samples import Repository

settings.register_profile("untimed", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("untimed")

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class StartEmulator(Protocol):
    """Starts an emulator that runs until the test ends."""

    def __call__(
        self,
        *,
        seed: Iterable[Mapping[str, Any]] = (),
        faults: Iterable[Rule] = (),
        clock: Callable[[], float] = time.monotonic,
        **switches: Any,
    ) -> Running:
        """`seed`: models; `switches`: fields of Switches."""


def pytest_xdist_auto_num_workers() -> int:
    """Two for a core: half of the time is waiting for servers, deployments and processes."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture
def emulator() -> Iterator[StartEmulator]:
    """A factory of emulators: `emulator(seed=[...], maps="merge").base_url`."""
    with contextlib.ExitStack() as stack:

        def start(
            *,
            seed: Iterable[Mapping[str, Any]] = (),
            faults: Iterable[Rule] = (),
            clock: Callable[[], float] = time.monotonic,
            **switches: Any,
        ) -> Running:
            setup = Setup(seed=tuple(seed), faults=tuple(faults), switches=Switches(**switches), clock=clock)
            return stack.enter_context(serve(setup))

        yield start


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Repository]:
    """A function from a running emulator and the models that the manifests want to both together.

    It is the working folder, as what lies below that counts as declared too.
    """
    monkeypatch.chdir(tmp_path)

    def make(running: Running, *models: dict[str, object]) -> Repository:
        return Repository(tmp_path, running, *models)

    return make


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """The command line, in an empty working directory, with a key and no account yet."""
    return Shell(tmp_path)


@pytest.fixture(autouse=True)
def _signals_as_in_a_terminal() -> Iterator[None]:
    """A process that was started under nohup or in the background hands ignored signals on to all it starts."""
    ignored = [number for number in STOPPING if signal.getsignal(number) == signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


def _stay_on_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    """Raises where a test would leave this machine: on a connection or a name look-up."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_loopback(host):
        raise PermissionError(f"tests reach no host but this one: {host}")


def _is_loopback(host: Any) -> bool:
    if host in {None, "", "localhost", b"localhost"}:
        return True
    try:
        return ipaddress.ip_address(host if isinstance(host, str) else bytes(host).decode()).is_loopback
    except ValueError:
        return False


sys.addaudithook(_stay_on_this_machine)

"""What all tests share: emulators to talk to, and a closed network beyond this machine."""

import contextlib
import ipaddress
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import pytest

from egpsync.emulator.faults import Rule
from egpsync.emulator.server import Running, Setup, serve
from egpsync.emulator.switches import Switches


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

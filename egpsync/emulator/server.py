"""Runs the emulator: `serve(...)` for tests and demos, in a thread on a loopback port; `run(...)` until a signal."""

import asyncio
import contextlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from egpsync.emulator.app import application
from egpsync.emulator.faults import Faults, Rule
from egpsync.emulator.front import Front
from egpsync.emulator.log import Log
from egpsync.emulator.platform import Platform
from egpsync.emulator.rules import Rules
from egpsync.emulator.seed import plant
from egpsync.emulator.state import open_state
from egpsync.emulator.store import Store
from egpsync.emulator.switches import Switches

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What an emulator is started with."""

    seed: tuple[Mapping[str, Any], ...] = ()  # models, as `seed.plant` takes them
    switches: Switches = field(default_factory=Switches)
    faults: tuple[Rule, ...] = ()
    clock: Callable[[], float] = time.monotonic  # seconds; deployments, staleness and the rate limit go by it
    port: int = 0  # 0: any free one
    state_file: Path | None = None  # SQLite; once it holds models, they are the start and the seed is not


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An emulator that answers."""

    base_url: str  # what a client is given, the base path included
    root_url: str  # without the base path: /_emulator/... lies below it
    store: Store
    log: Log
    faults: Faults
    setup: Setup

    def reset(self) -> None:
        """Back to the seed, with an empty log and the faults of the start."""
        with self.store.lock:
            self.store.clear()
            plant(self.store, self.setup.seed, self.setup.switches)
        self.faults.reset()
        self.log.clear()


@contextlib.contextmanager
def serve(setup: Setup) -> Iterator[Running]:
    """An emulator on a loopback port for as long as the block runs."""
    switches = setup.switches
    log, faults = Log(), Faults(setup.faults)
    with _store(setup) as store, socket.create_server((HOST, setup.port), backlog=2048) as listener:
        root_url = f"http://{HOST}:{listener.getsockname()[1]}"
        running = Running(
            base_url=root_url + switches.base_path, root_url=root_url, store=store, log=log, faults=faults, setup=setup
        )
        rules = Rules(store, switches)
        platform = Platform(store=store, rules=rules, switches=switches, log=log, reset=running.reset)
        front = Front(app=application(switches.base_path), platform=platform, faults=faults)
        with _thread(_Server(front, listener)):
            yield running


def run(setup: Setup, announce: Callable[[Running], None]) -> None:
    """An emulator until SIGINT or SIGTERM; `announce` is called once it answers. For the main thread."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with serve(setup) as running:
            announce(running)
            stop.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _store(setup: Setup) -> Iterator[Store]:
    with contextlib.ExitStack() as stack:
        keeper = stack.enter_context(open_state(setup.state_file)) if setup.state_file else None
        store = Store(clock=setup.clock, stale_seconds=setup.switches.stale_seconds, keeper=keeper)
        kept = keeper.kept(now=setup.clock()) if keeper else []
        store.load(kept)
        if not kept:
            plant(store, setup.seed, setup.switches)
        yield store


@contextlib.contextmanager
def _thread(server: "_Server") -> Iterator[None]:
    thread = threading.Thread(target=server.run_until_stopped, name="egpsync-emulator", daemon=True)
    thread.start()
    server.ready.wait()
    try:
        yield
    finally:
        server.stop()
        thread.join()


class _Protocol(H11Protocol):
    """HTTP whose requests know their connection, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does this only for sockets that name their protocol; without it each answer waits for an ACK of 40 ms
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, "transport": transport}


class _Server(uvicorn.Server):
    """uvicorn that starts and stops at once, as tests start many, and leaves its connections without waiting."""

    def __init__(self, front: Front, listener: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                front,
                http=_Protocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_keep_alive=60,
            )
        )
        self.ready = threading.Event()
        self._front = front
        self._listener = listener
        self._loop: asyncio.AbstractEventLoop | None = None

    def run_until_stopped(self) -> None:
        """The thread's work."""
        try:
            asyncio.run(self.serve(sockets=[self._listener]))
        finally:
            self._loop = None
            self.ready.set()

    def stop(self) -> None:
        """Ask the thread to end; from another thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._front.stopping.set)

    async def main_loop(self) -> None:
        """Keep the Date header right until the end."""
        self._loop = asyncio.get_running_loop()
        self.ready.set()
        while not self._front.stopping.is_set():
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._front.stopping.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything, without grace for the connections that are still open."""
        for server in self.servers:
            server.close()
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # in this turn of the loop the connections learn that they are lost
        if self.server_state.tasks:
            await asyncio.wait(tuple(self.server_state.tasks))
        for server in self.servers:
            await server.wait_closed()

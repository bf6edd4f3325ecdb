"""A port in front of a server's, on which for a while nobody listens."""

import asyncio
import socket
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"


class Gate:
    """Relays connections to the server while it is open. Enter it as a context."""

    def __init__(self, url: str) -> None:
        self._server_port = int(urlsplit(url).port or 0)
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._port = 0

    @property
    def url(self) -> str:
        """What a client is given in place of the server's."""
        return f"http://{HOST}:{self._port}"

    async def __aenter__(self) -> Self:
        await self._open(0.0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def close(self, seconds: float) -> None:
        """Refuse every connection for so long, and leave those that there are."""
        self._shut()
        task = asyncio.get_running_loop().create_task(self._open(seconds))
        self._tasks.add(task)

    def _shut(self) -> None:
        if self._listener is not None:
            self._listener.close()
        for writer in self._writers:
            writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)  # at once: the other side is to notice now
            writer.transport.abort()
        self._writers.clear()

    async def _open(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._listener = await asyncio.start_server(self._relay, HOST, self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection(HOST, self._server_port)
        self._writers |= {writer, here}
        try:
            await asyncio.gather(_copy(reader, here), _copy(there, writer))
        finally:
            self._writers -= {writer, here}
            writer.transport.abort()
            here.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        return
    finally:
        writer.transport.abort()

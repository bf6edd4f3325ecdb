"""What the API's tests share: a key that is easy to find, time that passes at once, and one call of a client."""

import asyncio
from collections.abc import Mapping
from typing import Any

from egpsync.account.client import Access, Attempt, Client, Patience
from egpsync.errors import ApiError
from egpsync.model.values import Json

KEY = "key-SENTINEL-7319"
MODELS = "/v5/models"


class Time:
    """A clock, and a sleep that moves it on at once."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Asked:
    """One client and what became of its requests."""

    def __init__(self, base_url: str, **more: Any) -> None:
        self.time = Time()
        self.attempts: list[Attempt] = []
        self._patience = more.pop("patience", Patience())
        self._access = Access(base_url=base_url, api_key=KEY, **more)

    def get(self, path: str = MODELS, query: Mapping[str, str | int] | None = None) -> Json:
        """The answer of a GET."""
        return asyncio.run(self._one("GET", path, query=query))

    def send(self, method: str, path: str = MODELS, body: Mapping[str, Any] | None = None) -> Json:
        """The answer of a write."""
        return asyncio.run(self._one(method, path, body=body))

    def client(self) -> Client:
        """A client of this time; to be entered."""
        return Client(
            self._access,
            patience=self._patience,
            on_attempt=self.attempts.append,
            clock=self.time,
            sleep=self.time.sleep,
        )

    async def _one(self, method: str, path: str, **more: Any) -> Json:
        async with self.client() as client:
            if method == "GET":
                return await client.get(path, more.get("query"))
            return await client.send(method, path, more.get("body"))


def error_of(asked: Asked, method: str = "GET", path: str = MODELS) -> ApiError:
    """The error that a call ends in."""
    try:
        asked.get(path) if method == "GET" else asked.send(method, path, {"model_metadata": {}})
    except ApiError as error:
        return error
    raise AssertionError("the call succeeded")

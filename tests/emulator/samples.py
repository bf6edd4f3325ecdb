"""What the emulator's tests share: complete models, a client, a clock that stands still."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from egpsync.emulator.server import Running

KEY = "key-of-the-tests"

IMAGE = {"registry": "reg.example", "repository": "nlp/sum", "tag": "v1", "command": ["serve"]}


def launch(name: str, *, image: dict[str, Any] | None = None, infra: dict[str, Any] | None = None, **more: Any) -> Any:
    """A launch model as a seed or a POST takes it."""
    configuration = {"model_image": {**IMAGE, **(image or {})}, "model_infra": infra or {}}
    return {"name": name, "model_vendor": "launch", "vendor_configuration": configuration, **more}


def llmengine(name: str, **more: Any) -> Any:
    """An llmengine model as a seed or a POST takes it."""
    configuration = {"model": "llama-3-8b", "gpus": 1}
    return {"name": name, "model_vendor": "llmengine", "vendor_configuration": configuration, **more}


def hosted(name: str, **more: Any) -> Any:
    """A model of a hosted vendor as a seed or a POST takes it."""
    return {"name": name, "model_vendor": "openai", "model_type": "chat_completion", **more}


@dataclass
class Clock:
    """A clock that moves when the test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@contextmanager
def client(running: Running, **headers: str) -> Iterator[httpx.Client]:
    """An HTTP client with a key."""
    with httpx.Client(base_url=running.base_url, headers={"x-api-key": KEY, **headers}) as opened:
        yield opened


def path_of(running: Running, name: str) -> str:
    """The path of the seeded model of that name."""
    return f"/v5/models/{running.store.named(name)['id']}"

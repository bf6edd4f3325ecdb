"""A coroutine in, its result out: the one way in which a command runs its asynchronous part."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_to_end(doing: Coroutine[Any, Any, T]) -> T:
    """Run it in a loop of its own.

    Its result is kept beside it: when asyncio.run ends, the signal module makes the repr of the main task, and with
    that of its result, which took half of the time of a plan of 10,000 models.
    """
    kept: list[T] = []

    async def keep() -> None:
        kept.append(await doing)

    asyncio.run(keep())
    return kept[0]


def run_on() -> None:
    """Collect cyclic garbage again, where a command runs on; what is there already is never looked through."""
    gc.freeze()
    gc.enable()

"""What one emulator's requests act upon, and how a call comes by it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from egpsync.emulator.log import Log
from egpsync.emulator.rules import Rules
from egpsync.emulator.store import Store
from egpsync.emulator.switches import Switches


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One emulator's own."""

    store: Store
    rules: Rules
    switches: Switches
    log: Log
    reset: Callable[[], None]  # back to the seed


async def _platform(request: Request) -> Platform:
    platform: Platform = request.state.platform
    return platform


Meant = Annotated[Platform, Depends(_platform)]
"""The platform that a request is about: whoever receives it puts it into the request's state."""

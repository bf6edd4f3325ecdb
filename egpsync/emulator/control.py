"""The emulator's own calls below /_emulator: the log and the state as JSON, and the way back to the seed."""

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from egpsync.emulator.log import Log
from egpsync.emulator.store import Store


def control_routes(store: Store, log: Log, reset: Callable[[], None]) -> APIRouter:
    """GET log, GET state, POST reset. None of them needs a key."""
    router = APIRouter()

    @router.get("/log")
    async def get_log() -> JSONResponse:
        return JSONResponse({"requests": log.as_json()})

    @router.get("/state")
    async def get_state() -> JSONResponse:
        return JSONResponse({"accounts": {account: store.models(account) for account in store.accounts()}})

    @router.post("/reset")
    async def post_reset() -> JSONResponse:
        reset()
        return JSONResponse({"reset": True})

    return router

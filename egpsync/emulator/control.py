"""The emulator's own calls below /_emulator: the log and the state as JSON, and the way back to the seed.

None of them needs a key.
"""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from egpsync.emulator.platform import Meant

ROUTES = APIRouter()


@ROUTES.get("/log")
async def _log(platform: Meant) -> JSONResponse:
    return JSONResponse({"requests": platform.log.as_json()})


@ROUTES.get("/state")
async def _state(platform: Meant) -> JSONResponse:
    store = platform.store
    return JSONResponse({"accounts": {account: store.models(account) for account in store.accounts()}})


@ROUTES.post("/reset")
async def _reset(platform: Meant) -> JSONResponse:
    platform.reset()
    return JSONResponse({"reset": True})

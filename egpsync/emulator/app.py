"""The API's calls: a FastAPI application for all emulators of a process, each request of which says whose it is."""

import json
from functools import cache
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from egpsync.emulator import bodies, listing
from egpsync.emulator.control import ROUTES as CONTROL_ROUTES
from egpsync.emulator.platform import Meant
from egpsync.emulator.refusal import Refusal
from egpsync.emulator.rules import unknown


@cache
def application(base_path: str) -> FastAPI:
    """The API below a base path, without the faults and the log that stand before it.

    Its routes are made once for all emulators of a process, as that takes as long as hundreds of requests: the platform
    that is meant stands in the state of each request.
    """
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.exception_handler(Refusal)(_refused)
    app.include_router(_MODELS, prefix=f"{base_path}/v5/models")
    app.include_router(CONTROL_ROUTES, prefix="/_emulator")
    return app


async def _refused(_: Request, refusal: Refusal) -> Response:
    return JSONResponse({"detail": refusal.detail}, status_code=refusal.status)


async def _let_in(
    platform: Meant, x_api_key: Annotated[str, Header()] = "", x_selected_account_id: Annotated[str, Header()] = ""
) -> str:
    switches = platform.switches
    if not x_api_key or (switches.api_key is not None and x_api_key != switches.api_key):
        raise Refusal(401, "The API key is missing" if not x_api_key else "The API key is not known")
    if switches.accounts and x_selected_account_id not in switches.accounts:
        raise Refusal(403, f"The key has no access to the account {x_selected_account_id!r}")
    return "" if switches.one_account else x_selected_account_id


Account = Annotated[str, Depends(_let_in)]


async def _query(  # noqa: PLR0913 (the query parameters of the call)
    *,
    name: str | None = None,
    model_vendor: str | None = None,
    starting_after: str | None = None,
    ending_before: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    sort_by: str = "created_at",
    sort_order: Literal["asc", "desc"] = "desc",
) -> listing.Query:
    return listing.Query(
        name=name,
        model_vendor=model_vendor,
        starting_after=starting_after,
        ending_before=ending_before,
        limit=limit,
        sort_by=sort_by,
        sort_order=sort_order,
    )


def _json(text: bytes) -> Response:
    return Response(text, media_type="application/json")


_MODELS = APIRouter()


@_MODELS.get("")
async def _list(platform: Meant, account: Account, query: Annotated[listing.Query, Depends(_query)]) -> Response:
    with platform.store.lock:
        return _json(listing.page(platform.store.seen(account).values(), query, cap=platform.switches.page_cap))


@_MODELS.get("/{model_id}")
async def _get(platform: Meant, account: Account, model_id: str) -> Response:
    record = platform.store.seen(account).get(model_id)
    if record is None:
        raise unknown(model_id)
    return _json(record.text)


@_MODELS.post("")
async def _create(platform: Meant, account: Account, request: Request) -> Response:
    body = bodies.read_create(await request.body(), platform.switches)
    with platform.store.lock:
        record = platform.rules.create(account, body)
    request.state.acted = True
    return _json(record.text)


@_MODELS.patch("/{model_id}")
async def _update(platform: Meant, account: Account, model_id: str, request: Request) -> Response:
    body = bodies.read_patch(await request.body(), platform.switches)
    with platform.store.lock:
        record = platform.rules.update(account, model_id, body)
    request.state.acted = True
    return _json(record.text)


@_MODELS.delete("/{model_id}")
async def _delete(platform: Meant, account: Account, model_id: str, request: Request) -> Response:
    with platform.store.lock:
        answer = platform.rules.delete(account, model_id)
    request.state.acted = True
    return _json(json.dumps(answer).encode())

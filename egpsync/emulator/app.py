"""The API's calls over one store: `create_app` takes the store and the switches, and gives a FastAPI application."""

import json
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from egpsync.emulator import bodies, listing
from egpsync.emulator.refusal import Refusal
from egpsync.emulator.rules import Rules, unknown
from egpsync.emulator.store import Store
from egpsync.emulator.switches import Switches


def create_app(store: Store, switches: Switches) -> FastAPI:
    """The API, without the faults and the log that stand before it."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.exception_handler(Refusal)(_refused)
    app.include_router(_models(store, switches), prefix=f"{switches.base_path}/v5/models")
    return app


async def _refused(_: Request, refusal: Refusal) -> Response:
    return JSONResponse({"detail": refusal.detail}, status_code=refusal.status)


def _models(store: Store, switches: Switches) -> APIRouter:
    router = APIRouter()
    rules = Rules(store, switches)

    def let_in(x_api_key: Annotated[str, Header()] = "", x_selected_account_id: Annotated[str, Header()] = "") -> str:
        return _account(x_api_key, x_selected_account_id, switches)

    Account = Annotated[str, Depends(let_in)]  # noqa: N806 (a type)

    @router.get("")
    async def list_models(account: Account, query: Annotated[listing.Query, Depends(_query)]) -> Response:
        with store.lock:
            return _json(listing.page(store.seen(account).values(), query, cap=switches.page_cap))

    @router.get("/{model_id}")
    async def get_model(account: Account, model_id: str) -> Response:
        record = store.seen(account).get(model_id)
        if record is None:
            raise unknown(model_id)
        return _json(record.text)

    @router.post("")
    async def create_model(account: Account, request: Request) -> Response:
        body = bodies.read_create(await request.body(), switches)
        with store.lock:
            record = rules.create(account, body)
        request.state.acted = True
        return _json(record.text)

    @router.patch("/{model_id}")
    async def update_model(account: Account, model_id: str, request: Request) -> Response:
        body = bodies.read_patch(await request.body(), switches)
        with store.lock:
            record = rules.update(account, model_id, body)
        request.state.acted = True
        return _json(record.text)

    @router.delete("/{model_id}")
    async def delete_model(account: Account, model_id: str, request: Request) -> Response:
        with store.lock:
            answer = rules.delete(account, model_id)
        request.state.acted = True
        return _json(json.dumps(answer).encode())

    return router


def _account(key: str, account: str, switches: Switches) -> str:
    if not key or (switches.api_key is not None and key != switches.api_key):
        raise Refusal(401, "The API key is missing" if not key else "The API key is not known")
    if switches.accounts and account not in switches.accounts:
        raise Refusal(403, f"The key has no access to the account {account!r}")
    return "" if switches.one_account else account


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

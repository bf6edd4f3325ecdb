"""An account in, what it does to maps, nulls and unknown keys in a PATCH out: tried on a model made for it, then gone.

The model is of a hosted vendor, which deploys nothing; where the platform takes none, it cannot be found out.
"""

import asyncio
import secrets
from datetime import UTC, datetime

from egpsync.account.client import Client
from egpsync.account.listing import fetch_one, find_by_name, parse_model
from egpsync.account.requests import MODELS
from egpsync.core.guard import check_target
from egpsync.errors import Ambiguous, ApiError, EgpsyncError, NotFound, Rejected, WrongTargetError
from egpsync.model.values import Json, JsonMap
from egpsync.settings import Settings
from egpsync.value import Value
from egpsync.workflow.plan import Consent, Watch, connect, limits_of, target_of

VENDOR = "openai"
BEFORE = {"kept": "1", "changed": "1", "nested": {"kept": 1, "changed": 1}}
UNKNOWN = "egpsync_probe"
PAUSE = 0.5  # seconds between two readings of what may lag


class Finding(Value, frozen=True, kw_only=True):
    """What a PATCH does there."""

    maps: str  # "merge" or "replace"
    nested: str  # what it does to a map inside of one that is merged: "merge" or "replace"
    null: str  # a key that is sent as null: "removed", "stored" or "kept" as it was
    null_map: str  # a whole map that is sent as null: "emptied" or "kept" as it was
    unknown: str  # a field that does not exist: "refused", "dropped" or "kept"


async def probe(settings: Settings, watch: Watch) -> Finding:
    """Create, patch and delete one model of a name that nobody else has.

    Raises WrongTargetError for an account that is not the expected one, and EgpsyncError where hosted vendors are off.
    The model is deleted whatever happens, also where the run is cancelled; where that fails, the error names it.
    """
    for refusal in check_target(target_of(settings), limits_of(settings, Consent())):
        raise WrongTargetError(refusal.message, where=settings.base_url, advice=f"{refusal.consent}. Nothing was sent.")
    name = f"egpsync-probe-{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(4)}"
    async with connect(settings, watch.on_attempt) as client:
        creating = asyncio.ensure_future(_create(client, name))
        try:
            model_id = await asyncio.shield(creating)
            return await _tried(client, model_id, settings.settle)
        finally:
            await asyncio.shield(asyncio.ensure_future(_remove(client, creating, name)))


async def _create(client: Client, name: str) -> str:
    body = {"name": name, "model_vendor": VENDOR, "model_type": "chat_completion", "model_metadata": BEFORE}
    try:
        answer = await client.send("POST", MODELS, body)
    except Rejected as error:
        raise EgpsyncError(
            f"cannot be found out here: the platform takes no model of a hosted vendor ({error.what})",
            where=client.access.base_url,
            advice="Nothing was created. Leave map_semantics out: maps then travel whole, which is right either way.",
        ) from error
    return parse_model(answer, method="POST", url=client.access.base_url + MODELS).id


async def _remove(client: Client, creating: "asyncio.Future[str]", name: str) -> None:
    """Delete the model, as far as there is one."""
    model_id = None
    try:
        model_id = await creating
    except Ambiguous:
        found = await find_by_name(client, VENDOR, name)
        model_id = found.id if found is not None else None
    except EgpsyncError:
        return
    if model_id is None:
        return
    try:
        await client.send("DELETE", f"{MODELS}/{model_id}", None)
    except NotFound:
        return
    except ApiError as error:
        raise EgpsyncError(
            f"the model of the probe is still there: {error.what}",
            where=f"{name} ({model_id})",
            advice=f"Delete it: DELETE {client.access.base_url}{MODELS}/{model_id}",
        ) from error


async def _tried(client: Client, model_id: str, settle: float) -> Finding:
    first = await _patched(client, model_id, {"changed": "2", "nested": {"changed": 2}}, settle)
    second = await _patched(client, model_id, {**BEFORE, "changed": None, "seen": "2"}, settle)
    emptied = parse_model(await _patch(client, model_id, {"model_metadata": None}), **_of(client, model_id)).metadata
    return Finding(
        maps="merge" if "kept" in first else "replace",
        nested="merge" if "kept" in (first.get("nested") or {}) else "replace",
        null="removed" if "changed" not in second else "stored" if second["changed"] is None else "kept",
        null_map="kept" if emptied else "emptied",
        unknown=await _unknown(client, model_id),
    )


async def _patched(client: Client, model_id: str, metadata: JsonMap, settle: float) -> JsonMap:
    """The model's metadata once it holds what was sent: by the answer itself, or by a reading, which can lag."""
    held = parse_model(await _patch(client, model_id, {"model_metadata": metadata}), **_of(client, model_id)).metadata
    sent = {key: value for key, value in metadata.items() if isinstance(value, str)}
    waited = 0.0
    while any(held.get(key) != value for key, value in sent.items()):
        if waited >= settle:
            raise EgpsyncError(
                "a PATCH of model_metadata was answered well, and the model does not hold it",
                where=client.access.base_url,
                advice="This platform cannot be managed as it is. Is something in between that drops bodies?",
            )
        await asyncio.sleep(PAUSE)
        waited += PAUSE
        held = (await fetch_one(client, model_id)).metadata
    return held


async def _patch(client: Client, model_id: str, body: JsonMap) -> Json:
    return await client.send("PATCH", f"{MODELS}/{model_id}", body)


def _of(client: Client, model_id: str) -> dict[str, str]:
    """Which answer it is that is read, for messages."""
    return {"method": "PATCH", "url": f"{client.access.base_url}{MODELS}/{model_id}"}


async def _unknown(client: Client, model_id: str) -> str:
    try:
        answer = await _patch(client, model_id, {UNKNOWN: "1", "model_metadata": {}})
    except Rejected:
        return "refused"
    return "kept" if isinstance(answer, dict) and UNKNOWN in answer else "dropped"

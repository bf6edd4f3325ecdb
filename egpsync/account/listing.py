"""A client in, live models out: one, or the complete account.

A listing is complete when paging has ended by the server's own word, no cursor came twice, and at least as many
models were seen as were announced. Nothing may be inferred from the absence of a model in any other listing.
"""

import re
from collections.abc import Mapping

from egpsync.account.client import Client
from egpsync.account.door import oddity
from egpsync.account.requests import MODELS
from egpsync.errors import ApiError, IncompleteListing, Misanswered, NotFound, Rejected
from egpsync.model.live import Live, LiveModel
from egpsync.model.values import Json, is_map

PAGE = 999  # the documentation leaves open whether the limit's bound of 1000 is itself allowed
MOST_MODELS = 2_000_000  # of one account: a listing that goes on beyond has no end
ODD = "Nothing was sent for it. Ask who runs the API what it holds there."
TRIES = 3  # of a listing that changes while it is paged
_SAFE_ID = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")


async def fetch_all(client: Client) -> Live:
    """Every model of the account. Raises IncompleteListing where that cannot be had, ApiError for other faults."""
    for _ in range(TRIES - 1):
        try:
            return await _listing(client)
        except IncompleteListing:
            continue
    return await _listing(client)


async def fetch_one(client: Client, model_id: str) -> LiveModel:
    """One model as it is now. Raises NotFound where there is none."""
    path = f"{MODELS}/{model_id}"
    url = client.access.base_url + path
    live = parse_model(await client.get(path), method="GET", url=url)
    if live.id != model_id:
        raise Misanswered(f"the answer is another model, {live.id!r}", method="GET", url=url)
    return live


async def find_by_name(client: Client, vendor: str, name: str) -> LiveModel | None:
    """The model of that vendor and name, asked of the server; None where it knows none."""
    answer = await client.get(MODELS, {"name": name, "model_vendor": vendor, "limit": PAGE})
    url = client.access.base_url + MODELS
    found = [parse_model(item, method="GET", url=url) for item in _items(answer, url)]
    return next((model for model in found if (model.vendor, model.name) == (vendor, name)), None)


def parse_model(answer: Json, *, method: str, url: str) -> LiveModel:
    """A model from its JSON; fields and enumeration values that are not known yet are kept and tolerated."""
    live = _tolerated(answer, {}, method=method, url=url)
    if live.odd:
        raise Misanswered(f"the model cannot be worked with: {live.odd}", method=method, url=url, advice=ODD)
    return live


def _tolerated(answer: Json, texts: dict[str, str], *, method: str, url: str) -> LiveModel:
    """The same for a listing: a model that is odd keeps who it is, and why nothing else of it can be used."""
    if not (is_map(answer) and isinstance(answer.get("id"), str) and isinstance(answer.get("name"), str)):
        raise Misanswered(
            "the answer is not a model", method=method, url=url, advice="Is the base URL that of the API?"
        )
    if not is_id(answer["id"]):
        raise Misanswered(f"the id {answer['id']!r} cannot stand in a URL", method=method, url=url)
    odd = oddity(answer, texts)
    return LiveModel(
        id=answer["id"],
        name=_writable(answer["name"]),
        vendor=_writable(str(answer.get("model_vendor") or "")),
        model_type=None if odd else answer.get("model_type"),
        status=_writable(str(answer.get("status") or "")),
        status_reason=_writable(str(answer.get("status_reason") or "")),
        metadata={} if odd else answer.get("model_metadata") or {},
        configuration=None if odd else answer.get("vendor_configuration"),
        odd=odd,
    )


def _writable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def is_id(value: Json) -> bool:
    """Whether a value can stand for a model in a URL."""
    return isinstance(value, str) and _SAFE_ID.fullmatch(value) is not None


async def _listing(client: Client) -> Live:
    url = client.access.base_url + MODELS
    models: dict[str, LiveModel] = {}
    query: dict[str, str | int] = {"limit": PAGE}
    cursors: set[str] = set()
    announced: set[int] = set()
    while True:
        try:
            page = await client.get(MODELS, query)
        except (NotFound, Rejected) as error:
            if not cursors:
                raise
            # The model that the cursor names was deleted since, or the server breaks its own paging.
            raise _incomplete(f"the cursor {query['starting_after']} was refused: {error.what}", url) from error
        texts: dict[str, str] = {}
        items = [_tolerated(item, texts, method="GET", url=url) for item in _items(page, url)]
        before = len(models)
        models |= {model.id: model for model in items}
        announced |= _announced(page, url)
        if page.get("has_more") is False or not items:
            return _complete(models, page, announced, url)
        cursor = items[-1].id
        if cursor in cursors:
            raise _incomplete(f"the cursor {cursor} came twice", url)
        if len(models) == before:
            raise _incomplete(f"the page after {query.get('starting_after', 'none')} brought nothing new", url)
        if len(models) > MOST_MODELS:
            raise _incomplete(f"more than {MOST_MODELS:,} models came, and no end", url)
        cursors.add(cursor)
        query = {"limit": PAGE, "starting_after": cursor}


def _announced(page: Mapping[str, Json], url: str) -> set[int]:
    """How many models the page says there are in all; nothing where it does not say."""
    total = page.get("total")
    if total is None:
        return set()
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise Misanswered(
            "the total of the list is no count", method="GET", url=url, advice="Is the base URL that of the API?"
        )
    return {total}


def _items(page: Json, url: str) -> list[Json]:
    if not is_map(page) or not isinstance(page.get("items"), list):
        raise Misanswered("the answer is not a list", method="GET", url=url, advice="Is the base URL that of the API?")
    return page["items"]  # type: ignore[no-any-return]


def _complete(models: dict[str, LiveModel], last: Mapping[str, Json], announced: set[int], url: str) -> Live:
    if last.get("has_more"):
        raise _incomplete("a page was empty while more were announced", url)
    if len(models) < max(announced, default=0):
        raise _incomplete(f"{max(announced)} models were announced and {len(models)} came", url)
    if len({(model.vendor, model.name) for model in models.values()}) < len(models):
        raise _incomplete("two models came under one name, as names were changed meanwhile", url)
    return Live(models=tuple(sorted(models.values(), key=lambda model: (model.vendor, model.name, model.id))))


def _incomplete(what: str, url: str) -> ApiError:
    return IncompleteListing(
        f"the listing is incomplete: {what}",
        method="GET",
        url=url,
        advice="Nothing was sent: what is absent may still exist. Run again; if it stays so, ask who runs the API.",
    )

"""A text that begins with a marker in, the one comment of that marker on a pull or merge request out."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol, assert_never

from egpsync.errors import ForgeError
from egpsync.forge.door import Door
from egpsync.model.forge import Forge, Place
from egpsync.model.values import Json
from egpsync.value import Value

PAGE = 100
MOST_PAGES = 200
ATTEMPTS = 5
LONGEST_WAIT = 60.0  # seconds before an attempt, whatever a forge asks for


class Found(Value, frozen=True, kw_only=True):
    """A comment that is there."""

    id: int
    body: str
    url: str  # for people; "" where the forge does not say
    is_ours: bool  # a bot's, or the token's own user's


class Posted(Value, frozen=True, kw_only=True):
    """What became of the comment."""

    url: str
    updated: bool  # there was one of the marker, and it says this now
    others: int  # more comments of the marker, older, that were left as they are


class Requests(Protocol):
    """What a forge is asked."""

    def comments(self, page: int) -> Iterator[Found]:
        """Those of a page, from 1."""

    def create(self, body: str) -> str:
        """Post; the comment's URL."""

    def update(self, comment: Found, body: str) -> str:
        """Replace what it says; its URL."""


def post(place: Place, marker: str, body: str, *, sleep: Callable[[float], None] = time.sleep) -> Posted:
    """Update the newest comment that begins with the marker and is a bot's or the token's own, or post one.

    Where an answer to posting is lost, it is looked for again before another is posted. Raises ForgeError.
    """
    with _door(place) as door:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _post_once(_requests(place, door), marker, body)
            except ForgeError as error:
                if not error.again or attempt == ATTEMPTS:
                    raise
                sleep(min(max(error.wait, 0.5 * 2**attempt), LONGEST_WAIT))
    raise AssertionError("the last attempt returns or raises")


def _post_once(requests: Requests, marker: str, body: str) -> Posted:
    ours = [one for one in _all(requests) if one.is_ours and one.body.startswith(marker)]
    if not ours:
        return Posted(url=requests.create(body), updated=False, others=0)
    newest = max(ours, key=lambda one: one.id)
    return Posted(url=requests.update(newest, body) or newest.url, updated=True, others=len(ours) - 1)


def _all(requests: Requests) -> Iterator[Found]:
    seen: set[int] = set()
    for page in range(1, MOST_PAGES + 1):
        found = list(requests.comments(page))
        yield from (one for one in found if one.id not in seen)
        if len(found) < PAGE or {one.id for one in found} <= seen:
            return
        seen |= {one.id for one in found}
    raise ForgeError(f"there are more than {MOST_PAGES * PAGE:,} comments", where="comments")


def _door(place: Place) -> Door:
    match place.forge:
        case Forge.GITHUB:
            headers = {
                "Authorization": f"Bearer {place.token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            }
        case Forge.GITLAB:
            headers = {"PRIVATE-TOKEN": place.token}
        case _:
            assert_never(place.forge)
    return Door(place.api_url, headers)


def _requests(place: Place, door: Door) -> Requests:
    match place.forge:
        case Forge.GITHUB:
            return _GitHub(place, door)
        case Forge.GITLAB:
            return _GitLab(place, door)
        case _:
            assert_never(place.forge)


class _GitHub:
    def __init__(self, place: Place, door: Door) -> None:
        self._door = door
        self._repository = f"/repos/{place.project}"
        self._own = _own(door, "login")
        self._number = place.number

    def comments(self, page: int) -> Iterator[Found]:
        listed = self._door.ask("GET", f"{self._repository}/issues/{self._number}/comments", per_page=PAGE, page=page)
        for one in _maps(listed):
            user = _map(one.get("user"))
            is_ours = user.get("type") == "Bot" or (self._own is not None and user.get("login") == self._own)
            yield Found(id=_id(one), body=_text(one, "body"), url=_text(one, "html_url"), is_ours=is_ours)

    def create(self, body: str) -> str:
        path = f"{self._repository}/issues/{self._number}/comments"
        return _text(_map(self._door.ask("POST", path, {"body": body})), "html_url")

    def update(self, comment: Found, body: str) -> str:
        path = f"{self._repository}/issues/comments/{comment.id}"
        return _text(_map(self._door.ask("PATCH", path, {"body": body})), "html_url")


class _GitLab:
    def __init__(self, place: Place, door: Door) -> None:
        self._door = door
        self._notes = f"/projects/{place.project}/merge_requests/{place.number}/notes"
        self._own = _own(door, "id")

    def comments(self, page: int) -> Iterator[Found]:
        listed = self._door.ask("GET", self._notes, per_page=PAGE, page=page, sort="asc", order_by="created_at")
        for one in _maps(listed):
            author = _map(one.get("author"))
            is_ours = author.get("bot") is True or (self._own is not None and author.get("id") == self._own)
            written = not one.get("system")
            yield Found(id=_id(one), body=_text(one, "body"), url="", is_ours=is_ours and written)

    def create(self, body: str) -> str:
        self._door.ask("POST", self._notes, {"body": body})
        return ""

    def update(self, comment: Found, body: str) -> str:
        self._door.ask("PUT", f"{self._notes}/{comment.id}", {"body": body})
        return ""


def _own(door: Door, part: str) -> str | int | None:
    """Who the token is; None for one that may not ask, as that of a GitHub job, whose comments are a bot's."""
    try:
        said: str | int | None = _map(door.ask("GET", "/user")).get(part)
    except ForgeError as error:
        if error.status in {403, 404}:
            return None
        raise
    return said


def _maps(value: Json) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise ForgeError("the answer is no list of comments", where="comments", advice="Is the URL that of the API?")
    return [one for one in value if isinstance(one, dict)]


def _map(value: Json) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _id(comment: dict[str, Any]) -> int:
    number = comment.get("id")
    if not isinstance(number, int) or isinstance(number, bool):
        raise ForgeError("a comment has no id", where="comments", advice="Is the URL that of the API?")
    return number


def _text(value: dict[str, Any], key: str) -> str:
    said = value.get(key)
    return said if isinstance(said, str) else ""

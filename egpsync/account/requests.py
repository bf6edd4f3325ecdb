"""A step of a plan in, the request that carries it out: the one place that knows how the API spells each."""

from typing import assert_never

from egpsync.model.live import LiveModel
from egpsync.model.plan import Change, Create, Delete, Ref, Rename, Request, Swap, Update, Write

MODELS = "/v5/models"
CREATED = "{created}"
"""Stands in a path for the id that the server gives to the model created earlier in the same change."""


def requests_of(change: Change) -> tuple[Request, ...]:
    """What the change sends, in order."""
    return tuple(request_of(step) for step in change.writes)


def request_of(step: Write, created: str = CREATED) -> Request:
    """One step as it travels; `created` is the id of the model that the change has created by then."""
    match step:
        case Create():
            return Request(method="POST", path=MODELS, body=step.body)
        case Update():
            return Request(method="PATCH", path=_path(step.model, created), body=step.body)
        case Rename():
            return Request(method="PATCH", path=_path(step.model, created), body={"name": step.name})
        case Swap():
            body = {"name": step.name, "on_conflict": "swap"}
            return Request(method="PATCH", path=_path(step.model, created), body=body)
        case Delete():
            return Request(method="DELETE", path=_path(step.model, created), body=None)
        case _:
            assert_never(step)


def _path(model: Ref, created: str) -> str:
    return f"{MODELS}/{model.id if isinstance(model, LiveModel) else created}"

"""Why a request is turned down: a status and FastAPI's detail."""

from typing import Any


class Refusal(Exception):
    """A request that is turned down; answered as `{"detail": detail}` with `status`."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail


def invalid(loc: tuple[str | int, ...], message: str, *, kind: str, given: Any) -> Refusal:
    """A 422 in FastAPI's shape with one error; `loc` is the path within the body."""
    return Refusal(422, [{"type": kind, "loc": ["body", *loc], "msg": message, "input": given}])

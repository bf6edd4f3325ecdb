"""A change as it leaves the program: secrets masked, strings still hostile. Its JSON is `definitions/change`."""

from egpsync.model.plan import Action, Effect, Op, Origin, Request
from egpsync.model.run import Outcome
from egpsync.model.values import Json, Path, Source
from egpsync.value import Value

UNKNOWN = ""
"""The owner in a record of 0.1, which did not say."""


class FieldRecord(Value, frozen=True, kw_only=True):
    """One field's difference, masked."""

    path: Path
    op: Op
    before: Json  # MASK where sensitive and present
    after: Json
    sensitive: bool
    effect: Effect
    source: Source | None
    reason: str
    origin: Origin | None = None  # where a base revision was asked for it
    pending_since: str | None = None  # the commit since which it is not applied


class OutcomeRecord(Value, frozen=True, kw_only=True):
    """How one change ended (of a run alone)."""

    result: Outcome
    message: str
    method: str  # "" where no request is to blame
    url: str
    status: int | None  # HTTP status; None without an answer
    advice: str
    note: str


class ChangeRecord(Value, frozen=True, kw_only=True):
    """One model: what differs, what would be sent, and after a run how it ended."""

    name: str  # the name that the model will have, or has where it is deleted
    model_vendor: str
    id: str | None
    action: Action
    previous_name: str | None  # where it is renamed
    status: str | None  # the live status; None for a model that is not there
    reason: str
    notes: tuple[str, ...]
    fields: tuple[FieldRecord, ...]  # sorted by path
    requests: tuple[Request, ...]  # their bodies masked
    source: Source | None
    ignored: tuple[Path, ...] = ()  # where it differs and lifecycle.ignore_changes leaves it alone
    outcome: OutcomeRecord | None = None
    owner: str | None = UNKNOWN  # whose the model is, by its manifest or else by its mark; None for nobody's

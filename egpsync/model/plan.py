"""What would be done: changes with their fields and steps, refusals, capacity."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, TypeAlias, assert_never

from egpsync.model.live import LiveModel
from egpsync.model.manifest import DesiredModel
from egpsync.model.values import Json, JsonMap, Path, Source
from egpsync.value import Value


class Action(StrEnum):
    """What happens to a model: the most severe of its fields' effects."""

    CREATE = "create"
    UPDATE = "update"  # in place: metadata
    REDEPLOY = "redeploy"
    RENAME = "rename"
    RECREATE = "recreate"  # an immutable field differs
    DELETE = "delete"
    UNCHANGED = "unchanged"
    BLOCKED = "blocked"  # differs, and is deploying now: apply waits for it
    UNHEALTHY = "unhealthy"  # no field differs, and the deployment failed


class Effect(StrEnum):
    """What a change of a field does to the model."""

    IN_PLACE = "in_place"
    REDEPLOY = "redeploy"
    IMMUTABLE = "immutable"  # only a new model can have it
    SERVER_SET = "server_set"  # never declared


class Op(StrEnum):
    """How a field changes."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


class Origin(StrEnum):
    """Where a difference comes from, of what a base revision, the manifests and the account say."""

    THIS_CHANGE = "this_change"  # the account is as the base says
    CONFLICT = "conflict"  # this change overwrites an edit made outside
    CONVERGED = "converged"  # this change asks for what the account has already
    OUTSTANDING = "outstanding"  # this change does not touch it: not applied yet, or edited outside


class FieldChange(Value, frozen=True, kw_only=True):
    """One field's difference."""

    path: Path
    op: Op
    before: Json  # as the server holds it; None where it holds nothing
    after: Json  # as the manifest writes it; None where it is to be unset
    effect: Effect
    sensitive: bool  # its values are shown nowhere
    source: Source | None  # where the manifest declares it
    reason: str  # "" where the difference speaks for itself
    origin: Origin | None = None  # where a base revision was asked for it
    pending_since: str | None = None  # the commit since which it is not applied; None where it was edited outside


class StepKey(NamedTuple):
    """Which step of which model: unique in a plan."""

    model: str  # its id; "vendor/name" where the plan creates it
    part: str  # "create", "update", "rename", "delete", or what is waited for

    def __str__(self) -> str:
        return f"{self.model}#{self.part}"


class Created(Value, frozen=True, kw_only=True):
    """Stands for the model that an earlier step of the same change creates: only the run will know its id."""

    by: StepKey


Ref: TypeAlias = LiveModel | Created
"""The model that a step is about: as the plan saw it, or one that is not there yet."""


class Create(Value, frozen=True, kw_only=True):
    """Create a model."""

    key: StepKey
    body: JsonMap  # complete
    after: tuple[StepKey, ...] = ()  # steps of other changes that must have succeeded; so for each kind of step


class Update(Value, frozen=True, kw_only=True):
    """Change a model's metadata, its configuration, or both."""

    key: StepKey
    model: LiveModel
    body: JsonMap  # model_metadata, vendor_configuration
    after: tuple[StepKey, ...] = ()


class Rename(Value, frozen=True, kw_only=True):
    """Give a model a name that nobody has by then."""

    key: StepKey
    model: LiveModel
    expects: str  # the name that it has just before
    name: str
    after: tuple[StepKey, ...] = ()


class Swap(Value, frozen=True, kw_only=True):
    """Exchange the names of two models at once."""

    key: StepKey
    model: Ref
    other: LiveModel  # has `name` just before, and gets `expects`
    expects: str
    name: str
    after: tuple[StepKey, ...] = ()


class Delete(Value, frozen=True, kw_only=True):
    """Delete a model for good."""

    key: StepKey
    model: LiveModel
    expects: str  # the name that it has just before
    after: tuple[StepKey, ...] = ()


class Until(StrEnum):
    """What is waited for."""

    READY = "ready"  # serving; a failed deployment ends the change
    REST = "rest"  # no longer deploying, however it ended


class Wait(Value, frozen=True, kw_only=True):
    """Follow a model's deployment to its end."""

    key: StepKey
    model: Ref
    until: Until = Until.READY
    after: tuple[StepKey, ...] = ()
    settles: frozenset[str] = frozenset()  # top-level fields that the model must hold by then, beside those sent


Write: TypeAlias = Create | Update | Rename | Swap | Delete
Step: TypeAlias = Write | Wait


def deploys(step: Step) -> bool:
    """Whether the API starts a deployment upon it: it does on any configuration."""
    return isinstance(step, Create | Update) and "vendor_configuration" in step.body


def live_model_of(step: Step) -> LiveModel | None:
    """The live model that a step is about; None for one that is to be created."""
    match step:
        case Create():
            return None
        case Update() | Rename() | Swap() | Delete() | Wait():
            return step.model if isinstance(step.model, LiveModel) else None
        case _:
            assert_never(step)


class Request(Value, frozen=True, kw_only=True):
    """A step as it travels."""

    method: str
    path: str  # below the base URL
    body: JsonMap | None


class Change(Value, frozen=True, kw_only=True):
    """One model's part of the plan."""

    action: Action
    vendor: str
    name: str  # the name that the model will have (the one it has, for a delete)
    id: str | None  # None until it is created
    reason: str  # why this action, where the fields do not say; "" otherwise
    fields: tuple[FieldChange, ...]  # sorted by path
    steps: tuple[Step, ...]  # in order
    source: Source | None  # where the manifest declares the model; None for a prune
    desired: DesiredModel | None
    live: LiveModel | None  # as the plan saw it
    notes: tuple[str, ...] = ()  # what a reviewer should know beside the reason
    ignored: tuple[Path, ...] = ()  # where it differs and lifecycle.ignore_changes leaves it alone
    moved: str = ""  # what moved since the plan was saved: nothing is sent for it; "" where it still holds

    @property
    def writes(self) -> tuple[Write, ...]:
        """The steps that send something."""
        return tuple(step for step in self.steps if not isinstance(step, Wait)) if self.steps else ()

    @property
    def deploys(self) -> bool:
        """Whether a deployment is started: a new one, or that of a live model anew."""
        return any(map(deploys, self.steps))

    @property
    def redeploys(self) -> bool:
        """Whether a live deployment is rolled by this change."""
        return any(isinstance(step, Update) and deploys(step) for step in self.steps)


class Refusal(Value, frozen=True, kw_only=True):
    """A guard that tripped: nothing of the plan is sent while there is one."""

    guard: str  # stable id in kebab case, such as "delete-threshold"
    message: str  # what tripped, with the figures
    consent: str  # the flag or the edit that consents; "" where there is none
    model: tuple[str, str] | None  # (vendor, name) where it is about one model
    source: Source | None


class Capacity(Value, frozen=True, kw_only=True):
    """GPUs of one type that all the account's models take: gpus x workers x nodes."""

    minimum_before: int  # at min_workers
    maximum_before: int  # at max_workers
    minimum_after: int
    maximum_after: int


class Target(Value, frozen=True, kw_only=True):
    """Which account is meant."""

    base_url: str  # without a trailing slash; can carry a path
    account_id: str | None


class Plan(Value, frozen=True, kw_only=True):
    """All that apply would do, computed once."""

    target: Target
    changes: tuple[Change, ...]  # sorted by vendor, name, id
    unmanaged: tuple[LiveModel, ...]  # live, and in no manifest
    refusals: tuple[Refusal, ...]
    capacity: Mapping[str, Capacity]  # by gpu_type
    digest: str  # of the manifests it came from
    live_count: int  # models in the account when it was made: what thresholds are percentages of

    @property
    def empty(self) -> bool:
        """Whether apply would send nothing."""
        return not any(change.writes for change in self.changes)

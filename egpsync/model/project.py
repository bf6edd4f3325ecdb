"""What the project file says: manifests, targets, and what holds for all of them."""

from collections.abc import Mapping
from datetime import date

from egpsync.model.manifest import Node
from egpsync.model.plan import Action
from egpsync.model.values import JsonMap, Source
from egpsync.value import Value

ACCEPTED_IN_VAIN = "accepted-drift"
"""The rule of an entry of accepted_drift that lapsed or matches nothing."""


class Scope(Value, frozen=True, kw_only=True):
    """What a target says, and the project for those that do not."""

    values: JsonMap  # as written: settings, at the places that their rows name
    node: Node  # for the places of these values
    manifests: tuple[str, ...] | None  # paths from the working folder, "!" before those left out; None: not said
    variables: Mapping[str, str]


class TargetScope(Scope, frozen=True, kw_only=True):
    """One account."""

    name: str
    api_key_env: str | None
    api_key_file: str | None  # from the working folder
    source: Source


class Consented(Value, frozen=True, kw_only=True):
    """What may be done beyond the limits."""

    action: Action
    count: int  # at most
    until: date  # through that day, UTC
    reason: str
    target: str | None  # None: all
    source: Source


class AcceptedDrift(Value, frozen=True, kw_only=True):
    """A difference that drift does not count."""

    model: str
    path: str | None  # of a field, its keys joined by dots; None: the whole model
    until: date  # through that day, UTC
    reason: str
    target: str | None
    source: Source


class Project(Scope, frozen=True, kw_only=True):
    """The whole file."""

    file: str  # as messages name it
    root: str  # the folder that it stands in
    default_target: str | None
    secrets_folder: str | None
    secrets_command: tuple[str, ...]  # program and arguments; () for none
    schemas: tuple[str, ...]
    lint: Mapping[str, str]  # rule -> error, warning or off
    consent: tuple[Consented, ...]
    accepted_drift: tuple[AcceptedDrift, ...]
    repository_url: str | None
    targets: Mapping[str, TargetScope]

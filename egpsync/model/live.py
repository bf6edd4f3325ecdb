"""What the account holds: models as the server answers them."""

from collections.abc import Mapping
from functools import cached_property

from egpsync.model.values import Json, JsonMap
from egpsync.value import Value

READY = "ready"
DEPLOYING = "deploying"
MARK = "egpsync"
"""The key of `model_metadata` under which egpsync keeps its own mark."""

FAILED_STATUSES = frozenset({"failed", "deployment_timeout"})


class Mark(Value, frozen=True, kw_only=True):
    """What a live model's mark says; a missing or malformed part says nothing."""

    owner: str | None  # the manifests that manage it
    name: str | None  # that those manifests declare: a model that is called otherwise was renamed outside
    prevent_destroy: bool  # kept here so that it outlives the manifest's block
    operation: str | None  # of the create that made it
    replaces: str | None  # id of the model that it was created to replace

    @classmethod
    def of(cls, held: Json) -> "Mark":
        """What stands under the mark's key; all empty where that is no mark."""
        if not isinstance(held, Mapping):
            return NO_MARK
        owner, name, operation, replaces = (
            said if isinstance(said := held.get(part), str) else None for part in ("owner", "name", "op", "replaces")
        )
        prevent_destroy = held.get("prevent_destroy") is True
        return cls(owner=owner, name=name, prevent_destroy=prevent_destroy, operation=operation, replaces=replaces)


NO_MARK = Mark(owner=None, name=None, prevent_destroy=False, operation=None, replaces=None)


class LiveModel(Value, frozen=True, kw_only=True):
    """One model as the server holds it. Enumerations are open: an unknown vendor or status is kept as it is."""

    id: str
    name: str
    vendor: str  # model_vendor
    model_type: str | None  # None where the server holds none
    status: str  # "ready", "deploying", "failed", "deployment_timeout", or one that is not known yet
    status_reason: str  # the server's words on a failure; "" where it gives none
    metadata: JsonMap  # model_metadata; {} where the server holds null
    configuration: JsonMap | None  # vendor_configuration; None for hosted vendors
    odd: str = ""  # why nothing of what the server says of it can be used: it is left alone, and its fields are empty

    @property
    def mark(self) -> Mark:
        """What our own mark in its metadata says."""
        return Mark.of(self.metadata.get(MARK))

    @property
    def fields(self) -> JsonMap:
        """The fields that a manifest can declare, under the API's names."""
        return {
            "model_type": self.model_type,
            "model_metadata": self.metadata,
            "vendor_configuration": self.configuration,
        }


class Live(Value, frozen=True, kw_only=True, dict=True):
    """The complete account: absence from it means absence. It keeps its indexes."""

    models: tuple[LiveModel, ...]  # sorted by vendor, name, id

    @cached_property
    def by_id(self) -> Mapping[str, LiveModel]:
        """Models by their id."""
        return {model.id: model for model in self.models}

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str], LiveModel]:
        """Models by (vendor, name), which is unique in an account."""
        return {(model.vendor, model.name): model for model in self.models}

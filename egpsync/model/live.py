"""What the account holds: models as the server answers them."""

from collections.abc import Mapping
from dataclasses import dataclass

from egpsync.model.values import JsonMap

READY = "ready"
DEPLOYING = "deploying"
MARK = "egpsync"
"""The key of `model_metadata` under which egpsync keeps its own mark."""

FAILED_STATUSES = frozenset({"failed", "deployment_timeout"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveModel:
    """One model as the server holds it. Enumerations are open: an unknown vendor or status is kept as it is."""

    id: str
    name: str
    vendor: str  # model_vendor
    model_type: str | None  # None where the server holds none
    status: str  # "ready", "deploying", "failed", "deployment_timeout", or one that is not known yet
    status_reason: str  # the server's words on a failure; "" where it gives none
    metadata: JsonMap  # model_metadata; {} where the server holds null
    configuration: JsonMap | None  # vendor_configuration; None for hosted vendors
    raw: JsonMap  # the whole answer

    @property
    def fields(self) -> JsonMap:
        """The fields that a manifest can declare, under the API's names."""
        return {
            "model_type": self.model_type,
            "model_metadata": self.metadata,
            "vendor_configuration": self.configuration,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The complete account: absence from it means absence."""

    models: tuple[LiveModel, ...]  # sorted by vendor, name, id

    def by_id(self) -> Mapping[str, LiveModel]:
        """Models by their id."""
        return {model.id: model for model in self.models}

    def by_name(self) -> Mapping[tuple[str, str], LiveModel]:
        """Models by (vendor, name), which is unique in an account."""
        return {(model.vendor, model.name): model for model in self.models}

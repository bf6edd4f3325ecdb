"""The mark that egpsync keeps in a model's metadata: whose it is, what its owner calls it, whether it is protected.

It stands under one key of `model_metadata`, is never shown as a difference, and is written only together with
another change, with a create, or when a model is adopted.
"""

from collections.abc import Mapping
from hashlib import sha256

from egpsync.model.live import MARK, LiveModel
from egpsync.model.manifest import DesiredModel
from egpsync.model.values import JsonMap

LONGEST_NAME = 63  # of a model: it becomes a Kubernetes label (llm-engine, common/dtos/model_endpoints.py)


def intended_mark(desired: DesiredModel, live: LiveModel | None) -> JsonMap:
    """The mark that the model should carry: what it has, with what the manifest says of it; {} for none."""
    held = live.metadata.get(MARK) if live else None
    mark = dict(held) if isinstance(held, Mapping) else {}
    if desired.owner is not None:
        mark |= {"owner": desired.owner, "name": desired.name}
    match desired.lifecycle.prevent_destroy:
        case True:
            mark["prevent_destroy"] = True
        case False:
            mark.pop("prevent_destroy", None)
        case None:
            pass
    return mark


def marked_otherwise(desired: DesiredModel, live: LiveModel) -> bool:
    """Whether the live model's mark is not the intended one."""
    held = live.metadata.get(MARK)
    return bool(intended_mark(desired, live) != (held if isinstance(held, Mapping) else {}))


def keeps_former_name(desired: DesiredModel, live: LiveModel) -> bool:
    """Whether this owner's mark has another name than the manifests: that of before a rename."""
    ours = desired.owner is not None and live.mark.owner == desired.owner
    return ours and live.mark.name not in (None, desired.name)


def standby_name(name: str) -> str:
    """The name that the new model has until it takes over, and the old one after."""
    suffix = "--next"
    if len(name) + len(suffix) <= LONGEST_NAME:
        return name + suffix
    digest = sha256(name.encode()).hexdigest()[:8]
    return f"{name[: LONGEST_NAME - len(suffix) - 9]}-{digest}{suffix}"

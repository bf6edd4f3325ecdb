"""The mark that egpsync keeps in a model's metadata: whose it is, whether it is protected, what created it.

It stands under one key of `model_metadata`, is never shown as a difference, and is written only together with
another change, with a create, or when a model is adopted.
"""

from collections.abc import Mapping

from egpsync.model.live import MARK, LiveModel
from egpsync.model.manifest import DesiredModel
from egpsync.model.values import JsonMap


def intended_mark(desired: DesiredModel, live: LiveModel | None) -> JsonMap:
    """The mark that the model should carry: what it has, with what the manifest says of it; {} for none."""
    held = live.metadata.get(MARK) if live else None
    mark = dict(held) if isinstance(held, Mapping) else {}
    if desired.owner is not None:
        mark["owner"] = desired.owner
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

"""The mark that egpsync keeps in a model's metadata: whose it is, whether it is protected, what created it.

It stands under one key of `model_metadata`, is never shown as a difference, and is written only together with
another change, with a create, or when a model is adopted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from egpsync.model.live import MARK, LiveModel
from egpsync.model.manifest import DesiredModel
from egpsync.model.values import Json, JsonMap


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a live model's mark says; a missing or malformed part says nothing."""

    owner: str | None  # the manifests that manage it
    prevent_destroy: bool  # kept here so that it outlives the manifest's block
    operation: str | None  # of the create that made it
    replaces: str | None  # id of the model that it was created to replace


def read_mark(live: LiveModel) -> Mark:
    """The mark of a live model; all empty where it has none."""
    return parse_mark(live.metadata.get(MARK))


def parse_mark(held: Json) -> Mark:
    """What stands under the mark's key; all empty where that is no mark."""
    held = held if isinstance(held, Mapping) else {}
    return Mark(
        owner=_text(held.get("owner")),
        prevent_destroy=held.get("prevent_destroy") is True,
        operation=_text(held.get("op")),
        replaces=_text(held.get("replaces")),
    )


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


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None

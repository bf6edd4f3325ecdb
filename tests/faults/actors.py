"""What somebody else may do to a model of the account, as actions on the emulator's store."""

from collections.abc import Callable
from typing import Any

from egpsync.emulator.store import Store
from tests.faults.kinds import Act
from tests.workflow.samples import hosted

DEPLOYS = 0.01  # seconds that a deployment takes
Model = dict[str, Any]


def edits(model_id: str, key: str, value: Any) -> Act:
    """Sets a key of the metadata, if the model is there."""

    def act(store: Store, model: Model) -> None:
        store.edit(model_id, {"model_metadata": {**(model["model_metadata"] or {}), key: value}})

    return _if_there(model_id, act)


def deletes(model_id: str) -> Act:
    """Deletes a model, if it is there."""
    return _if_there(model_id, lambda store, _: store.remove(model_id))


def renames(model_id: str, name: str) -> Act:
    """Renames a model, if it is there and the name is free."""

    def act(store: Store, model: Model) -> None:
        taken = {(one["model_vendor"], one["name"]) for one in store.models()}
        if (model["model_vendor"], name) not in taken:
            store.edit(model_id, {"name": name})

    return _if_there(model_id, act)


def deploys(model_id: str) -> Act:
    """Begins a deployment of a model, if it is there and the platform's own."""

    def act(store: Store, model: Model) -> None:
        if model["vendor_configuration"]:
            store.deploy(model_id, seconds=DEPLOYS)

    return _if_there(model_id, act)


def creates(name: str, metadata: Model) -> Act:
    """Creates a hosted model, if the name is free."""

    def act(store: Store) -> None:
        if ("openai", name) not in {(one["model_vendor"], one["name"]) for one in store.models()}:
            store.add(hosted(name, model_metadata=metadata))

    return act


def _if_there(model_id: str, act: Callable[[Store, Model], object]) -> Act:
    def guarded(store: Store) -> None:
        found = [model for model in store.models() if model["id"] == model_id]
        if found:
            act(store, found[0])

    return guarded

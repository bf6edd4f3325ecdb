"""A small model of the server, in memory: names are unique, bodies never mix, maps are replaced or merged."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, assert_never

from egpsync.fields.table import policy_of
from egpsync.model.live import Live
from egpsync.model.plan import (
    Action,
    Change,
    Create,
    Delete,
    Plan,
    Rename,
    Step,
    StepKey,
    Swap,
    Update,
    Wait,
    Write,
    live_model_of,
)
from tests.core.build import live_of

Choose = Callable[[list[int]], int]
SHAPES = ({"model_metadata"}, {"vendor_configuration"}, {"vendor_configuration", "model_metadata"})


class Server:
    """Models by id, as raw items; every request is a whole transition, and deployments end at once."""

    def __init__(self, items: list[dict[str, Any]], *, maps: str = "replace") -> None:
        self.items: dict[str, dict[str, Any]] = {item["id"]: deepcopy(item) for item in items}
        self.maps = maps
        self.requests = 0

    @property
    def live(self) -> Live:
        """What a listing gives."""
        return live_of(*deepcopy(list(self.items.values())))

    def names(self) -> dict[tuple[str, str], str]:
        """(vendor, name) -> id."""
        return {(item["model_vendor"], item["name"]): item["id"] for item in self.items.values()}

    def send(self, step: Write, model_id: str) -> str:
        """Carry out one request; the id of the model that it is about."""
        self.requests += 1
        if isinstance(step, Create):
            return self._create(json.loads(json.dumps(step.body)))
        model = self.items[model_id]
        assert model["status"] != "deploying", "a deploying model refuses every change"
        match step:
            case Update():
                self._update(model, json.loads(json.dumps(step.body)))
            case Rename():
                self._rename(model, step.expects, step.name, None)
            case Swap():
                self._rename(model, step.expects, step.name, step.other.id)
            case Delete():
                assert model["name"] == step.expects, "the name that the plan expects"
                del self.items[model_id]
            case _:
                assert_never(step)
        return model_id

    def _create(self, body: dict[str, Any]) -> str:
        assert body.pop("on_conflict") == "error"
        assert (body["model_vendor"], body["name"]) not in self.names(), "the name is taken"
        model_id = f"new-{self.requests}-{len(self.items)}"
        blank = {"object": "model", "status": "ready", "vendor_configuration": None, "model_type": None}
        self.items[model_id] = {"id": model_id, **blank, **body}
        return model_id

    def _rename(self, model: dict[str, Any], expects: str, name: str, swap_with: str | None) -> None:
        assert model["name"] == expects, "the name that the plan expects"
        holder = self.names().get((model["model_vendor"], name))
        assert holder == swap_with, "the name is taken"
        if holder is not None:
            self.items[holder]["name"] = model["name"]
        model["name"] = name

    def _update(self, model: dict[str, Any], body: dict[str, Any]) -> None:
        assert body.keys() in SHAPES
        vendor = model["model_vendor"]
        if "model_metadata" in body:
            model["model_metadata"] = self._map(model["model_metadata"], body["model_metadata"])
        if "vendor_configuration" in body:
            held, partial = model["vendor_configuration"], body["vendor_configuration"]
            model["vendor_configuration"] = self._overlaid(vendor, ("vendor_configuration",), held, partial)
            model["status"] = "ready"

    def _overlaid(self, vendor: str, path: tuple[str, ...], held: Any, partial: Mapping[str, Any]) -> dict[str, Any]:
        result = dict(held or {})
        for key, value in partial.items():
            policy = policy_of(vendor, (*path, key))
            if policy.structured and value is not None:
                result[key] = self._overlaid(vendor, (*path, key), result.get(key), value)
            elif policy.free_form and value is not None:
                result[key] = self._map(result.get(key), value)
            else:
                result[key] = value
        return result

    def _map(self, held: Any, sent: dict[str, Any]) -> dict[str, Any]:
        return {**(held or {}), **sent} if self.maps == "merge" else sent


def play(plan: Plan, server: Server, *, stop_after: int | None = None, choose: Choose = lambda open_: open_[0]) -> int:
    """Carry the plan out as the scheduler may: any change whose next step is free to go; deletions last.

    Stops dead after so many requests. The number of requests that were sent.
    """
    awaited = {key for change in plan.changes for step in change.steps for key in step.after}
    left = [list(change.steps) for change in plan.changes]
    created: dict[int, str] = {}
    done: set[StepKey] = set()
    begun = server.requests

    def may_go(index: int) -> bool:
        step = left[index][0]
        if not done.issuperset(step.after):
            return False
        last = plan.changes[index].action == Action.DELETE and not isinstance(step, Wait) and step.key not in awaited
        return not last or not any(
            steps and change.action != Action.DELETE for change, steps in zip(plan.changes, left, strict=True)
        )

    while any(left):
        if stop_after is not None and server.requests - begun >= stop_after:
            break
        open_ = [index for index, steps in enumerate(left) if steps and may_go(index)]
        assert open_, f"nobody can go on: {[steps[0] for steps in left if steps]}"
        index = choose(open_)
        step = left[index].pop(0)
        _carry_out(server, plan.changes[index], step, created, index)
        assert step.key not in done, "keys of steps are unique"
        done.add(step.key)
    return server.requests - begun


def _carry_out(server: Server, change: Change, step: Step, created: dict[int, str], index: int) -> None:
    held = live_model_of(step)
    if isinstance(step, Create):
        created[index] = server.send(step, "")
        return
    model_id = created[index] if held is None else held.id
    if not isinstance(step, Wait):
        server.send(step, model_id)
        return
    model = server.items[model_id]
    model["status"] = "ready" if model["status"] == "deploying" else model["status"]
    assert "name" not in step.settles or model["name"] == change.name

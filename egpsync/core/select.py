"""A plan and a selection in; the part of the plan that is meant out, with the models that belong together."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import assert_never

from egpsync.core.capacity import count_gpus
from egpsync.fields.table import fields_named
from egpsync.model.live import Live, LiveModel
from egpsync.model.manifest import DesiredModel
from egpsync.model.plan import Capacity, Change, Plan, StepKey, Swap
from egpsync.model.selection import By, Selection, Selector
from egpsync.model.values import Json, JsonMap
from egpsync.value import Value, replace


class Part(Value, frozen=True, kw_only=True):
    """What is left of a plan."""

    changes: frozenset[tuple[str, str, str | None]]  # (vendor, name, id) of those kept
    capacity: Mapping[str, Capacity]
    left_out: int  # changes

    def of(self, plan: Plan) -> Plan:
        """The plan with this part of its changes."""
        kept = tuple(change for change in plan.changes if _key(change) in self.changes)
        return replace(plan, changes=kept, capacity=self.capacity)


def part_of(plan: Plan, selection: Selection, live: Live, changed: Callable[[Change], bool]) -> Part:
    """The changes that are meant. Models of one rename or exchange stay together: one that is meant brings the others.

    `changed` says whether a change's model is other than in the revision that the selection names.
    """
    kept: list[Change] = []
    for group in _groups(plan.changes):
        meant = any(_is_meant(change, selection, changed) for change in group)
        if meant and (selection.shard is None or _shard(group, selection.shard[1]) == selection.shard[0]):
            kept += group
    return Part(
        changes=frozenset(map(_key, kept)),
        capacity=count_gpus(live, kept),
        left_out=len(plan.changes) - len(kept),
    )


def unmatched(selection: Selection, models: Iterable[DesiredModel]) -> tuple[Selector, ...]:
    """The selectors that mean none of the models: most likely they are misspelt."""
    selectors = (*selection.select, *selection.exclude)
    facts = [_facts(model.name, model) for model in models] if selectors else []
    return tuple(one for one in selectors if not any(_says(fact, one) for fact in facts))


def is_selected(model: LiveModel, selection: Selection) -> bool:
    """Whether a live model is meant by itself, whatever manifests say of it."""
    facts = _facts_of_live(model)
    return _passes(lambda one: _says(facts, one), selection) and (
        selection.shard is None or _hashed(model.vendor, model.name, selection.shard[1]) == selection.shard[0]
    )


def selects_any(models: Iterable[LiveModel], one: Selector) -> bool:
    """Whether a selector means any of these live models."""
    return any(_says(_facts_of_live(model), one) for model in models)


def _key(change: Change) -> tuple[str, str, str | None]:
    return change.vendor, change.name, change.id


def _is_meant(change: Change, selection: Selection, changed: Callable[[Change], bool]) -> bool:
    if selection.only is not None:
        return (change.vendor, change.name) in selection.only
    meant = _passes(lambda one: _matches(change, one), selection)
    return meant and (selection.changed_since is None or changed(change))


def _passes(matches: Callable[[Selector], bool], selection: Selection) -> bool:
    wanted = not selection.select or any(map(matches, selection.select))
    return wanted and not any(map(matches, selection.exclude))


class _Facts(Value, frozen=True, kw_only=True):
    """What selectors look at."""

    name: str
    vendor: str
    metadata: JsonMap
    labels: JsonMap
    file: str | None


def _matches(change: Change, one: Selector) -> bool:
    return change.desired is not None and _says(_facts(change.name, change.desired), one)


def _facts(name: str, desired: DesiredModel) -> _Facts:
    return _Facts(
        name=name,
        vendor=desired.vendor,
        metadata=_map(desired.fields.get("model_metadata")),
        labels=_labels(desired.vendor, desired.fields),
        file=desired.source.file,
    )


def _facts_of_live(model: LiveModel) -> _Facts:
    labels = _labels(model.vendor, {"vendor_configuration": model.configuration})
    return _Facts(name=model.name, vendor=model.vendor, metadata=model.metadata, labels=labels, file=None)


def _labels(vendor: str, fields: JsonMap) -> JsonMap:
    found: Json = {}
    for path in fields_named(vendor, "labels"):
        found = fields
        for key in path:
            found = _map(found).get(key)
    return _map(found)


def _map(value: Json) -> JsonMap:
    return value if isinstance(value, Mapping) else {}


def _says(facts: _Facts, one: Selector) -> bool:
    match one.by:
        case By.NAME:
            value: Json = facts.name
        case By.VENDOR:
            value = facts.vendor
        case By.METADATA:
            value = facts.metadata.get(one.key)
        case By.LABEL:
            value = facts.labels.get(one.key)
        case By.FILE:
            value = facts.file
        case _:
            assert_never(one.by)
    return value is not None and fnmatchcase(value if isinstance(value, str) else json.dumps(value), one.glob)


def _groups(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """The changes that can only be carried out together, each group as it is sorted."""
    changes = list(changes)
    made: dict[StepKey, int] = {step.key: index for index, change in enumerate(changes) for step in change.steps}
    about = {change.id: index for index, change in enumerate(changes) if change.id is not None}
    leader = list(range(len(changes)))

    def first(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    for index, change in enumerate(changes):
        for step in change.steps:
            others = [made[key] for key in step.after if key in made]
            if isinstance(step, Swap) and step.other.id in about:
                others.append(about[step.other.id])
            for other in others:
                low, high = sorted((first(index), first(other)))
                leader[high] = low
    groups: dict[int, list[Change]] = {}
    for index, change in enumerate(changes):
        groups.setdefault(first(index), []).append(change)
    yield from groups.values()


def _shard(group: list[Change], count: int) -> int:
    return min((change.vendor, change.name, _hashed(change.vendor, change.name, count)) for change in group)[2]


def _hashed(vendor: str, name: str, count: int) -> int:
    """Which shard a model is in, from 1: the same on every machine, whatever else the account holds."""
    digest = sha256(json.dumps([vendor, name]).encode()).digest()
    return int.from_bytes(digest[:8], "big") % count + 1

"""Laws of planning, over generated accounts and manifests of every vendor family.

Exceptions that are honest, and stated where they matter: a server that merges maps cannot drop a key, so a dropped
key stays a difference there; and our own mark and `on_conflict` are no part of what a manifest declares.
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from egpsync.account.requests import request_of
from egpsync.core.diff import declarable, differences
from egpsync.core.normalise import differing
from egpsync.core.plan import make_plan
from egpsync.fields.table import policy_of
from egpsync.manifest.check import model_schema
from egpsync.model.plan import Action, Create, Plan, Update, Write
from egpsync.model.values import Json, Path, value_at
from egpsync.value import replace
from tests.core.build import TARGET, desired_model, desired_of, live_model, live_of, plan_of
from tests.core.generate import JSON, KEYS, Case, cases
from tests.core.server import Server, play

laws = settings(
    max_examples=100,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)


def applied(case: Case, maps: str = "replace") -> Server:
    """The server after the plan."""
    server = Server(case.items, maps=maps)
    play(plan_of(case.entries, case.items), server)
    return server


def again(case: Case, server: Server) -> Plan:
    """The plan for what the server holds now."""
    return plan_of(case.entries, list(server.items.values()))


def dropped_keys(case: Case) -> bool:
    """Whether any entry asks for a key of a map, or below one, to go."""

    def null_below(vendor: str, path: Path, value: Json) -> bool:
        inside = any(policy_of(vendor, path[:end]).free_form for end in range(1, len(path)))
        below = value.items() if isinstance(value, Mapping) else ()
        return (value is None and inside) or any(null_below(vendor, (*path, key), part) for key, part in below)

    return any(
        null_below(each["model_vendor"], (), {k: v for k, v in each.items() if k in FIELDS}) for each in case.entries
    )


FIELDS = ("model_type", "model_metadata", "vendor_configuration")


@laws
@given(cases())
def test_what_is_generated_is_valid(case: Case) -> None:
    """The generated entries are manifests as the schema has them, but for the vendor that nobody knows yet."""
    for each in case.entries:
        known = each | {"model_vendor": each["model_vendor"].replace("brand_new_vendor", "xai")}
        assert model_schema().faults(known) == ()


@laws
@given(cases(), st.sampled_from(["replace", "merge"]))
def test_after_apply_every_declared_field_is_held(case: Case, maps: str) -> None:
    """What a manifest declares is what the server holds, compared field by field."""
    server = applied(case, maps)
    for each in case.entries:
        desired = desired_model(each["name"], each["model_vendor"], **{k: v for k, v in each.items() if k in FIELDS})
        held = live_model(server.items[server.names()[desired.vendor, desired.name]])
        left = list(differing(desired.vendor, desired.fields, declarable(held)))
        assert left == [] or (maps == "merge" and dropped_keys(case))


@laws
@given(cases())
def test_plan_after_apply_is_empty(case: Case) -> None:
    """Under a server that replaces maps, one run settles everything."""
    plan = again(case, applied(case))
    assert plan.empty
    assert {change.action for change in plan.changes} <= {Action.UNCHANGED}


@laws
@given(cases())
def test_plan_after_apply_on_a_merging_server(case: Case) -> None:
    """Under a server that merges maps, nothing is left but keys that were to be dropped, and those do show."""
    plan = again(case, applied(case, "merge"))
    for change in plan.changes:
        assert all(field.after is None for field in change.fields)
    assert plan.empty or dropped_keys(case)


@laws
@given(cases(creating=False))
def test_every_leaf_of_every_patch_is_needed(case: Case) -> None:
    """A body with any leaf left out leaves a difference; a free-form map is one leaf."""
    plan = plan_of(case.entries, case.items)
    for change in plan.changes:
        for step in change.writes:
            for path in body_leaves(change.vendor, (), body_of(step)):
                if path[0] == "on_conflict":
                    continue
                server = Server(case.items)
                play(with_body(plan, step, without(body_of(step), path)), server)
                left = next(each for each in again(case, server).changes if each.id == change.id)
                assert left.fields, path


@laws
@given(cases())
def test_every_declared_leaf_of_a_create_is_needed(case: Case) -> None:
    """A create without any declared leaf leaves a difference, or is a problem for the missing field."""
    plan = plan_of(case.entries, case.items)
    for change in plan.changes:
        if change.action != Action.CREATE or change.desired is None:
            continue
        for step in change.writes:
            for path in body_leaves(change.vendor, (), body_of(step)):
                declared = value_at(change.desired.fields, path)
                if declared is None or declared == {}:
                    continue
                server = Server(case.items)
                play(with_body(plan, step, without(body_of(step), path)), server)
                held = live_model(server.items[server.names()[change.vendor, change.name]])
                only_nulls = isinstance(declared, Mapping) and all(value is None for value in declared.values())
                assert differences(change.desired, held) or only_nulls, path


@laws
@given(cases(), st.sampled_from(["replace", "merge"]))
def test_undeclared_fields_are_untouched(case: Case, maps: str) -> None:
    """Whatever no manifest declares is the same bytes after the run, models of no manifest included."""
    server = applied(case, maps)
    entries = {each.get("renamed_from", each["name"]): each for each in case.entries}
    for before in case.items:
        after = server.items[before["id"]]
        declared = entries.get(before["name"], {})
        own = {**declared, "name": ""} if declared else {}
        for path, value in undeclared(before["model_vendor"], (), before, own):
            assert json.dumps(value_at(after, path)) == json.dumps(value), path


@laws
@given(cases())
def test_inputs_are_not_mutated(case: Case) -> None:
    """Planning leaves the manifests' values and the listing's as they were."""
    entries, items = deepcopy(case.entries), deepcopy(case.items)
    desired, live = desired_of(*case.entries), live_of(*case.items)
    plan = make_plan(desired, live, TARGET).plan
    play(plan, Server(case.items))
    assert (case.entries, case.items) == (entries, items)
    assert json.dumps([case.entries, case.items]) == json.dumps([entries, items])


@laws
@given(cases(), st.integers(0, 1000))
def test_order_of_input_does_not_matter(case: Case, seed: int) -> None:
    """Entries in any order, and a listing in any order, give the same plan."""
    desired, live = desired_of(*case.entries), live_of(*case.items)
    shuffled = replace(desired, models=tuple(Random(seed).sample(desired.models, len(desired.models))))
    listed = live_of(*Random(seed).sample(case.items, len(case.items)))
    assert make_plan(shuffled, listed, TARGET) == make_plan(desired, live, TARGET)


@laws
@given(cases(), st.integers(0, 1000))
def test_order_of_keys_does_not_matter(case: Case, seed: int) -> None:
    """Maps written in another order give the same requests, byte for byte once keys are sorted."""
    turned = Case(entries=turn(case.entries, Random(seed)), items=turn(case.items, Random(seed)))
    bodies = [
        [(step.key, json.dumps(body_of(step), sort_keys=True)) for change in plan.changes for step in change.writes]
        for plan in (plan_of(case.entries, case.items), plan_of(turned.entries, turned.items))
    ]
    assert bodies[0] == bodies[1]


@laws
@given(cases())
def test_keys_of_steps_are_unique(case: Case) -> None:
    """No two steps of a plan have the same key, and each awaited key is a step's."""
    plan = plan_of(case.entries, case.items)
    keys = [step.key for change in plan.changes for step in change.steps]
    assert len(set(keys)) == len(keys)
    assert {key for change in plan.changes for step in change.steps for key in step.after} <= set(keys)


@settings(laws, max_examples=300)
@given(st.dictionaries(KEYS, st.one_of(st.none(), JSON), max_size=4), st.dictionaries(KEYS, JSON, max_size=4))
def test_no_difference_is_lost(declared: dict[str, Json], held: dict[str, Json]) -> None:
    """Where two maps are not the same, deepdiff names a path; where they are, none; and each path really differs."""
    desired = desired_model("a", model_metadata=declared)
    live = live_of(
        {"id": "m", "name": "a", "model_vendor": "openai", "model_type": "x", "model_metadata": held}
    ).models[0]
    fields = differences(desired, live)
    assert {field.path[1] for field in fields} == {
        key for key in declared if typed(declared[key]) != typed(held.get(key))
    }
    for field in fields:
        before, after = value_at(live.fields, field.path), value_at(desired.fields, field.path)
        assert typed(before) != typed(after)


def typed(value: Json) -> Json:
    """A value with its JSON types beside it: 1 is 1.0, and neither is true."""
    match value:
        case dict():
            return {key: typed(item) for key, item in value.items()}
        case list():
            return [typed(item) for item in value]
        case bool() | None:
            return [type(value).__name__, value]
        case int() | float():
            return ["number", int(value) if value == int(value) else value]
        case _:
            return value


def body_leaves(vendor: str, path: Path, body: Mapping[str, Any]) -> Iterator[Path]:
    """Every leaf of a body; lists and free-form maps are leaves."""
    for key, value in body.items():
        here = (*path, key)
        if isinstance(value, Mapping) and policy_of(vendor, here).structured:
            yield from body_leaves(vendor, here, value)
        elif here not in {("model_vendor",), ("name",)} or len(body) <= 2:
            yield here


def without(body: Json, path: Path) -> Json:
    """The body without the leaf, and without the maps that are empty then."""
    below = {key: value for key, value in body.items() if key != path[0]}
    if len(path) == 1:
        return below
    inner = without(body[path[0]], path[1:])
    return {**below, path[0]: inner} if inner else below


def body_of(step: Write) -> Json:
    """What the step sends."""
    return request_of(step).body or {}


def with_body(plan: Plan, step: Write, body: Json) -> Plan:
    """The plan with one request's body replaced; without the request where nothing is left of the body."""
    sendable = body.keys() - {"on_conflict"}
    changes = []
    for change in plan.changes:
        steps = [
            replace(each, body=body) if each.key == step.key and isinstance(each, Create | Update) else each
            for each in change.steps
            if each.key != step.key or sendable
        ]
        changes.append(replace(change, steps=tuple(steps)))
    return replace(plan, changes=tuple(changes))


def undeclared(vendor: str, path: Path, held: Json, declared: Json) -> Iterator[tuple[Path, Json]]:
    """Every value of the model that the entry says nothing of; keys of free-form maps, and no deeper."""
    for key, value in held.items():
        here = (*path, key)
        if not isinstance(declared, Mapping) or key not in declared:
            yield here, value
        elif isinstance(value, Mapping) and isinstance(declared[key], Mapping):
            if policy_of(vendor, here).structured:
                yield from undeclared(vendor, here, value, declared[key])
            elif policy_of(vendor, here).free_form:
                yield from (((*here, inner), value[inner]) for inner in value if inner not in declared[key])


def turn(value: Json, random: Random) -> Json:
    """The same value with the keys of every map in another order."""
    if isinstance(value, dict):
        return {key: turn(value[key], random) for key in random.sample(sorted(value), len(value))}
    return [turn(each, random) for each in value] if isinstance(value, list) else value

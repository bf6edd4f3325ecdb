"""Strategies for accounts and manifests of every vendor family, drawn from the schema: a new field comes along."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

from egpsync.fields.schemas import load
from egpsync.fields.table import MANIFEST, Compare, family_of, place_of, policy_of, required_at_creation
from egpsync.model.plan import Effect
from egpsync.model.values import Json, Path, value_at
from tests.core.build import entry, item

GPU_COUNTS = frozenset(place_of(vendor, "gpus") for vendor in ("launch", "llmengine"))
VENDORS = ("launch", "llmengine", "openai", "brand_new_vendor")
KEYS = st.sampled_from(["a", "b.c", "d/e", "#", "__f__", "'g'", "é", "[0]", "root"])
SPELLINGS: dict[Compare, list[list[Json]]] = {
    Compare.CPU: [[1, "1", "1000m"], [4, "4", "4000m"], ["2.5", "2500m", "2.50"]],
    Compare.QUANTITY: [["8Gi", "8192Mi", "8.0Gi"], ["1000M", "1G", "1000000k"], ["16Ti", "16384Gi"]],
}
SCALARS = st.one_of(st.integers(-2, 2), st.booleans(), st.sampled_from([0.5, 1.0, "", "1", "true", "x\ny", "é\u202e"]))
JSON = st.recursive(
    SCALARS,
    lambda below: st.one_of(st.lists(below, max_size=2), st.dictionaries(KEYS, below, max_size=2)),
    max_leaves=4,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A manifest's entries and an account's models."""

    entries: list[dict[str, Any]]
    items: list[dict[str, Any]]


@cache
def leaves(vendor: str) -> Mapping[Path, Mapping[str, Any]]:
    """Every field of the configuration that holds a value of its own, with its schema."""
    definitions = load(MANIFEST)["definitions"]
    top = definitions.get(f"{family_of(vendor)}_configuration", {})
    found: dict[Path, Mapping[str, Any]] = {}

    def walk(path: Path, schema: Mapping[str, Any]) -> None:
        for name, part in schema.get("properties", {}).items():
            field = definitions[part["$ref"].removeprefix("#/definitions/")] if "$ref" in part else part
            if "properties" in field:
                walk((*path, name), field)
            else:
                found[*path, name] = field

    walk(("vendor_configuration",), top)
    return found


def values(vendor: str, path: Path) -> st.SearchStrategy[Json]:
    """Values that the schema allows for the field, without null."""
    schema, compare = leaves(vendor)[path], policy_of(vendor, path).compare
    if compare is not Compare.EXACT:
        return st.sampled_from([spellings[0] for spellings in _spellings(vendor, compare)])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "enum" in schema:
        return st.sampled_from([value for value in schema["enum"] if value is not None])
    match kinds[0]:
        case "integer":
            return st.integers(max(schema["minimum"], path in GPU_COUNTS), 4)
        case "boolean":
            return st.booleans()
        case "string":
            return st.sampled_from(["one", "two", "true", "1"])
        case "array":
            return st.lists(st.sampled_from(["x", "y", "--z"]), max_size=3)
        case "object":
            strings = "additionalProperties" in schema
            return st.dictionaries(KEYS, st.sampled_from(["one", "two"]) if strings else JSON, max_size=3)
        case kind:
            raise AssertionError(f"no values are known for {path}: {kind}")


def _spellings(vendor: str, compare: Compare) -> list[list[Json]]:
    """Groups of spellings of one amount; llmengine takes whole numbers of CPUs alone."""
    groups = SPELLINGS.get(compare, [])
    if compare is Compare.CPU and vendor == "llmengine":
        groups = [[value for value in group if str(value).isdigit()] for group in groups]
    return [group for group in groups if group]


def spelt_again(draw: st.DrawFn, vendor: str, path: Path, value: Json) -> Json:
    """The same value, as the server may write it."""
    for spellings in _spellings(vendor, policy_of(vendor, path).compare):
        if value in spellings:
            return draw(st.sampled_from(spellings))
    return value


@st.composite
def cases(draw: st.DrawFn, *, creating: bool = True) -> Case:
    """Up to three models: some to be changed, some in sync, some renamed, some to be created, some of no manifest."""
    case = Case(entries=[], items=[])
    for index in range(draw(st.integers(1, 3))):
        vendor = draw(st.sampled_from(VENDORS))
        fate = draw(st.sampled_from(["change", "change", "rename", "create" if creating else "change", "stranger"]))
        name = f"n{index}"
        if fate != "create":
            held = _held(draw, f"m-{index}", name, vendor)
            case.items.append(held)
        if fate == "stranger":
            continue
        other = {"renamed_from": name} if fate == "rename" else {}
        declared = _complete(draw, vendor) if fate == "create" else _declared(draw, vendor, held)
        case.entries.append(entry(f"{name}-new" if fate == "rename" else name, vendor, **other, **declared))
    return case


def _held(draw: st.DrawFn, model_id: str, name: str, vendor: str) -> dict[str, Any]:
    configuration: dict[str, Any] = {}
    for path in leaves(vendor):
        kept = draw(st.sampled_from(["value", "value", "null", "absent"]))
        if kept == "absent" and path not in required_at_creation(vendor):
            continue
        value = spelt_again(draw, vendor, path, draw(values(vendor, path)))
        _put(configuration, path, None if kept == "null" and path not in required_at_creation(vendor) else value)
    metadata = draw(st.one_of(st.none(), st.dictionaries(KEYS, JSON, max_size=3)))
    found = configuration.get("vendor_configuration")
    return item(model_id, name, vendor, model_metadata=metadata, vendor_configuration=found)


def _declared(draw: st.DrawFn, vendor: str, held: dict[str, Any]) -> dict[str, Any]:
    """Some of the fields, each as it is held, spelt otherwise, new, or null."""
    declared: dict[str, Any] = {}
    for path, schema in leaves(vendor).items():
        choice = draw(st.sampled_from(["out", "out", "same", "new", "null"]))
        current = value_at(held, path)
        if choice == "out" or (policy_of(vendor, path).effect == Effect.IMMUTABLE and choice != "same"):
            continue
        if path in GPU_COUNTS and bool(current) != (choice != "null"):
            continue
        if choice == "null" or (choice == "same" and current is None):
            if "null" in schema["type"]:
                _put(declared, path, None)
        elif choice == "same":
            _put(declared, path, spelt_again(draw, vendor, path, current))
        elif policy_of(vendor, path).free_form:
            _put(declared, path, _owned(draw, draw(values(vendor, path)), current))
        else:
            _put(declared, path, draw(values(vendor, path)))
    if draw(st.booleans()):
        declared["model_metadata"] = _owned(draw, draw(st.dictionaries(KEYS, JSON, max_size=3)), held["model_metadata"])
    return declared


def _owned(draw: st.DrawFn, new: dict[str, Json], held: Json) -> dict[str, Json]:
    """Keys of a free-form map: new ones, and some of those that are there to be dropped."""
    dropped = draw(st.sets(st.sampled_from(sorted(held)))) if held else set()
    return {**new, **dict.fromkeys(sorted(dropped))}


def _complete(draw: st.DrawFn, vendor: str) -> dict[str, Any]:
    declared: dict[str, Any] = {}
    for path in leaves(vendor):
        if path in required_at_creation(vendor) or draw(st.booleans()):
            _put(declared, path, draw(values(vendor, path)))
    if ("vendor_configuration", "model_infra") in required_at_creation(vendor):
        declared["vendor_configuration"].setdefault("model_infra", {})
    if ("model_type",) in required_at_creation(vendor):
        declared["model_type"] = "completion"
    if draw(st.booleans()):
        declared["model_metadata"] = draw(st.dictionaries(KEYS, st.one_of(st.none(), JSON), max_size=3))
    return declared


def _put(tree: dict[str, Any], path: Path, value: Json) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    tree[path[-1]] = value

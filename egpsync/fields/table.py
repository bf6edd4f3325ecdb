"""A vendor and a field's path in, the field's policy out: what a change of it does, how it compares, what it holds."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from egpsync.fields.schemas import load
from egpsync.model.plan import Effect
from egpsync.model.values import Json, Path
from egpsync.value import Value

MANIFEST = "manifest.schema.json"
CONFIGURATION = "vendor_configuration"
HOSTED = "hosted"
"""The family of the vendors that deploy nothing here; also of vendors that this version does not know."""

FAMILIES = ("launch", "llmengine", HOSTED)
"""Groups of vendors that take the same fields, named for the vendor that is alone in its own."""


class Compare(StrEnum):
    """When two values of a field mean the same."""

    EXACT = "exact"
    QUANTITY = "quantity"  # 8Gi is 8192Mi
    CPU = "cpu"  # 4 is "4" is 4000m


class FieldPolicy(Value, frozen=True, kw_only=True):
    """What is known about a field, from `x-egpsync` beside it in the schema."""

    effect: Effect
    compare: Compare
    free_form: bool  # a map whose keys are the user's
    secret: bool  # its values are shown nowhere
    required: bool  # to create a model
    structured: bool  # an object whose keys are fields
    reason: str  # one sentence on why it cannot be changed; "" where it can


@lru_cache(maxsize=65_536)
def policy_of(vendor: str, path: Path) -> FieldPolicy:
    """The policy of the field at `path`; inside a free-form map it is the map's.

    An unknown path has the effect of the fields around it, and an unknown top-level field is the server's own.
    """
    table = _table(family_of(vendor))
    for end in range(len(path), 0, -1):
        known = table.get(path[:end])
        if known is not None:
            return known if end == len(path) or known.free_form else _unknown(known.effect)
    return _unknown(Effect.SERVER_SET)


class Field(Value, frozen=True, kw_only=True):
    """A field with those below it: what is compared key by key is walked along this, with no paths made on the way."""

    path: Path
    policy: FieldPolicy
    fields: "Mapping[str, Field]"  # of a structured field; empty for any other


def fields_by_name(vendor: str) -> Mapping[str, Field]:
    """The top-level fields of that vendor's models, each with those below it."""
    return _trees(family_of(vendor))


def place_of(vendor: str, name: str) -> Path | None:
    """Where the configuration's field of that name lies in that vendor's models; None where they have none."""
    return _places(family_of(vendor)).get(name)


def is_secret(path: Path) -> bool:
    """Whether the value at `path` is shown nowhere: a key on the way is named like a secret field, at any depth.

    Whatever the vendor: one that this version does not know may take what another takes.
    """
    return any(map(is_secret_name, path))


def holds_secrets(value: Json) -> bool:
    """Whether a key somewhere in the value is named like a secret field."""
    match value:
        case Mapping():
            return any(is_secret_name(key) or holds_secrets(inner) for key, inner in value.items())
        case list():
            return any(map(holds_secrets, value))
        case _:
            return False


@lru_cache(maxsize=65_536)
def is_secret_name(name: str) -> bool:
    """Whether a key of that name holds secrets, in whatever spelling: env_vars, envVars, ENV-VARS."""
    return _letters(name) in _secret_letters()


def field_at(vendor: str, path: Path) -> Path:
    """The field that the value at `path` travels in: itself, or the list or free-form map that it lies in."""
    for length in range(1, len(path) + 1):
        if not policy_of(vendor, path[:length]).structured:
            return path[:length]
    return path


def declared_at(vendor: str, path: Path) -> Path:
    """What a manifest declares as one around `path`: a field, or a key of a free-form map."""
    field = field_at(vendor, path)
    return path[: len(field) + 1] if policy_of(vendor, field).free_form else field


def is_field(vendor: str, path: Path) -> bool:
    """Whether the path names a field of that vendor's models, or a key inside a free-form map."""
    table = _table(family_of(vendor))
    return path in table or any(table[path[:end]].free_form for end in range(1, len(path)) if path[:end] in table)


def names_field(vendor: str, pattern: Path) -> bool:
    """Whether the path, in whose keys "*" stands for anything, names a field, or a key inside a free-form map."""
    return any(
        fits(pattern, path) or (policy.free_form and fits(pattern[: len(path)], path))
        for path, policy in _table(family_of(vendor)).items()
    )


def fits(pattern: Path, path: Path) -> bool:
    """Whether the path is one that the pattern names; "*" in a key stands for anything."""
    return len(pattern) == len(path) and all(map(_fits, pattern, path))


def _fits(pattern: str, key: str) -> bool:
    return pattern == key or ("*" in pattern and _matcher(pattern).fullmatch(key) is not None)


@lru_cache(maxsize=1024)
def _matcher(pattern: str) -> re.Pattern[str]:
    # Runs of "*" are one, and each part is found at its first place: no pattern takes longer than its text is long.
    first, *rest = re.split(r"\*+", pattern)
    parts = [re.escape(first), *(f"(?>.*?{re.escape(part)})" if part else ".*" for part in rest[:-1])]
    last = f".*{re.escape(rest[-1])}" if rest else ""
    return re.compile("".join(parts) + last, re.DOTALL)


def fields_named(vendor: str, name: str) -> tuple[Path, ...]:
    """The paths of that vendor's fields of that name, sorted: where a misplaced field belongs."""
    return tuple(path for path in fields_of(vendor) if path[-1] == name)


def fields_of(vendor: str) -> tuple[Path, ...]:
    """The paths of all fields of that vendor's models, sorted."""
    return tuple(sorted(_table(family_of(vendor))))


def fields_in_order(vendor: str) -> tuple[Path, ...]:
    """The paths of all fields of that vendor's models, in the order of the schema, which is that of people."""
    return tuple(_table(family_of(vendor)))


def default_of(vendor: str, path: Path) -> Json:
    """What the server holds where the field was never given, as the reference page shows it; None for no word of it."""
    return _defaults(family_of(vendor)).get(path)


def family_of(vendor: str) -> str:
    """The group of vendors that take the same fields: launch, llmengine or hosted."""
    return vendor if creation_type(vendor) else HOSTED


@cache
def required_at_creation(vendor: str) -> tuple[Path, ...]:
    """The fields without which the API creates no model of that vendor, beside its name and vendor; sorted."""
    derived = {("model_type",)} if creation_type(vendor) else set()
    table = _table(family_of(vendor))
    return tuple(sorted(path for path, policy in table.items() if policy.required and path not in derived))


@cache
def secret_keys() -> frozenset[str]:
    """The names of the fields whose values are shown nowhere, whatever the vendor."""
    return frozenset(path[-1] for family in FAMILIES for path, policy in _table(family).items() if policy.secret)


@cache
def creation_type(vendor: str) -> str | None:
    """The one model_type that the vendor's models are created with; None where it must be declared."""
    configuration = _definitions().get(f"{vendor}_configuration", {})
    return configuration.get("x-egpsync", {}).get("creation_type")  # type: ignore[no-any-return]


@cache
def _secret_letters() -> frozenset[str]:
    return frozenset(map(_letters, secret_keys()))


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _unknown(effect: Effect) -> FieldPolicy:
    return FieldPolicy(
        effect=effect,
        compare=Compare.EXACT,
        free_form=False,
        secret=False,
        required=False,
        structured=False,
        reason="",
    )


@cache
def _table(family: str) -> Mapping[Path, FieldPolicy]:
    return {path: _from_schema(field) for path, field in _walk((), _definitions()["model"], family)}


@cache
def _trees(family: str) -> Mapping[str, Field]:
    table = _table(family)

    def below(path: Path) -> Mapping[str, Field]:
        inner = [other for other in table if other[:-1] == path]
        return {one[-1]: Field(path=one, policy=table[one], fields=below(one)) for one in inner}

    return below(())


@cache
def _places(family: str) -> Mapping[str, Path]:
    return {path[-1]: path for path in sorted(_table(family), reverse=True) if path[0] == CONFIGURATION}


@cache
def _defaults(family: str) -> Mapping[Path, Json]:
    fields = _walk((), _definitions()["model"], family)
    return {path: field["x-egpsync"].get("default") for path, field in fields}


def _walk(path: Path, schema: Mapping[str, Any], family: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for name, part in schema.get("properties", {}).items():
        below = (*path, name)
        field = _resolved(part)
        if below == (CONFIGURATION,):
            field = _definitions().get(f"{family}_configuration", field)
        if "x-egpsync" in field:
            yield below, field
            yield from _walk(below, field, family)


def _from_schema(field: Mapping[str, Any]) -> FieldPolicy:
    said = field["x-egpsync"]
    return FieldPolicy(
        effect=Effect(said["effect"]),
        compare=Compare(said["compare"]),
        free_form=said.get("map", False),
        secret=said.get("secret", False),
        required=said.get("required", False),
        structured="properties" in field,
        reason=said.get("reason", ""),
    )


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = str(schema.get("$ref", ""))
    return _definitions()[reference.removeprefix("#/definitions/")] if reference else schema


@cache
def _definitions() -> Mapping[str, Any]:
    return load(MANIFEST)["definitions"]  # type: ignore[no-any-return]

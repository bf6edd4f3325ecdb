"""What a JSON Schema validator complains of in, findings in a reader's words out: one for each fault."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

from egpsync.fields.schemas import load
from egpsync.fields.table import MANIFEST, fields_named, fields_of
from egpsync.manifest import scalars
from egpsync.manifest.findings import Finding, Hint, Lines, in_words, is_secret_name, nearest
from egpsync.model.manifest import Node
from egpsync.model.values import Json

Place: TypeAlias = tuple[str | int, ...]
TELLING = ("type", "not", "const", "enum", "pattern", "minLength", "minimum")
"""Keywords that speak about one value: the first that fails tells the fault, the others follow from it."""

SCALAR = re.compile(r"[-+.\w]+")
OLD_BOOLS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
"""What YAML 1.1 took for booleans."""


class Fault(NamedTuple):
    """One complaint of a JSON Schema validator."""

    path: Place  # from the value that was checked down to the faulty one
    keyword: str  # the keyword of the schema that is not met
    schema: Any  # the schema that it stands in
    instance: Json  # the faulty value


class Subject(NamedTuple):
    """What was checked."""

    written: Node  # as the manifest has it
    merged: Node  # with defaults under it: what was checked
    what: str  # "the document" or "the model"
    secrets: bool = True  # whether it has fields whose values are shown nowhere


def explain(subject: Subject, faults: Iterable[Fault], lines: Lines) -> Iterator[Finding]:
    """One finding for each fault of the subject; `lines` are the files', to quote values as written."""
    closed: list[Place] = []
    for path, group in groupby(sorted(faults, key=_order), key=lambda fault: fault.path):
        if any(path[: len(above)] == above for above in closed):
            continue
        here = list(group)
        value = next((fault for fault in here if fault.keyword in TELLING), None)
        if value is None:
            yield from _of_object(subject, path, here)
            continue
        closed.append(path)
        yield _of_value(subject, value, lines)


def count(faults: Iterable[Fault]) -> int:
    """How many findings they give at most."""
    return sum(_unknown_in(fault) if fault.keyword == "additionalProperties" else 1 for fault in faults)


def _unknown_in(fault: Fault) -> int:
    return (
        len(set(fault.instance) - set(fault.schema.get("properties", ()))) if isinstance(fault.instance, Mapping) else 1
    )


def _order(fault: Fault) -> tuple[tuple[str, ...], int]:
    rank = TELLING.index(fault.keyword) if fault.keyword in TELLING else len(TELLING)
    return tuple(f"{key:>9}" if isinstance(key, int) else key for key in fault.path), rank


def _of_object(subject: Subject, path: Place, faults: Sequence[Fault]) -> Iterator[Finding]:
    """Unknown and missing fields; one that looks like a misspelt other is not called missing as well."""
    known: set[str] = set().union(*(fault.schema.get("properties", ()) for fault in faults))
    unknown = [key for key in faults[0].instance if key not in known and _refuses_others(faults)]
    suggested = set()
    options = sorted(known)
    for key in unknown:
        finding = _unknown_field(subject, path, key, options)
        suggested.add(finding.hint.suggestion)
        yield finding
    wanted = {key for fault in faults if fault.keyword == "required" for key in fault.schema["required"]}
    missing = sorted(wanted - set(faults[0].instance) - suggested)
    if missing:
        place = subject.merged.at(path)
        hint = Hint(expected=_wanted(faults[0].instance, missing))
        yield Finding("missing-field", f"{_named(subject, path)} has no {' and no '.join(missing)}", place.source, hint)


def _wanted(value: Mapping[str, Json], missing: Sequence[str]) -> str:
    if "version" in missing:
        return "version: 1"
    if value.get("state") in ("absent", "released"):
        return "id, or name and model_vendor"
    return "model_vendor, here or in defaults" if missing == ["model_vendor"] else " and ".join(missing)


def _refuses_others(faults: Sequence[Fault]) -> bool:
    return any(fault.keyword == "additionalProperties" for fault in faults)


def _unknown_field(subject: Subject, path: Place, key: str, known: Sequence[str]) -> Finding:
    source = subject.merged.at((*path, key)).key_source
    model = subject.what == "the model"
    if model and not path and key in load(MANIFEST)["definitions"]["model"]["x-egpsync"]["server_set"]:
        hint = Hint(expected="a manifest without it: remove it")
        return Finding("server-set-field", f"{key} is set by the server", source, hint, hides=True)
    near = nearest(key, known) or _longer(key, known)
    elsewhere = [".".join(found) for found in _fields_meant(_vendor(subject), key)] if not near else []
    expected = "" if near else f"one of {', '.join(known)}"
    if not model and not path and key in load(MANIFEST)["definitions"]["model"]["properties"]:
        expected = "models: and a list, of which this is an item"
    if elsewhere and model:
        near, expected = elsewhere[0], f"{key} in {elsewhere[0].rpartition('.')[0] or 'the model itself'}"
    message = f"{_named(subject, path)} has no field {in_words(key)}"
    message += _origin(subject, (*path, key))
    return Finding("unknown-field", message, source, Hint(expected, near), hides=not near)


def _longer(key: str, known: Iterable[str]) -> str:
    """The field that people mean by half its name, such as vendor for model_vendor; "" for none."""
    return next((option for option in known if option.endswith(f"_{key}")), "")


def _fields_meant(vendor: str, key: str) -> Sequence[tuple[str, ...]]:
    """Where a field of that name, or one that ends in it, belongs."""
    return fields_named(vendor, key) or [path for path in fields_of(vendor) if path[-1].endswith(f"_{key}")]


def _of_value(subject: Subject, fault: Fault, lines: Lines) -> Finding:
    node = subject.merged.at(fault.path)
    name = _named(subject, fault.path)
    origin = _origin(subject, fault.path)
    if fault.keyword == "not":
        return Finding("field-not-taken", f"{name}: {fault.schema['errorMessage']}{origin}", node.key_source)
    expected = _expected(fault.schema)
    secret = subject.secrets and any(is_secret_name(key) for key in fault.path if isinstance(key, str))
    if fault.keyword == "type":
        raw = "" if secret else _raw(node, lines)
        described = _kind(fault.instance) if secret else _described(fault.instance, raw)
        if subject.what == "the document" and not fault.path and isinstance(fault.instance, list):
            expected = "version: 1, and this list under models"
        hint = Hint(*_quoted(fault, expected, raw))
        return Finding("wrong-type", f"{name} is {described}{origin}", node.source, hint)
    near = "" if secret else nearest(str(fault.instance), map(str, fault.schema.get("enum", ())))
    said = _kind(fault.instance) if secret else in_words(fault.instance)
    return Finding("wrong-value", f"{name} is {said}{origin}", node.source, Hint(expected, near))


def _named(subject: Subject, path: Place) -> str:
    """The path as a reader says it: dotted, list items by number."""
    dotted = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return dotted.removeprefix(".") or subject.what


def _origin(subject: Subject, path: Place) -> str:
    """Where the fault comes from, if that is not the model itself."""
    if subject.written is subject.merged or subject.written.find(path) is not None:
        return ""
    origin = subject.merged.at(path).origin
    return f" (from {origin}, under the model {in_words(subject.merged.value.get('name'))})"


def _vendor(subject: Subject) -> str:
    """As it is said, also by the slip `vendor`."""
    value = subject.merged.value
    vendor = value.get("model_vendor", value.get("vendor"))
    return vendor if isinstance(vendor, str) else ""


def _expected(schema: Mapping[str, Any]) -> str:
    """What the schema takes, in words."""
    if "const" in schema:
        return in_words(schema["const"]).strip('"')
    if "enum" in schema:
        return "one of " + ", ".join(str(option) for option in schema["enum"] if option is not None)
    if "patternErrorMessage" in schema:
        return str(schema["patternErrorMessage"])
    said = schema.get("type", ())
    types = [said] if isinstance(said, str) else said
    match next(iter(types), ""):
        case "integer":
            return f"an integer, at least {schema['minimum']}"
        case "boolean":
            return "true or false"
        case "array":
            return "a list of text" if schema.get("items", {}).get("type") == "string" else "a list"
        case "object":
            return "a mapping of text" if isinstance(schema.get("additionalProperties"), Mapping) else "a mapping"
    return "text that is not empty" if "minLength" in schema else "text"


def _kind(value: Json) -> str:
    match value:
        case None:
            return "empty (null)"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
    return in_words(value)


def _described(value: Json, raw: str) -> str:
    match value:
        case bool():
            return f"the boolean {raw}"
        case int() | float():
            return f"the number {raw}"
        case str():
            return f"the text {in_words(value)}"
    return _kind(value)


def _raw(node: Node, lines: Lines) -> str:
    """A number or boolean as the manifest writes it."""
    if not isinstance(node.value, int | float):
        return ""
    found = SCALAR.match(lines.at(node.source), node.source.column - 1)
    return found[0] if found and _reads_as(found[0], node.value) else in_words(node.value)


def _reads_as(text: str, value: Json) -> bool:
    read = _plain(text)
    return type(read) is type(value) and bool(read == value)


def _plain(text: str) -> Json:
    try:
        return scalars.plain(text)
    except scalars.NumberRangeError:
        return text


def _quoted(fault: Fault, expected: str, raw: str) -> tuple[str, str]:
    """What is expected, and the value with the quotes that it lacks or has too many; "" where quotes are not it."""
    types = fault.schema.get("type", ())
    if isinstance(fault.instance, str):
        if "boolean" in types:
            return expected, OLD_BOOLS.get(fault.instance.lower(), _unquoted(fault.instance, bool))
        return expected, _unquoted(fault.instance, int) if "integer" in types else ""
    if isinstance(fault.instance, int | float) and "string" in types and "enum" not in fault.schema:
        return "text: quote it", raw and f'"{raw}"'
    return expected, ""


def _unquoted(text: str, kind: type) -> str:
    return text if type(_plain(text)) is kind else ""

"""Live models in, the text of one manifest out that declares them as they are: what `egpsync export` prints."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from egpsync.errors import UsageError
from egpsync.fields.table import (
    creation_type,
    default_of,
    fields_in_order,
    holds_secrets,
    is_secret,
    place_of,
    policy_of,
    required_at_creation,
)
from egpsync.manifest.check import document_schema, model_schema
from egpsync.manifest.emit import comment, emit, one_line
from egpsync.manifest.findings import Finding, in_words
from egpsync.manifest.read import LIMITS
from egpsync.manifest.rules import gpu_contradiction, worker_range
from egpsync.model.live import MARK, LiveModel
from egpsync.model.manifest import Declared, Documents, Merged, node_of
from egpsync.model.values import Json, JsonMap, Path, Source
from egpsync.value import Value

MODELINE = "# yaml-language-server: $schema=manifest.schema.json"
PREFACE = "The account's models as they were exported. Fields that hold the platform's defaults are left out: declare \
those that are to be watched as well."

CONTRADICTIONS: tuple[tuple[Callable[[Merged], Iterator[Finding]], tuple[str, str]], ...] = (
    (worker_range, ("min_workers", "max_workers")),
    (gpu_contradiction, ("gpus", "gpu_type")),
)
"""What a server can hold and no manifest may declare: the rule that finds it, and the fields that are left out."""

NOTHING = Documents(documents=(), problems=(), files={})
NOWHERE = Source(file="", line=1, column=1)
IDENTITY = frozenset({"name", "model_vendor"})
REFERENCE = re.compile(r"\$(?=[${])")
"""A dollar that would not be read as one."""

LONE_SURROGATE = re.compile("[\ud800-\udfff]")

KEPT = "kept by the server"
UNKNOWN = "left out, as this version does not know it"
NOT_TAKEN = "left out, as no manifest takes its value"
NO_YAML = "left out, as YAML cannot hold its value"
AT_ODDS = "left out, as they contradict each other"
INCOMPLETE = "not enough to create the model anew, without"


class Written(Value, frozen=True, kw_only=True):
    """A manifest, and what it does not say."""

    text: str
    models: int  # how many stand in it
    remarks: int  # how many of those have a comment on fields that are left out
    notes: tuple[str, ...]  # a sentence for each model that is left out
    withheld: int = 0  # how many lack env_vars that the account holds


def write(models: Sequence[LiveModel], *, owner: str | None) -> Written:
    """One manifest of all the models, sorted by vendor and name; `owner` is one that `check_owner` lets pass.

    It holds what a manifest can declare: no field that only the server sets, none that is unset or holds the
    documented default, no value of a secret field, not egpsync's own mark. Comments name what had to be left out.
    """
    entries = [Entry(model) for model in sorted(models, key=lambda model: (model.vendor, model.name, model.id))]
    written = [entry for entry in entries if not entry.refusal]
    lines = [MODELINE, *comment(PREFACE), *emit(head(owner)), "models:" if written else "models: []"]
    for index, entry in enumerate(written):
        lines += [""] * (index > 0) + [f"  {line}" if line else "" for line in entry.lines()]
    return Written(
        text="\n".join(lines) + "\n",
        models=len(written),
        remarks=sum(bool(entry.remarks) for entry in written),
        notes=tuple(entry.refusal for entry in entries if entry.refusal),
        withheld=sum(entry.withholds for entry in written),
    )


def check_owner(owner: str) -> None:
    """Raises UsageError for an owner that no manifest may have."""
    if document_schema().faults(head(owner)):
        raise UsageError(
            f"{in_words(owner)} is no owner",
            advice="Up to 128 letters, digits and . _ / -, beginning with a letter or digit.",
        )


def head(owner: str | None) -> dict[str, Json]:
    """What a file begins with."""
    return {"version": 1} | ({"owner": owner} if owner is not None else {})


class SecretNames:
    """A name for each secret, after the model and the key that hold it; unlike values never share one."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def name(self, model: str, key: str, value: str) -> str:
        """The name of this value."""
        plain = re.sub(r"[^A-Za-z0-9]+", "_", f"{model}_{key}").strip("_").upper()
        first = plain if plain[:1].isalpha() else f"SECRET_{plain}"
        name, number = first, 1
        while self.values.setdefault(name, value) != value:
            number += 1
            name = f"{first}_{number}"
        return name


class _Remark(NamedTuple):
    """One thing that is left out."""

    place: Path  # of the mapping that it would stand in
    why: str
    name: str


class Entry:
    """One model on its way into the list."""

    def __init__(self, live: LiveModel, secrets: "SecretNames | None" = None) -> None:
        """`secrets` gives those of env_vars a name each; without it they are left out."""
        self.remarks: list[_Remark] = []
        self.withholds = False  # whether env_vars are left out
        self._secrets = secrets
        self.refusal = ""  # why the model cannot be declared at all
        self._live = live
        self._vendor = live.vendor
        self._known = fields_in_order(live.vendor)
        self._value: dict[str, Json] = {"name": _plain(live.name), "model_vendor": live.vendor}
        self._value |= self._fields((), live.fields)
        if self._value.get("model_type", "") == creation_type(live.vendor):
            del self._value["model_type"]
        if live.mark.prevent_destroy:
            self._value["lifecycle"] = {"prevent_destroy": True}
        self._drop_what_no_manifest_takes()
        self._drop_contradictions()
        for path in required_at_creation(live.vendor):
            if not self._holds(path):
                self._complete(path)

    @property
    def value(self) -> dict[str, Json]:
        """What it declares."""
        return self._value

    def without(self, paths: Iterable[Path], templates: Sequence[str]) -> None:
        """Leave to templates what they say."""
        for path in paths:
            for end in range(len(path), 0, -1):
                above = self._at(path[: end - 1])
                above.pop(path[end - 1], None)
                if above:
                    break
        rest = {key: value for key, value in self._value.items() if key not in IDENTITY}
        named = {key: self._value[key] for key in ("name", "model_vendor")}
        self._value = {"name": named["name"], "extends": list(templates), "model_vendor": named["model_vendor"], **rest}

    def lines(self) -> list[str]:
        """The item of the list."""
        first, *rest = emit(self._value, self._comments())
        return [f"- {first}", *(f"  {line}" if line else "" for line in rest)]

    def _fields(self, path: Path, held: JsonMap) -> dict[str, Json]:
        """What is to be declared of the fields at `path`, in the schema's order."""
        known = [field[-1] for field in self._known if field[:-1] == path and field[-1] in held]
        taken: dict[str, Json] = {}
        for key in known:
            here, value = (*path, key), held[key]
            policy = policy_of(self._vendor, here)
            if value is None or value == {} or _same(value, default_of(self._vendor, here)):
                continue
            if is_secret(here) and self._secrets is not None and isinstance(value, Mapping):
                taken[key] = dict(self._references(self._secrets, here, value))
            elif is_secret(here):
                self.withholds = True
                names = sorted(value) if isinstance(value, Mapping) else [key]
                self.remarks += (_Remark(path, f"{key} {KEPT}", one_line(name)) for name in names)
            elif policy.structured and isinstance(value, Mapping):
                taken[key] = self._fields(here, value)
            elif policy.free_form and isinstance(value, Mapping):
                taken[key] = dict(self._keys(here, value))
            elif self._is_writable(here, value):
                taken[key] = as_declared(value)
        for key in sorted(key for key in held if key not in known and held[key] is not None):
            self.remarks.append(_Remark(path, UNKNOWN, one_line(key)))
        return {key: value for key, value in taken.items() if value != {}}

    def _keys(self, path: Path, held: JsonMap) -> Iterator[tuple[str, Json]]:
        """The keys of a free-form map; null would say that the key must be absent, which means the same."""
        for key in sorted(held):
            own = path == ("model_metadata",) and key == MARK
            if held[key] is None or own:
                continue
            if holds_secrets({key: held[key]}):
                self.remarks.append(_Remark(path, f"{path[-1]} {KEPT}", one_line(key)))
            elif self._is_writable((*path, key), held[key]):
                yield key, as_declared(held[key])

    def _references(self, secrets: "SecretNames", path: Path, held: JsonMap) -> Iterator[tuple[str, Json]]:
        """Each key with a reference to its value, which stands in no file."""
        for key in sorted(held):
            if isinstance(held[key], str) and self._is_writable((*path, key), ""):
                yield key, f"${{secret:{secrets.name(self._live.name, key, held[key])}}}"
            elif held[key] is not None:
                self.withholds = True
                self.remarks.append(_Remark(path[:-1], f"{path[-1]} {KEPT}", one_line(key)))

    def _is_writable(self, path: Path, value: Json) -> bool:
        room = LIMITS.depth - 2 - len(path)  # the document, its list of models, then the entry
        if _can_be_yaml({path[-1]: value}, room + 1):
            return True
        self.remarks.append(_Remark(path[:-1], NO_YAML, one_line(path[-1])))
        return False

    def _drop_what_no_manifest_takes(self) -> None:
        """Whatever the schema refuses, until it takes the rest; without a name or a vendor nothing is left."""
        while faults := model_schema().faults(self._value):
            paths = {_until_list(fault.path) for fault in faults}
            if any(not path or path[0] in IDENTITY for path in paths):
                fields = ", ".join(sorted({".".join(path) for path in paths if path and path[0] in IDENTITY}))
                name, vendor = in_words(self._live.name), in_words(self._live.vendor)
                self.refusal = f"{name} of {vendor} is left out: no manifest takes its {fields or 'fields'}"
                return
            for path in sorted(paths):
                self._drop(path, NOT_TAKEN)

    def _drop_contradictions(self) -> None:
        for rule, fields in CONTRADICTIONS:
            node = node_of(self._value, NOWHERE)
            alone = Merged(documents=NOTHING, models=(Declared(node, node, None),), templates={})
            if any(True for _ in rule(alone)):
                for field in fields:
                    path = place_of(self._vendor, field)
                    if path is not None and self._holds(path):
                        self._drop(path, AT_ODDS)

    def _drop(self, path: Path, why: str) -> None:
        """Take the field out, and the mappings that it leaves empty."""
        self.remarks.append(_Remark(path[:-1], why, one_line(path[-1])))
        for end in range(len(path), 0, -1):
            above = self._at(path[: end - 1])
            above.pop(path[end - 1], None)
            if above:
                break

    def _complete(self, path: Path) -> None:
        """Add what creating the model anew needs: a mapping of which all is default is empty; else it is missing."""
        if policy_of(self._vendor, path).structured and self._holds(path[:-1]):
            self._at(path[:-1])[path[-1]] = {}
        else:
            self.remarks.append(_Remark((), INCOMPLETE, ".".join(path)))

    def _holds(self, path: Path) -> bool:
        return not path or path[-1] in self._at(path[:-1])

    def _at(self, path: Path) -> dict[str, Json]:
        """The mapping there; an empty one where there is none."""
        held: Json = self._value
        for key in path:
            held = held.get(key) if isinstance(held, Mapping) else None
        return held if isinstance(held, dict) else {}

    def _comments(self) -> dict[Path, list[str]]:
        """The remarks as sentences, each at its mapping or, where that is gone, at the nearest one around it."""
        names: dict[tuple[Path, str], list[str]] = {}
        for place, why, name in self.remarks:
            at, shown = place, name
            while not self._at(at):
                at, shown = at[:-1], f"{at[-1]}.{shown}"
            names.setdefault((at, why), []).append(shown)
        comments: dict[Path, list[str]] = {}
        for (at, why), shown_names in names.items():
            comments.setdefault(at, []).append(f"{why}: {', '.join(shown_names)}")
        return comments


def _same(value: Json, default: Json) -> bool:
    return type(value) is type(default) and bool(value == default)


def can_be_yaml(value: Json) -> bool:
    """Whether a manifest can hold the value of a field."""
    return _can_be_yaml(value, LIMITS.depth - 8)


def _can_be_yaml(value: Json, room: int) -> bool:
    """Whether it can be written and read again: finite numbers, whole characters, and `room` levels at most."""
    match value:
        case str():
            return not LONE_SURROGATE.search(value)
        case float():
            return math.isfinite(value)
        case Mapping():
            return (
                room > 0
                and not any(map(REFERENCE.search, value))
                and all(_can_be_yaml(part, room - 1) for item in value.items() for part in item)
            )
        case list():
            return room > 0 and all(_can_be_yaml(item, room - 1) for item in value)
        case _:
            return True


def as_declared(value: Json) -> Json:
    """A live value as a manifest writes it: no dollar begins a reference, and keys are in order, for equal text."""
    match value:
        case str():
            return _plain(value)
        case Mapping():
            return {key: as_declared(value[key]) for key in sorted(value)}
        case list():
            return [as_declared(item) for item in value]
        case _:
            return value


def _plain(text: str) -> str:
    """Text in which no dollar begins a reference."""
    return REFERENCE.sub("$$", text)


def _until_list(path: tuple[str | int, ...]) -> Path:
    """Cut where a list begins: a list is declared whole or not at all."""
    end = next((at for at, key in enumerate(path) if isinstance(key, int)), len(path))
    return tuple(str(key) for key in path[:end])

"""Live models in, the files of a folder of manifests out: one a model or a vendor, what many share in templates."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from egpsync.manifest.emit import comment, emit
from egpsync.manifest.find import PROJECT
from egpsync.manifest.write import MODELINE, PREFACE, Entry, SecretNames, Written, head
from egpsync.model.live import LiveModel
from egpsync.model.values import Json, Path
from egpsync.value import Value

FEWEST = 3  # models that share what becomes a template
LEAST = 2  # values that a template gives
MOST_TEMPLATES = 50
LONGEST = 100  # characters of a file's name
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
TEMPLATES = "templates.yaml"
KEPT = frozenset({"name", "model_vendor", "lifecycle"})
"""What each model says for itself."""


class Layout(StrEnum):
    """What a file holds."""

    MODEL = "model"
    VENDOR = "vendor"


class Folder(Value, frozen=True, kw_only=True):
    """Manifests by the names of their files, and what they refer to."""

    files: Mapping[str, str]
    secrets: Mapping[str, str]  # by name: what is to be supplied, and stands in no file
    written: Written  # their counts and notes; its text is that of no file


def write_folder(models: Sequence[LiveModel], *, owner: str | None, layout: Layout, templates: bool) -> Folder:
    """The same as `write`, in files, with each value of env_vars as a reference to a secret."""
    secrets = SecretNames()
    ordered = sorted(models, key=lambda model: (model.vendor, model.name, model.id))
    entries = [Entry(model, secrets) for model in ordered]
    written = [(model, entry) for model, entry in zip(ordered, entries, strict=True) if not entry.refusal]
    shared = dict(_templates(written)) if templates else {}
    files: dict[str, str] = {}
    if shared:
        files[TEMPLATES] = _text(head(None), emit({"templates": shared}))
    grouped: dict[str, list[Entry]] = defaultdict(list)
    taken = {name.casefold() for name in files}
    for model, entry in written:
        name = _vendors_file(model, grouped) if layout is Layout.VENDOR else _models_file(model, taken)
        grouped[name].append(entry)
    for name in sorted(grouped):
        lines = ["models:"]
        for index, entry in enumerate(grouped[name]):
            lines += [""] * (index > 0) + [f"  {line}" if line else "" for line in entry.lines()]
        files[name] = _text(head(owner), lines)
    counts = Written(
        text="",
        models=len(written),
        remarks=sum(bool(entry.remarks) for _, entry in written),
        notes=tuple(entry.refusal for entry in entries if entry.refusal),
        withheld=sum(entry.withholds for _, entry in written),
    )
    return Folder(files=files, secrets=dict(secrets.values), written=counts)


def _text(top: Mapping[str, Json], lines: Iterable[str]) -> str:
    return "\n".join([MODELINE, *comment(PREFACE), *emit(dict(top)), *lines]) + "\n"


def _vendors_file(model: LiveModel, grouped: Mapping[str, list[Entry]]) -> str:
    name = f"{_safe(model.vendor)}.yaml"
    return next((known for known in grouped if known.casefold() == name.casefold()), name)


def _models_file(model: LiveModel, taken: set[str]) -> str:
    """The first of the names that no other file has, whatever the file system thinks of capitals."""
    both = f"{model.name}-{model.vendor}"
    for stem in (model.name, both, *(f"{both}-{number}" for number in range(2, len(taken) + 3))):
        name = f"{_safe(stem)}.yaml"
        if name.casefold() not in taken:
            taken.add(name.casefold())
            return name
    raise AssertionError("one of so many is free")


def _safe(stem: str) -> str:
    """As a file can be called everywhere: not hidden, no path, no device, and not the project file."""
    safe = UNSAFE.sub("-", stem)
    if len(safe) > LONGEST:  # its end tells numbered ones apart
        safe = f"{safe[: LONGEST - 40]}-{safe[-39:]}"
    safe = safe.strip(".-") or "model"
    kept = RESERVED.fullmatch(safe) or f"{safe}.yaml".casefold() == PROJECT
    return f"model-{safe}" if kept else safe


def _templates(written: Sequence[tuple[LiveModel, Entry]]) -> Iterator[tuple[str, Json]]:
    """Templates by name, of each vendor those that save most; their models are left with the rest."""
    vendors: dict[str, list[Entry]] = defaultdict(list)
    for model, entry in written:
        vendors[model.vendor].append(entry)
    for vendor, entries in vendors.items():
        rest = [dict(_leaves((), entry.value)) for entry in entries]
        extended: dict[int, list[str]] = defaultdict(list)
        given: dict[int, list[Path]] = defaultdict(list)
        for number in range(1, MOST_TEMPLATES + 1):
            shared, members = _most(rest)
            if not shared:
                break
            name = f"{_safe(vendor)}-{number}"
            yield name, _tree(shared)
            for at in members:
                extended[at].append(name)
                given[at] += shared
                rest[at] = {path: value for path, value in rest[at].items() if path not in shared}
        for at, names in extended.items():
            entries[at].without(given[at], names)


def _most(rest: Sequence[Mapping[Path, tuple[str, Json]]]) -> tuple[dict[Path, Json], list[int]]:
    """The values that several models share, and which: where values times models are the most."""
    holders: dict[tuple[Path, str], list[int]] = defaultdict(list)
    for at, leaves in enumerate(rest):
        for path, (spelt, _) in leaves.items():
            holders[path, spelt].append(at)
    groups = Counter(tuple(members) for members in holders.values() if len(members) >= FEWEST)
    best: tuple[int, list[int]] = (0, [])
    for group in groups:
        common = set.intersection(*({(path, spelt) for path, (spelt, _) in rest[at].items()} for at in group))
        if len(common) >= LEAST and len(common) * len(group) > best[0]:
            best = (len(common) * len(group), list(group))
    members = best[1]
    if not members:
        return {}, []
    first = rest[members[0]]
    shared = {
        path: value
        for path, (spelt, value) in first.items()
        if all(rest[at].get(path, ("", None))[0] == spelt for at in members)
    }
    return shared, members


def _leaves(path: Path, value: Mapping[str, Json]) -> Iterator[tuple[Path, tuple[str, Json]]]:
    """Each value with what tells equal ones: its JSON-like spelling, as 1 is neither true nor 1.0."""
    for key, item in value.items():
        if not path and key in KEPT:
            continue
        if isinstance(item, Mapping) and item:
            yield from _leaves((*path, key), item)
        else:
            yield (*path, key), (repr(item), item)


def _tree(leaves: Mapping[Path, Json]) -> dict[str, Json]:
    tree: dict[str, Json] = {}
    for path, value in leaves.items():
        held = tree
        for key in path[:-1]:
            held = held.setdefault(key, {})
        held[path[-1]] = value
    return tree

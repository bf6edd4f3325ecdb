"""What an installation does to free-form maps in an update, where that is known, in; what follows from it out."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from egpsync.fields.table import field_at, fields_of, policy_of
from egpsync.model.live import LiveModel
from egpsync.model.plan import FieldChange
from egpsync.model.values import Json, JsonMap, Path, value_at

Semantics: TypeAlias = tuple[tuple[str, str], ...]
"""(name of a map, or "*" for all; merge or replace); a map that is not there is not known, and travels whole."""

METADATA = "model_metadata"


def merges(semantics: Semantics, path: Path) -> bool:
    """Whether the map at `path` is known to be merged: then only the keys that differ need to travel."""
    return _word(semantics, path) == "merge"


def without_stuck(
    vendor: str, fields: Iterable[FieldChange], semantics: Semantics
) -> tuple[tuple[FieldChange, ...], tuple[Path, ...]]:
    """The differences that an update can settle, and where one is a key to remove from a map that only ever grows."""
    if not semantics:
        return tuple(fields), ()
    settled, stuck = [], []
    for field in fields:
        if field.after is None and _is_stuck(vendor, field.path, semantics):
            stuck.append(field.path)
        else:
            settled.append(field)
    return tuple(settled), tuple(stuck)


def does_otherwise(semantics: Semantics, body: JsonMap, before: LiveModel, after: LiveModel) -> str:
    """How the answer to an update shows that maps are not what the settings say, in words; "" where it does not."""
    return "; ".join(_otherwise(semantics, body, before, after))


def _otherwise(semantics: Semantics, body: JsonMap, before: LiveModel, after: LiveModel) -> Iterator[str]:
    for path in fields_of(before.vendor) if semantics else ():
        word, sent = _word(semantics, path), value_at(body, path)
        if word is None or not policy_of(before.vendor, path).free_form or not isinstance(sent, Mapping):
            continue
        beside = sorted(key for key in _map(value_at(before.fields, path)) if key not in sent)
        there = _map(value_at(after.fields, path))
        if word == "merge" and (lost := [key for key in beside if key not in there]):
            yield _said(path, "replaces", word, f"{', '.join(lost)} went with it")
        if word == "replace" and (kept := [key for key in beside if key in there]):
            yield _said(path, "merges", word, f"{', '.join(kept)} stayed")


def _said(path: Path, does: str, word: str, seen: str) -> str:
    return f"this installation {does} {'.'.join(path)}, and map_semantics says {word}: {seen}"


def _is_stuck(vendor: str, path: Path, semantics: Semantics) -> bool:
    whole = field_at(vendor, path)
    of_the_user = policy_of(vendor, whole).free_form and merges(semantics, whole)
    return of_the_user and (len(path) == len(whole) + 1 or path == (METADATA,))


def _word(semantics: Semantics, path: Path) -> str | None:
    words = dict(semantics)
    return words.get(".".join(path)) or words.get(path[-1]) or words.get("*")


def _map(value: Json) -> JsonMap:
    return value if isinstance(value, Mapping) else {}

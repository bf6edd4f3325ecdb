"""A request's body and what the manifest declares in; where it would send back what the server hides, out."""

import re
from collections.abc import Iterator, Mapping

from egpsync.fields.table import is_secret
from egpsync.model.values import Json, JsonMap, Path, value_at

_WORD = r"redacted|masked|hidden|sensitive|removed|filtered|secret"
_IN_BRACKETS = re.compile(rf"[*<(\[{{ ]+(?:value )?(?:{_WORD})(?: value)?[*>)\]}} ]+|REDACTED", re.IGNORECASE)
_SIGNS = re.compile(r"[*\u2022\u25cf\u2026]+")
FEWEST = 3  # signs of a secret that is hidden
FEWEST_ELSEWHERE = 6  # five asterisks are how people rate


def looks_redacted(path: Path, value: Json) -> bool:
    """Whether the text at `path` stands for a value that the server does not show."""
    if not isinstance(value, str):
        return False
    fewest = FEWEST if is_secret(path) else FEWEST_ELSEWHERE
    return bool(_IN_BRACKETS.fullmatch(value)) or (len(value) >= fewest and bool(_SIGNS.fullmatch(value)))


def sent_back(body: JsonMap, declared: JsonMap) -> Iterator[Path]:
    """Where the body holds a value that looks redacted and that no manifest declares: it comes from the live model.

    What a map or a replacement carries over is what the server answered: sent, it would overwrite what is hidden.
    """
    for path, value in _texts((), body):
        if looks_redacted(path, value) and value_at(declared, path) != value and not _in_declared_list(path, declared):
            yield path


def _texts(path: Path, value: Json) -> Iterator[tuple[Path, str]]:
    match value:
        case Mapping():
            for key, item in value.items():
                yield from _texts((*path, key), item)
        case list():
            for item in value:
                yield from _texts(path, item)
        case str():
            yield path, value
        case _:
            pass


def _in_declared_list(path: Path, declared: JsonMap) -> bool:
    return isinstance(value_at(declared, path), list)

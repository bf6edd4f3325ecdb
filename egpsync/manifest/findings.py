"""What is wrong in, the words for it out: findings before their lines are looked up, values as messages show them."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from egpsync.fields.table import secret_keys
from egpsync.model.text import closest
from egpsync.model.values import Json, Source

LINE_BREAK = re.compile("\r\n|\r|\n")
LONGEST_VALUE = 60
LONGEST_WORD = 100
"""Characters of a word that is compared with others: the comparison's cost grows with their square."""

ALIKE = 0.7
"""How alike two words are, from 0 to 1, where one may be a misspelt other."""

NEAR = 0.8
"""How alike a key is to a secret field's that is taken for it."""


class Hint(NamedTuple):
    """What a problem says beside its message."""

    expected: str = ""
    suggestion: str = ""
    related: Source | None = None


class Finding(NamedTuple):
    """A problem before its source line is looked up."""

    rule: str
    message: str
    source: Source
    hint: Hint = Hint()
    hides: bool = False  # the value of the key at `source` is not to be shown


class Lines:
    """The lines of files, split when first asked for."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._lines: dict[str, list[str]] = {}

    def at(self, source: Source) -> str:
        """The whole source line there; "" beyond the end."""
        lines = self._lines.get(source.file)
        if lines is None:
            text = self._files.get(source.file, b"").decode("utf-8-sig", errors="replace")
            lines = self._lines[source.file] = LINE_BREAK.split(text)
        return lines[source.line - 1] if source.line <= len(lines) else ""


def in_words(value: Json) -> str:
    """A value as a message quotes it: short, on one line."""
    match value:
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case None:
            return "null"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def nearest(word: str, options: Iterable[str]) -> str:
    """The option that the word most likely means; "" for none."""
    if len(word) > LONGEST_WORD:
        return ""
    alike = {_bare(option): option for option in options}
    return alike.get(closest(_bare(word), alike, ALIKE), "")


@cache
def _secret_letters() -> tuple[str, ...]:
    return tuple(sorted(map(_letters, secret_keys())))


@lru_cache(maxsize=4096)
def is_secret_name(key: str) -> bool:
    """Whether a key is a field's whose values are shown nowhere, or near to one: env, environment, envvars."""
    if len(key) > LONGEST_WORD:
        return True
    letters = _letters(key)
    if "envvar" in letters or letters.startswith("env"):
        return True
    return bool(closest(letters, _secret_letters(), NEAR))


def _bare(word: str) -> str:
    return word.lower().replace("-", "_")


def _letters(word: str) -> str:
    return "".join(filter(str.isalnum, word.casefold()))

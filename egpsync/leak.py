"""Secrets that this process knows in; whether a text holds one in any spelling, and the text without them, out.

Masking is by path and provenance wherever a value has one (record.py). This is the second line of defence, for what
passes it by: the text as a whole is looked through, at the one exit for bytes.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

SHORTEST = 8  # letters; a shorter secret stands in ordinary words
HIDDEN = "(sensitive)"
MANY = 100  # secrets, of which a pattern takes longer to make than to look for them one by one


class Known:
    """The secrets that are known by now: of its sources, each time anew, as some are only learnt as the run goes on."""

    def __init__(self, *sources: Callable[[], Iterable[str]]) -> None:
        self._sources = list(sources)

    def learn(self, source: Callable[[], Iterable[str]]) -> None:
        """Know what this gives too."""
        self._sources.append(source)

    def mark(self) -> int:
        """How many sources there are, to forget those that come later."""
        return len(self._sources)

    def forget(self, mark: int) -> None:
        """Forget the sources that came after the mark, where what they knew is read anew."""
        del self._sources[mark:]

    def hide(self, text: str) -> str:
        """The text with each of them replaced, however it is spelt."""
        secrets = self._secrets()
        if len(secrets) > MANY:
            return _without(_all_spellings(secrets), text)
        pattern = self._pattern()
        return pattern.sub(HIDDEN, text) if pattern else text

    def stands_in(self, text: str) -> bool:
        """Whether one of them does, however it is spelt."""
        pattern = self._pattern()
        return pattern is not None and pattern.search(text) is not None

    def _pattern(self) -> re.Pattern[str] | None:
        found = self._secrets()
        return _compiled(found) if found else None

    def _secrets(self) -> frozenset[str]:
        return frozenset(secret for source in self._sources for secret in source() if len(secret) >= SHORTEST)


NOTHING = Known()
"""Nothing is known to be secret."""

LEAKING = (
    "A model holds it somewhere else than in env_vars, or a name or path spells it. Take it out there: what is saved "
    "is sent or put back, so it cannot be hidden in it."
)


@lru_cache(maxsize=4)
def _compiled(secrets: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, _all_spellings(secrets))))


@lru_cache(maxsize=4)
def _all_spellings(secrets: frozenset[str]) -> tuple[str, ...]:
    """The longest first: a secret can hold another."""
    spelt = {spelling for secret in secrets for spelling in _spellings(secret)}
    return tuple(sorted(spelt, key=lambda text: (-len(text), text)))


def _without(spellings: Iterable[str], text: str) -> str:
    for spelling in spellings:
        if spelling in text:
            text = text.replace(spelling, HIDDEN)
    return text


def _spellings(secret: str) -> Iterator[str]:
    """As it is, and as JSON, URLs, HTML and base64 write it, also amid other bytes."""
    import json  # noqa: PLC0415 - what most commands print holds no secret to look for
    from base64 import b64encode  # noqa: PLC0415
    from html import escape  # noqa: PLC0415
    from urllib.parse import quote, quote_plus  # noqa: PLC0415

    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield escape(secret)
    data = secret.encode("utf-8", "surrogatepass")
    yield quote(data, safe="")
    yield quote(data)
    yield quote_plus(data)
    for before in range(3):
        whole = b64encode(bytes(before) + data).decode().rstrip("=")
        # Letters that the bytes around it take part in are not its own.
        inner = whole[(before * 8 + 5) // 6 :]
        inner = inner[:-1] if (before + len(data)) % 3 else inner
        yield inner
        yield inner.translate(str.maketrans("+/", "-_"))

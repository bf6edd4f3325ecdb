"""Values and messages of a model in, the same without secrets out: by the names of keys on the way, not by looks."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping

from egpsync.fields.table import is_secret, is_secret_name
from egpsync.model.report import MASK
from egpsync.model.values import Json, Path

_SHORTEST_SECRET = 6  # characters; a shorter one, such as "true", would blank ordinary words of a message


def masked(path: Path, value: Json) -> Json:
    """The value at `path`, plain JSON, with MASK for each value that is secret; the keys of its map stay."""
    return _shown(value, secret=is_secret(path))


def hidden(value: Json) -> Json:
    """MASK where there is a value."""
    return None if value is None else MASK


def secrets_in(path: Path, value: Json) -> Iterator[str]:
    """The texts of all secret values at and below `path`."""
    if is_secret(path):
        yield from texts_in(value)
        return
    match value:
        case Mapping():
            for key, inner in value.items():
                yield from secrets_in((key,), inner)
        case list() | tuple():
            for inner in value:
                yield from secrets_in((), inner)


def texts_in(value: Json) -> Iterator[str]:
    """The texts of all scalars of a value, in the forms in which a server quotes them."""
    match value:
        case Mapping():
            for inner in value.values():
                yield from texts_in(inner)
        case list() | tuple():
            for inner in value:
                yield from texts_in(inner)
        case str():
            yield value
            yield json.dumps(value)[1:-1]
        case int() | float() if not isinstance(value, bool):
            yield str(value)


def without(secrets: Iterable[str], text: str) -> str:
    """A message without the given secrets.

    Masking is by path wherever a value has one. A server's message has none, and the API client already drops the
    `input` that a 422 echoes; this is the second line of defence, for a server that quotes the value in its prose.
    """
    for secret in sorted(set(secrets), key=lambda secret: (-len(secret), secret)):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, MASK)
    return text


def _shown(value: Json, *, secret: bool) -> Json:
    match value:
        case Mapping() if secret:
            return {key: hidden(inner) for key, inner in value.items()}
        case _ if secret:
            return hidden(value)
        case Mapping():
            return {key: _shown(inner, secret=is_secret_name(key)) for key, inner in value.items()}
        case list() | tuple():
            return [_shown(inner, secret=False) for inner in value]
        case float() if not math.isfinite(value):
            return str(value)  # JSON has no such number
        case _:
            return value

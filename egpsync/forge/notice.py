"""A document in, sent to a URL that is a secret, out: never a word of that URL in what went wrong."""

from egpsync.errors import ForgeError
from egpsync.forge.door import Door
from egpsync.model.values import JsonMap

TIMEOUT = 10.0  # seconds for connecting, and between two bytes


def send(url: str, document: JsonMap) -> str:
    """Post it once; why it failed, in words that do not tell the URL, or "" where it did not."""
    try:
        with Door(url, {}, timeout=TIMEOUT) as door:
            door.send("POST", "", document)
    except ForgeError as error:
        return f"answered {error.status}" if error.status else "did not answer as it should"
    return ""

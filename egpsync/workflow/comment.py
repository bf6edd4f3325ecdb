"""A report that was written as Markdown in, one comment on the pull or merge request out."""

from pathlib import Path

from egpsync.errors import FileError
from egpsync.forge.comment import Posted, post
from egpsync.model.forge import Forge, Place
from egpsync.report.marker import marker_in

MOST: dict[Forge, int] = {Forge.GITHUB: 65_536, Forge.GITLAB: 1_000_000}
"""Characters of a comment: GitHub's own error says so, and GitLab's documentation of instance limits."""


def comment(file: str, place: Place) -> Posted:
    """Post it, or update the comment that an earlier run posted. Raises FileError and ForgeError."""
    text = _text(file)
    marker = marker_in(text)
    if marker is None:
        raise FileError(
            "does not begin with the marker of an egpsync report",
            where=file,
            advice="Write it with --report markdown=FILE, and leave its first line as it is.",
        )
    if len(text) > MOST[place.forge]:
        raise FileError(
            f"has {len(text):,} characters, and {place.forge.value} takes {MOST[place.forge]:,}",
            where=file,
            advice="What --report markdown=FILE writes is never so long.",
        )
    return post(place, marker, text)


def _text(file: str) -> str:
    try:
        return Path(file).read_bytes().decode("utf-8")
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}", where=file) from error
    except UnicodeDecodeError as error:
        raise FileError("is not UTF-8", where=file) from error

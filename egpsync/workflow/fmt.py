"""Manifests in, the same in form out: which would change, which are left as they are, which cannot be read."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from egpsync.errors import FileError, UsageError
from egpsync.files import write_whole
from egpsync.manifest.find import STDIN, Found, find
from egpsync.manifest.form import Unchanged, formed
from egpsync.manifest.read import read
from egpsync.model.manifest import Problem
from egpsync.value import Value


class Formed(Value, frozen=True, kw_only=True):
    """A file, and what it would be in form."""

    file: str
    before: bytes
    after: bytes
    left: str = ""  # why it is left as it is, though it may not be in form
    problems: tuple[Problem, ...] = ()  # why it cannot be read

    @property
    def differs(self) -> bool:
        """Whether it is not in form."""
        return self.before != self.after


def form(paths: Sequence[str]) -> list[Formed]:
    """Every manifest that the paths lead to, sorted. Raises FileError for a path to nothing."""
    if STDIN in paths:
        raise UsageError("fmt edits files: - names none", advice="Give files, folders or patterns.")
    return list(map(_formed, find(paths)))


def write(files: Sequence[Formed]) -> Iterator[str]:
    """Write those that differ, each whole; their names. Raises FileError where one was changed meanwhile."""
    for one in files:
        if one.differs:
            _refuse_changed(one)
            write_whole(Path(one.file), one.after.decode("utf-8"))
            yield one.file


def _formed(found: Found) -> Formed:
    match formed(found):
        case Unchanged(why):
            problems = read([found]).problems
            left = "" if problems else why
            return Formed(file=found.name, before=found.data, after=found.data, left=left, problems=problems)
        case after:
            return Formed(file=found.name, before=found.data, after=after)


def _refuse_changed(one: Formed) -> None:
    try:
        now = Path(one.file).read_bytes()
    except OSError as error:
        raise FileError(f"cannot be read again: {error.strerror}", where=one.file) from error
    if now != one.before:
        advice = "Save it there, and run again. It is as it was."
        raise FileError("was changed by somebody else meanwhile", where=one.file, advice=advice)

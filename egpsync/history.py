"""A git repository and a revision in, the files of that revision out: by git's own plumbing, nothing is checked out."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from egpsync.errors import HistoryError
from egpsync.value import Value

if TYPE_CHECKING:
    from subprocess import CompletedProcess

GIT = ("git", "--no-replace-objects", "--no-optional-locks", "--literal-pathspecs")
REGULAR = frozenset({"100644", "100755"})
LINK = "120000"
DEEPER = (
    "Fetch more of it: `git fetch --unshallow`, or `git fetch --depth=50 origin` and the branch name; in a workflow of "
    "GitHub `fetch-depth: 0`, in a pipeline of GitLab `GIT_DEPTH: 0`."
)
LINKS_FOLLOWED = 8  # from one to the next


class Entry(Value, frozen=True, kw_only=True):
    """One file of a revision."""

    mode: str  # as git has it, such as "100644"
    blob: str  # the name of what it holds


class Revision(Value, frozen=True, kw_only=True):
    """One commit of a repository."""

    root: str  # the repository's top folder
    commit: str  # its whole name
    entries: Mapping[str, Entry]  # by path from the top folder, with slashes

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """What these files held, links followed as far as they stay in the revision; others are not in the answer."""
        blobs = {path: blob for path in paths if (blob := self._blob(path)) is not None}
        held = _contents(self.root, sorted(set(blobs.values())))
        return {path: held[blob] for path, blob in blobs.items()}

    def _blob(self, path: str) -> str | None:
        for _ in range(LINKS_FOLLOWED):
            entry = self.entries.get(path)
            if entry is None or entry.mode in REGULAR:
                return entry.blob if entry is not None else None
            if entry.mode != LINK:
                return None
            target = _contents(self.root, [entry.blob])[entry.blob].decode("utf-8", "surrogateescape")
            path = os.path.normpath(os.path.join(os.path.dirname(path), target))  # noqa: PTH118, PTH120 - no file's path
        return None


def repository_at(folder: Path) -> str:
    """The top folder of the repository that a folder lies in. Raises HistoryError where it lies in none."""
    return _text(folder, "rev-parse", "--show-toplevel").removesuffix("\n")


def revision(root: str, name: str) -> Revision:
    """The commit that a name means, such as a branch or `HEAD~1`. Raises HistoryError, which says how to get it."""
    commit = commit_of(root, name)
    entries = {}
    for line in _text(Path(root), "ls-tree", "-r", "-z", "--full-tree", commit).split("\0"):
        described, tab, path = line.partition("\t")
        if tab:
            mode, _kind, blob = described.split(" ")
            entries[path] = Entry(mode=mode, blob=blob)
    return Revision(root=root, commit=commit, entries=entries)


def commit_of(root: str, name: str) -> str:
    """The whole name of the commit that a name means. Raises HistoryError, which says how to get it."""
    done = _run(Path(root), "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if done.returncode == 0:
        return done.stdout.decode().strip()
    shallow = _text(Path(root), "rev-parse", "--is-shallow-repository").strip() == "true"
    raise HistoryError(
        f"git knows no revision {name!r} here" + (": this clone is shallow" if shallow else ""),
        where=root,
        advice=DEEPER
        if shallow
        else "Name a branch, a tag or a commit; `git fetch origin` brings what the server has.",
    )


def commits_touching(root: str, commit: str, paths: Sequence[str], *, most: int) -> tuple[str, ...]:
    """Of a commit and its first parents those that changed something below the paths, newest first, as far as is here.

    `paths` are literal, from the top folder; none means all.
    """
    named = ["--", *paths] if paths else []
    text = _text(Path(root), "rev-list", "--first-parent", f"--max-count={most}", commit, *named)
    return tuple(text.split())


def _contents(root: str, blobs: Sequence[str]) -> Mapping[str, bytes]:
    """What each of these objects holds."""
    if not blobs:
        return {}
    output = _checked(Path(root), "cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in blobs).encode())
    held, start = {}, 0
    for blob in blobs:
        end = output.index(b"\n", start)
        described = output[start:end].split(b" ")
        if len(described) != 3:
            raise HistoryError(
                f"git has not got the file {blob}", where=root, advice="A partial clone? `git fetch --refetch` gets it."
            )
        size = int(described[2])
        held[blob] = output[end + 1 : end + 1 + size]
        start = end + 1 + size + 1
    return held


def _text(folder: Path, *arguments: str) -> str:
    return _checked(folder, *arguments).decode("utf-8", "surrogateescape")


def _checked(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    done = _run(folder, *arguments, stdin=stdin)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise HistoryError(f"git {arguments[0]} fails: {said}", where=str(folder), advice="Is this a git repository?")
    return done.stdout


def _run(folder: Path, *arguments: str, stdin: bytes = b"") -> "CompletedProcess[bytes]":
    from subprocess import run  # noqa: PLC0415 - nearly no command asks git

    try:
        return run(  # noqa: S603 - no shell; names of revisions stand behind --end-of-options
            [*GIT, *arguments], cwd=folder, input=stdin, capture_output=True, check=False
        )
    except OSError as error:
        raise HistoryError(f"git cannot be run: {error.strerror}", where="git", advice="Install it.") from error

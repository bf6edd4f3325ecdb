"""Which models a command is about, where it is not about all."""

from enum import StrEnum

from egpsync.value import Value


class By(StrEnum):
    """What a selector looks at."""

    NAME = "name"
    VENDOR = "vendor"
    METADATA = "metadata"
    LABEL = "label"
    FILE = "file"


class Selector(Value, frozen=True, kw_only=True):
    """One --select or --exclude."""

    by: By
    key: str  # of metadata or labels; "" otherwise
    glob: str
    text: str  # as it was given

    def __str__(self) -> str:
        return self.text


class Selection(Value, frozen=True, kw_only=True):
    """Those that one of `select` means and none of `exclude`, of this shard, that changed; nothing said means all."""

    select: tuple[Selector, ...] = ()
    exclude: tuple[Selector, ...] = ()
    shard: tuple[int, int] | None = None  # the K-th, from 1, of N
    changed_since: str | None = None  # a git revision
    only: frozenset[tuple[str, str]] | None = None  # these (vendor, name) alone, as a saved plan pins them

    def __bool__(self) -> bool:
        return self != ALL

    def __str__(self) -> str:
        """As it was given."""
        said = [*(f"--select {one}" for one in self.select), *(f"--exclude {one}" for one in self.exclude)]
        said += [f"--changed-since {self.changed_since}"] if self.changed_since is not None else []
        said += [f"--shard {self.shard[0]}/{self.shard[1]}"] if self.shard is not None else []
        return " ".join(said) or "the saved plan"


ALL = Selection()

"""What the manifests say: documents as read, problems as found, models as desired."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from egpsync.model.values import Json, JsonMap, Path, Source


class Node(NamedTuple):
    """A YAML value and where it stands. A NamedTuple, since a large manifest has a million of them."""

    value: Json  # the plain value, without places; shared with the parent's value
    file: str
    line: int  # from 1: where the value starts
    column: int  # from 1
    key_line: int  # where its key starts; the value's own place for list items and roots
    key_column: int
    children: "Mapping[str, Node] | tuple[Node, ...] | None"  # None for a scalar

    @property
    def source(self) -> Source:
        """Where the value starts."""
        return Source(file=self.file, line=self.line, column=self.column)

    @property
    def key_source(self) -> Source:
        """Where the value's key starts."""
        return Source(file=self.file, line=self.key_line, column=self.key_column)

    def at(self, path: tuple[str | int, ...]) -> "Node":
        """The node at `path` below this one, or the deepest one on the way where the path ends early."""
        node = self
        for key in path:
            match node.children:
                case Mapping() as fields if key in fields:
                    node = fields[str(key)]
                case tuple() as items if isinstance(key, int) and key < len(items):
                    node = items[key]
                case _:
                    break
        return node


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML document of one file."""

    file: str
    root: Node


class Severity(StrEnum):
    """Whether a problem stops the run."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding in the manifests: what is wrong, where, what was expected."""

    rule: str  # stable id in kebab case, such as "unknown-field"; listed in the README
    message: str  # one sentence that names the fault; may quote the manifest, so renderers escape it
    source: Source
    excerpt: str  # the offending source line, without its newline; "" where there is none
    expected: str  # what would be right, such as "an integer, at least 0"; "" where the message says it
    suggestion: str  # the nearest right name for a misspelt one; "" where there is none
    related: Source | None  # the other place, such as the first of two equal keys
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """All that was read, and all that could not be."""

    documents: tuple[Document, ...]  # in the order of files, sorted, then of documents in a file
    problems: tuple[Problem, ...]  # files that are no YAML, duplicate keys, limits
    texts: Mapping[str, str]  # file -> its text, for excerpts
    digest: str  # SHA-256 over the files' names and bytes, hex: what the manifests were


class State(StrEnum):
    """Whether a model should be there."""

    PRESENT = "present"
    ABSENT = "absent"  # a tombstone: the model is deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """A model's own rules; None where the manifest does not say."""

    prevent_destroy: bool | None  # refuse to delete or recreate; also kept in the live mark
    prevent_redeploy: bool | None  # refuse whatever redeploys
    ignore_changes: tuple[Path, ...]  # fields whose difference is left alone, with all below them


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredModel:
    """One model as the manifests want it, defaults merged in. Only what they declare is here."""

    vendor: str
    name: str  # "" only for a tombstone that is given by id
    id: str | None
    renamed_from: str | None
    state: State
    owner: str | None  # the owner of the file it stands in
    lifecycle: Lifecycle
    fields: JsonMap  # of model_type, model_metadata, vendor_configuration: those declared, as written
    node: Node  # the merged mapping, for the places of fields
    source: Source  # where the model starts

    def source_of(self, path: Path) -> Source:
        """Where the field at `path` is declared, or the nearest enclosing place."""
        return self.node.at(path).key_source if path else self.source


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """Everything that the manifests want, in the order they say it."""

    models: tuple[DesiredModel, ...]
    owners: tuple[str, ...]  # every owner that a file names, sorted
    digest: str  # of the documents it came from

"""What the manifests say: documents as read, problems as found, models as desired."""

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from egpsync.model.values import Json, JsonMap, Path, Source
from egpsync.value import Value, field


class Places:
    """Where the values of one file stand, as numbers: a large manifest has a million values."""

    __slots__ = ("_wide", "aliases", "file", "numbers")

    def __init__(self, file: str) -> None:
        self.file = file
        self.numbers = array("I")
        """EACH numbers a value, in the order in which the values are written."""
        self.aliases: dict[int, int] = {}
        """An alias's number among the values -> that of the value it stands for."""
        self._wide: dict[int, Sequence[int] | Mapping[str, int]] = {}  # the numbers in wide collections, once asked for

    def source(self, at: int) -> Source:
        """Where the value with that number starts."""
        line, column = self.numbers[at * EACH + 2 : at * EACH + 4]
        return Source(file=self.file, line=line + 1, column=column + 1)

    def key_source(self, at: int) -> Source:
        """Where its key starts; the value's own place for list items and roots."""
        line, column = self.numbers[at * EACH : at * EACH + 2]
        return Source(file=self.file, line=line + 1, column=column + 1)

    def below(self, at: int, value: Json, key: str | int) -> int | None:
        """The number of what stands at `key` in the mapping or list `value`, whose own number is `at`."""
        at = self.aliases.get(at, at)
        if self.numbers[at * EACH + 4] == 1:  # it was not written item by item
            return None
        if len(value) > WIDE:
            return self._wide_below(at, value)[key]  # type: ignore[index]
        at += 1
        for other in value if isinstance(value, Mapping) else range(len(value)):
            if other == key:
                break
            at += self.numbers[at * EACH + 4]
        return at

    def _wide_below(self, at: int, value: Json) -> Sequence[int] | Mapping[str, int]:
        if at not in self._wide:
            numbers = array("I", (number for number, _ in self.items(at, value)))
            self._wide[at] = dict(zip(value, numbers, strict=True)) if isinstance(value, Mapping) else numbers
        return self._wide[at]

    def items(self, at: int, value: Collection[Json]) -> Iterator[tuple[int, Json]]:
        """The number of each item of the list `value`, and the item; of a mapping, its keys."""
        at = self.aliases.get(at, at) + 1
        for item in value:
            yield at, item
            at += self.numbers[at * EACH + 4]


WIDE = 64
"""Items of a collection beyond which their places are looked up in one go."""

EACH = 5
"""Line and column of the key, line and column of the value, all from 0, and how many values it is with all below it."""


class Layer(NamedTuple):
    """One place where a value was written: in the model, in the defaults under it."""

    name: str  # as messages call it: "model", "defaults", "template small", "patch"
    value: Json  # as written there
    places: Places
    at: int  # its number in `places`
    keys: frozenset[str] | None = None  # those of its mapping that count; None for all

    def get(self, key: str | int) -> "Layer | None":
        """What it has there."""
        if not _holds(self.value, key) or (self.keys is not None and key not in self.keys):
            return None
        at = self.places.below(self.at, self.value, key)
        return None if at is None else Layer(self.name, self.value[key], self.places, at)


class Node(NamedTuple):
    """A value and where it was written; what stands in it is looked up when it is asked for."""

    value: Json  # plain, merged from all layers
    layers: tuple[Layer, ...]  # at least one; the uppermost, which wins, first

    @classmethod
    def of(cls, layer: Layer) -> "Node":
        """A value that was written in one place."""
        return cls(layer.value, (layer,))

    def items(self, name: str = "") -> "Iterator[Node]":
        """Of a list that was written in one place, each item; as a layer of that name, if one is given."""
        (layer, *_) = self.layers
        name = name or layer.name
        for at, item in layer.places.items(layer.at, self.value if isinstance(self.value, list) else ()):
            yield Node(item, (Layer(name, item, layer.places, at),))

    @property
    def source(self) -> Source:
        """Where the value starts."""
        return self.layers[0].places.source(self.layers[0].at)

    @property
    def key_source(self) -> Source:
        """Where the value's key starts."""
        return self.layers[0].places.key_source(self.layers[0].at)

    @property
    def origin(self) -> str:
        """The name of the layer that says it."""
        return self.layers[0].name

    def get(self, key: str | int) -> "Node | None":
        """What stands at the key or index; None for nothing."""
        if not _holds(self.value, key):
            return None
        found = [layer for layer in (layer.get(key) for layer in self.layers) if layer is not None]
        seen = next((end for end, layer in enumerate(found) if not isinstance(layer.value, Mapping)), len(found))
        return Node(self.value[key], tuple(found[: seen or 1])) if found else None

    def find(self, path: Sequence[str | int]) -> "Node | None":
        """The node at `path` below this one; None where it does not lead all the way."""
        node: Node | None = self
        for key in path:
            node = node.get(key) if node else None
        return node

    def at(self, path: Sequence[str | int]) -> "Node":
        """The node at `path` below this one, or the deepest one on the way where the path ends early."""
        node = self
        for key in path:
            below = node.get(key)
            if below is None:
                break
            node = below
        return node


def node_of(value: Json, source: Source) -> Node:
    """A value that stands nowhere but at one place, with all that is in it."""
    places = Places(source.file)
    line, column = source.line - 1, source.column - 1
    places.numbers.extend((line, column, line, column, 1))
    return Node(value, (Layer("model", value, places, 0),))


def _holds(value: Json, key: str | int) -> bool:
    match value:
        case Mapping():
            return key in value
        case list() | tuple():
            return isinstance(key, int) and 0 <= key < len(value)
        case _:
            return False


class Document(Value, frozen=True, kw_only=True):
    """One YAML document of one file."""

    file: str
    root: Node


class Severity(StrEnum):
    """Whether a problem stops the run."""

    ERROR = "error"
    WARNING = "warning"


class Problem(Value, frozen=True, kw_only=True):
    """One finding in the manifests: what is wrong, where, what was expected."""

    rule: str  # stable id in kebab case, such as "unknown-field": that of a Rule
    message: str  # one sentence that names the fault; may quote the manifest, so renderers escape it
    source: Source
    excerpt: str  # the offending source line, without its newline; "" where there is none
    expected: str  # what would be right, such as "an integer, at least 0"; "" where the message says it
    suggestion: str  # the nearest right name for a misspelt one; "" where there is none
    related: Source | None  # the other place, such as the first of two equal keys
    severity: Severity = Severity.ERROR


def is_invalid(problems: Iterable[Problem]) -> bool:
    """Whether one of them stops the run."""
    return any(problem.severity is Severity.ERROR for problem in problems)


class Documents(Value, frozen=True, kw_only=True):
    """All that was read, and all that could not be."""

    documents: tuple[Document, ...]  # in the order of files, sorted, then of documents in a file
    problems: tuple[Problem, ...]  # files that are no YAML, duplicate keys, limits
    files: Mapping[str, bytes]  # name -> what it holds, for excerpts
    references: Mapping[tuple[str, int], str] = field(default_factory=dict)  # file and number -> as written, with ${}
    unresolved: frozenset[Source] = frozenset()  # where references stand for nothing


class Declared(NamedTuple):
    """One item of a document's list of models."""

    written: Node  # as it stands there
    merged: Node  # with all that goes under and over it
    owner: str | None  # of the file it stands in


class Merged(Value, frozen=True, kw_only=True, dict=True):
    """The models of all documents, whether they are valid or not. It keeps its index."""

    documents: Documents
    models: tuple[Declared, ...]  # in the order of files, then as they stand in them
    templates: Mapping[str, Node]  # by name
    cut: Source | None = None  # the model at which merging went too far, and ended

    def saying(self, key: str) -> Sequence[Declared]:
        """The models that say something under that key, in their order: few say what most rules are about."""
        if key not in self._saying:
            held = [(model, model.merged.value) for model in self.models]
            self._saying[key] = [model for model, value in held if isinstance(value, dict) and key in value]
        return self._saying[key]

    @cached_property
    def _saying(self) -> dict[str, Sequence[Declared]]:
        return {}


class State(StrEnum):
    """Whether a model should be there."""

    PRESENT = "present"
    ABSENT = "absent"  # a tombstone: the model is deleted
    RELEASED = "released"  # its owner gives it up: the mark is removed, and the model stays


class Lifecycle(Value, frozen=True, kw_only=True):
    """A model's own rules; None where the manifest does not say."""

    prevent_destroy: bool | None  # refuse to delete or recreate; also kept in the live mark
    prevent_redeploy: bool | None  # refuse whatever redeploys
    ignore_changes: tuple[Path, ...]  # fields whose difference is left alone, with all below them; "*" in a key is any
    exact: tuple[Path, ...] = ()  # free-form maps that hold what is declared and nothing else


class DesiredModel(Value, frozen=True, kw_only=True):
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
    references: Mapping[Path, str] = field(default_factory=dict)  # secret fields -> as written, with ${secret:NAME}

    def __eq__(self, other: object) -> bool:
        """Whether they want the same, wherever its fields are written."""
        return isinstance(other, DesiredModel) and all(
            getattr(self, name) == getattr(other, name) for name in self.__struct_fields__ if name != "node"
        )

    __hash__ = None  # type: ignore[assignment]  # it holds maps

    def source_of(self, path: Path) -> Source:
        """Where the field at `path` is declared, or the nearest enclosing place."""
        return self.node.at(path).key_source if path else self.source


class Desired(Value, frozen=True, kw_only=True):
    """Everything that the manifests want, in the order they say it."""

    models: tuple[DesiredModel, ...]
    owners: tuple[str, ...]  # every owner that a file names, sorted
    digest: str  # SHA-256 over the names and bytes of the files it came from, hex: what the manifests were

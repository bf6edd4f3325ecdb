"""Documents and variables in, documents whose references are resolved out; files without a dollar stay as they are.

`${NAME}`, `${NAME:-default}` and `${NAME:?message}` stand for variables, `${secret:NAME}` in secret fields for a
secret, `$$` for a dollar. A scalar that is nothing but one reference takes the type that its field wants.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from egpsync.fields.schemas import load
from egpsync.fields.table import FAMILIES, MANIFEST, is_secret
from egpsync.manifest import scalars
from egpsync.manifest.findings import Finding, Hint, in_words, nearest
from egpsync.manifest.problems import MOST, Problems
from egpsync.model.manifest import Document, Documents, Layer, Node, Places
from egpsync.model.values import Json, Source
from egpsync.value import Value, field, replace

TOKEN = re.compile(r"\$\$|\$\{(?P<inner>[^{}]*)\}?")
INNER = re.compile(
    r"(?P<secret>secret:)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::(?P<otherwise>[-?])(?P<rest>.*))?", re.DOTALL
)
SURROGATE = re.compile("[\ud800-\udfff]")
HOW = Hint(expected="${NAME}, ${NAME:-default}, ${NAME:?message} or ${secret:NAME}; $$ is a dollar")
SECTIONS = {"models": 2, "patches": 2, "templates": 2, "defaults": 1}
"""Where a document has fields of models, and how far below the top."""


class Values(Value, frozen=True, kw_only=True):
    """What the references stand for."""

    variables: Mapping[str, str] = field(default_factory=dict)
    secret: Callable[[str], str] | None = None  # None: secrets stay references, as offline


NO_VALUES = Values()


def resolve(documents: Documents, values: Values = NO_VALUES) -> Documents:
    """The documents with what their references stand for. Raises what the source of secrets raises."""
    told = {file for file, data in documents.files.items() if _holds_references(data)}
    if not told:
        return documents
    run = _Run(documents, values)
    resolved = tuple(run.document(one) if one.file in told else one for one in documents.documents)
    return replace(
        documents,
        documents=resolved,
        problems=(*documents.problems, *run.problems.sorted()),
        references=run.references,
        unresolved=frozenset(run.unresolved),
    )


def _holds_references(data: bytes) -> bool:
    return b"$" in data and (b"${" in data or b"$$" in data)  # one byte is found thirty times as fast as two


class _Place(NamedTuple):
    """Where a value stands."""

    places: Places
    at: int
    path: tuple[str | int, ...]

    @property
    def source(self) -> Source:
        return self.places.source(self.at)


class _RefusedError(Exception):
    """The reference stands for nothing; the problem is noted already."""


class _Run:
    """One pass over the documents."""

    def __init__(self, documents: Documents, values: Values) -> None:
        self.problems = Problems(documents.files, room=max(0, MOST - len(documents.problems)))
        self.references: dict[tuple[str, int], str] = {}
        self.unresolved: set[Source] = set()
        self._values = values

    def document(self, document: Document) -> Document:
        layer = document.root.layers[0]
        value = self._walk(layer.value, _Place(layer.places, layer.at, ()))
        root = Node(value, (Layer(layer.name, value, layer.places, layer.at),))
        return Document(file=document.file, root=root)

    def _walk(self, value: Json, place: _Place) -> Json:
        match value:
            case str() if "$" in value:
                return self._text(value, place)
            case dict():
                return {key: self._walk(value[key], below) for key, below in self._below(value, place)}
            case list():
                below = enumerate(place.places.items(place.at, value))
                return [self._walk(item, _Place(place.places, at, (*place.path, n))) for n, (at, item) in below]
        return value

    def _below(self, value: Mapping[str, Json], place: _Place) -> Iterator[tuple[str, _Place]]:
        for at, key in place.places.items(place.at, value):
            if "${" in key:
                source = place.places.key_source(at)
                self.problems.add(Finding("variable-in-key", "keys take no variables", source, Hint("the key itself")))
            yield key, _Place(place.places, at, (*place.path, key))

    def _text(self, text: str, place: _Place) -> Json:
        """What the text stands for; the text itself where it cannot be told."""
        try:
            resolved = TOKEN.sub(lambda found: self._reference(found, place), text)
        except _RefusedError:
            self.unresolved.add(place.source)
            return text
        if "${" in text:
            self.references[place.places.file, place.at] = text
        found = TOKEN.fullmatch(text)
        return _typed(resolved, _fields_path(place.path)) if found and found["inner"] is not None else resolved

    def _reference(self, found: re.Match[str], place: _Place) -> str:
        if found["inner"] is None:
            return "$"
        inner = INNER.fullmatch(found["inner"])
        if inner is None or not found[0].endswith("}") or (inner["secret"] and inner["otherwise"]):
            raise self._refused(Finding("variable-syntax", "this is no reference to a variable", place.source, HOW))
        if inner["secret"]:
            return self._secret(found[0], inner["name"], place)
        return self._variable(inner, place)

    def _variable(self, inner: re.Match[str], place: _Place) -> str:
        name, otherwise = inner["name"], inner["otherwise"]
        value = self._values.variables.get(name)
        if value is not None and SURROGATE.search(value):
            raise self._refused(Finding("variable-unset", f"the variable {name} is no text", place.source))
        if value is not None and (value or not otherwise):
            return value
        if otherwise == "-":
            return str(inner["rest"])
        message = f"the variable {name} is not set" + (f": {in_words(inner['rest'])}" if otherwise else "")
        hint = Hint(
            expected=f"--var {name}=…, vars in the project file, or EGPSYNC_VAR_{name}",
            suggestion=nearest(name, self._values.variables),
        )
        raise self._refused(Finding("variable-unset", message, place.source, hint))

    def _secret(self, written: str, name: str, place: _Place) -> str:
        path = _fields_path(place.path)
        if not is_secret(path) or not path or is_secret(path[-1:]):
            hint = Hint(expected="a secret in env_vars, where it is shown nowhere")
            raise self._refused(Finding("secret-misplaced", "a secret would be shown here", place.source, hint))
        return written if self._values.secret is None else self._values.secret(name)

    def _refused(self, finding: Finding) -> Exception:
        self.problems.add(finding)
        return _RefusedError()


def _fields_path(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The path within a model; () for what is outside of any."""
    start = SECTIONS.get(str(path[0])) if path else None
    return () if start is None else tuple("0" if isinstance(key, int) else key for key in path[start:])


def _typed(text: str, path: tuple[str, ...]) -> Json:
    """The text as its field wants it, where it wants no text."""
    types = _types(path)
    if not types or "string" in types:
        return text
    try:
        value = scalars.plain(text)
    except scalars.NumberRangeError:
        return text
    return value if _type_of(value) in types else text


def _type_of(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case _:
            return "string"


@cache
def _types(path: tuple[str, ...]) -> frozenset[str]:
    """What the field at the path takes, for whatever vendor; nothing where no schema says it."""
    definitions = load(MANIFEST)["definitions"]
    found: set[str] = set()
    for family in FAMILIES:
        schema: Mapping[str, Any] = definitions["model"]
        for key in path:
            schema = _property(schema, key)
            if key == "vendor_configuration":
                schema = definitions.get(f"{family}_configuration", {})
            schema = definitions.get(str(schema.get("$ref", "")).removeprefix("#/definitions/"), schema)
        said = schema.get("type", ())
        found |= {said} if isinstance(said, str) else set(said)
    return frozenset(found)


def _property(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    below = schema.get("properties", {}).get(key, schema.get("items", schema.get("additionalProperties")))
    return below if isinstance(below, Mapping) else {}

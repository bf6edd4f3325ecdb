"""Documents in, every Problem in them out: the JSON Schema first, then the rules across fields and documents."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import jsonschema
import jsonschema_rs

from egpsync.fields.schemas import load
from egpsync.fields.table import MANIFEST
from egpsync.manifest.explain import Fault, Subject, explain
from egpsync.manifest.places import Finding, Lines, Problems
from egpsync.manifest.resolve import Declared, declared
from egpsync.manifest.rules import ACROSS
from egpsync.model.manifest import Documents, Node, Problem
from egpsync.model.values import Json


def check(documents: Documents) -> tuple[Problem, ...]:
    """All problems of all documents, sorted by file, line and column; those that reading found are not repeated.

    Models are checked with their defaults merged in, so that a fault is found wherever its halves stand.
    """
    lines = Lines(documents.texts)
    problems = Problems(lines)
    models: list[Declared] = []
    for document in documents.documents:
        own = tuple(declared(document))
        models += own
        for subject, faults in _faults(document.root, own):
            for finding in explain(subject, faults, lines):
                problems.add(finding)
    for rule in ACROSS:
        for finding in rule(models):
            problems.add(finding)
    return problems.sorted()


def check_against(schema: dict[str, Json], root: Node, what: str, texts: Mapping[str, str]) -> tuple[Finding, ...]:
    """What is wrong with a document that follows another schema than manifests do; `what` names it in messages."""
    subject = Subject(root, root, what=what)
    return tuple(explain(subject, _compiled(schema).faults(root.value), Lines(texts)))


class Schema(NamedTuple):
    """Two validators of one schema: they give the same verdict."""

    decides: jsonschema_rs.Draft7Validator  # a hundred times faster
    explains: jsonschema.Draft7Validator  # says what is wrong where

    def faults(self, value: Json) -> tuple[Fault, ...]:
        """What is wrong with the value; nothing for nearly all of them."""
        return () if self.decides.is_valid(value) else tuple(map(_fault, self.explains.iter_errors(value)))


@cache
def document_schema() -> Schema:
    """The schema of a whole document, as editors use it."""
    return _compiled(dict(load(MANIFEST)))


@cache
def model_schema() -> Schema:
    """The schema of one model with its defaults merged in."""
    return _compiled(
        {"definitions": load(MANIFEST)["definitions"], "allOf": [{"$ref": "#/definitions/resolved_model"}]}
    )


def _compiled(schema: dict[str, Json]) -> Schema:
    return Schema(jsonschema_rs.Draft7Validator(schema), jsonschema.Draft7Validator(schema))


def _faults(root: Node, models: Sequence[Declared]) -> Iterator[tuple[Subject, tuple[Fault, ...]]]:
    """The document's own faults, then those of its models, one by one with their defaults."""
    value = root.value
    if isinstance(value, dict) and isinstance(value.get("models"), list):
        value = value | {"models": []}
    faults = document_schema().faults(value)
    if faults:
        yield Subject(root, root, what="the document"), faults
    for model in models:
        faults = model_schema().faults(model.merged.value)
        if faults:
            yield Subject(model.written, model.merged, what="the model"), faults


def _fault(error: jsonschema.ValidationError) -> Fault:
    return Fault(tuple(error.absolute_path), str(error.validator), error.schema, error.instance)

"""Merged manifests in, every Problem in them out: the JSON Schema first, then the rules across fields and models."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from egpsync.fields.schemas import load
from egpsync.fields.table import MANIFEST
from egpsync.manifest.explain import Fault, Subject, count, explain
from egpsync.manifest.findings import Finding, Lines
from egpsync.manifest.lint import lint
from egpsync.manifest.problems import MOST, Problems
from egpsync.manifest.rules import RULES
from egpsync.manifest.team import TeamSchema
from egpsync.model.manifest import Merged, Node, Problem, Severity
from egpsync.model.values import Json

try:
    import jsonschema_rs
except ImportError:  # no wheel for this machine: the other validator decides alone, many times slower
    jsonschema_rs = None  # type: ignore[assignment, unused-ignore]

HAS_FAST_VALIDATOR = jsonschema_rs is not None
LOOKED_AT = 10_000
"""Faults of one value that are looked at: beyond, there are too many to tell in any case."""


def check(merged: Merged, team: Sequence[TeamSchema] = ()) -> tuple[Problem, ...]:
    """All problems of all documents, sorted by file, line and column; those that reading found are not repeated.

    Models are checked with all that is merged under and over them, so that a fault is found wherever its halves stand;
    then by the team's own schemas.
    """
    documents = merged.documents
    problems = Problems(documents.files, room=max(0, MOST - len(documents.problems)))
    for subject, faults in _faults(merged, problems):
        left = count(faults)
        for finding in () if problems.is_full else explain(subject, faults, problems.lines):
            if finding.source not in documents.unresolved:  # what stands there is not known
                problems.add(finding)
            left -= 1
            if problems.is_full:
                break
        if problems.is_full:
            problems.add_more(max(left, 0))
    for model in merged.models if team else ():
        for finding in (finding for schema in team for finding in schema.findings(model)):
            problems.add(finding)
    for rule in RULES:
        for finding in rule.find(merged) if rule.find else ():
            problems.add(finding)
    return problems.sorted()


def linted(merged: Merged, levels: Mapping[str, Severity]) -> tuple[Problem, ...]:
    """What the lints find that have a level; where they warn, comments that silence nothing are told too."""
    problems = Problems(merged.documents.files, levels=levels)
    for finding in lint(merged, levels, told=Severity.WARNING in levels.values()) if levels else ():
        problems.add(finding)
    return problems.sorted()


def check_against(schema: Mapping[str, Json], root: Node, what: str, files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """What is wrong with a document that follows another schema than manifests do; `what` names it in messages."""
    subject = Subject(root, root, what=what, secrets=False)
    return tuple(explain(subject, Schema(schema).faults(root.value), Lines(files)))


class Schema:
    """Two validators of one schema: the fast one decides, and the other says what is wrong where."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = dict(schema)
        self._decides = jsonschema_rs.Draft7Validator(self._schema) if jsonschema_rs else None

    def holds(self, value: Json) -> bool:
        """Whether the value is valid beyond doubt; where not, `faults` has the last word."""
        return self._decides is not None and self._decides.is_valid(value)

    def faults(self, value: Json) -> tuple[Fault, ...]:
        """What is wrong with the value; nothing for nearly all of them."""
        return () if self.holds(value) else tuple(islice(map(_fault, _explaining(self).iter_errors(value)), LOOKED_AT))

    @property
    def schema(self) -> dict[str, Any]:
        """The schema itself."""
        return self._schema


@cache
def _explaining(schema: Schema) -> Any:
    import jsonschema  # noqa: PLC0415 - takes longer to import than most manifests to check, and most are valid

    return jsonschema.Draft7Validator(schema.schema)


@cache
def document_schema() -> Schema:
    """The schema of a whole document, as editors use it."""
    return Schema(load(MANIFEST))


@cache
def model_schema() -> Schema:
    """The schema of one model with its defaults merged in."""
    return Schema({"definitions": load(MANIFEST)["definitions"], "allOf": [{"$ref": "#/definitions/resolved_model"}]})


@cache
def _models_schema() -> Schema:
    """The schema of a list of them, to ask once for all."""
    return Schema({"definitions": load(MANIFEST)["definitions"], "items": {"$ref": "#/definitions/resolved_model"}})


def _faults(merged: Merged, problems: Problems) -> Iterator[tuple[Subject, tuple[Fault, ...]]]:
    """The documents' own faults, then those of the models, one by one."""
    for document in merged.documents.documents:
        faults = document_schema().faults(_without_models(document.root.value))
        if faults:
            yield Subject(document.root, document.root, what="the document"), faults
    if _models_schema().holds([model.merged.value for model in merged.models]):
        return
    for model in merged.models:
        if problems.is_full:  # the rest is only counted, by the validator that is fast
            problems.add_more(not model_schema().holds(model.merged.value))
            continue
        faults = model_schema().faults(_with_vendor(model.merged.value))
        if faults:
            yield Subject(model.written, model.merged, what="the model"), faults


def _with_vendor(value: Json) -> Json:
    """With the vendor where the slip `vendor` says it, so that what such a model has is checked all the same."""
    slip = isinstance(value, dict) and "vendor" in value and "model_vendor" not in value
    return value | {"model_vendor": value["vendor"]} if slip else value


def _without_models(value: Json) -> Json:
    """They are checked one by one, with what is merged under them."""
    listed = isinstance(value, dict) and isinstance(value.get("models"), list)
    return value | {"models": []} if listed else value


def _fault(error: Any) -> Fault:
    return Fault(tuple(error.absolute_path), str(error.validator), error.schema, error.instance)

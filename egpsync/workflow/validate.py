"""Paths in, checked manifests out; offline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from egpsync.manifest.check import check
from egpsync.manifest.places import Lines
from egpsync.manifest.read import read
from egpsync.manifest.resolve import resolve
from egpsync.model.manifest import Desired, Problem, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Manifests that were read and checked."""

    desired: Desired | None  # None where a problem is an error
    problems: tuple[Problem, ...]
    texts: Mapping[str, str]  # file -> its text
    models: int  # how many the manifests declare
    digest: str = ""  # of the files, as they were read


def validate(paths: Sequence[str], *, stdin: BinaryIO | None = None) -> Checked:
    """Read and check manifests. All problems of all files are found in one go; "-" is `stdin`, else the process's."""
    documents = read(paths, stdin=stdin)
    problems = (*documents.problems, *check(documents))
    errors = any(problem.severity is Severity.ERROR for problem in problems)
    desired = None if errors else resolve(documents)
    declared = sum(_declared(document.root.value) for document in documents.documents)
    return Checked(desired=desired, problems=problems, texts=documents.texts, models=declared, digest=documents.digest)


def with_excerpts(problems: Iterable[Problem], texts: Mapping[str, str]) -> tuple[Problem, ...]:
    """Problems that were found away from the files, with the source lines they are about."""
    lines = Lines(texts)
    return tuple(replace(problem, excerpt=lines.shown(problem.source)) for problem in problems)


def _declared(root: object) -> int:
    models = root.get("models") if isinstance(root, Mapping) else None
    return len(models) if isinstance(models, list) else 0

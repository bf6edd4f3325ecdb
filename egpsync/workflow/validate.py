"""Paths in, checked manifests out; offline."""

from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO

from egpsync.manifest.check import HAS_FAST_VALIDATOR, check, linted
from egpsync.manifest.desired import desired
from egpsync.manifest.excerpts import excerpts
from egpsync.manifest.find import Found, find
from egpsync.manifest.lint import LINTS
from egpsync.manifest.merge import merge
from egpsync.manifest.parse import FASTEST, PureParser
from egpsync.manifest.problems import NO_LEVELS
from egpsync.manifest.read import read
from egpsync.manifest.team import TeamSchema
from egpsync.manifest.variables import NO_VALUES, Values, resolve
from egpsync.model.manifest import Desired, Merged, Problem, Severity, is_invalid
from egpsync.settings import Settings
from egpsync.value import Value, replace


class Checked(Value, frozen=True, kw_only=True):
    """Manifests that were read and checked."""

    merged: Merged | None  # None for what stands in no manifest
    desired: Desired | None  # None where a problem is an error
    problems: tuple[Problem, ...]
    files: Mapping[str, bytes]  # name -> what it holds
    models: int  # how many the manifests declare


def validate(  # noqa: PLR0913 - who asks, and for how much; all by name
    paths: Sequence[str],
    settings: Settings | None = None,
    *,
    stdin: BinaryIO | None = None,
    offline: bool = False,
    asked: bool = True,
    warned: bool = False,
) -> Checked:
    """Find, read, check manifests; "-" is `stdin`, else the process's own. Raises FileError for a path to nothing.

    Lints that the project file makes errors are; the others are told where somebody wants to be `warned`.
    """
    found = find(paths, stdin=stdin)
    return compiled(found, settings, offline=offline, asked=asked, levels=_levels(settings, warned=warned))


def strictly(checked: Checked) -> Checked:
    """The same where warnings stop a run too."""
    errors = tuple(replace(problem, severity=Severity.ERROR) for problem in checked.problems)
    return replace(checked, problems=errors, desired=None if errors else checked.desired)


def compiled(
    found: Sequence[Found],
    settings: Settings | None = None,
    *,
    offline: bool = False,
    asked: bool = True,
    levels: Mapping[str, Severity] = NO_LEVELS,
) -> Checked:
    """Read, resolve, merge and check files that were found anywhere. All problems of all files are told in one go.

    `settings` have the variables, secrets and the team's schemas; `offline`, no secret is looked up. `asked` is whether
    anybody asks what the manifests want: of 10,000 models that takes a tenth of the time. `levels` are those of lints.
    """
    merged = merge(resolve(read(found), _values(settings, offline=offline)))
    documents = merged.documents
    problems = (*documents.problems, *check(merged, _team(settings)), *linted(merged, levels))
    return Checked(
        merged=merged,
        desired=desired(merged) if asked and not is_invalid(problems) else None,
        problems=problems,
        files=documents.files,
        models=len(merged.models),
    )


def with_excerpts(problems: Iterable[Problem], files: Mapping[str, bytes]) -> tuple[Problem, ...]:
    """Problems that were found away from the files, with the source lines they are about."""
    shown = []
    for problem in problems:
        line = problem.source.line
        found = excerpts(files.get(problem.source.file, b""), {line})
        shown.append(replace(problem, excerpt=found.get(line, "")))
    return tuple(shown)


def _values(settings: Settings | None, *, offline: bool) -> Values:
    """What the references in manifests stand for."""
    if settings is None:
        return NO_VALUES
    return Values(variables=settings.variables, secret=None if offline else settings.secrets.value)


def _levels(settings: Settings | None, *, warned: bool) -> Mapping[str, Severity]:
    """How severe each lint is that counts, by the project file."""
    said = settings.project.lint if settings is not None and settings.project is not None else {}
    levels = {one.id: Severity(said.get(one.id, one.severity)) for one in LINTS if said.get(one.id) != "off"}
    return {one: level for one, level in levels.items() if warned or level is Severity.ERROR}


def _team(settings: Settings | None) -> tuple[TeamSchema, ...]:
    project = settings.project if settings is not None else None
    return tuple(map(TeamSchema, project.schemas if project is not None else ()))


def slow_parts() -> tuple[str, ...]:
    """What is missing on this machine and would make it faster; nothing comes out otherwise without it."""
    missing = {
        "PyYAML was built without libyaml: manifests are read many times slower": FASTEST is PureParser,
        "jsonschema-rs is not installed: manifests are checked many times slower": not HAS_FAST_VALIDATOR,
    }
    return tuple(words for words, is_missing in missing.items() if is_missing)

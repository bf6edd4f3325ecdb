"""The working folder in, the project file that holds for it out, or what is wrong with that file."""

import os
from collections.abc import Iterator, Mapping
from glob import escape
from pathlib import Path

from egpsync.errors import FileError, UsageError
from egpsync.fields.schemas import load
from egpsync.history import Revision
from egpsync.manifest.check import check_against
from egpsync.manifest.find import PROJECT, Found, find, repository_of
from egpsync.manifest.findings import Finding, Hint, nearest
from egpsync.manifest.lint import LINTS_BY_ID
from egpsync.manifest.problems import Problems
from egpsync.manifest.read import read
from egpsync.model.manifest import Documents, Node, Problem
from egpsync.model.project import Project
from egpsync.model.values import Source
from egpsync.settings import Settings
from egpsync.settings.project import faults_of, project_of
from egpsync.value import Value

SCHEMA = "project.schema.json"
DEFAULT_PATH = "configs/models"


class Opened(Value, frozen=True, kw_only=True):
    """What became of the project file."""

    project: Project | None  # None where there is no file, or a faulty one
    problems: tuple[Problem, ...] = ()


def open_project(named: str | None, here: Path | None = None) -> Opened:
    """The project file that is named, or the nearest from the working folder up to the repository's root.

    Outside a repository the working folder alone is looked at. Raises FileError for a file that cannot be one.
    """
    here = here or Path.cwd()
    file = _named(named) if named is not None else find_project(here)
    if file is None:
        return Opened(project=None)
    shown = os.path.relpath(file, here) if file.is_relative_to(here) or named is None else str(named)
    return _opened(shown, read(find([shown])))


def _opened(shown: str, documents: Documents) -> Opened:
    if documents.problems and [problem.rule for problem in documents.problems] != ["no-manifests"]:
        return Opened(project=None, problems=documents.problems)
    return _checked(shown.replace(os.sep, "/"), documents)


def open_project_at(revision: Revision, named: str | None) -> Opened:
    """The project file that a revision of this repository held for the working folder; as `open_project` otherwise."""
    here = Path.cwd()
    prefix = os.path.relpath(os.path.realpath(here), os.path.realpath(revision.root))
    wanted = [os.path.join(prefix, named)] if named is not None else _upward(prefix)  # noqa: PTH118 - names in git
    path = next((path for path in map(os.path.normpath, wanted) if path in revision.entries), None)
    held = revision.read([path]) if path is not None else {}
    if path is None or path not in held:
        return Opened(project=None)
    shown = os.path.relpath(path, prefix)
    return _opened(shown, read([Found(shown, held[path])]))


def _upward(folder: str) -> Iterator[str]:
    """Where a project file can be: in the folder, and in each above it up to the repository's top."""
    while folder != ".":
        yield f"{folder}/{PROJECT}"
        folder = os.path.dirname(folder) or "."  # noqa: PTH120 - names in git
    yield PROJECT


def paths_of(given: tuple[str, ...], settings: Settings) -> tuple[str, ...]:
    """Where the manifests are: those given, else the target's, else the project's, else the default."""
    own = f"!{escape(settings.project.file)}" if settings.project is not None else ""
    paths = given or settings.manifests
    if paths is None and Path(DEFAULT_PATH).exists():
        paths = (DEFAULT_PATH,)
    if paths:
        return (*paths, own) if own else paths
    if paths is not None and settings.project is not None:
        raise UsageError("manifests is empty, and no PATH is given", where=settings.project.file)
    raise UsageError(
        f"no PATH given, and there is no {DEFAULT_PATH} here",
        advice="Name files, folders or patterns, or say `manifests` in egpsync.yaml.",
    )


def find_project(here: Path) -> Path | None:
    """The nearest project file. Raises FileError for one that leads out of the repository, or is no regular file."""
    root = repository_of(here)
    for folder in (here, *here.parents):
        file = folder / PROJECT
        if os.path.lexists(file):
            if not file.is_file() or not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(root or here)):
                raise FileError(
                    "is no regular file of this repository",
                    where=os.path.relpath(file, here),
                    advice="Put the file itself there, or name another with --project.",
                )
            return file
        if folder == (root or here):
            return None
    return None


def _named(name: str) -> Path:
    file = Path(os.path.abspath(name))  # noqa: PTH100 - links are left as they are named
    if not file.is_file():
        why = "is a folder" if file.is_dir() else "is no regular file" if file.exists() else "is not there"
        raise FileError(f"the project file {why}", where=name, advice="Name the file itself with --project.")
    return file


def _checked(file: str, documents: Documents) -> Opened:
    problems = Problems(documents.files)
    roots = [document.root for document in documents.documents]
    if len(roots) != 1:
        second = roots[1].source if roots else Source(file=file, line=1, column=1)
        message = "a project file is one document, and there is another here" if roots else "the project file is empty"
        problems.add(Finding("wrong-value", message, second, Hint(expected="version: 1, and what is to be said")))
        return Opened(project=None, problems=problems.sorted())
    return _of_document(file, roots[0], problems, documents.files)


def _of_document(file: str, root: Node, problems: Problems, files: Mapping[str, bytes]) -> Opened:
    for finding in check_against(dict(load(SCHEMA)), root, "the project file", files):
        problems.add(finding)
    if not len(problems):
        folder = Path(file).absolute().parent
        for fault in faults_of(root, folder=str(folder), top=str(repository_of(folder) or folder)):
            hint = Hint(expected=fault.expected, suggestion=fault.suggestion)
            problems.add(Finding("wrong-value", fault.message, fault.source, hint))
        for finding in _unknown_lints(root):
            problems.add(finding)
    if len(problems):
        return Opened(project=None, problems=problems.sorted())
    return Opened(project=project_of(root, file=file, folder=os.path.dirname(file) or "."))  # noqa: PTH120 - a text


def _unknown_lints(root: Node) -> Iterator[Finding]:
    for rule in root.value.get("lint", {}):
        if rule not in LINTS_BY_ID:
            hint = Hint(expected="one that `egpsync explain` lists", suggestion=nearest(rule, LINTS_BY_ID))
            yield Finding(
                "wrong-value", f"lint.{rule}: there is no such lint", root.at(("lint", rule)).key_source, hint
            )

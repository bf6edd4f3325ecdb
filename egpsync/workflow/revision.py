"""A git revision and paths in, the manifests that those paths meant then out: found as in the working folder."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from egpsync.history import Revision, repository_at, revision
from egpsync.manifest.find import PROJECT, SUFFIXES, Found
from egpsync.model.manifest import Desired, DesiredModel
from egpsync.model.plan import Change
from egpsync.model.project import Project
from egpsync.settings import Settings
from egpsync.workflow.project import open_project_at
from egpsync.workflow.validate import Checked, compiled

SIGNS = frozenset("*?[")
SIGN = re.compile(r"\[!?\]?[^\]]*\]|.", re.DOTALL)


def project_at(name: str, named: str | None) -> Project | None:
    """The project file as it was at a revision; None where there was none, or a faulty one. Raises HistoryError."""
    return open_project_at(revision(repository_at(Path.cwd()), name), named).project


def checked_at(name: str, paths: Sequence[str], settings: Settings) -> Checked:
    """The manifests that `paths` meant at a revision, checked. Raises HistoryError.

    Where it is the project file that says the paths, those count that it said then.
    """
    here = Path.cwd()
    then = revision(repository_at(here), name)
    project = open_project_at(then, settings.project_file).project
    return compiled(find_at(then, _paths_then(paths, settings, project), here), settings.under(project))


def _paths_then(paths: Sequence[str], settings: Settings, project: Project | None) -> Sequence[str]:
    """The paths, unless it is the project file that says them: then those that it said."""
    named = settings.manifests
    if named is None or project is None or tuple(paths[: len(named)]) != named:
        return paths
    scope = project.targets.get(settings.scope.name) if settings.scope is not None else None
    said = scope.manifests if scope is not None and scope.manifests is not None else project.manifests
    return paths if said is None else (*said, *paths[len(named) :])


def changed_since(before: Desired | None) -> Callable[[Change], bool]:
    """Whether a change's model is another than it was; all are where there was nothing that could be read."""
    known = {} if before is None else {(model.vendor, model.name): _resolved(model) for model in before.models}

    def changed(change: Change) -> bool:
        model = change.desired
        return model is not None and known.get((model.vendor, model.name)) != _resolved(model)

    return changed


def _resolved(model: DesiredModel) -> str:
    """All that the manifests say of a model; as text, in which 1 is not true."""
    return json.dumps([model.owner, model.node.value], sort_keys=True)


def find_at(revision: Revision, paths: Sequence[str], here: Path) -> tuple[Found, ...]:
    """Every file once, sorted by name, which is the one it has from the working folder `here`.

    A path that meant nothing then gives nothing: it may have come since. Files beyond the repository are in none.
    """
    prefix = os.path.relpath(os.path.realpath(here), os.path.realpath(revision.root))
    known = sorted(revision.entries)
    meant = {file for path in paths if not path.startswith("!") for file in _meant(path, prefix, known)}
    meant -= {file for path in paths if path.startswith("!") for file in _meant(path[1:], prefix, known)}
    held = revision.read(sorted(meant))
    return tuple(sorted(Found(os.path.relpath(file, prefix), data) for file, data in held.items()))


def _meant(path: str, prefix: str, known: Iterable[str]) -> Iterator[str]:
    """The files, by their paths from the top folder, that a path of the working folder means."""
    whole = os.path.normpath(os.path.join(prefix, path))  # noqa: PTH118 - a pattern is no Path
    pattern = None if SIGNS.isdisjoint(path) else _pattern(whole)
    for file in known:
        if file == whole or (pattern is not None and pattern.fullmatch(file)):
            yield file
            continue
        above = whole if pattern is None else next((up for up in _above(file) if pattern.fullmatch(up)), None)
        if above is not None and (above == "." or file.startswith(f"{above}/")) and _is_manifest(file, above):
            yield file


def _is_manifest(file: str, folder: str) -> bool:
    """Whether it is one of those that are read of a folder."""
    parts = (file if folder == "." else file[len(folder) + 1 :]).split("/")
    hidden = any(part.startswith(".") for part in parts)
    return not hidden and os.path.splitext(file)[1] in SUFFIXES and parts[-1] != PROJECT  # noqa: PTH122 - no file's path


def _above(file: str) -> Iterator[str]:
    """The folders that a file lies in."""
    while "/" in file:
        file = file.rpartition("/")[0]
        yield file


def _pattern(path: str) -> re.Pattern[str]:
    """As glob reads it: ** is any number of folders, and no sign stands for a dot at a name's beginning."""
    parts = path.split("/")
    written = []
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            written.append("(?:(?!\\.)[^/]+/)*" + ("(?!\\.)[^/]+" if last else ""))
        else:
            hidden = "" if part.startswith(".") else "(?!\\.)"
            written.append(hidden + SIGN.sub(_sign, part) + ("" if last else "/"))
    return re.compile("".join(written), re.DOTALL)


def _sign(found: re.Match[str]) -> str:
    match found[0]:
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case sign if len(sign) > 1:
            inner = sign[1:-1].replace("\\", "\\\\").replace("[", "\\[")
            return f"(?!/)[{'^' + inner[1:] if inner.startswith('!') else inner}]"
        case sign:
            return re.escape(sign)

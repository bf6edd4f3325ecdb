"""A project file that its schema accepts in, the Project out, and what no schema can say against it."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from glob import escape, has_magic
from typing import Any, NamedTuple

from egpsync.errors import UsageError
from egpsync.model.manifest import Node
from egpsync.model.plan import Action
from egpsync.model.project import AcceptedDrift, Consented, Project, TargetScope
from egpsync.model.text import closest
from egpsync.model.values import Source
from egpsync.settings.urls import base_url

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Fault(NamedTuple):
    """What is wrong with a value of the file."""

    message: str
    source: Source
    expected: str = ""
    suggestion: str = ""


def faults_of(root: Node, *, folder: str, top: str) -> Iterator[Fault]:
    """What is wrong with a file that follows the schema.

    `folder` is the one it stands in, `top` that of its repository; both absolute.
    """
    targets: Mapping[str, Any] = root.value.get("targets", {})
    yield from _misnamed(root, ("targets",), NAME, "up to 64 letters, digits and . _ -")
    yield from _misnamed(root, ("vars",), VARIABLE, "a letter or underscore, then letters, digits and underscores")
    if root.value.get("secrets", {}).get("command") == []:
        yield Fault("secrets.command is empty", root.at(("secrets", "command")).source, "a program and its arguments")
    for name, target in targets.items():
        yield from _of_target(root, name, target)
    for path in _paths(root.value):
        if not _inside(root.at(path).value, folder, top):
            message = f"{_dotted(path)} is {root.at(path).value!r}, which lies outside of the repository"
            yield Fault(message, root.at(path).source, "a path inside, as what is read there is quoted in reports")
    for path in _names_of_targets(root.value):
        named = root.at(path)
        if named.value not in targets:
            message = f"{_dotted(path)} is {named.value!r}, and there is no such target"
            expected = f"one of {', '.join(targets)}" if targets else "a target of that name"
            yield Fault(message, named.source, expected, closest(named.value, targets))
    for path in _days(root.value):
        try:
            date.fromisoformat(root.at(path).value)
        except ValueError:
            message = f"{_dotted(path)} is {root.at(path).value!r}, which is no day of any year"
            yield Fault(message, root.at(path).source, "a day, such as 2026-12-01")


def project_of(root: Node, *, file: str, folder: str) -> Project:
    """The project that the file describes; `folder` is the one it stands in, as paths of the working folder have it."""
    value: Mapping[str, Any] = root.value
    secrets = value.get("secrets", {})
    return Project(
        file=file,
        root=folder,
        values=value,
        node=root,
        manifests=_manifests(folder, value),
        variables=_variables(value),
        default_target=value.get("default_target"),
        secrets_folder=_below(folder, secrets["folder"]) if "folder" in secrets else None,
        secrets_command=tuple(secrets.get("command", ())),
        schemas=tuple(_below(folder, path) for path in value.get("schemas", ())),
        lint=dict(value.get("lint", {})),
        consent=tuple(_consented(root, index) for index in range(len(value.get("consent", ())))),
        accepted_drift=tuple(_accepted(root, index) for index in range(len(value.get("accepted_drift", ())))),
        repository_url=value.get("repository_url"),
        targets={name: _target(root, name, folder) for name in value.get("targets", {})},
    )


def _of_target(root: Node, name: str, target: Mapping[str, Any]) -> Iterator[Fault]:
    place = ("targets", name)
    yield from _misnamed(
        root, (*place, "vars"), VARIABLE, "a letter or underscore, then letters, digits and underscores"
    )
    if "api_key_env" in target and "api_key_file" in target:
        second = max((root.at((*place, key)).key_source for key in ("api_key_env", "api_key_file")), key=_order)
        yield Fault(f"{_dotted(place)} names two places of its key", second, "api_key_env or api_key_file")
    if "base_url" in target:
        try:
            base_url(target["base_url"])
        except UsageError as error:
            yield Fault(f"{_dotted(place)}.base_url: {error.what}", root.at((*place, "base_url")).source, error.advice)


def _order(source: Source) -> tuple[int, int]:
    return source.line, source.column


def _misnamed(root: Node, path: tuple[str, ...], pattern: re.Pattern[str], expected: str) -> Iterator[Fault]:
    node = root.at(path)
    if has(root.value, path):
        for key in node.value:
            if not pattern.fullmatch(key):
                yield Fault(f"{key!r} is no name for one of {_dotted(path)}", node.at((key,)).key_source, expected)


def has(value: Any, path: Sequence[str]) -> bool:
    """Whether the path leads somewhere."""
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return True


def _names_of_targets(value: Mapping[str, Any]) -> Iterator[tuple[str | int, ...]]:
    """Where a target is named."""
    if "default_target" in value:
        yield ("default_target",)
    for key in ("consent", "accepted_drift"):
        for index, entry in enumerate(value.get(key, ())):
            if "target" in entry:
                yield (key, index, "target")


def _days(value: Mapping[str, Any]) -> Iterator[tuple[str | int, ...]]:
    for key in ("consent", "accepted_drift"):
        for index in range(len(value.get(key, ()))):
            yield (key, index, "until")


def _paths(value: Mapping[str, Any]) -> Iterator[tuple[str | int, ...]]:
    """Where files are named whose text is shown."""
    scopes: list[tuple[str, ...]] = [(), *(("targets", name) for name in value.get("targets", {}))]
    for scope in scopes:
        said = value["targets"][scope[1]] if scope else value
        for key in ("manifests", "schemas"):
            for index in range(len(said.get(key, ()))):
                yield (*scope, key, index)


def _inside(path: str, folder: str, top: str) -> bool:
    """Whether it lies in the repository, links followed as far as they are there."""
    whole = os.path.join(folder, path.removeprefix("!"))  # noqa: PTH118 - a pattern is no Path
    return all(
        os.path.commonpath([resolve(top), resolve(whole)]) == resolve(top)
        for resolve in (os.path.normpath, os.path.realpath)
    )


def _dotted(path: Sequence[str | int]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")


def _target(root: Node, name: str, folder: str) -> TargetScope:
    node = root.at(("targets", name))
    value: Mapping[str, Any] = node.value
    return TargetScope(
        name=name,
        values=value,
        node=node,
        manifests=_manifests(folder, value),
        variables=_variables(value),
        api_key_env=value.get("api_key_env"),
        api_key_file=_below(folder, value["api_key_file"]) if "api_key_file" in value else None,
        source=node.key_source,
    )


def _manifests(folder: str, value: Mapping[str, Any]) -> tuple[str, ...] | None:
    if "manifests" not in value:
        return None
    return tuple(
        f"!{_below(folder, path[1:])}" if path.startswith("!") else _below(folder, path) for path in value["manifests"]
    )


def _below(folder: str, path: str) -> str:
    """A path of the file as one of the working folder, a dash or a mark in front being part of a name.

    A folder's own name is no pattern, whatever signs it holds.
    """
    whole = os.path.normpath(os.path.join(escape(folder) if has_magic(path) else folder, path))  # noqa: PTH118
    return f"./{whole}" if whole == "-" or whole.startswith("!") else whole


def _variables(value: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(variable) for name, variable in value.get("vars", {}).items()}


def _text(value: str | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _consented(root: Node, index: int) -> Consented:
    node = root.at(("consent", index))
    return Consented(
        action=Action(node.value["action"]),
        count=node.value["count"],
        until=date.fromisoformat(node.value["until"]),
        reason=node.value["reason"],
        target=node.value.get("target"),
        source=node.source,
    )


def _accepted(root: Node, index: int) -> AcceptedDrift:
    node = root.at(("accepted_drift", index))
    return AcceptedDrift(
        model=node.value["model"],
        path=node.value.get("path"),
        until=date.fromisoformat(node.value["until"]),
        reason=node.value["reason"],
        target=node.value.get("target"),
        source=node.source,
    )

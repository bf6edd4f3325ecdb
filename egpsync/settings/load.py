"""Flags, the environment and the project file in, one frozen Settings out; the only reader of the environment.

Order: flag, then environment, then the target, then the project, then default.
"""

import dataclasses
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from egpsync.errors import FileError, UsageError, WrongTargetError
from egpsync.model.project import Project, Scope, TargetScope
from egpsync.model.selection import Selection
from egpsync.model.text import closest
from egpsync.settings.kinds import is_word
from egpsync.settings.project import has
from egpsync.settings.rows import ROWS, Group, Row, Settings
from egpsync.settings.secrets import KEY_VARIABLES, Secrets
from egpsync.settings.urls import identity_of

KEY_FILE_VARIABLE = "EGPSYNC_API_KEY_FILE"
VARIABLE_PREFIX = "EGPSYNC_VAR_"
PINNED = ("base_url", "account_id")
SHOWN_THE_KEY = ("base_url", "account_id", "api_key_env", "api_key_file")
OFFLINE = frozenset({Group.PROJECT, Group.VALUES, Group.RECORDS})
LARGEST_KEY_FILE = 64 * 1024  # bytes


def load_settings(
    flags: Mapping[str, Any],
    environ: Mapping[str, str] = os.environ,
    project: Project | None = None,
    *,
    offline: bool = False,
) -> Settings:
    """Settings from `flags` (None where a flag is not given), `environ`, `project`, and defaults.

    `offline`: what is about the account is not looked at, its key least of all. Raises UsageError, FileError for the
    key's file, and WrongTargetError where a flag or variable names another account than the target.
    """
    scope = _scope(flags, environ, project)
    scopes = tuple(scope for scope in (scope, project) if scope is not None)
    values = {
        row.name: _value(row, flags.get(row.name), environ, scopes)
        if not offline or row.group in OFFLINE
        else row.default
        for row in ROWS
    }
    if scope is not None and not offline:
        _hold_to(scope, values)
    values["state_dir"] = values["state_dir"] or _state_dir(environ)
    key, values["key_from"] = (None, "") if offline else _api_key(flags.get("api_key_file"), environ, scope)
    return Settings(
        **values,
        api_key=key,
        around=_variables(environ),
        given=dict(flags.get("variables") or ()),
        secrets=_secrets(values, environ, project, key),
        project=project,
        scope=scope,
        selection=_selection(flags),
    )


def load_reviewed(
    flags: Mapping[str, Any],
    project: Project | None,
    before: Project | None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Settings of a change under review, which must not say who is shown the key.

    Where the account is, which key it is shown, and how secrets are got is taken from the project file of the base
    revision; what is declared, from the change's own.

    Raises WrongTargetError for a target that the base has not, where flags and variables do not say the base URL.
    """
    scope = _scope(flags, environ, project)
    there = before.targets.get(scope.name) if scope is not None and before is not None else None
    if there is not None:
        trusted = load_settings({**flags, "target": there.name}, environ, before)
    else:
        row = next(row for row in ROWS if row.name == "base_url")
        said = flags.get(row.name) is not None or any(environ.get(variable) for variable in row.variables)
        if scope is not None and not said:
            raise WrongTargetError(
                f"the base revision has no target {scope.name!r}, so that a change cannot say where its account is",
                where=str(scope.source),
                advice=f"Give {row.place} or {row.variables[0]}, and the key as ever. Nothing was asked.",
            )
        unnamed = {name: value for name, value in environ.items() if name != "EGPSYNC_TARGET"}
        trusted = load_settings({**flags, "target": None}, unnamed, before if before and not before.targets else None)
        said_here = {name: getattr(trusted, name) for name in ("secrets_folder", "no_secret_commands")}
        trusted = dataclasses.replace(trusted, secrets=_secrets(said_here, environ, before, trusted.api_key))
    edits = tuple(_edits(project, scope, before, there))
    return dataclasses.replace(trusted, project=project, scope=scope, edits=edits)


def _edits(
    project: Project | None, scope: TargetScope | None, before: Project | None, there: TargetScope | None
) -> Iterator[str]:
    """What the change would have the key or secrets be shown to, were it not held to the base."""
    if scope is not None:
        then = there.values if there is not None else {}
        edited = [key for key in SHOWN_THE_KEY if scope.values.get(key) != then.get(key)]
        if edited:
            yield f"this change edits {', '.join(edited)} of the target {scope.name}: this plan is held to the base's"
    if project is not None and project.values.get("secrets") != (before.values.get("secrets") if before else None):
        yield "this change edits where secrets come from: this plan takes them from where the base says"


def named_project(flags: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> str | None:
    """The project file that a flag or variable names."""
    row = next(row for row in ROWS if row.name == "project_file")
    file: str | None = _value(row, flags.get(row.name), environ, ())
    return file


def account_of(scope: TargetScope, environ: Mapping[str, str] = os.environ) -> tuple[str, str | None]:
    """The base URL and account that a target means; where it does not say, the environment does."""
    base_url, account_id = (
        _value(row, None, {} if has(scope.values, row.project) else environ, (scope,))
        for row in ROWS
        if row.name in PINNED
    )
    return base_url, account_id


def key_at_hand(scope: TargetScope, environ: Mapping[str, str] = os.environ) -> tuple[bool, str]:
    """Whether a target's key can be used, and where it is looked for."""
    try:
        key, key_from = _api_key(None, environ, scope)
    except (FileError, UsageError) as error:
        return False, error.where
    return key is not None, key_from


def wants_color(choice: str, *, terminal: bool, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream gets colour: the flag, NO_COLOR, FORCE_COLOR, TERM=dumb, then whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return terminal and environ.get("TERM") != "dumb"


def step_summary(environ: Mapping[str, str] = os.environ) -> str | None:
    """The file that GitHub shows as the summary of a job's step; None elsewhere."""
    return environ.get("GITHUB_STEP_SUMMARY") or None


def _scope(flags: Mapping[str, Any], environ: Mapping[str, str], project: Project | None) -> TargetScope | None:
    """The target that is meant; None where there are none."""
    row = next(row for row in ROWS if row.name == "target")
    name: str | None = _value(row, flags.get("target"), environ, ())
    targets = project.targets if project is not None else {}
    if name is None and targets:
        name = project.default_target if project is not None else None
        if name is None:
            raise UsageError("no target is named", advice=f"Name one with --target: {', '.join(sorted(targets))}.")
    if name is None:
        return None
    if name not in targets:
        raise UsageError(f"there is no target {name!r}", where="--target", advice=_instead(name, project))
    return targets[name]


def _instead(name: str, project: Project | None) -> str:
    if project is None:
        return "There is no project file (egpsync.yaml) that could name targets."
    near = closest(name, project.targets)
    return f"Did you mean {near}?" if near else f"{project.file} names {', '.join(project.targets) or 'none'}."


def _value(row: Row, flag: Any, environ: Mapping[str, str], scopes: tuple[Scope, ...]) -> Any:
    if flag is not None:
        return _converted(row, str(flag), row.place)
    variable = next((variable for variable in row.variables if environ.get(variable)), None)
    if variable is not None:
        return _converted(row, environ[variable], variable)
    said = next((scope for scope in scopes if row.project and has(scope.values, row.project)), None)
    if said is None:
        return row.default
    node = said.node.at(row.project)
    return _converted(row, node.value, str(node.source))


def _converted(row: Row, value: Any, where: str) -> Any:
    try:
        return row.kind.convert(value)
    except ValueError as error:
        raise UsageError(f"{value!r} cannot be used: {error}", where=where) from error


def _hold_to(scope: TargetScope, values: Mapping[str, Any]) -> None:
    """The account that a target names is the only one it may be: raise WrongTargetError for another."""
    for row in ROWS:
        if row.name not in PINNED or not has(scope.values, row.project):
            continue
        node = scope.node.at(row.project)
        pinned, actual = row.kind.convert(node.value), values[row.name]
        if pinned != actual and not (row.name == "base_url" and identity_of(pinned) == identity_of(actual)):
            what = "base URL" if row.name == "base_url" else "account"
            raise WrongTargetError(
                f"the target {scope.name} is at the {what} {pinned}, and {actual} was given",
                where=str(node.source),
                advice=f"Leave {row.place} and {row.variables[0]} away, or name another target. Nothing was asked.",
            )


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Values of ${NAME} from the environment: of variables that are named for it alone, so that no key is reached."""
    return {
        name.removeprefix(VARIABLE_PREFIX): value
        for name, value in environ.items()
        if name.startswith(VARIABLE_PREFIX) and name != VARIABLE_PREFIX
    }


def _selection(flags: Mapping[str, Any]) -> Selection:
    return Selection(
        select=flags.get("select") or (),
        exclude=flags.get("exclude") or (),
        shard=flags.get("shard"),
        changed_since=flags.get("changed_since"),
    )


def _secrets(
    values: Mapping[str, Any], environ: Mapping[str, str], project: Project | None, key: str | None
) -> Secrets:
    own = [target.api_key_env for target in project.targets.values() if target.api_key_env] if project else []
    return Secrets(
        variables=environ,
        folder=values["secrets_folder"] or (project.secrets_folder if project else None),
        command=project.secrets_command if project else (),
        commands_allowed=not values["no_secret_commands"],
        working_folder=project.root if project else ".",
        withheld=(*KEY_VARIABLES, KEY_FILE_VARIABLE, *own),
        api_key=key,
    )


def _api_key(file: str | None, environ: Mapping[str, str], scope: TargetScope | None) -> tuple[str | None, str]:
    """The key and where it was looked for. A target that says where its key is takes it from there alone."""
    if file is not None:
        return _key_in(file, any_kind=True), file
    if scope is not None and scope.api_key_file is not None:
        return _key_in(scope.api_key_file), scope.api_key_file
    variables = (scope.api_key_env,) if scope is not None and scope.api_key_env is not None else KEY_VARIABLES
    if variables is KEY_VARIABLES and environ.get(KEY_FILE_VARIABLE):
        return _key_in(environ[KEY_FILE_VARIABLE], any_kind=True), environ[KEY_FILE_VARIABLE]
    variable = next((name for name in variables if environ.get(name)), None)
    return (_usable_key(environ[variable].strip(), variable) if variable else None), variables[0]


def _key_in(file: str, *, any_kind: bool = False) -> str:
    """The key that a file holds; `any_kind`: also what a shell hands over as a file."""
    try:
        if not any_kind and not stat.S_ISREG(Path(file).stat().st_mode):
            raise FileError("the API key cannot be read from it", where=file, advice="It is no regular file.")
        with Path(file).open("rb") as stream:
            key = stream.read(LARGEST_KEY_FILE).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError("the API key cannot be read from it", where=file, advice=str(error)) from error
    return _usable_key(key, file)


def _usable_key(key: str, where: str) -> str:
    if not is_word(key):
        raise UsageError("holds no API key: one word of printable ASCII is expected", where=where)
    return key


def _state_dir(environ: Mapping[str, str]) -> str | None:
    """As the XDG Base Directory Specification has it, for state that outlives a run; None where there is no home."""
    try:
        return str(Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "egpsync")
    except RuntimeError:
        return None

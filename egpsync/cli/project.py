"""The options of a command in; its settings and where its manifests are out, by the project file if there is one."""

from collections.abc import Mapping
from glob import escape
from pathlib import Path
from typing import Any

import click

from egpsync import __version__
from egpsync.cli.output import Output
from egpsync.errors import ExitCode, UsageError
from egpsync.model.project import Project
from egpsync.model.report import Kind, ReportHead
from egpsync.report.build import build_problems
from egpsync.settings import Settings, load_settings, named_project
from egpsync.workflow.project import open_project

DEFAULT_PATH = "configs/models"
KINDS = frozenset(Kind)


def settings_of(chosen: Mapping[str, Any], output: Output, *, offline: bool = False) -> Settings:
    """What the command is told from outside. Where the project file is faulty, its problems are the report: exit 3.

    `offline`: no key is looked for.
    """
    return load_settings(chosen, project=project_of(chosen, output), offline=offline)


def project_of(chosen: Mapping[str, Any], output: Output) -> Project | None:
    """The project file that holds here. Where it is faulty, its problems are the report: exit 3."""
    opened = open_project(named_project(chosen))
    if opened.problems:
        command = click.get_current_context().info_name
        kind = Kind(command) if command in KINDS else Kind.VALIDATE
        head = ReportHead(kind=kind, tool_version=__version__, files=1, models=0, problems=opened.problems)
        output.write(build_problems(head))
        raise click.exceptions.Exit(ExitCode.INVALID)
    return opened.project


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

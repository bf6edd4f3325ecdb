"""The options of a command in; its settings and where its manifests are out, by the project file if there is one."""

from collections.abc import Mapping
from typing import Any

import click

from egpsync.cli import KNOWN
from egpsync.cli.collisions import refuse_collisions
from egpsync.cli.output import SETTINGS, Output
from egpsync.clock import now
from egpsync.model.project import Project
from egpsync.model.report import Kind
from egpsync.settings import Settings, load_reviewed, load_settings, named_project
from egpsync.workflow.project import open_project
from egpsync.workflow.reporting import Occasion, report_project
from egpsync.workflow.revision import project_at

KINDS = frozenset(Kind)


def settings_of(chosen: Mapping[str, Any], output: Output, *, offline: bool = False) -> Settings:
    """What the command is told from outside. Where the project file is faulty, its problems are the report: exit 3.

    `offline`: no key is looked for.
    """
    project, base = project_of(chosen, output), chosen.get("base")
    if base is None:
        settings = load_settings(chosen, project=project, offline=offline)
    else:
        settings = load_reviewed(chosen, project, project_at(base, named_project(chosen)))
    KNOWN.learn(lambda: (settings.api_key,) if settings.api_key else ())
    KNOWN.learn(settings.secrets.known)
    ctx = click.get_current_context()
    ctx.meta[SETTINGS] = settings
    plan_file = ctx.params.get("out") if ctx.info_name == Kind.PLAN else None
    written = [*([plan_file] if plan_file else []), *(file for _, file in output.reports)]
    refuse_collisions(written, ctx.params, settings)
    return settings


def project_of(chosen: Mapping[str, Any], output: Output) -> Project | None:
    """The project file that holds here. Where it is faulty, its problems are the report: exit 3."""
    opened = open_project(named_project(chosen))
    if opened.problems:
        command = click.get_current_context().info_name
        kind = Kind(command) if command in KINDS else Kind.VALIDATE
        report = report_project(Occasion(kind=kind, started=now(), section=output.section), opened.problems)
        output.write(report)
        raise click.exceptions.Exit(report.exit_code)
    return opened.project

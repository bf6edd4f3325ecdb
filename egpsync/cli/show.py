"""egpsync show: one model as the manifests resolve it, and where each of its values comes from."""

import json
from typing import Any

import click

from egpsync.cli.completing import models
from egpsync.cli.options import Command, manifests
from egpsync.cli.output import Output
from egpsync.cli.project import settings_of
from egpsync.clock import now
from egpsync.manifest.show import in_json, in_yaml
from egpsync.model.report import Kind
from egpsync.report.escape import inert, visible
from egpsync.workflow.project import paths_of
from egpsync.workflow.reporting import Occasion, report_problems
from egpsync.workflow.show import show

FORMAT_VERSION = "1.0"


@click.command("show", cls=Command)
@click.argument("name", shell_complete=models)
@manifests
@click.option("--format", "format_", type=click.Choice(["yaml", "json"]), default="yaml", help="Format on stdout.")
def command(name: str, paths: tuple[str, ...], *, format_: str, **chosen: Any) -> None:
    """Print the model NAME as it is resolved: each value with the file and line, and the layer, that set it.

    Layers are the defaults of its file, templates, the model itself and patches; what a variable gives is shown with
    its reference. Secrets are masked. Offline, without a key.
    """
    started, written = now(), Output(format="text", reports=(), color="auto", verbosity=0)
    settings = settings_of(chosen, written, offline=True)
    shown = show(name, paths_of(paths, settings), settings)
    if not shown.models:
        occasion = Occasion(kind=Kind.VALIDATE, started=started, section="", settings=settings)
        report = report_problems(occasion, shown.checked)
        written.write(report)
        raise click.exceptions.Exit(report.exit_code)
    if format_ == "json":
        models = [in_json(model) for model in shown.models]
        click.echo(json.dumps({"format_version": FORMAT_VERSION, "models": models}, sort_keys=True, indent=2))
        return
    for at, model in enumerate(shown.models):
        if at:
            click.echo("---")
        for line in in_yaml(model):
            click.echo(inert(visible(line)))

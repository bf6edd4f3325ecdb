"""egpsync schema: the JSON Schemas that manifests, the project file and reports follow."""

import click

from egpsync.fields.schemas import schema_text


@click.command("schema")
@click.argument("name", type=click.Choice(["manifest", "project", "report"]), default="manifest")
def command(name: str) -> None:
    """Print the JSON Schema of manifests, of the project file, or of reports in JSON."""
    click.echo(schema_text(f"{name}.schema.json"), nl=False)

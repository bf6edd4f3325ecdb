"""egpsync emulator: a stand-in EGP API on this machine, over real HTTP."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from egpsync.cli.running import run_on
from egpsync.errors import EgpsyncError, UsageError

if TYPE_CHECKING:
    from egpsync.emulator.server import Running


@click.command("emulator")
@click.option("--port", type=click.IntRange(0, 65535), default=5003, show_default=True, help="0: any free one.")
@click.option("--seed", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Live models, YAML or JSON.")
@click.option("--state-file", type=click.Path(dir_okay=False, path_type=Path), help="Keep the state in this file.")
@click.option("--maps", type=click.Choice(["replace", "merge"]), default="replace", help="What a PATCH does to maps.")
@click.option("--bodies", type=click.Choice(["lenient", "strict"]), default="lenient", help="What unknown keys meet.")
@click.option("--nulls", type=click.Choice(["unset", "keep"]), default="unset", help="What null does to a field.")
@click.option("--deploying-status", type=int, default=409, help="Answers a change of a deploying model.")
@click.option("--deploy-seconds", type=click.FloatRange(min=0), default=2.0, help="How long a deployment takes.")
@click.option("--fail-name", "fail_names", multiple=True, metavar="GLOB", help="Models whose deployments fail.")
@click.option("--fail-tag", "fail_tags", multiple=True, metavar="GLOB", help="Image tags whose deployments fail.")
@click.option("--latency", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Before each answer.")
@click.option("--rate", type=click.FloatRange(min=0), default=0.0, help="Requests per second before 429; 0: no limit.")
@click.option("--base-path", default="", metavar="PATH", help="What stands before /v5, such as /public.")
def command(*, port: int, seed: Path | None, state_file: Path | None, **switches: Any) -> None:
    """Serve a stand-in EGP API until it is interrupted. Any API key will do; state is in memory.

    Whatever account asks is served the same models, unless the seed names accounts.
    """
    with installed():
        from egpsync.emulator.seed import read  # noqa: PLC0415 - an extra: --help works without it
        from egpsync.emulator.server import Setup, run  # noqa: PLC0415
        from egpsync.emulator.switches import Switches  # noqa: PLC0415
    try:
        models = tuple(read(seed)) if seed else ()
        served = Switches(**switches, one_account=not any("account" in model for model in models))
        setup = Setup(seed=models, switches=served, port=port, state_file=state_file)
        run_on()
        run(setup, _announce)
    except (OSError, ValueError, sqlite3.Error) as error:
        raise EgpsyncError(f"the emulator cannot start: {error}", advice="Another --port, or a sound file?") from error


@contextmanager
def installed() -> Iterator[None]:
    """Import the emulator inside: raises UsageError that says what to install where the extra is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the emulator needs {error.name}", advice="Install it with: pip install 'egpsync[emulator]'"
        ) from error


def _announce(running: "Running") -> None:
    click.echo(f"An EGP API answers at {running.base_url} (Ctrl-C ends it). In another terminal:")
    click.echo(f"  export SGP_CLIENT_BASE_URL={running.base_url} SGP_API_KEY=any-key-will-do")
    click.echo("  egpsync plan")
    click.echo(f"What was asked of it: {running.root_url}/_emulator/log")

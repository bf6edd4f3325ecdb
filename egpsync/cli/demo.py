"""egpsync demo: the whole story against the emulator, each command as a user would type it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from egpsync.cli.emulator import installed
from egpsync.errors import EgpsyncError
from egpsync.value import Value
from egpsync.workflow.init import configs

if TYPE_CHECKING:
    from egpsync.emulator.server import Running

REPORTS = "reports"


class Scene(Value, frozen=True, kw_only=True):
    """One command of the story."""

    says: str  # what happens, before the command
    arguments: tuple[str, ...]
    ends: int  # the exit code that it must have


@click.command("demo")
def command() -> None:
    """Validate, plan and apply an example repository against a local EGP API; reports are left in reports/."""
    with installed():
        from egpsync.emulator.seed import read  # noqa: PLC0415 - an extra: --help works without it
        from egpsync.emulator.server import Setup, serve  # noqa: PLC0415
        from egpsync.emulator.switches import Switches  # noqa: PLC0415
    repository = configs()
    with serve(
        Setup(seed=tuple(read(repository / "demo" / "seed.json")), switches=Switches(deploy_seconds=1.5))
    ) as running:
        click.echo("An example repository of manifests, and an EGP account on this machine that has drifted from it.\n")
        click.echo(f"$ export SGP_CLIENT_BASE_URL={running.base_url} SGP_API_KEY=any-key-will-do\n")
        for scene in story(_shown(repository / "models")):
            _play(scene, running)
        sent = running.log.changes
        click.echo(f"The server saw {len(sent)} changes, and holds what the manifests say.")
    click.echo(f"Reports: {', '.join(sorted(str(file) for file in Path(REPORTS).iterdir() if file.is_file()))}")


def story(models: str) -> tuple[Scene, ...]:
    """The commands in order, over the manifests in `models`."""
    return (
        Scene(says="Check the manifests; no key, no network.", arguments=("validate", models), ends=0),
        Scene(
            says="A scheduled check: has the account drifted? It has (exit 2).",
            arguments=("drift", models, "-q"),
            ends=2,
        ),
        Scene(
            says="What would be changed, for the pull request: nothing is sent.",
            arguments=(
                "plan",
                models,
                "--report",
                f"markdown={REPORTS}/plan.md",
                "--report",
                f"json={REPORTS}/plan.json",
            ),
            ends=0,
        ),
        Scene(
            says="Merged: carry it out. Models that are deploying are waited for.",
            arguments=("apply", models, "--yes", "--report", f"json={REPORTS}/apply.json"),
            ends=0,
        ),
        Scene(says="Plan again: nothing is left to do.", arguments=("plan", models, "--detailed-exitcode"), ends=0),
    )


def _play(scene: Scene, running: "Running") -> None:
    click.secho(f"# {scene.says}", dim=True)
    click.echo(f"$ egpsync {' '.join(scene.arguments)}")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("SGP_", "EGP_", "EGPSYNC_"))}
    environ |= {
        "SGP_CLIENT_BASE_URL": running.base_url,
        "SGP_API_KEY": "any-key-will-do",
        "EGPSYNC_POLL": "0.5",
        "EGPSYNC_STATE_DIR": f"{REPORTS}/state",
    }
    sys.stdout.flush()
    done = subprocess.run([sys.executable, "-m", "egpsync", *scene.arguments], env=environ, check=False)  # noqa: S603
    click.echo(f"(exit {done.returncode})\n")
    if done.returncode != scene.ends:
        raise EgpsyncError(f"the demo expected exit {scene.ends}", where=scene.arguments[0], advice="This is a bug.")


def _shown(folder: Path) -> str:
    """Relative where it lies below the working directory, as a user would type it."""
    return str(folder.relative_to(Path.cwd())) if folder.is_relative_to(Path.cwd()) else str(folder)

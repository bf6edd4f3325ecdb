"""Groups of options that commands share, as decorators; each adds its values to the command's keyword arguments."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from egpsync.report import FORMATS

Command = TypeVar("Command", bound=Callable[..., Any])
DEFAULT_PATHS = ("configs/",)


def manifests(command: Command) -> Command:
    """PATH...: files, folders, patterns, or - for standard input."""
    return click.argument("paths", nargs=-1, metavar="[PATH]...")(command)


def output(command: Command) -> Command:
    """How the result is shown and where else it is written."""
    return _stack(
        command,
        click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="text", help="Format on stdout."),
        click.option(
            "--report",
            "reports",
            multiple=True,
            metavar="FORMAT=FILE",
            callback=_report_files,
            help="Also write the report to FILE; repeatable.",
        ),
        click.option(
            "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour in text output."
        ),
        click.option("-v", "--verbose", count=True, help="Show requests; -vv also logs each request as it is made."),
        click.option("-q", "--quiet", is_flag=True, help="Show findings and the summary alone; no progress."),
    )


def access(command: Command) -> Command:
    """Which account, and how patiently. No option takes a key's value: it would stand in process lists and logs."""
    return _stack(
        command,
        click.option("--base-url", metavar="URL", help="Where the API is.  [env: SGP_CLIENT_BASE_URL]"),
        click.option("--account-id", metavar="ID", help="Which account is meant.  [env: SGP_ACCOUNT_ID]"),
        click.option(
            "--api-key-file",
            type=click.Path(dir_okay=False),
            help="A file that holds the API key.  [env: EGPSYNC_API_KEY_FILE; the key itself: SGP_API_KEY]",
        ),
        click.option(
            "--parallelism",
            type=click.IntRange(min=1),
            help="Requests under way at once (8).  [env: EGPSYNC_PARALLELISM]",
        ),
        click.option(
            "--request-timeout",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="For connecting, and between two bytes of an answer (60).  [env: EGPSYNC_REQUEST_TIMEOUT]",
        ),
        click.option(
            "--expect-base-url",
            "expected_base_url",
            metavar="URL",
            help="Refuse any other base URL.  [env: EGPSYNC_EXPECT_BASE_URL]",
        ),
        click.option(
            "--expect-account-id",
            "expected_account_id",
            metavar="ID",
            help="Refuse any other account.  [env: EGPSYNC_EXPECT_ACCOUNT_ID]",
        ),
    )


def planning(command: Command) -> Command:
    """What a plan may contain beside what the manifests declare, and the consent that its guards ask for."""
    return _stack(
        command,
        click.option("--prune", is_flag=True, help="Delete what has this owner's mark and stands in no manifest."),
        click.option("--adopt", is_flag=True, help="Write this owner's mark to models that lack it, on its own."),
        click.option("--retry-failed", is_flag=True, help="Redeploy models that differ in nothing and failed."),
        consent,
    )


def consent(command: Command) -> Command:
    """What the guards ask for."""
    return _stack(
        command,
        click.option("--allow-recreate", is_flag=True, help="Replace models whose immutable fields differ."),
        click.option("--confirm-delete", type=int, metavar="COUNT", help="Consent to this very number of deletions."),
        click.option(
            "--confirm-recreate", type=int, metavar="COUNT", help="Consent to this very number of replacements."
        ),
        click.option(
            "--confirm-redeploy", type=int, metavar="COUNT", help="Consent to this very number of redeployments."
        ),
        click.option(
            "--limit-percent",
            type=click.IntRange(min=0),
            metavar="PERCENT",
            help="Models to delete, replace or redeploy without consent (30).  [env: EGPSYNC_LIMIT_PERCENT]",
        ),
        click.option(
            "--limit-count",
            type=click.IntRange(min=0),
            metavar="COUNT",
            help="And never more than this many without consent (20).  [env: EGPSYNC_LIMIT_COUNT]",
        ),
    )


def saved_plans(command: Command) -> Command:
    """How long a saved plan holds."""
    option = click.option(
        "--plan-max-age",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="Refuse a saved plan that is older (86400).  [env: EGPSYNC_PLAN_MAX_AGE]",
    )
    return option(command)


def state(command: Command) -> Command:
    """Where what runs did is kept, and found again."""
    option = click.option(
        "--state-dir",
        type=click.Path(file_okay=False),
        help="Where runs are journaled (~/.local/state/egpsync).  [env: EGPSYNC_STATE_DIR]",
    )
    return option(command)


def rollout(command: Command) -> Command:
    """How the changes are rolled out."""
    return _stack(
        command,
        state,
        click.option("--wait/--no-wait", default=None, help="Follow deployments to their end (the default)."),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0),
            metavar="SECONDS",
            help="For one deployment (2700).  [env: EGPSYNC_TIMEOUT]",
        ),
        click.option(
            "--poll",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="Until a deployment is first looked at (1); then ever longer.  [env: EGPSYNC_POLL]",
        ),
        click.option(
            "--max-redeploys",
            type=click.IntRange(min=1),
            metavar="COUNT",
            help="Deployments in flight at once (8).  [env: EGPSYNC_MAX_REDEPLOYS]",
        ),
        click.option(
            "--canaries",
            type=click.IntRange(min=0),
            metavar="COUNT",
            help="Deployments that must be ready before the others begin (0).  [env: EGPSYNC_CANARIES]",
        ),
        click.option(
            "--max-failures",
            type=click.IntRange(min=1),
            metavar="COUNT",
            help="Begin nothing more after so many failures (no limit).  [env: EGPSYNC_MAX_FAILURES]",
        ),
    )


def _stack(command: Command, *decorators: Callable[[Command], Command]) -> Command:
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def _report_files(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for value in values:
        kind, equals, file = value.partition("=")
        if not equals or not file or kind not in FORMATS:
            raise click.BadParameter(f"{value!r} is not FORMAT=FILE with FORMAT one of {', '.join(FORMATS)}")
        pairs.append((kind, file))
    return tuple(pairs)

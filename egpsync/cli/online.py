"""The options of a command that asks the account in; its settings, its plan and its report out."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any, Self

from egpsync.account.client import Attempt
from egpsync.cli import complain
from egpsync.cli.output import Output, output_of
from egpsync.cli.project import settings_of
from egpsync.cli.repeated import repeated
from egpsync.clock import now
from egpsync.core.change import PlanOptions
from egpsync.errors import UsageError
from egpsync.model.plan import Change
from egpsync.model.report import Kind
from egpsync.record import told
from egpsync.report.escape import visible
from egpsync.settings import Settings
from egpsync.value import Value
from egpsync.workflow.plan import Consent, Planned, Watch, choices_of, plan
from egpsync.workflow.project import paths_of
from egpsync.workflow.reporting import Occasion

LONG = 1.0  # seconds of waiting for the server that are worth a line

PLANNING = (
    "select",
    "exclude",
    "shard",
    "changed_since",
    "prune",
    "adopt",
    "adopt_from",
    "retry_failed",
    "allow_recreate",
    "confirm_create",
    "confirm_delete",
    "confirm_recreate",
    "confirm_redeploy",
)
"""The options that say what a plan may contain."""


class Call(Value, frozen=True, kw_only=True):
    """One call of plan, apply or drift."""

    paths: tuple[str, ...]
    settings: Settings
    options: PlanOptions
    consent: Consent
    output: Output
    started: str  # when the command began

    @classmethod
    def of(cls, paths: tuple[str, ...], chosen: Mapping[str, Any], *, needs_manifests: bool = True) -> Self:
        """From the command's arguments."""
        started = now()
        output = output_of(chosen)
        settings = settings_of(chosen, output)
        options, consent = choices_of(chosen)
        return cls(
            paths=paths_of(paths, settings) if needs_manifests else (),
            settings=settings,
            options=options,
            consent=consent,
            output=output,
            started=started,
        )

    async def plan(self, watch: Watch) -> Planned:
        """Validate, fetch, compare, guard."""
        return await plan(self.paths, self.settings, self.options, self.consent, watch)

    def refuse_to_plan_anew(self, paths: tuple[str, ...], chosen: Mapping[str, Any], flag: str) -> None:
        """A saved plan brings its manifests, options and consent: raise UsageError where others are given beside it."""
        options = [_flag(name) for name in PLANNING if _is_given(chosen.get(name))]
        given = [*paths, *options]
        if given:
            raise UsageError(
                f"{', '.join(given)} cannot be given beside {flag}: the saved plan holds what it was made with",
                advice="Save a new plan to change it.",
            )

    def occasion(self, kind: Kind) -> Occasion:
        """What the command's report says of it."""
        return Occasion(
            kind=kind, started=self.started, section=self.output.section, repeat=repeated(), settings=self.settings
        )

    def log(self, attempt: Attempt, changes: Iterable[Change] = ()) -> None:
        """On stderr: with -vv each request, without body and headers; else why it takes long, now and then.

        `changes` are those whose secrets the server could quote.
        """
        waits = attempt.wait is not None and attempt.wait >= LONG
        if self.output.verbosity < 2 and not (waits and self.output.verbosity >= 0):
            return
        ended = told(changes, attempt.problem) or str(attempt.status)
        again = f"; again in {attempt.wait:.1f} s" if attempt.wait is not None else ""
        complain(f"egpsync: {attempt.method} {attempt.url}: {visible(ended)}{again}")


def refuse_age_without(file: str | None, chosen: Mapping[str, Any], flag: str) -> None:
    """Raise UsageError where an age is given, and no saved plan that it could be the age of."""
    if file is None and chosen.get("plan_max_age") is not None:
        raise UsageError(f"--plan-max-age is about a saved plan: give it beside {flag}")


def _is_given(value: Any) -> bool:
    return value is not None and value is not False and value != ()


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def at_a_terminal() -> bool:
    """Whether someone can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()

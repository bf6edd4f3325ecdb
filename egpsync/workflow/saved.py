"""A saved plan in; the same plan made again and held against it, out."""

import dataclasses
from pathlib import Path
from typing import Any

from egpsync.core.change import PlanOptions
from egpsync.errors import PlanFileError
from egpsync.manifest.desired import digest_of
from egpsync.manifest.find import STDIN, find
from egpsync.model.plan import Action, Plan, Refusal
from egpsync.model.selection import ALL, Selection
from egpsync.records.planfile import SavedPlan, load_plan, pin, same_manifests, save_plan
from egpsync.settings import Settings
from egpsync.typed import plain
from egpsync.value import Value, replace
from egpsync.workflow.plan import Consent, Planned, Watch, known_secrets, plan, target_of


class Reviewed(Value, frozen=True, kw_only=True):
    """A plan that was reviewed, and what it is now."""

    planned: Planned  # made afresh; what moved is marked, and is not sent
    moved: tuple[Refusal, ...]  # for each model that moved, what did

    def refusing(self) -> Planned:
        """The plan, with what moved among its refusals."""
        plan = self.planned.plan
        return (
            self.planned
            if plan is None
            else replace(self.planned, plan=replace(plan, refusals=(*plan.refusals, *self.moved)))
        )


def save(file: str, planned: Planned, paths: tuple[str, ...], consent: Consent, settings: Settings) -> None:
    """Save a plan, with the options and the consent it was made with. Raises FileError."""
    if planned.plan is not None:
        only = {"only": sorted((vendor, name) for vendor, name, _ in planned.part.changes)} if planned.part else {}
        options = {**plain(planned.options), **plain(consent), **only}
        save_plan(Path(file), planned.plan, paths, options, known_secrets(settings))


async def review(file: str, settings: Settings, watch: Watch) -> Reviewed:
    """Plan again what the file pins. Raises PlanFileError where the file cannot hold for this account and manifests."""
    saved = load_plan(Path(file), max_age=settings.plan_max_age)
    _same_target(file, saved, settings)
    _not_refused(file, saved)
    options, consent, selection = _options(file, saved)
    settings = dataclasses.replace(settings, selection=selection)
    if STDIN not in saved.paths:  # which can be read once only
        _same_manifests(file, saved, digest_of({found.name: found.data for found in find(saved.paths)}))
    planned = await plan(saved.paths, settings, options, consent, watch)
    _same_manifests(file, saved, digest_of(planned.checked.files))
    if planned.plan is None:
        return Reviewed(planned=planned, moved=())
    pinned = pin(planned.plan, saved)
    done = saved.changes and not any(change.writes or change.moved for change in pinned.changes)
    notes = (*planned.notes, *(["the saved plan is already applied: there is nothing left of it"] if done else []))
    return Reviewed(planned=replace(planned, plan=pinned, notes=notes), moved=_refusals(pinned))


def _same_target(file: str, saved: SavedPlan, settings: Settings) -> None:
    ours = target_of(settings)
    if saved.target != ours:
        raise PlanFileError(
            f"the plan is for {saved.target.base_url}, account {saved.target.account_id or 'not set'}; "
            f"the settings mean {ours.base_url}, account {ours.account_id or 'not set'}",
            where=file,
            advice="Give the plan's own --base-url and --account-id. Nothing was sent.",
        )


def _not_refused(file: str, saved: SavedPlan) -> None:
    if saved.refusals:
        raise PlanFileError(
            f"the plan was refused when it was saved, by {', '.join(saved.refusals)}",
            where=file,
            advice="egpsync plan says what consents. Save a new plan with that, and review it. Nothing was sent.",
        )


def _same_manifests(file: str, saved: SavedPlan, digest: str) -> None:
    if not same_manifests(digest, saved):
        raise PlanFileError(
            f"the plan was made from other manifests than {', '.join(saved.paths)} holds now",
            where=file,
            advice="Save a new plan with egpsync plan --out, and review it. Nothing was sent.",
        )


def _options(file: str, saved: SavedPlan) -> tuple[PlanOptions, Consent, Selection]:
    try:
        held: dict[str, Any] = dict(saved.options)
        confirmed = tuple((Action(action), count) for action, count in held.pop("confirmed"))
        consent = Consent(
            allow_recreate=held.pop("allow_recreate"), adopt_from=held.get("adopt_from"), confirmed=confirmed
        )
        only = held.pop("only", None)
        selection = ALL if only is None else Selection(only=frozenset((vendor, name) for vendor, name in only))
        return PlanOptions(**held), consent, selection
    except (KeyError, TypeError, ValueError) as error:
        raise PlanFileError(
            f"the plan was made with options that this egpsync does not know ({error})",
            where=file,
            advice="Apply it with the egpsync that saved it, or save a new plan. Nothing was sent.",
        ) from error


def _refusals(plan: Plan) -> tuple[Refusal, ...]:
    return tuple(
        Refusal(
            guard="stale-plan",
            message=change.moved,
            consent="save a new plan and review it",
            model=(change.vendor, change.name),
            source=change.source,
        )
        for change in plan.changes
        if change.moved
    )

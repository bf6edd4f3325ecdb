"""Paths and settings in; what apply would do out. Nothing but GETs is sent."""

import asyncio
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from egpsync.account.client import Access, Attempt, Client, Patience
from egpsync.account.listing import fetch_all
from egpsync.core.accept import without_accepted
from egpsync.core.change import PlanOptions, followed
from egpsync.core.guard import Limits, check_guards, check_target
from egpsync.core.plan import make_plan
from egpsync.core.select import Part, part_of, unmatched
from egpsync.errors import UsageError
from egpsync.leak import Known
from egpsync.manifest.findings import in_words
from egpsync.model.live import DEPLOYING, Live, LiveModel
from egpsync.model.manifest import DesiredModel, Problem
from egpsync.model.plan import Action, Change, Plan, Target
from egpsync.model.project import AcceptedDrift, Consented
from egpsync.model.run import Event
from egpsync.model.values import JsonMap
from egpsync.record import secrets_of
from egpsync.records.folder import StateFolder
from egpsync.records.journal import Deployed, fingerprint_of
from egpsync.settings import Settings
from egpsync.value import Value, field, replace
from egpsync.workflow.leftover import declared_elsewhere, pruned, unread_refusals
from egpsync.workflow.revision import changed_since, checked_at
from egpsync.workflow.validate import Checked, validate, with_excerpts

MOST_NAMED = 10  # models that a note names


class Planned(Value, frozen=True, kw_only=True):
    """Manifests that were compared with the account."""

    checked: Checked
    plan: Plan | None  # None where the manifests are invalid
    problems: tuple[Problem, ...]  # of the manifests, and those that only the account shows
    options: PlanOptions
    notes: tuple[str, ...] = ()  # what holds for the whole plan, a sentence each
    part: Part | None = None  # of the plan, where a selection means just a part


class Watch(Value, frozen=True, kw_only=True):
    """How the caller looks on, and how it stops a run."""

    on_attempt: Callable[[Attempt], None] = lambda _: None  # each request as it ended
    progress: Callable[[Event], None] = lambda _: None  # each change as it moves on
    stop: asyncio.Event = field(default_factory=asyncio.Event)  # set it: nothing more is begun


class Consent(Value, frozen=True, kw_only=True):
    """What the user agreed to beforehand."""

    allow_recreate: bool = False
    adopt_from: str | None = None  # whose models may be taken over
    confirmed: tuple[tuple[Action, int], ...] = ()  # at most so many of each


def choices_of(chosen: Mapping[str, Any]) -> tuple[PlanOptions, Consent]:
    """What a plan may contain and the consent given, of options by their names; those left away are not given."""
    counts = ((action, chosen.get(f"confirm_{action}")) for action in Action)
    flags = {name: chosen.get(name, False) for name in ("prune", "adopt", "retry_failed")}
    consent = Consent(
        allow_recreate=chosen.get("allow_recreate", False),
        adopt_from=chosen.get("adopt_from"),
        confirmed=tuple((action, count) for action, count in counts if count is not None),
    )
    return PlanOptions(**flags, adopt_from=chosen.get("adopt_from")), consent


async def plan(
    paths: Sequence[str],
    settings: Settings,
    options: PlanOptions,
    consent: Consent,
    watch: Watch,
) -> Planned:
    """Validate, fetch the complete account, compare, guard. Raises ApiError where the account cannot be read."""
    planned = await _compare(paths, settings, options, watch)
    if planned.plan is None:
        return planned
    whole, unread = guarded(planned.plan, settings, consent)
    left_out = (*_left_out(planned.part, settings, options), *_ignored(planned.plan))
    notes = (*left_out, *used_consents(planned.plan, settings, consent), *unread)
    return replace(planned, plan=planned.part.of(whole) if planned.part else whole, notes=notes)


def _ignored(plan: Plan) -> Iterator[str]:
    counts = [len(change.ignored) for change in plan.changes if change.ignored]
    if counts:
        fields = "1 difference" if sum(counts) == 1 else f"{sum(counts)} differences"
        models = "1 model" if len(counts) == 1 else f"{len(counts)} models"
        yield f"{fields} of {models} left alone by ignore_changes: -v shows where"


async def drift(paths: Sequence[str], settings: Settings, watch: Watch) -> Planned:
    """What differs. Guards that limit what a run may send have no say in it; the wrong account still refuses."""
    planned = await _compare(paths, settings, PlanOptions(prune=True), watch, strict=False)
    if planned.plan is None:
        return planned
    refusals = (*planned.plan.refusals, *check_target(planned.plan.target, limits_of(settings, Consent())))
    whole = replace(planned.plan, refusals=refusals)
    meant = planned.part.of(whole) if planned.part else whole
    remainder = without_accepted(meant, _accepted_drift(settings, meant), datetime.now(UTC).date())
    notes = [*_left_out(planned.part, settings, PlanOptions()), *_ignored(meant), *_unmarked(meant)]
    if remainder.accepted:
        count = f"{remainder.accepted} {'difference is' if remainder.accepted == 1 else 'differences are'}"
        notes.append(f"{count} accepted by the project file, and not counted")
    problems = (*planned.problems, *remainder.problems)
    return replace(planned, plan=remainder.plan, problems=problems, notes=tuple(notes))


def _unmarked(plan: Plan) -> Iterator[str]:
    """Models of an owner whose live mark is not there: dropped, or never written. That is no drift by itself."""
    names = [
        in_words(change.name)
        for change in plan.changes
        if change.desired and change.live and change.desired.owner and change.live.mark.owner is None
    ]
    if names:
        shown = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if names[MOST_NAMED:] else "")
        carry = "model does not carry its" if len(names) == 1 else "models do not carry their"
        yield f"{len(names)} {carry} owner's mark ({shown}): `egpsync apply --adopt` writes it"


def _accepted_drift(settings: Settings, plan: Plan) -> Iterator[AcceptedDrift]:
    """What the project file accepts of this target; of the selected models alone, where some are left out."""
    said = settings.project.accepted_drift if settings.project is not None else ()
    target = settings.scope.name if settings.scope is not None else None
    names = {change.name for change in plan.changes}
    for entry in said:
        if entry.target in (None, target) and (entry.model in names or not settings.selection):
            yield entry


def _left_out(part: Part | None, settings: Settings, options: PlanOptions) -> Iterator[str]:
    if part is not None:
        models = f"{part.left_out} {'model is' if part.left_out == 1 else 'models are'} left out"
        yield f"{models} by {settings.selection}" + (": nothing is pruned" if options.prune else "")


async def _compare(
    paths: Sequence[str], settings: Settings, options: PlanOptions, watch: Watch, *, strict: bool = True
) -> Planned:
    """An account other than the expected one is not even asked: it would be shown the key.

    `strict` refuses a prune without an owner; drift looks for what is left over where there is one.
    """
    checked = validate(paths, settings)
    options = replace(options, map_semantics=settings.map_semantics)
    if checked.desired is None:
        return Planned(checked=checked, plan=None, problems=checked.problems, options=options)
    if options.prune and strict and not checked.desired.owners:
        raise UsageError(
            "--prune deletes what carries its owner's mark, and no manifest names an owner",
            advice="Write `owner: NAME` at the top of the manifests. Nothing was sent.",
        )
    if options.adopt and not checked.desired.owners and not any(map(_is_protected, checked.desired.models)):
        raise UsageError(
            "--adopt writes a mark, and the manifests have nothing to mark: no owner, no prevent_destroy",
            advice="Write `owner: NAME` at the top of the manifests. Nothing was sent.",
        )
    for one in unmatched(settings.selection, checked.desired.models):
        raise UsageError(
            f"{one} means no model of these manifests",
            advice="Nothing was sent. Is it spelt as the manifests spell it?",
        )
    changed, target, part = _changed(paths, settings), target_of(settings), None
    if check_target(target, limits_of(settings, Consent())):
        planned = make_plan(replace(checked.desired, models=()), Live(models=()), target)
    else:
        declared = [model.fields for model in checked.desired.models]
        async with connect(settings, watch.on_attempt) as client:
            client.words.learn(lambda: secrets_of(declared))  # a refused listing can quote one of them
            live = quoted(await fetch_all(client), declared)
        allowed = replace(options, prune=options.prune and not settings.selection)
        planned = make_plan(checked.desired, live, target, allowed)
        if pruned(planned.plan):
            left = declared_elsewhere(live, settings)
            planned = make_plan(checked.desired, live, target, allowed, spared=left.spared)
            refused = (*planned.plan.refusals, *unread_refusals(left.unread))
            planned = replace(planned, plan=replace(planned.plan, refusals=refused))
        if settings.selection:
            part = part_of(planned.plan, settings.selection, live, changed)
    problems = (*checked.problems, *with_excerpts(planned.problems, checked.files))
    return Planned(checked=checked, plan=planned.plan, problems=problems, options=options, part=part)


def _changed(paths: Sequence[str], settings: Settings) -> Callable[[Change], bool]:
    """Whether a model is another than in the revision that is named, if one is."""
    name = settings.selection.changed_since
    return changed_since(checked_at(name, paths, settings).desired) if name is not None else lambda _: True


def _is_protected(model: DesiredModel) -> bool:
    return bool(model.lifecycle.prevent_destroy)


def guarded(plan: Plan, settings: Settings, consent: Consent) -> tuple[Plan, tuple[str, ...]]:
    """The plan with what its guards and its past have to say, and what of that past cannot be read."""
    folder = StateFolder(settings.journals, plan.target)
    changes = plan.changes
    if failures := folder.failed_before():
        salt = folder.salt()
        changes = tuple(_warned(change, failures, salt) if change.deploys else change for change in changes)
    if any(change.live and change.live.status == DEPLOYING for change in changes):
        begun = folder.left_deploying()
        changes = tuple(followed(change) if (change.vendor, change.name) in begun else change for change in changes)
    refusals = check_guards(plan, limits_of(settings, consent))
    unread = tuple(f"{file} {why}: it is left out" for file, why in sorted(folder.left_out.items()))
    return replace(plan, changes=changes, refusals=(*plan.refusals, *refusals)), unread


def _warned(change: Change, failures: Mapping[str, Deployed], salt: bytes) -> Change:
    """The change, with a note where it would deploy what failed before."""
    failure = failures.get(fingerprint_of(change, salt))
    if failure is None:
        return change
    why = f": {failure.reason}" if failure.reason else ""
    return replace(change, notes=(*change.notes, f"this configuration ended as {failure.status} on {failure.at}{why}"))


def connect(settings: Settings, on_attempt: Callable[[Attempt], None]) -> Client:
    """A client of the account that the settings mean. Raises UsageError without a key."""
    if settings.api_key is None:
        raise UsageError(
            "there is no API key",
            advice=f"Set {settings.key_from}, or name a file that holds the key with --api-key-file.",
        )
    access = Access(
        base_url=settings.base_url,
        api_key=settings.api_key,
        account_id=settings.account_id,
        connections=settings.parallelism,
        timeout=settings.request_timeout,
    )
    patience = Patience(attempts=settings.retries + 1, deadline=settings.retry_deadline, base=settings.retry_wait)
    return Client(access, patience=patience, on_attempt=on_attempt)


def quoted(live: Live, desired: Iterable[JsonMap] = ()) -> Live:
    """The account, with no secret of any of its models or manifests in what the server says of one.

    In no other field: an ordinary value that some model keeps as a secret would vanish there.
    """
    if not any(model.status_reason for model in live.models):
        return live
    found = secrets_of([*(model.fields for model in live.models), *desired])
    words = Known(lambda: found)
    return replace(live, models=tuple(_in_words_without(model, words) for model in live.models))


def _in_words_without(model: LiveModel, words: Known) -> LiveModel:
    return replace(model, status_reason=words.hide(model.status_reason)) if model.status_reason else model


def secrets_of_plan(plan: Plan) -> Callable[[], frozenset[str]]:
    """All secrets of its manifests and of the account as it saw it; looked for when they are first asked for."""

    @cache
    def found() -> frozenset[str]:
        live = (*plan.unmanaged, *(change.live for change in plan.changes if change.live))
        desired = (change.desired.fields for change in plan.changes if change.desired)
        return secrets_of([*(model.fields for model in live), *desired])

    return found


def known_secrets(settings: Settings) -> Known:
    """The key, and what ${secret:NAME} came to: what stands in no file that is kept."""
    return Known(lambda: (settings.api_key,) if settings.api_key else (), settings.secrets.known)


def target_of(settings: Settings) -> Target:
    """The account that the settings mean."""
    return Target(base_url=settings.base_url, account_id=settings.account_id)


def limits_of(settings: Settings, consent: Consent) -> Limits:
    """What a run may do by its settings, and the consent given on the command line and in the project file."""
    return Limits(
        percent=settings.limit_percent,
        cap=settings.limit_count,
        gpus=settings.limit_gpus,
        allow_recreate=consent.allow_recreate,
        adopt_from=consent.adopt_from,
        confirmed=_confirmed(settings, consent),
        expected_base_url=settings.expected_base_url,
        expected_account_id=settings.expected_account_id,
    )


def _confirmed(settings: Settings, consent: Consent) -> dict[Action, int]:
    """What was consented to, on the command line and in the project file, the larger count of each."""
    confirmed = dict(consent.confirmed)
    for one in _consents(settings):
        confirmed[one.action] = max(one.count, confirmed.get(one.action, 0))
    return confirmed


def _consents(settings: Settings, *, lapsed: bool = False) -> list[Consented]:
    """The project file's consents for this target that hold today, or those that did before."""
    today = datetime.now(UTC).date()
    said = settings.project.consent if settings.project is not None else ()
    name = settings.scope.name if settings.scope is not None else None
    return [one for one in said if one.target in (None, name) and (one.until < today) == lapsed]


def used_consents(plan: Plan, settings: Settings, consent: Consent) -> Iterator[str]:
    """A sentence for each consent of the project file that the plan needs, and for each that lapsed too early."""
    if settings.project is None or not settings.project.consent:
        return
    needed = {
        refusal.guard for refusal in check_guards(plan, limits_of(dataclasses.replace(settings, project=None), consent))
    }
    left = {refusal.guard for refusal in check_guards(plan, limits_of(settings, consent))}
    for one in sorted(_consents(settings), key=lambda one: -one.count):
        if (guard := f"{one.action}-threshold") in needed - left:
            needed.discard(guard)
            yield f"{one.source} consents to {one.count} of {one.action}, through {one.until}: {one.reason}"
    for one in _consents(settings, lapsed=True):
        if f"{one.action}-threshold" in left:
            yield f"{one.source} consented to {one.count} of {one.action}, and lapsed with {one.until}"

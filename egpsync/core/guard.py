"""A plan and the limits in; what forbids it out, each with its figures and with what consents to it.

Guards look at every request and at the model that it hits: a change can reach others than the one that it is about.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from shlex import quote
from typing import assert_never

from egpsync.core.redacted import sent_back
from egpsync.model.live import LiveModel
from egpsync.model.manifest import State
from egpsync.model.plan import (
    Action,
    Change,
    Create,
    Delete,
    Plan,
    Ref,
    Refusal,
    Rename,
    Swap,
    Target,
    Update,
)
from egpsync.value import Value, field

SHARE = 30  # percent of the account's models, as in octoDNS (provider/plan.py: MAX_SAFE_UPDATE_PCENT)


class Limits(Value, frozen=True, kw_only=True):
    """What a run may do without further consent, and the consent given."""

    percent: int = SHARE  # of the account's models that one run may delete, recreate or redeploy, for each of them
    cap: int = 20  # and never more than this many
    gpus: int | None = None  # by which all GPUs at most workers may grow; None: no limit
    allow_recreate: bool = False
    adopt_from: str | None = None  # whose models may be taken over
    confirmed: Mapping[Action, int] = field(default_factory=dict)  # at most so many of each were consented to
    expected_base_url: str | None = None  # refuse any other
    expected_account_id: str | None = None


FLOORS = {Action.DELETE: 1, Action.RECREATE: 1, Action.REDEPLOY: 3}
"""How many are always allowed: in a small account a percentage says little. An empty one has none at all, so that what
is created is held to the cap alone."""


def check_guards(plan: Plan, limits: Limits) -> tuple[Refusal, ...]:
    """Every guard that trips, in the order of GUARDS."""
    return tuple(refusal for guard in GUARDS for refusal in guard(plan, limits))


def check_target(target: Target, limits: Limits) -> tuple[Refusal, ...]:
    """Whether it is the account that is expected: the one guard that needs no plan."""
    return tuple(
        Refusal(
            guard="wrong-target",
            message=f"the {what} is {actual or 'not set'}, and {expected} is expected",
            consent=f"give the expected one with {flag} ({variable}), or correct --expect{flag[1:]} (EGPSYNC_EXPECT_"
            f"{variable_end})",
            model=None,
            source=None,
        )
        for what, flag, variable, variable_end, expected, actual in (
            ("base URL", "--base-url", "SGP_CLIENT_BASE_URL", "BASE_URL", limits.expected_base_url, target.base_url),
            ("account", "--account-id", "SGP_ACCOUNT_ID", "ACCOUNT_ID", limits.expected_account_id, target.account_id),
        )
        if expected is not None and expected != actual
    )


def _wrong_target(plan: Plan, limits: Limits) -> Iterator[Refusal]:
    yield from check_target(plan.target, limits)


def _nothing_declared(plan: Plan, _: Limits) -> Iterator[Refusal]:
    """An owner of whom no model is declared any more has lost its manifests, more likely than all its models."""
    pruned = Counter(change.live.mark.owner or "" for change in plan.changes if change.desired is None and change.live)
    declaring = {
        change.desired.owner for change in plan.changes if change.desired and change.desired.state == State.PRESENT
    }
    for owner, count in sorted(pruned.items()):
        if owner not in declaring:
            yield Refusal(
                guard="empty-manifests",
                message=f"the manifests of {owner!r} declare no model, and {count} would be pruned",
                consent="declare at least one model, or delete each with `state: absent`",
                model=None,
                source=None,
            )


def _foreign(plan: Plan, limits: Limits) -> Iterator[Refusal]:
    own = {change.live.id for change in plan.changes if change.live}
    for change in (change for change in plan.changes if change.fields or change.steps):
        for hit in _models_hit(change):
            if hit is not change.live and hit.id in own:
                continue  # an exchange: the other entry speaks for it
            owner = hit.mark.owner
            mine = change.desired.owner if change.desired else change.live.mark.owner if change.live else None
            if owner is None or owner == mine or (mine is not None and owner == limits.adopt_from):
                continue
            whom = "belongs to" if hit is change.live else f"would change {hit.name!r} ({hit.id}), which belongs to"
            yield _about(
                change,
                guard="foreign-owner",
                message=f"{whom} {owner!r}, and these manifests are of {mine!r}" if mine else f"{whom} {owner!r}",
                consent=f"change it in the manifests of {owner!r}, have them give it up there first, or take it over "
                f"with --adopt-from {quote(owner)}",
            )


def _models_hit(change: Change) -> Iterator[LiveModel]:
    """Each live model that a request of the change writes to, and that which gets its name by another's exchange."""
    hit: dict[str, LiveModel] = {}
    if change.live and any(difference.path == ("name",) for difference in change.fields):
        hit[change.live.id] = change.live
    for step in change.writes:
        match step:
            case Update() | Rename() | Delete():
                models: tuple[Ref, ...] = (step.model,)
            case Swap():
                models = (step.model, step.other)
            case Create():
                models = ()
            case _:
                assert_never(step)
        hit |= {model.id: model for model in models if isinstance(model, LiveModel)}
    if change.action == Action.RECREATE and change.live:
        hit[change.live.id] = change.live
    yield from hit.values()


def _protected(plan: Plan, _: Limits) -> Iterator[Refusal]:
    for change in plan.changes:
        declared = change.desired.lifecycle.prevent_destroy if change.desired else None
        for doomed in _destroyed(change):
            if not (declared or (doomed.mark.prevent_destroy and declared is None)):
                continue
            who = "is protected" if doomed is change.live else f"would delete {doomed.name!r} ({doomed.id}), protected"
            yield _about(
                change,
                guard="prevent-destroy",
                message=f"{who} by prevent_destroy ({'the manifest' if declared else 'its live mark'} says so)"
                + (f", and would be {change.action}d" if doomed is change.live else ""),
                consent="write `lifecycle: {prevent_destroy: false}` in its entry"
                if change.desired
                else "give it an entry with `state: absent` and `lifecycle: {prevent_destroy: false}`",
            )


def _destroyed(change: Change) -> Iterator[LiveModel]:
    """Each live model that the change deletes."""
    for step in change.writes:
        if isinstance(step, Delete):
            yield step.model


def _not_to_be_redeployed(plan: Plan, _: Limits) -> Iterator[Refusal]:
    for change in plan.changes:
        if change.desired and change.desired.lifecycle.prevent_redeploy and (change.redeploys or _replaces(change)):
            yield _about(
                change,
                guard="prevent-redeploy",
                message="is protected by prevent_redeploy, and would be redeployed",
                consent="remove prevent_redeploy from its entry, or the fields that redeploy it",
            )


def _recreates(plan: Plan, limits: Limits) -> Iterator[Refusal]:
    for change in plan.changes:
        if _replaces(change) and not limits.allow_recreate:
            yield _about(
                change,
                guard="recreate",
                message=f"can only be changed by replacing the model: {change.reason}",
                consent="--allow-recreate",
            )


def _redacted(plan: Plan, _: Limits) -> Iterator[Refusal]:
    """A value that the server hides is not one to send back: it would take the place of what is hidden."""
    for change in plan.changes:
        declared = change.desired.fields if change.desired else {}
        bodies = [step.body for step in change.steps if isinstance(step, Create | Update)] if change.live else []
        hidden = sorted({".".join(path) for body in bodies for path in sent_back(body, declared)})
        if hidden:
            yield _about(
                change,
                guard="redacted-value",
                message=f"would send back what stands for a value that the server hides: {', '.join(hidden)}",
                consent="declare these keys in its entry (secrets as ${secret:NAME}), with null for one that is to go; "
                "where the server is known to merge maps, map_semantics: merge leaves them alone",
            )


def _thresholds(plan: Plan, limits: Limits) -> Iterator[Refusal]:
    counts = {
        Action.DELETE: sum(change.action == Action.DELETE for change in plan.changes),
        Action.RECREATE: sum(map(_replaces, plan.changes)),
        Action.REDEPLOY: sum(change.redeploys for change in plan.changes),
    }
    for action, count in counts.items():
        allowed = min(limits.cap, max(FLOORS[action], plan.live_count * limits.percent // 100))
        if count > max(allowed, limits.confirmed.get(action, 0)):
            yield _too_many(
                action,
                message=f"would {action} {count} of {plan.live_count} models; {allowed} are allowed without consent "
                f"({limits.percent} percent, at least {FLOORS[action]}, at most {limits.cap})",
                count=count,
            )
    created = sum(change.action == Action.CREATE for change in plan.changes)
    if created > max(limits.cap, limits.confirmed.get(Action.CREATE, 0)):
        message = f"would create {created} models in an account that holds {plan.live_count}; {limits.cap} are allowed "
        yield _too_many(Action.CREATE, message=f"{message}without consent", count=created)


def _too_many(action: Action, *, message: str, count: int) -> Refusal:
    return Refusal(
        guard=f"{action}-threshold", message=message, consent=f"--confirm-{action} {count}", model=None, source=None
    )


def _gpu_growth(plan: Plan, limits: Limits) -> Iterator[Refusal]:
    growth = sum(kind.maximum_after - kind.maximum_before for kind in plan.capacity.values())
    if limits.gpus is not None and growth > limits.gpus:
        yield Refusal(
            guard="gpu-growth",
            message=f"would grow the account by {growth} GPUs at most workers; {limits.gpus} are allowed",
            consent=f"--limit-gpus {growth}",
            model=None,
            source=None,
        )


def _replaces(change: Change) -> bool:
    return change.action == Action.RECREATE


def _about(change: Change, *, guard: str, message: str, consent: str) -> Refusal:
    return Refusal(
        guard=guard, message=message, consent=consent, model=(change.vendor, change.name), source=change.source
    )


GUARDS: tuple[Callable[[Plan, Limits], Iterator[Refusal]], ...] = (
    _wrong_target,
    _nothing_declared,
    _foreign,
    _protected,
    _not_to_be_redeployed,
    _recreates,
    _redacted,
    _thresholds,
    _gpu_growth,
)

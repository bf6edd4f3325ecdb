"""Desired and live models in; the plan out, with the problems that only the account shows."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from egpsync.core.capacity import count_gpus
from egpsync.core.change import Account, PlanOptions, plan_change, plan_delete
from egpsync.core.diff import differences_of
from egpsync.core.match import Matches, match
from egpsync.core.names import plan_names
from egpsync.fields.table import required_at_creation
from egpsync.model.live import Live
from egpsync.model.manifest import Desired, DesiredModel, Problem, State
from egpsync.model.plan import Action, Change, Create, Plan, Refusal, Target, live_model_of
from egpsync.model.text import closest
from egpsync.model.values import Path, value_at
from egpsync.value import Value


class Comparison(Value, frozen=True, kw_only=True):
    """Manifests held against the account: the plan, and what is wrong with them in its light; then none is applied."""

    plan: Plan
    problems: tuple[Problem, ...]


DEFAULT_OPTIONS = PlanOptions()


def make_plan(
    desired: Desired,
    live: Live,
    target: Target,
    options: PlanOptions = DEFAULT_OPTIONS,
    *,
    spared: AbstractSet[str] = frozenset(),
) -> Comparison:
    """All that apply would do. Deterministic; the inputs stay as they are. Guards are not part of it.

    `spared` are the ids of models that no prune touches, as manifests beside these declare them.
    """
    matches = match(desired, live)
    prunable = matches.unmanaged if options.prune else ()
    pruned = [
        model for model in prunable if model.mark.owner in desired.owners and not model.odd and model.id not in spared
    ]
    going = {model.id for model in pruned}
    tombs = [pair.live for pair in matches.pairs if pair.live is not None and pair.desired.state == State.ABSENT]
    names = plan_names(matches.pairs, [*tombs, *pruned], live)
    account = Account(live=live, unmanaged=Live(models=matches.unmanaged), names=names, options=options)
    compared = [(pair.desired, pair.live) for pair in matches.pairs if pair.live is not None and not pair.live.odd]
    fields = {id(one): differing for (one, _), differing in zip(compared, differences_of(compared), strict=True)}
    changes = [plan_change(pair, fields.get(id(pair.desired), ()), account) for pair in matches.pairs]
    mentioned = {model.id for change in changes for step in change.steps if (model := live_model_of(step)) is not None}
    changes += [plan_delete(model, None, account) for model in pruned if model.id not in mentioned]
    changes.sort(key=lambda change: (change.vendor, change.name, change.id or ""))
    plan = Plan(
        target=target,
        changes=tuple(changes),
        unmanaged=tuple(model for model in matches.unmanaged if model.id not in going | mentioned),
        refusals=tuple(sorted((*matches.refusals, *names.refusals), key=_place)),
        capacity=count_gpus(live, changes),
        digest=desired.digest,
        live_count=len(live.models),
    )
    return Comparison(plan=plan, problems=tuple(_incomplete(matches, changes, live)))


def _place(refusal: Refusal) -> tuple[str, tuple[str, str], str]:
    return refusal.guard, refusal.model or ("", ""), refusal.message


def _incomplete(matches: Matches, changes: Iterable[Change], live: Live) -> Iterator[Problem]:
    """A problem for every model to be created that lacks what creating it needs."""
    strangers = [model.name for model in matches.unmanaged]
    for change in changes:
        near = closest(change.name, strangers) if change.action == Action.CREATE else ""
        bodies = [step.body for step in change.steps if isinstance(step, Create)]
        needed = required_at_creation(change.vendor) if bodies else ()
        missing = [path for path in needed if any(value_at(body, path) is None for body in bodies)]
        if missing and change.desired:
            why = _why_created(change, change.desired, live)
            yield _missing(change.desired, why, missing, near)


def _why_created(change: Change, desired: DesiredModel, live: Live) -> str:
    if change.live is not None:
        return "can only be replaced by a new model"
    former = f", nor is {desired.renamed_from!r}" if desired.renamed_from else ""
    return f"is not in the account{former}" if live.models else "is not in the account, which holds no model at all"


def _missing(desired: DesiredModel, why: str, missing: list[Path], near: str) -> Problem:
    deepest = desired.node.at(missing[0]) if len(missing[0]) > 1 else None
    return Problem(
        rule="incomplete-create",
        message=f"{desired.name!r} {why}, and creating it needs {', '.join('.'.join(path) for path in missing)}",
        source=deepest.source if deepest is not None and len(missing) == 1 else desired.source,
        excerpt="",
        expected="every required field, as the model has to be created; or the name of a model that exists",
        suggestion=near,
        related=None,
    )

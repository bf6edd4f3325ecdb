"""Desired and live models in; the plan out, with the problems that only the account shows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from egpsync.core.capacity import count_gpus
from egpsync.core.change import Account, PlanOptions, plan_change, plan_delete
from egpsync.core.diff import value_at
from egpsync.core.mark import read_mark
from egpsync.core.match import Matches, match
from egpsync.core.names import plan_names
from egpsync.fields.table import required_at_creation
from egpsync.model.live import Live
from egpsync.model.manifest import Desired, DesiredModel, Problem, State
from egpsync.model.plan import Action, Change, Plan, Refusal, Target, Wait
from egpsync.model.values import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, and what is wrong with the manifests in the light of the account; with problems nothing is applied."""

    plan: Plan
    problems: tuple[Problem, ...]


DEFAULT_OPTIONS = PlanOptions()


def make_plan(desired: Desired, live: Live, target: Target, options: PlanOptions = DEFAULT_OPTIONS) -> Planned:
    """All that apply would do. Deterministic; the inputs stay as they are. Guards are not part of it."""
    matches = match(desired, live)
    pruned = [model for model in matches.unmanaged if options.prune and read_mark(model).owner in desired.owners]
    tombs = [pair.live for pair in matches.pairs if pair.live is not None and pair.desired.state == State.ABSENT]
    names = plan_names(matches.pairs, [*tombs, *pruned], live)
    account = Account(live=live, unmanaged=Live(models=matches.unmanaged), names=names, options=options)
    changes = [plan_change(pair, account) for pair in matches.pairs]
    mentioned = {step.model_id for change in changes for step in change.steps if isinstance(step, Wait)}
    mentioned |= {step.path.rpartition("/")[2] for change in changes for step in change.requests}
    changes += [plan_delete(model, None, account) for model in pruned if model.id not in mentioned]
    changes.sort(key=lambda change: (change.vendor, change.name, change.id or ""))
    plan = Plan(
        target=target,
        changes=tuple(changes),
        unmanaged=tuple(model for model in matches.unmanaged if model not in pruned and model.id not in mentioned),
        refusals=tuple(sorted((*matches.refusals, *names.refusals), key=_place)),
        capacity=count_gpus(live, changes),
        digest=desired.digest,
        live_count=len(live.models),
    )
    return Planned(plan=plan, problems=tuple(_incomplete(matches, changes)))


def _place(refusal: Refusal) -> tuple[str, tuple[str, str], str]:
    return refusal.guard, refusal.model or ("", ""), refusal.message


def _incomplete(matches: Matches, changes: Iterable[Change]) -> Iterator[Problem]:
    """A problem for every field that a model to be created lacks."""
    strangers = [model.name for model in matches.unmanaged]
    for change in changes:
        near = get_close_matches(change.name, strangers, n=1) if change.action == Action.CREATE else []
        bodies = [request.body for request in change.requests if request.method == "POST"]
        for path in required_at_creation(change.vendor) if bodies and change.desired else ():
            if change.desired and any(value_at(body, path) is None for body in bodies):
                yield _missing(change, change.desired, path, near[0] if near else "")


def _missing(change: Change, desired: DesiredModel, path: Path, near: str) -> Problem:
    why = "is not in the account" if change.live is None else "can only be replaced by a new model"
    return Problem(
        rule="incomplete-create",
        message=f"{desired.name!r} {why}, and creating it needs {'.'.join(path)}",
        source=desired.node.at(path).source if len(path) > 1 else desired.source,
        excerpt="",
        expected="every required field, as the model has to be created; or the name of a model that exists",
        suggestion=near,
        related=None,
    )

"""What the guards' tests share: manifests of an owner, and what a plan refuses."""

import json
from typing import Any

from egpsync.core.change import PlanOptions
from egpsync.model.plan import Plan, Refusal
from egpsync.workflow.plan import Consent
from tests.workflow.samples import Repository

PRUNE = PlanOptions(prune=True)
ADOPT = PlanOptions(adopt=True)


def marked(owner: str = "us", **more: Any) -> dict[str, Any]:
    """Metadata with a mark."""
    return {"egpsync": {"owner": owner, **more}}


def owned(*models: dict[str, Any], owner: str = "us") -> str:
    """A manifest of an owner."""
    return json.dumps({"version": 1, "owner": owner, "models": models})


def wants(repository: Repository, *models: dict[str, Any], owner: str = "us") -> Repository:
    """The manifests are the owner's, and declare these models."""
    repository.file.write_text(owned(*models, owner=owner), encoding="utf-8")
    return repository


def absent(name: str, **more: Any) -> dict[str, Any]:
    """A tombstone."""
    return {"name": name, "model_vendor": "openai", "state": "absent", **more}


def plan_of(
    repository: Repository, options: PlanOptions | None = None, consent: Consent | None = None, **flags: Any
) -> Plan:
    """The plan, whatever it refuses."""
    planned = repository.planned(options, consent, **flags)
    assert planned.problems == ()
    assert planned.plan is not None
    return planned.plan


def refusals(plan: Plan) -> list[tuple[str, str, str]]:
    """Guard, message and consent of each refusal."""
    return [(refusal.guard, refusal.message, refusal.consent) for refusal in plan.refusals]


def only(plan: Plan) -> Refusal:
    """The one refusal of the plan."""
    (refusal,) = plan.refusals
    return refusal


def sent(repository: Repository) -> list[tuple[str, Any]]:
    """Every request that was no GET."""
    return [(entry.method, entry.body) for entry in repository.running.log.changes]

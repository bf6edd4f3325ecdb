"""Whole flows: each folder of tests/cases is a manifest, an account and the plan between them."""

import json
from pathlib import Path
from typing import Any

import pytest

from egpsync.account.requests import CREATED, request_of
from egpsync.core.change import PlanOptions
from egpsync.core.guard import Limits, check_guards
from egpsync.core.plan import Comparison, make_plan
from egpsync.manifest.desired import desired
from egpsync.manifest.merge import merge
from egpsync.model.plan import Change, Delete, Refusal, Rename, Step, Swap, Wait, live_model_of
from egpsync.model.values import Source
from tests.core.build import TARGET, live_of
from tests.manifest.texts import all_problems, from_paths

CASES = Path(__file__).parent.parent / "cases"


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_case(case: str) -> None:
    """The plan is the expected one, in words that a reader can check; expected.json may set options."""
    expected = json.loads((CASES / case / "expected.json").read_text())
    assert found(case, expected.get("options", {})) == expected


def found(case: str, options: dict[str, Any]) -> dict[str, Any]:
    """What the case's plan comes to, with empty parts left out."""
    documents = from_paths([str(CASES / case / "manifest.yaml")])
    assert all_problems(documents) == ()
    live = live_of(*json.loads((CASES / case / "live.json").read_text()))
    planned = make_plan(desired(merge(documents)), live, TARGET, PlanOptions(**options))
    parts = {"options": options, **_told(planned)}
    return {key: value for key, value in parts.items() if value}


def _told(planned: Comparison) -> dict[str, Any]:
    plan = planned.plan
    return {
        "changes": [_change(change) for change in plan.changes],
        "unmanaged": [model.id for model in plan.unmanaged],
        "refusals": [_refusal(refusal) for refusal in (*plan.refusals, *check_guards(plan, Limits()))],
        "problems": [f"{_place(problem.source)} {problem.rule}: {problem.message}" for problem in planned.problems],
    }


def _change(change: Change) -> dict[str, Any]:
    told = {
        "model": f"{change.vendor}/{change.name}",
        "action": change.action,
        "reason": change.reason,
        "fields": {
            ".".join(field.path): [field.op, field.before, field.after, _place(field.source)] for field in change.fields
        },
        "steps": [_step(step) for step in change.steps],
        "notes": list(change.notes),
    }
    return {key: value for key, value in told.items() if value}


def _step(step: Step) -> dict[str, Any]:
    after = list(map(str, step.after))
    if isinstance(step, Wait):
        model = live_model_of(step)
        told: dict[str, Any] = {
            "key": str(step.key),
            "wait": f"{model.id if model else CREATED} {step.until}",
            "after": after,
        }
    else:
        request = request_of(step)
        told = {
            "key": str(step.key),
            "send": f"{request.method} {request.path}",
            "body": request.body,
            "after": after,
            "expects_name": step.expects if isinstance(step, Rename | Swap | Delete) else None,
            "swap_with": step.other.id if isinstance(step, Swap) else None,
        }
    return {key: value for key, value in told.items() if value}


def _refusal(refusal: Refusal) -> str:
    return f"{refusal.guard} {'/'.join(refusal.model or ())}: {refusal.message}"


def _place(source: Source | None) -> str:
    return f"{Path(source.file).name}:{source.line}:{source.column}" if source else ""

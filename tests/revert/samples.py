"""What the tests of revert share: apply, look at what the account held before, and put it back."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from egpsync.account.requests import requests_of as requests_of_change
from egpsync.model.plan import Plan
from egpsync.model.report import Kind, ReportHead
from egpsync.model.run import RunResult
from egpsync.report.build import build_run
from egpsync.report.style import Style
from egpsync.report.to_json import to_json
from egpsync.version import __version__
from egpsync.workflow.plan import Consent, Planned, Watch
from egpsync.workflow.revert import plan_revert
from tests.workflow.samples import Repository

VOLATILE = ("id", "created_at", "created_by_user_id", "created_by_identity_type")
"""What a model that is made anew cannot have as before."""


def held(repository: Repository, *, anew: bool = False) -> dict[str, str]:
    """Each model's JSON by (vendor, name), without our mark; without what a new model cannot have where `anew`."""
    models = {}
    for model in repository.running.store.models():
        (model["model_metadata"] or {}).pop("egpsync", None)
        kept = {key: value for key, value in model.items() if not (anew and key in VOLATILE)}
        models[f"{model['model_vendor']}/{model['name']}"] = json.dumps(kept, sort_keys=True)
    return models


def report_of(repository: Repository, run: RunResult) -> str:
    """What --report json=FILE writes of a run; the file's name."""
    head = ReportHead(kind=Kind.APPLY, tool_version=__version__, files=1, models=len(run.results))
    file = Path(repository.state) / "report.json"
    file.write_text(to_json(build_run(head, run), Style(color=False, verbosity=1)), encoding="utf-8")
    return str(file)


def journal_of(repository: Repository, run: RunResult) -> str:
    """The journal of a run."""
    assert run.journal is not None
    return run.journal


RECORDS: tuple[Callable[[Repository, RunResult], str], ...] = (journal_of, report_of)
"""The two records that a run leaves, either of which is enough."""


def reverted(repository: Repository, record: str, consent: Consent | None = None, **flags: Any) -> Planned:
    """The way back, planned."""
    settings = repository.settings(**flags)
    return asyncio.run(plan_revert(record, settings, consent or Consent(allow_recreate=True), Watch()))


def put_back(repository: Repository, record: str) -> RunResult:
    """The way back, carried out."""
    return repository.apply(sound(reverted(repository, record)))


def sound(planned: Planned) -> Plan:
    """The plan, which has no problems and no refusals."""
    assert planned.problems == ()
    assert planned.plan is not None
    assert planned.plan.refusals == ()
    return planned.plan


def notes_of(plan: Plan) -> dict[str, tuple[str, ...]]:
    """What the plan says beside each model of which it says something."""
    return {change.name: change.notes for change in plan.changes if change.notes}


def requests_of(plan: Plan) -> list[tuple[str, Any]]:
    """What the plan would send."""
    return [(request.method, request.body) for change in plan.changes for request in requests_of_change(change)]


def wants(repository: Repository, *models: dict[str, Any], **more: Any) -> None:
    """Other manifests than those that the repository was made with."""
    repository.file.write_text(json.dumps({"version": 1, **more, "models": models}), encoding="utf-8")

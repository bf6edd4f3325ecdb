"""A journal or an apply report in; the plan that puts back what that run changed, out."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from egpsync.api.fetch import fetch_all
from egpsync.core.change import PlanOptions
from egpsync.core.plan import make_plan
from egpsync.core.revert import PastChange, PastField, WayBack, plan_way_back
from egpsync.errors import FileError, UsageError
from egpsync.model.plan import Action, Plan
from egpsync.settings import Settings
from egpsync.workflow.plan import Consent, Planned, Watch, connect, guarded, target_of
from egpsync.workflow.validate import Checked

ATTEMPTED = frozenset({"applied", "failed", "in_flight", "unknown"})


async def plan_revert(file: str, settings: Settings, consent: Consent, watch: Watch) -> Planned:
    """Plan the way back from a run, against the account as it is now. Nothing but GETs is sent.

    Raises FileError where the file is no journal and no report, UsageError where it is of another account.
    """
    target, past = read_run(file)
    ours = {"base_url": settings.base_url, "account_id": settings.account_id}
    if target != ours:
        raise UsageError(
            f"it is of {target['base_url']}, account {target['account_id'] or 'not set'}; "
            f"the settings mean {ours['base_url']}, account {ours['account_id'] or 'not set'}",
            where=file,
            advice="Give the run's own --base-url and --account-id.",
        )
    async with connect(settings, watch.on_attempt) as client:
        live = await fetch_all(client)
    back = plan_way_back(past, live)
    planned = make_plan(back.desired, live, target_of(settings))
    plan = guarded(_annotated(planned.plan, back), settings, consent)
    checked = Checked(desired=back.desired, problems=(), texts={file: ""}, models=len(back.desired.models))
    return Planned(checked=checked, plan=plan, problems=planned.problems, options=PlanOptions())


def read_run(file: str) -> tuple[Mapping[str, Any], tuple[PastChange, ...]]:
    """The account of a run ({base_url, account_id}), and the changes that it attempted."""
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError("cannot be read", where=file, advice=str(error)) from error
    try:
        return _from_report(file, text) if text.startswith("{\n") else _from_journal(file, text)
    except (ValueError, KeyError, TypeError) as error:
        raise FileError(
            f"is no journal of a run and no report of apply in JSON ({type(error).__name__}: {error})",
            where=file,
            advice="Give the journal that apply names, or what --report json=FILE wrote.",
        ) from error


def _from_report(file: str, text: str) -> tuple[Mapping[str, Any], tuple[PastChange, ...]]:
    report = json.loads(text)
    if report["kind"] not in ("apply", "revert") or not report["format_version"].startswith("1."):
        raise ValueError(f"a report of {report['kind']}, version {report['format_version']}")
    changes = [change for change in report["changes"] if (change.get("outcome") or {}).get("result") in ATTEMPTED]
    return report["target"], tuple(_past(file, change, change["id"]) for change in changes if change["requests"])


def _from_journal(file: str, text: str) -> tuple[Mapping[str, Any], tuple[PastChange, ...]]:
    lines = [json.loads(line) for line in text.split("\n") if line.endswith("}")]
    begin = next(line for line in lines if line["event"] == "begin")
    if begin["version"] != 1:
        raise ValueError(f"a journal of version {begin['version']}")
    intended = {line["step"] for line in lines if line["event"] == "intent"}
    made = {
        line["step"]: line["id"] for line in lines if line["event"] == "outcome" and line["step"].endswith("#create")
    }
    past = []
    for change in begin["changes"]:
        if intended & set(change["steps"]):
            model_id = next((made[step] for step in change["steps"] if made.get(step)), change["id"])
            past.append(_past(file, change, model_id))
    return {"base_url": begin["base_url"], "account_id": begin["account_id"]}, tuple(past)


def _past(file: str, change: Mapping[str, Any], model_id: str | None) -> PastChange:
    return PastChange(
        action=Action(change["action"]),
        vendor=change["model_vendor"],
        name=change["name"],
        id=model_id,
        fields=tuple(
            PastField(
                path=tuple(field["path"]), before=field["before"], after=field["after"], sensitive=field["sensitive"]
            )
            for field in change["fields"]
        ),
        place=file,
    )


def _annotated(plan: Plan, back: WayBack) -> Plan:
    """The plan, with what is left as it is beside the models that it concerns; no other model is its business."""
    return replace(
        plan,
        unmanaged=(),
        changes=tuple(
            replace(change, notes=(*change.notes, *back.notes.get((change.vendor, change.id or change.name), ())))
            for change in plan.changes
        ),
    )

"""A journal or an apply report in; the plan that puts back what that run changed, out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from egpsync.account.listing import fetch_all
from egpsync.core.change import PlanOptions
from egpsync.core.plan import make_plan
from egpsync.core.revert import PastChange, PastField, WayBack, plan_way_back
from egpsync.errors import FileError, WrongTargetError
from egpsync.model.live import MARK
from egpsync.model.plan import Action, Plan, Target
from egpsync.settings import Settings
from egpsync.workflow.plan import Consent, Planned, Watch, connect, guarded, target_of
from egpsync.workflow.validate import Checked

SOURCES = "Give the journal that apply names at its end, or what its --report json=FILE wrote."
ATTEMPTED = frozenset({"applied", "failed", "in_flight", "unknown"})
CUT_SHORT = frozenset({"stale", "not_attempted"})
"""Outcomes of which only a change of several requests can have begun."""


async def plan_revert(file: str, settings: Settings, consent: Consent, watch: Watch) -> Planned:
    """Plan the way back from a run, against the account as it is now. Nothing but GETs is sent.

    Raises FileError where the file is no journal and no report, WrongTargetError where it is of another account.
    """
    target, past = read_run(file)
    ours = target_of(settings)
    if target != ours:
        raise WrongTargetError(
            f"the run was on {target.base_url}, account {target.account_id or 'not set'}; "
            f"the settings mean {ours.base_url}, account {ours.account_id or 'not set'}",
            where=file,
            advice="Give the run's own --base-url and --account-id. Nothing was sent.",
        )
    async with connect(settings, watch.on_attempt) as client:
        live = await fetch_all(client)
    back = plan_way_back(past, live)
    planned = make_plan(back.desired, live, ours)
    plan = guarded(_annotated(planned.plan, back), settings, consent)
    checked = Checked(desired=back.desired, problems=(), texts={file: ""}, models=len(past))
    return Planned(checked=checked, plan=plan, problems=planned.problems, options=PlanOptions())


def read_run(file: str) -> tuple[Target, tuple[PastChange, ...]]:
    """The account of a run, and the changes that it attempted. Raises FileError."""
    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}", where=file, advice=SOURCES) from error
    except UnicodeDecodeError as error:
        raise FileError("is no text in UTF-8", where=file, advice=SOURCES) from error
    try:
        document = _json(text)
        if isinstance(document, dict) and "kind" in document:
            return _from_report(file, document)
        return _from_journal(file, [line for line in map(_json, text.split("\n")) if isinstance(line, dict)])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        why = f" ({error})" if isinstance(error, ValueError) else ""
        raise FileError(
            f"is neither the journal of a run nor the JSON report of one{why}", where=file, advice=SOURCES
        ) from error


def _json(text: str) -> Any:
    """The value; None where it is none, as is the last line of a run that was killed."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _from_report(file: str, report: Mapping[str, Any]) -> tuple[Target, tuple[PastChange, ...]]:
    if report["kind"] not in ("apply", "revert"):
        raise ValueError(f"it is a report of {report['kind']}, which changed nothing")
    if str(report["format_version"]).partition(".")[0] != "1":
        raise ValueError(f"its format has version {report['format_version']}, and this egpsync reads 1")
    past = []
    for change in report["changes"]:
        result = (change.get("outcome") or {}).get("result")
        if result in ATTEMPTED or (result in CUT_SHORT and len(change["requests"]) > 1):
            operations = [_operation(request["body"]) for request in change["requests"]]
            past.append(_past(file, change, change["id"], next(filter(None, operations), None)))
    return _target(report["target"]), tuple(past)


def _from_journal(file: str, lines: Sequence[Mapping[str, Any]]) -> tuple[Target, tuple[PastChange, ...]]:
    begin = next((line for line in lines if line.get("event") == "begin"), None)
    if begin is None:
        raise ValueError("it does not tell what the run was to do")
    if begin["version"] != 1:
        raise ValueError(f"it is a journal of version {begin['version']}, and this egpsync reads 1")
    intents = {line["step"]: line for line in lines if line.get("event") == "intent"}
    made = {line["step"]: line["id"] for line in lines if line.get("event") == "outcome" and line.get("id")}
    past = []
    for change in begin["changes"]:
        if intents.keys() & set(change["steps"]):
            creates = [step for step in change["steps"] if step.endswith("#create")]
            model_id = next((made[step] for step in creates if step in made), change["id"])
            operations = [_operation(intents[step]["body"]) for step in creates if step in intents]
            past.append(_past(file, change, model_id, next(filter(None, operations), None)))
    return _target(begin), tuple(past)


def _target(said: Mapping[str, Any]) -> Target:
    return Target(base_url=said["base_url"], account_id=said["account_id"])


def _operation(body: Any) -> str | None:
    """The operation of a create, from its body; None for any other request."""
    metadata = body.get("model_metadata") if isinstance(body, dict) else None
    mark = metadata.get(MARK) if isinstance(metadata, dict) and "on_conflict" in body else None
    return mark.get("op") if isinstance(mark, dict) else None


def _past(file: str, change: Mapping[str, Any], model_id: str | None, operation: str | None) -> PastChange:
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
        operation=operation,
        place=file,
    )


def _annotated(plan: Plan, back: WayBack) -> Plan:
    """The plan, with what is left as it is beside the models that it concerns; no other model is its business."""
    changes = [
        replace(change, notes=(*change.notes, *back.notes.get((change.vendor, change.id or change.name), ())))
        for change in plan.changes
    ]
    in_order = sorted([*changes, *back.left], key=lambda one: (one.vendor, one.name, one.id or ""))
    return replace(plan, unmanaged=(), changes=tuple(in_order))

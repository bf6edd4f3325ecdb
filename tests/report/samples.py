"""The values that the report's tests render: a plan with every action and hostile names, a run of it, problems."""

from collections.abc import Mapping
from typing import Any

from egpsync.model.live import LiveModel
from egpsync.model.manifest import Problem, Severity
from egpsync.model.plan import (
    Action,
    Capacity,
    Change,
    Create,
    Delete,
    Effect,
    FieldChange,
    Op,
    Plan,
    Refusal,
    Rename,
    Step,
    StepKey,
    Target,
    Update,
)
from egpsync.model.report import Kind, Report, ReportError, ReportHead
from egpsync.model.run import ChangeResult, Failure, Outcome, RunResult
from egpsync.model.values import Source
from egpsync.report.build import build_error, build_plan, build_problems, build_run

SECRET = "hf_SENTINEL_0123456789"
HOSTILE = "a|b<img src=x>]]>`@team`\n::error::x\x1b[31m\u202e##[group]"
TARGET = Target(base_url="https://api.egp.scale.com", account_id="acc-1")
COMMAND = ["serve", "--model", "llama", "--port", "8080", "--max-model-len", "32768", "--tensor-parallel-size", "4"]


def at(line: int, file: str = "configs/models.yaml") -> Source:
    """A place in a manifest."""
    return Source(file=file, line=line, column=5)


def head(kind: str = "plan", *problems: Problem, target: Target | None = None) -> ReportHead:
    """A command over twelve models in three files."""
    return ReportHead(kind=Kind(kind), tool_version="0.1.0", files=3, models=12, problems=problems, target=target)


def live(name: str, vendor: str = "launch", **other: Any) -> LiveModel:
    """A live model whose id is made of its name."""
    return LiveModel(
        id=other.get("id", f"m-{name}"),
        name=name,
        vendor=vendor,
        model_type="generic",
        status=other.get("status", "ready"),
        status_reason="",
        metadata=other.get("metadata", {}),
        configuration=other.get("configuration"),
    )


def field(path: str, before: Any, after: Any, **other: Any) -> FieldChange:
    """A difference at a dotted path, redeploying below vendor_configuration."""
    effect = Effect.REDEPLOY if path.startswith("vendor_configuration") else Effect.IN_PLACE
    return FieldChange(
        path=tuple(path.split(".")),
        op=Op.ADD if before is None else Op.REMOVE if after is None else Op.CHANGE,
        before=before,
        after=after,
        effect=other.get("effect", effect),
        sensitive=other.get("sensitive", False),
        source=other.get("source", at(12)),
        reason=other.get("reason", ""),
    )


def change(action: Action, name: str, *fields: FieldChange, **other: Any) -> Change:
    """One model's part of a plan, with the requests given as (method, body)."""
    held: LiveModel | None = other.get("live", live(name))
    steps = tuple(_step(name, count, held, *one) for count, one in enumerate(other.get("requests", ())))
    return Change(
        action=action,
        vendor=other.get("vendor", "launch"),
        name=name,
        id=held.id if held else None,
        reason=other.get("reason", ""),
        fields=fields,
        steps=steps,
        source=other.get("source", at(10)),
        desired=None,
        live=held,
        notes=other.get("notes", ()),
    )


def _step(name: str, count: int, held: LiveModel | None, method: str, body: Any) -> Step:
    key = StepKey(name, str(count))
    if method == "POST" or held is None:
        return Create(key=key, body=body)
    if method == "DELETE":
        return Delete(key=key, model=held, expects=name)
    if "name" in body:
        return Rename(key=key, model=held, expects=held.name, name=body["name"])
    return Update(key=key, model=held, body=body)


CREATED = change(
    Action.CREATE,
    "embedder",
    field("model_metadata.team", None, "search"),
    field("model_type", None, "generic", effect=Effect.IMMUTABLE, reason="no update body carries model_type"),
    field("vendor_configuration.model_image.command", None, ["serve"]),
    field("vendor_configuration.model_image.env_vars.HF_TOKEN", None, SECRET, sensitive=True),
    field("vendor_configuration.model_image.tag", None, "v2"),
    field("vendor_configuration.model_infra.cpus", None, "4"),
    reason="the account has no launch model 'embedder'",
    live=None,
    requests=[
        (
            "POST",
            {
                "name": "embedder",
                "model_vendor": "launch",
                "model_type": "generic",
                "model_metadata": {"team": "search", "egpsync": {"owner": "platform/models"}},
                "vendor_configuration": {
                    "model_image": {
                        "registry": "reg.example",
                        "repository": "search/embed",
                        "tag": "v2",
                        "command": ["serve"],
                        "env_vars": {"HF_TOKEN": SECRET, "UNSET": None},
                    },
                    "model_infra": {"cpus": "4", "labels": {}},
                },
                "on_conflict": "error",
            },
        )
    ],
)
UPDATED = change(
    Action.UPDATE,
    "ranker",
    field("model_metadata.tier", "gold", "silver"),
    field("model_metadata.temp", True, None, source=at(13)),
    vendor="openai",
    requests=[("PATCH", {"model_metadata": {"tier": "silver", "temp": None}})],
)
REDEPLOYED = change(
    Action.REDEPLOY,
    "summarizer",
    field("vendor_configuration.model_infra.max_workers", 4, 8, source=at(31)),
    field("vendor_configuration.model_image.command", COMMAND, [*COMMAND[:-1], "8"], source=at(25)),
    field("vendor_configuration.model_image.env_vars.HF_TOKEN", "old-" + SECRET, SECRET, sensitive=True),
    field("model_metadata.note", "a\nb", HOSTILE),
    live=live("summariser", configuration={"model_image": {"env_vars": {"HF_TOKEN": "old-" + SECRET}}}),
    notes=("renamed first, alone",),
    requests=[
        ("PATCH", {"name": "summarizer"}),
        (
            "PATCH",
            {
                "model_metadata": {"note": HOSTILE},
                "vendor_configuration": {
                    "model_image": {"command": [*COMMAND[:-1], "8"], "env_vars": {"HF_TOKEN": SECRET}},
                    "model_infra": {"max_workers": 8},
                },
            },
        ),
    ],
)
RENAMED = change(Action.RENAME, "b", live=live("a"), requests=[("PATCH", {"name": "b"})])
RECREATED = change(
    Action.RECREATE,
    "chat",
    field(
        "model_type",
        "completion",
        "chat_completion",
        effect=Effect.IMMUTABLE,
        reason="no update body carries model_type",
    ),
    vendor="llmengine",
    requests=[("POST", {"name": "chat--next"}), ("PATCH", {"name": "chat"}), ("DELETE", None)],
)
DELETED = change(
    Action.DELETE,
    HOSTILE,
    reason="its tombstone stands in the manifest",
    live=live(HOSTILE, id="m-7"),
    requests=[("DELETE", None)],
)
BLOCKED = change(
    Action.BLOCKED, "busy", field("model_metadata.team", None, "nlp"), live=live("busy", status="deploying")
)
UNHEALTHY = change(
    Action.UNHEALTHY, "sick", live=live("sick", status="failed"), reason="the server says: image not found"
)
UNCHANGED = change(Action.UNCHANGED, "calm", notes=("renamed_from can go",))
CHANGES = (CREATED, UPDATED, REDEPLOYED, RENAMED, RECREATED, DELETED, BLOCKED, UNHEALTHY, UNCHANGED)
CAPACITY = {
    "nvidia-ampere-a10": Capacity(minimum_before=1, maximum_before=4, minimum_after=1, maximum_after=8),
    "nvidia-tesla-t4": Capacity(minimum_before=0, maximum_before=0, minimum_after=0, maximum_after=0),
}
REFUSALS = (
    Refusal(
        guard="delete-threshold",
        message="2 of 6 models would be deleted or recreated (33 %, at most 30 % are allowed)",
        consent="--allow-destroy 2",
        model=None,
        source=None,
    ),
    Refusal(
        guard="prevent-destroy",
        message="the model is protected",
        consent="remove lifecycle.prevent_destroy",
        model=("launch", HOSTILE),
        source=at(40),
    ),
)
PROBLEM = Problem(
    rule="unknown-field",
    message='unknown field "tagg"',
    source=Source(file="configs/models.yaml", line=14, column=7),
    excerpt="      tagg: v1.4.2",
    expected="one of command, env_vars, registry, repository, tag",
    suggestion="tag",
    related=at(3, "configs/base.yaml"),
)
WARNING = Problem(
    rule="mutable-tag",
    message="the tag latest is not a version",
    source=Source(file="configs/base.yaml", line=2, column=1),
    excerpt="",
    expected="",
    suggestion="",
    related=None,
    severity=Severity.WARNING,
)


def plan(*changes: Change, **other: Any) -> Plan:
    """A plan for the account acc-1."""
    return Plan(
        target=other.get("target", TARGET),
        changes=changes,
        unmanaged=other.get("unmanaged", (live("stray"),)),
        refusals=other.get("refusals", ()),
        capacity=other.get("capacity", CAPACITY),
        digest="0" * 64,
        live_count=9,
    )


def run(*results: ChangeResult, interrupted: int | None = None) -> RunResult:
    """A run of the plan that its results come from."""
    return RunResult(plan=plan(*(result.change for result in results)), results=results, interrupted=interrupted)


def ended(done: Change, outcome: Outcome, failure: Failure | None = None, note: str = "") -> ChangeResult:
    """How one change ended; a created model has the id m-new."""
    return ChangeResult(change=done, outcome=outcome, id=done.id or "m-new", done=1, failure=failure, note=note)


REJECTED = Failure(
    message=f"vendor_configuration.model_image.env_vars: {SECRET} is too short",
    method="PATCH",
    url="https://api.egp.scale.com/v5/models/m-summariser",
    status=422,
    advice="Mend the field and apply again.",
)
RUN = run(
    ended(CREATED, Outcome.APPLIED),
    ended(REDEPLOYED, Outcome.FAILED, REJECTED),
    ended(UPDATED, Outcome.APPLIED, note="confirmed by reading after a timeout"),
    ended(RENAMED, Outcome.UNKNOWN),
    ended(RECREATED, Outcome.IN_FLIGHT),
    ended(DELETED, Outcome.STALE),
    ended(BLOCKED, Outcome.NOT_ATTEMPTED),
    ended(UNCHANGED, Outcome.NOTHING),
)

REPORTS: Mapping[str, Report] = {
    "plan": build_plan(head(), plan(*CHANGES)),
    "refused": build_plan(head("plan", WARNING), plan(*CHANGES, refusals=REFUSALS)),
    "drift": build_plan(head("drift"), plan(*CHANGES)),
    "apply": build_run(head("apply"), RUN),
    "invalid": build_problems(head("validate", PROBLEM, WARNING)),
    "valid": build_problems(head("validate")),
    "empty": build_plan(head(), plan(UNCHANGED)),
    "errored": build_error(head("drift"), ReportError(what=f"HTTP 503: {HOSTILE}", where="GET x", advice="Again.")),
}
"""Every kind of report, by what came of it."""

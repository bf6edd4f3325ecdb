"""Plain entries and items in, the values that core speaks out: manifests without YAML, live models without HTTP."""

from collections.abc import Mapping
from typing import Any

from egpsync.account.listing import parse_model
from egpsync.account.requests import CREATED, request_of, requests_of
from egpsync.core.change import PlanOptions
from egpsync.core.plan import Comparison, make_plan
from egpsync.manifest.desired import desired
from egpsync.manifest.merge import merge
from egpsync.model.live import Live, LiveModel
from egpsync.model.manifest import Desired, DesiredModel, Document, Documents
from egpsync.model.plan import Change, Plan, Target, Wait, live_model_of
from tests.manifest.texts import node_of_lines

TARGET = Target(base_url="https://api.egp.scale.com", account_id="acc-1")
IMAGE: dict[str, Any] = {"registry": "reg.example", "repository": "nlp/sum", "tag": "v1", "command": ["serve"]}
INFRA: dict[str, Any] = {
    "cpus": "4",
    "gpus": 1,
    "gpu_type": "nvidia-ampere-a10",
    "memory": "8Gi",
    "min_workers": 0,
    "max_workers": 2,
}
LAUNCH: dict[str, Any] = {"model_image": IMAGE, "model_infra": INFRA}


def entry(name: str, vendor: str = "openai", **other: Any) -> dict[str, Any]:
    """One item of a manifest's `models`."""
    return {"name": name, "model_vendor": vendor, **other}


def item(model_id: str, name: str, vendor: str = "openai", **other: Any) -> dict[str, Any]:
    """One model as the server answers it: hosted, ready and empty where nothing else is said."""
    return {
        "id": model_id,
        "object": "model",
        "name": name,
        "model_vendor": vendor,
        "model_type": {"launch": "generic", "llmengine": "chat_completion"}.get(vendor, "completion"),
        "model_metadata": {},
        "vendor_configuration": None,
        "status": "ready",
        **other,
    }


def launched(model_id: str, name: str, **other: Any) -> dict[str, Any]:
    """A launch model with the configuration LAUNCH."""
    return item(model_id, name, "launch", **{"vendor_configuration": LAUNCH, **other})


def desired_of(*entries: Mapping[str, Any], owner: str | None = None) -> Desired:
    """What a manifest with these models wants; each value stands on a line of its own."""
    value = {"version": 1, "models": list(entries), **({"owner": owner} if owner else {})}
    document = Document(file="a.yaml", root=node_of_lines(value))
    return desired(merge(Documents(documents=(document,), problems=(), files={})))


def desired_model(name: str, vendor: str = "openai", **other: Any) -> DesiredModel:
    """One model that a manifest wants."""
    return desired_of(entry(name, vendor, **other)).models[0]


def live_model(found: Mapping[str, Any]) -> LiveModel:
    """One model from the server's JSON."""
    return parse_model(found, method="GET", url="")


def live_of(*items: Mapping[str, Any]) -> Live:
    """An account, in the order that the listing's reader gives it."""
    models = map(live_model, items)
    return Live(models=tuple(sorted(models, key=lambda model: (model.vendor, model.name, model.id))))


def planned_of(entries: list[Any], items: list[Any], owner: str | None = None, **options: Any) -> Comparison:
    """The plan for the entries of one manifest against an account."""
    return make_plan(desired_of(*entries, owner=owner), live_of(*items), TARGET, PlanOptions(**options))


def plan_of(entries: list[Any], items: list[Any], owner: str | None = None, **options: Any) -> Plan:
    """The same for manifests with which nothing is wrong."""
    planned = planned_of(entries, items, owner, **options)
    assert planned.problems == ()
    return planned.plan


def only_change(entries: list[Any], items: list[Any], owner: str | None = None, **options: Any) -> Change:
    """The plan's one change."""
    (change,) = plan_of(entries, items, owner, **options).changes
    return change


def sent(plan: Plan) -> list[tuple[str, str, Any]]:
    """Every request of the plan as method, path, body."""
    return [(one.method, one.path, one.body) for change in plan.changes for one in requests_of(change)]


def steps_in_words(change: Change) -> list[str]:
    """The change's steps, one short line each."""
    return [
        f"wait {model.id if (model := live_model_of(step)) else CREATED} {step.until}"
        if isinstance(step, Wait)
        else "{0.method} {0.path}".format(request_of(step))
        for step in change.steps
    ]

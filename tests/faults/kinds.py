"""The faults of the matrix: what goes wrong, at which of a step's requests, and what the run must make of it."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from egpsync.emulator.faults import (
    GATEWAY_PAGE,
    Answer,
    Cut,
    Hang,
    Intervene,
    Kind,
    Rewritten,
    Rule,
    TooMany,
    Truncated,
)
from egpsync.emulator.log import Entry
from egpsync.emulator.store import Store
from tests.faults.account import Refusing
from tests.faults.steps import BESIDE, GPT, STEPS, Step
from tests.faults.truth import STATUS
from tests.workflow.samples import hosted, launch

ALL = frozenset(STEPS)
DEPLOYING = frozenset(
    {"configuration", "of a deploying model", "configuration after a rename", "create", "recreate: create"}
)
"""Steps whose request begins a deployment."""
ON_LIVE = ALL - {"create"}
NO_IF_MATCH = "the API has no If-Match: what is done between our reading and our request is not seen by it"
GONE_WITH_IT = dict.fromkeys(("recreate: swap", "recreate: delete"), NO_IF_MATCH)
WHOLE_MAP = dict.fromkeys(
    ("metadata", "configuration after a rename", *GONE_WITH_IT), f"{NO_IF_MATCH}, and a map travels whole"
)
RACED = dict.fromkeys(ALL, NO_IF_MATCH)
Rules = Callable[[Step], tuple[Rule, ...]]
Act = Callable[[Store], object]
Model = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of trouble."""

    rules: Rules = lambda _: ()  # while the plan is carried out
    act: Act | None = None  # what somebody else does
    first: bool = False  # they do it between the plan and the run
    refusing: Callable[[Step], Refusing] | None = None
    paging: Act | None = None  # what somebody else does while the plan's listing is paged
    switches: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 5.0  # of a request, in our seconds
    passes: bool = True  # the run must come to its end all the same
    moved: bool = False  # somebody else changes a model after we did, or while we do
    steps: frozenset[str] = ALL
    raced: Mapping[str, str] = field(default_factory=dict)  # steps in which what they did can be lost, and why
    refused: Mapping[str, str] = field(default_factory=dict)  # steps whose re-run is refused, and by which guard


def _write(kind: Kind, **more: Any) -> Fault:
    """The step's request meets it once."""
    return Fault(rules=lambda step: (Rule(where=step.is_met, nth=(1,), kind=kind),), **more)


def _writes(kind: Kind, **more: Any) -> Fault:
    """Every one of the step's requests meets it."""
    return Fault(rules=lambda step: (Rule(where=step.is_met, kind=kind),), passes=False, **more)


def _read(kind: Kind, **more: Any) -> Fault:
    """The first reading of a step's model meets it."""
    return Fault(rules=lambda step: (Rule(method="GET", where=step.is_about_it, nth=(1,), kind=kind),), **more)


def _reads(kind: Kind, **more: Any) -> Fault:
    """Every reading of a step's models meets it."""
    return Fault(rules=lambda step: (Rule(method="GET", where=step.is_about_it, kind=kind),), passes=False, **more)


def _reads_after(kind: Kind, answer: Kind) -> Fault:
    """The step's request meets one, and every reading after it the other."""

    def rules(step: Step) -> tuple[Rule, ...]:
        sent: list[Entry] = []

        def after(entry: Entry) -> bool:
            sent.extend([entry] if step.is_met(entry) else [])
            return bool(sent) and entry.method == "GET" and step.is_about_it(entry)

        return (Rule(where=after, kind=answer), Rule(where=step.is_met, nth=(1,), kind=kind))

    return Fault(rules=rules, passes=False)


def _dropped(step: Step) -> tuple[Rule, ...]:
    """The server accepts the request and holds what it held before, or something else; its answer says so."""
    held: dict[str, Model] = {}
    now: dict[str, Model] = {}

    def remember(store: Store) -> None:
        held.update({model["id"]: _bare(model) for model in store.models()})

    def put_back(store: Store) -> None:
        for model in store.models():
            if model["id"] != BESIDE:
                other = {"model_metadata": {**model["model_metadata"], "team": "dropped"}}
                store.edit(model["id"], held.get(model["id"], other))
            now[model["id"]] = store.model(model["id"])

    return (
        Rule(where=step.is_met, nth=(1,), kind=Intervene(action=remember)),
        Rule(where=step.is_met, nth=(1,), kind=Intervene(action=put_back, after=True)),
        Rule(where=step.is_met, nth=(1,), kind=Rewritten(change=lambda answer: now[answer["id"]])),
    )


def _bare(model: Model) -> Model:
    return {key: value for key, value in model.items() if key not in STATUS}


def _ends_as(status: str) -> Fault:
    """The deployment that the step's request begins ends in this status."""

    def act(store: Store) -> None:
        for model in store.models():
            if model["status"] == "deploying":
                store.deploy(model["id"], seconds=0.03, outcome=status, reason="no capacity")

    def rules(step: Step) -> tuple[Rule, ...]:
        return (Rule(where=step.is_met, nth=(1,), kind=Intervene(action=act, after=True)),)

    return Fault(rules=rules, passes=False, steps=DEPLOYING)


def _somebody(what: str, action: Act, *, raced: Mapping[str, str] | None = None, **more: Any) -> dict[str, Fault]:
    """Somebody else acts: between the plan and the run, between our reading and our request, or after the request."""
    kinds = {"before": Intervene(action=action), "after": Intervene(action=action, after=True)}

    def rules(kind: str) -> Rules:
        return lambda step: (Rule(where=step.is_met, nth=(1,), kind=kinds[kind]),)

    given: dict[str, Any] = {"act": action, "passes": False, "steps": ON_LIVE} | more
    late = {**given, "moved": True, "raced": raced or {}}
    after = {**late, "steps": given["steps"] - {"delete", "recreate: delete"}}
    return {
        f"somebody {what} before the run": Fault(first=True, **given),
        f"somebody {what} before the request": Fault(rules=rules("before"), **late),
        f"somebody {what} after the request": Fault(rules=rules("after"), **after),
    }


def _edits(metadata: Model, image: Model, infra: Model) -> Act:
    def act(store: Store) -> None:
        model = store.model(GPT)
        configuration = model["vendor_configuration"]
        parts = {
            "model_image": {**configuration["model_image"], **image},
            "model_infra": {**configuration["model_infra"], **infra},
        }
        changes = {"model_metadata": {**model["model_metadata"], **metadata}, "vendor_configuration": parts}
        store.edit(GPT, changes)

    return act


def _takes_the_name(store: Store) -> None:
    store.add(launch("gpt", id="id-taken", model_metadata={"theirs": 3}))


def _replaces_the_stranger(store: Store) -> None:
    store.remove("id-stranger")
    store.add(hosted("newcomer", id="id-new"))


def _paging(what: str, action: Act) -> dict[str, Fault]:
    """Somebody else acts while the account is listed for the plan, a page for two models."""
    return {f"while it is listed, {what}": Fault(paging=action, switches={"page_cap": 1}, passes=False)}


BROKEN = {"error": "Internal error occurred"}
BUSY = Answer(status=503, body={"detail": "Message broker temporarily unavailable"})
NOT_ACTED: Mapping[str, Kind] = {
    "408": Answer(status=408, body={"detail": "Request timeout"}),
    "425": Answer(status=425, body={"detail": "Too early"}),
    "429, in seconds": TooMany(seconds=1),
    "429, until a date": TooMany(seconds=2, retry_after="date"),
    "429, in milliseconds": TooMany(seconds=1.5, retry_after="milliseconds"),
    "500": Answer(status=500, body=BROKEN),
    "502, a page": Answer(status=502, body=GATEWAY_PAGE),
    "503": BUSY,
    "504": Answer(status=504, body=GATEWAY_PAGE),
    "connection cut": Cut(),
    "connection reset": Cut(reset=True),
}
ACTED_ALL_THE_SAME: Mapping[str, Kind] = {
    "500": Answer(status=500, body=BROKEN, after=True),
    "502, a page": Answer(status=502, body=GATEWAY_PAGE, after=True),
    "503": Answer(status=503, body={}, after=True),
    "504": Answer(status=504, body=GATEWAY_PAGE, after=True),
    "truncated": Truncated(),
    "200, a page": Answer(status=200, body="<html>", after=True),
    "connection cut": Cut(after=True),
    "connection reset": Cut(after=True, reset=True),
    "connection cut while answering": Cut(after=True, partial=True),
}
ALWAYS: Mapping[str, Kind] = {
    "429, in seconds": TooMany(seconds=1),
    "500": Answer(status=500, body=BROKEN),
    "503": BUSY,
    "422": Answer(status=422, body={"detail": "not today"}),
    "200, a page": Answer(status=200, body="<html>"),
    "connection cut": Cut(),
}
HANG = Hang(seconds=3600)
HANG_AFTER = Hang(seconds=3600, after=True)
HANGS = 0.25  # our seconds

FAULTS: Mapping[str, Fault] = {
    **{f"the request: {name}": _write(kind) for name, kind in NOT_ACTED.items()},
    "the request: 200, a page": _write(Answer(status=200, body="<html>")),
    "the request: no answer": _write(HANG, timeout=HANGS),
    **{f"the request, acted: {name}": _write(kind) for name, kind in ACTED_ALL_THE_SAME.items()},
    "the request, acted: no answer": _write(HANG_AFTER, timeout=HANGS),
    **{f"each request: {name}": _writes(kind) for name, kind in ALWAYS.items()},
    **{f"the reading: {name}": _read(kind) for name, kind in NOT_ACTED.items()},
    "the reading: truncated": _read(Truncated()),
    "the reading: no answer": _read(HANG, timeout=HANGS),
    "the reading: 200, a page": _read(Answer(status=200, body="<html>"), passes=False),
    "each reading: 500": _reads(Answer(status=500, body=BROKEN)),
    "each reading: connection cut": _reads(Cut()),
    "cut, and no reading after": _reads_after(Cut(), Answer(status=500, body=BROKEN)),
    "cut when acted, and no reading after": _reads_after(Cut(after=True), Cut()),
    "refused from the start": Fault(refusing=lambda _: Refusing(method="", name="", seconds=0.01)),
    "refused at the request": Fault(refusing=lambda step: Refusing(method=step.method, name=step.name, seconds=0.03)),
    "refused for good": Fault(
        refusing=lambda step: Refusing(method=step.method, name=step.name, seconds=60), passes=False
    ),
    **_somebody("deletes it", lambda store: store.remove(GPT), refused={"exchange": "unknown-id"}),
    **_somebody("edits what is declared", _edits({"team": "z"}, {"tag": "v9"}, {})),
    **_somebody("edits an undeclared field", _edits({}, {}, {"max_workers": 7}), raced=GONE_WITH_IT),
    **_somebody("edits an undeclared key", _edits({"theirs": 2, "more": 1}, {}, {}), raced=WHOLE_MAP),
    **_somebody("renames it", lambda store: store.edit(GPT, {"name": "elsewhere"}), raced=RACED),
    **_somebody("deploys it", lambda store: store.deploy(GPT, seconds=0.05)),
    "somebody takes the name before the run": Fault(
        act=_takes_the_name,
        first=True,
        passes=False,
        steps=frozenset({"create", "rename", "configuration after a rename"}),
        refused={"rename": "ambiguous-rename", "configuration after a rename": "ambiguous-rename"},
    ),
    "its deployment fails": _ends_as("failed"),
    "its deployment times out": _ends_as("deployment_timeout"),
    "the server drops it": Fault(rules=_dropped, passes=False, moved=True, steps=ALL - {"delete", "recreate: delete"}),
    "reads lag behind": Fault(switches={"stale_seconds": 0.08}),
    "reads lag behind, and the answer is lost": dataclasses.replace(
        _write(Cut(after=True)), switches={"stale_seconds": 0.08}, passes=False
    ),
    "reads lag behind, and a gateway says 503": dataclasses.replace(
        _write(Answer(status=503, body=GATEWAY_PAGE, after=True)), switches={"stale_seconds": 0.08}, passes=False
    ),
    **_paging("a model is deleted", lambda store: store.remove("id-stranger")),
    **_paging("a model is created", lambda store: store.add(hosted("newcomer", id="id-new"))),
    **_paging("the cursor's model is deleted", lambda store: store.remove(store.models()[-1]["id"])),
    **_paging("one is deleted and one created", _replaces_the_stranger),
}

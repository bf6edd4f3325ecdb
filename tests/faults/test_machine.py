"""One account and its manifests, edited, disturbed, applied and crashed in any order: generated, and repeatable."""

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from egpsync.core.change import PlanOptions
from egpsync.emulator.faults import Answer, Cut, Intervene, Kind, Rule, TooMany, Truncated
from egpsync.emulator.server import Setup, serve
from egpsync.emulator.switches import Switches
from egpsync.model.plan import Action, Plan, live_model_of
from egpsync.model.run import Outcome
from tests.faults.account import Account
from tests.faults.actors import DEPLOYS, creates, deletes, deploys, edits, renames
from tests.faults.kinds import BROKEN, BUSY, Act
from tests.faults.steps import GPUS
from tests.faults.truth import lies, made_twice, sent_blindly, undeclared
from tests.workflow.samples import hosted, launch

NAMES = st.sampled_from(["a", "b", "c", "d"])
VALUES = st.sampled_from([1, 2, "x"])
KEYS = st.sampled_from(["ours", "more"])
INDEX = st.integers(0, 5)
METHODS = st.sampled_from(["GET", "POST", "PATCH", "DELETE"])
KINDS: Mapping[str, Kind] = {
    "500": Answer(status=500, body=BROKEN),
    "502 after": Answer(status=502, body="<html>", after=True),
    "503": BUSY,
    "429": TooMany(seconds=1),
    "422": Answer(status=422, body={"detail": "not today"}),
    "a page": Answer(status=200, body="<html>", after=True),
    "truncated": Truncated(),
    "cut": Cut(),
    "cut after": Cut(after=True),
    "reset after": Cut(after=True, reset=True),
}
REFUSALS = {
    "ambiguous-rename",
    "claimed-twice",
    "empty-manifests",
    "foreign-owner",
    "name-taken",
    "unknown-id",
    "unpinned-ring",
}
"""The guards that can trip here; every other one is consented to beforehand."""

Model = dict[str, Any]


class Story(RuleBasedStateMachine):
    """What happens to an account over time."""

    def __init__(self) -> None:
        super().__init__()
        self.open = contextlib.ExitStack()
        self.entries: dict[str, Model] = {}
        self.account: Account

    @initialize(
        maps=st.sampled_from(["replace", "merge"]),
        bodies=st.sampled_from(["lenient", "strict"]),
        status=st.sampled_from([409, 400]),
        page_cap=st.sampled_from([2, 1000]),
        prune=st.booleans(),
    )
    def begin(self, maps: Any, bodies: Any, status: int, page_cap: int, prune: bool) -> None:
        """An account with a managed model of each kind, and a stranger."""
        seed = (
            hosted("a", model_metadata={"ours": 1, "theirs": 1}),
            launch("b", model_metadata={"theirs": 1}, image={"env_vars": {"THEIRS": "1"}}),
            hosted("stranger", model_metadata={"theirs": 1}),
        )
        switches = Switches(
            maps=maps, bodies=bodies, deploying_status=status, page_cap=page_cap, deploy_seconds=DEPLOYS
        )
        running = self.open.enter_context(serve(Setup(seed=seed, switches=switches)))
        self.entries = {"a": hosted("a", model_metadata={"ours": 2}), "b": launch("b", image={"tag": "v2"})}
        self.account = Account(running=running, entries=[], owner="me", options=PlanOptions(prune=prune))

    def teardown(self) -> None:
        """End as a quiet account does, and leave."""
        if hasattr(self, "account"):
            self.settle()
        self.open.close()

    # --- the manifests are edited

    @rule(name=NAMES, deployed=st.booleans(), value=VALUES)
    def declare(self, name: str, deployed: bool, value: Any) -> None:
        """A model that may or may not be there is declared."""
        made = launch(name) if deployed else hosted(name)
        if name not in self.entries:
            self.entries[name] = {**made, "model_metadata": {"ours": value}}

    @rule(name=NAMES)
    def undeclare(self, name: str) -> None:
        """An entry goes."""
        self.entries.pop(name, None)

    @rule(name=NAMES)
    def bury(self, name: str) -> None:
        """An entry becomes a tombstone."""
        if name in self.entries:
            vendor = self.entries[name]["model_vendor"]
            self.entries[name] = {"name": name, "model_vendor": vendor, "state": "absent"}

    @rule(name=NAMES, key=KEYS, value=VALUES)
    def declare_key(self, name: str, key: str, value: Any) -> None:
        """A key of the metadata is set."""
        if entry := self._present(name):
            entry["model_metadata"] = {**entry.get("model_metadata", {}), key: value}

    @rule(name=NAMES, key=KEYS)
    def undeclare_key(self, name: str, key: str) -> None:
        """A key of the metadata is left alone from now on."""
        if entry := self._present(name):
            entry["model_metadata"] = {k: v for k, v in entry.get("model_metadata", {}).items() if k != key}

    @rule(name=NAMES, tag=st.sampled_from(["v1", "v2", "v3"]), gpus=st.booleans())
    def declare_configuration(self, name: str, tag: str, gpus: bool) -> None:
        """A tag is set; GPUs where there were none need another model."""
        if (entry := self._present(name)) and entry["model_vendor"] == "launch":
            made = launch(name, image={"tag": tag}, infra=GPUS if gpus else None)
            entry["vendor_configuration"] = made["vendor_configuration"]

    @rule(name=NAMES, to=NAMES)
    def rename(self, name: str, to: str) -> None:
        """An entry gets another name, and says which one it had."""
        if self._present(name) and to not in self.entries:
            entry = self.entries.pop(name)
            self.entries[to] = {**entry, "name": to, **({} if "id" in entry else {"renamed_from": name})}

    @rule(name=NAMES)
    def settle_the_rename(self, name: str) -> None:
        """What is renamed need not say so any more."""
        if name in self.entries:
            self.entries[name].pop("renamed_from", None)

    @rule(name=NAMES)
    def pin(self, name: str) -> None:
        """An entry is given the id of its model."""
        if entry := self._present(name):
            found = [
                one for one in self._models() if (one["model_vendor"], one["name"]) == (entry["model_vendor"], name)
            ]
            entry |= {"id": found[0]["id"]} if found and "renamed_from" not in entry else {}

    @rule(one=NAMES, two=NAMES)
    def exchange(self, one: str, two: str) -> None:
        """Two entries with ids exchange their names."""
        first, second = self._present(one), self._present(two)
        if first and second and one != two and "id" in first and "id" in second:
            self.entries |= {one: {**second, "name": one}, two: {**first, "name": two}}

    # --- others act on the account

    @rule(index=INDEX, key=st.sampled_from(["ours", "theirs"]), value=VALUES)
    def somebody_edits(self, index: int, key: str, value: Any) -> None:
        """A key that is declared, or one that is not."""
        self._act(edits(self._pick(index), key, value))

    @rule(index=INDEX)
    def somebody_deletes(self, index: int) -> None:
        """A model goes."""
        self._act(deletes(self._pick(index)))

    @rule(name=NAMES, foreign=st.booleans())
    def somebody_creates(self, name: str, foreign: bool) -> None:
        """A model of a name that may be wanted; perhaps with another owner's mark."""
        self._act(creates(name, {"egpsync": {"owner": "them"}} if foreign else {"theirs": 1}))

    @rule(index=INDEX, name=st.one_of(NAMES, st.just("e")))
    def somebody_renames(self, index: int, name: str) -> None:
        """To a free name."""
        self._act(renames(self._pick(index), name))

    @rule(index=INDEX)
    def somebody_deploys(self, index: int) -> None:
        """A model of the platform's own is deploying for a moment."""
        self._act(deploys(self._pick(index)))

    # --- egpsync runs

    @rule()
    def plan(self) -> None:
        """Planning sends nothing, and says the same twice."""
        before = len(self.account.running.log.changes)
        time.sleep(2 * DEPLOYS)
        assert self._planned().changes == self._planned().changes
        assert len(self.account.running.log.changes) == before

    @rule()
    def apply(self) -> None:
        """An undisturbed run."""
        self._apply(self._planned())

    @rule(kind=st.sampled_from(sorted(KINDS)), method=METHODS, nth=st.integers(1, 4), times=st.sampled_from([1, 1, 30]))
    def apply_with_a_fault(self, kind: str, method: str, nth: int, times: int) -> None:
        """Once, or from there on."""
        plan = self._planned()
        self.account.running.faults.add(Rule(method=method, nth=range(nth, nth + times), kind=KINDS[kind]))
        self._apply(plan)

    @rule(
        index=INDEX,
        what=st.sampled_from(["edits", "deletes", "renames", "deploys"]),
        after=st.booleans(),
        nth=st.integers(1, 3),
    )
    def apply_while_somebody_acts(self, index: int, what: str, after: bool, nth: int) -> None:
        """At one of the requests that change something."""
        plan, picked = self._planned(), self._pick(index)
        act = {
            "edits": edits(picked, "theirs", "late"),
            "deletes": deletes(picked),
            "renames": renames(picked, "e"),
            "deploys": deploys(picked),
        }[what]
        writes = Rule(where=lambda entry: entry.method != "GET", nth=(nth,), kind=Intervene(action=act, after=after))
        self.account.running.faults.add(writes)
        self._apply(plan, moved=picked)

    @rule(after=st.integers(1, 12))
    def crash(self, after: int) -> None:
        """A run is stopped dead."""
        plan = self._planned()
        before = self._models()
        if not self.account.refusals(plan):
            begun = len(self.account.running.log.entries)
            self.account.crash(plan, after)
            time.sleep(0.01)  # what was on its way has arrived
            assert made_twice(self.account.running.log.entries[begun:]) == []
            self._nothing_else_moved(plan, before)

    @rule()
    def settle(self) -> None:
        """Without faults and others, two runs leave what is declared, or a refusal says why not."""
        time.sleep(4 * DEPLOYS)
        for _ in range(2):
            plan = self._planned()
            if self.account.refusals(plan) or plan.empty:
                break
            assert self._apply(plan) <= {Outcome.APPLIED, Outcome.NOTHING}
        plan = self._planned()
        assert plan.empty or self.account.refusals(plan)

    # --- how it is looked at

    def _planned(self) -> Plan:
        self.account.entries = list(self.entries.values())
        planned = self.account.planned()
        assert planned.problems == ()
        assert self.account.refusals(planned.plan) <= REFUSALS
        return planned.plan

    def _apply(self, plan: Plan, moved: str = "") -> set[Outcome]:
        before = self._models()
        if self.account.refusals(plan):
            self.account.running.faults.clear()
            return set()
        ran = self.account.run(plan)
        self.account.running.faults.clear()
        assert lies(ran, moved=bool(moved)) == []
        assert sent_blindly(ran.entries) == []
        assert made_twice(ran.entries) == []
        self._nothing_else_moved(plan, [model for model in before if model["id"] != moved])
        return {result.outcome for result in ran.result.results}

    def _nothing_else_moved(self, plan: Plan, before: list[Model]) -> None:
        """What no change is about is as it was; of the rest, what is not declared."""
        after = self.account.models()
        meant = {change.id: change for change in plan.changes}
        named = {held.id for change in plan.changes for step in change.steps if (held := live_model_of(step))}
        for model in before:
            change, now = meant.get(model["id"]), after.get(model["id"])
            if change is None and model["id"] not in named:
                assert now is not None
                assert undeclared(now, None) == undeclared(model, None)
            elif change is not None and change.action not in {Action.DELETE, Action.RECREATE}:
                assert now is not None
                fields = change.desired.fields if change.desired else {}
                assert undeclared(now, fields) == undeclared(model, fields)

    def _present(self, name: str) -> Model | None:
        entry = self.entries.get(name)
        return entry if entry is not None and "state" not in entry else None

    def _models(self) -> list[Model]:
        return self.account.running.store.models()

    def _pick(self, index: int) -> str:
        models = self._models()
        return str(models[index % len(models)]["id"]) if models else ""

    def _act(self, act: Act) -> None:
        act(self.account.running.store)


Story.TestCase.settings = settings(
    derandomize=True,
    max_examples=50,
    stateful_step_count=20,
    phases=[Phase.generate],  # a failure's steps are printed as they were: shrinking would run for minutes
    suppress_health_check=list(HealthCheck),
)
TestStory = Story.TestCase

"""What the workflow's tests share: a repository of manifests beside an emulated account, planned and applied."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from egpsync.core.change import PlanOptions
from egpsync.emulator.log import Entry
from egpsync.emulator.server import Running
from egpsync.model.plan import Plan
from egpsync.model.run import ChangeResult, Event, Outcome, RunResult
from egpsync.run.context import Pace
from egpsync.settings import Settings, load_settings
from egpsync.workflow.apply import apply
from egpsync.workflow.plan import Consent, Planned, Watch, plan

KEY = "key-SENTINEL-7319"
FAST = Pace(deployment=5.0, first_poll=0.01, longest_poll=0.02, settle=0.1)
IMAGE = {"registry": "reg.example", "repository": "nlp/sum", "tag": "v1", "command": ["serve"]}


def hosted(name: str, **more: Any) -> dict[str, Any]:
    """A model of a hosted vendor, for a seed or a manifest."""
    return {"name": name, "model_vendor": "openai", "model_type": "chat_completion", **more}


def launch(name: str, *, image: dict[str, Any] | None = None, infra: dict[str, Any] | None = None, **more: Any) -> Any:
    """A launch model, for a seed or a manifest."""
    configuration = {"model_image": {**IMAGE, **(image or {})}, "model_infra": {"cpus": "2", **(infra or {})}}
    return {"name": name, "model_vendor": "launch", "vendor_configuration": configuration, **more}


class Repository:
    """Manifests that want `models`, and the account that `running` holds."""

    def __init__(self, folder: Path, running: Running, *models: dict[str, Any]) -> None:
        self.running = running
        self.state = str(folder / "state")
        self.file = folder / "models.yaml"
        self.file.write_text(json.dumps({"version": 1, "models": models}), encoding="utf-8")
        self.events: list[Event] = []
        self.stop = asyncio.Event()

    def settings(self, **flags: Any) -> Settings:
        """Settings for the account, with such flags."""
        given = {"base_url": self.running.base_url, "limit_percent": 100, "limit_count": 999, "state_dir": self.state}
        return load_settings(given | flags, {"SGP_API_KEY": KEY})

    def planned(self, options: PlanOptions | None = None, consent: Consent | None = None, **flags: Any) -> Planned:
        """What planning finds."""
        options = options or PlanOptions()
        return asyncio.run(plan([str(self.file)], self.settings(**flags), options, consent or Consent(), Watch()))

    def plan(self, **flags: Any) -> Plan:
        """The plan, which has no problems and no refusals."""
        planned = self.planned(**flags)
        assert planned.problems == ()
        assert planned.plan is not None
        assert planned.plan.refusals == ()
        return planned.plan

    def apply(
        self,
        plan: Plan | None = None,
        *,
        pace: Pace = FAST,
        options: PlanOptions | None = None,
        progress: Callable[[Event], None] | None = None,
        **flags: Any,
    ) -> RunResult:
        """Carry out a plan, a fresh one unless it is given."""
        plan = plan or self.plan()
        watch = Watch(progress=progress or self.events.append, stop=self.stop)
        return asyncio.run(apply(plan, self.settings(**flags), options or PlanOptions(), watch, pace))

    def sent(self) -> list[tuple[str, str, Any]]:
        """The server's own account of every request that was no GET: method, the model's name now, body."""
        return [(entry.method, self.name_of(entry), entry.body) for entry in self.running.log.changes]

    def name_of(self, entry: Entry) -> str:
        """The name that the model of a request has now; its path where it has none."""
        model_id = entry.path.rpartition("/")[2]
        return next((str(one["name"]) for one in self.running.store.models() if one["id"] == model_id), entry.path)

    def path(self, name: str) -> str:
        """The path of the live model of that name."""
        return f"/v5/models/{self.running.store.named(name)['id']}"

    def live(self, name: str) -> dict[str, Any]:
        """The live model of that name."""
        return self.running.store.named(name)


def outcomes(run: RunResult) -> dict[str, Outcome]:
    """How each model ended."""
    return {result.change.name: result.outcome for result in run.results}


def result_of(run: RunResult, name: str) -> ChangeResult:
    """How one model ended, in full."""
    return next(result for result in run.results if result.change.name == name)


def message_of(run: RunResult, name: str) -> str:
    """Why one model did not end as planned."""
    failure = result_of(run, name).failure
    return failure.message if failure else ""

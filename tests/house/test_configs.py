"""The example repository: valid, and the story that configs/README.md tells about its seed."""

from pathlib import Path

import pytest

from egpsync.account.listing import parse_model
from egpsync.core.guard import Limits, check_guards
from egpsync.core.plan import Comparison, make_plan
from egpsync.emulator import seed
from egpsync.emulator.store import Store
from egpsync.emulator.switches import Switches
from egpsync.manifest.desired import desired
from egpsync.manifest.merge import merge
from egpsync.model.live import Live
from egpsync.model.plan import Target
from tests.manifest.texts import all_problems, from_paths


@pytest.fixture
def planned(root: Path) -> Comparison:
    """The plan of the example manifests against the seed, as the account holds it at first."""
    store = Store()
    seed.plant(store, seed.read(root / "configs" / "demo" / "seed.json"), Switches())
    live = (parse_model(model, method="GET", url="/v5/models") for model in store.models())
    account = Live(models=tuple(sorted(live, key=lambda model: (model.vendor, model.name, model.id))))
    return make_plan(
        desired(merge(from_paths([str(root / "configs" / "models")]))),
        account,
        Target(base_url="http://127.0.0.1", account_id=None),
    )


def test_the_manifests_are_valid(root: Path) -> None:
    """Reading everything below configs/models/ finds no problem."""
    documents = from_paths([str(root / "configs" / "models")])
    assert [Path(document.file).name for document in documents.documents] == ["chat.yaml", "nlp.yaml", "vision.yaml"]
    assert all_problems(documents) == ()


def test_the_seed_differs_as_its_readme_says(planned: Comparison) -> None:
    """Every kind of action that an ordinary day brings is in the plan."""
    assert {change.name: str(change.action) for change in planned.plan.changes} == {
        "caption-stream": "unchanged",
        "chat-code": "redeploy",
        "chat-general": "unchanged",
        "claude-sonnet": "update",
        "command-r": "unchanged",
        "defect-finder": "redeploy",
        "document-ocr": "redeploy",
        "entity-tagger": "blocked",
        "gemini-flash": "unchanged",
        "gpt-4o": "unchanged",
        "image-tagger": "create",
        "intent-router": "rename",
        "language-id": "unchanged",
        "object-detector": "unchanged",
        "sentiment": "update",
        "summarizer": "unchanged",
        "text-embedder": "redeploy",
        "transcriber": "unchanged",
    }
    assert [model.name for model in planned.plan.unmanaged] == ["toxicity-experiment"]


def test_nothing_forbids_applying_it(planned: Comparison) -> None:
    """The example is applied without any consent: no problem, no refusal, no guard."""
    assert (planned.problems, planned.plan.refusals, check_guards(planned.plan, Limits())) == ((), (), ())

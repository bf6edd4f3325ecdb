"""A folder of manifests: names of files, references to secrets, templates; and that it means what the account holds."""

import random
import re
from typing import Any

import pytest

from egpsync.core.plan import make_plan
from egpsync.manifest.find import PROJECT, Found
from egpsync.manifest.folder import RESERVED, TEMPLATES, Folder, Layout, write_folder
from egpsync.model.live import Live
from egpsync.settings import Secrets, Settings
from egpsync.workflow.validate import compiled
from tests.core.build import TARGET, item, live_of

SIZES: list[dict[str, Any]] = [
    {"cpus": "2", "memory": "8Gi"},
    {"cpus": "4", "memory": "16Gi", "gpus": 1, "gpu_type": "nvidia-tesla-t4"},
]
NAMES = [
    "ranker",
    "Ranker",
    "con",
    "..",
    ".hidden",
    "a/b",
    "a b",
    "é",
    "x" * 63,
    "${X}",
    "templates",
    "model",
    "egpsync",
]


def live_models(count: int, seed: int) -> Live:
    """An account of all families, in which much is alike."""
    chance = random.Random(seed)
    items: list[dict[str, Any]] = []
    for number in range(count):
        vendor = chance.choice(["launch", "launch", "llmengine", "openai", "cohere"])
        name = NAMES[number] if number < len(NAMES) else f"model-{number}"
        metadata = {"team": chance.choice(["a", "b"]), "tier": chance.choice(["gold", "$${x}", 1, True])}
        configuration: Any = None
        if vendor == "launch":
            image: dict[str, Any] = {
                "registry": "r",
                "repository": f"x/{number % 7}",
                "tag": "v1",
                "command": ["serve"],
            }
            if chance.random() < 0.5:
                image["env_vars"] = {"TOKEN": f"secret-{number}", "a-b": chance.choice(["one", "two"])}
            labels = {"team": "t", "product": chance.choice(["p", "q"])}
            configuration = {"model_image": image, "model_infra": {**chance.choice(SIZES), "labels": labels}}
        elif vendor == "llmengine":
            configuration = {"model": "m", **chance.choice(SIZES)}
        items.append(item(f"m-{number}", name, vendor, model_metadata=metadata, vendor_configuration=configuration))
    return live_of(*items)


def planned(folder: Folder, live: Live, secrets: dict[str, str] | None = None) -> list[Any]:
    """What a plan of the folder would do, with these secrets or those that it wants."""
    supplied = {f"EGPSYNC_SECRET_{name}": value for name, value in (secrets or folder.secrets).items()}
    found = [Found(name, text.encode()) for name, text in sorted(folder.files.items())]
    checked = compiled(found, Settings(secrets=Secrets(variables=supplied)))
    assert checked.desired is not None, [str(problem) for problem in checked.problems][:3]
    assert len(checked.desired.models) == folder.written.models
    plan = make_plan(checked.desired, live, TARGET).plan
    assert plan.refusals == ()
    return [change for change in plan.changes if change.fields or change.writes]


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("templates", [False, True])
def test_five_hundred_models_plan_empty(layout: Layout, templates: bool) -> None:
    """Of all families, in each layout, with templates and without; each stands in it."""
    live = live_models(500, seed=5)
    folder = write_folder(live.models, owner="us", layout=layout, templates=templates)
    assert folder.written.models == 500
    assert planned(folder, live) == []


def test_templates_make_it_shorter_and_hold_what_three_share() -> None:
    """Else they would only be in the way."""
    live = live_models(200, seed=6)
    plain = write_folder(live.models, owner="us", layout=Layout.VENDOR, templates=False)
    shared = write_folder(live.models, owner="us", layout=Layout.VENDOR, templates=True)
    lengths = [sum(map(len, folder.files.values())) for folder in (plain, shared)]
    assert lengths[1] < 0.8 * lengths[0]
    names = re.findall(r"^  ([a-z]+-\d+):$", shared.files[TEMPLATES], re.MULTILINE)
    others = "".join(text for name, text in shared.files.items() if name != TEMPLATES)
    assert min(len(re.findall(rf"extends: .*\b{name}\b", others)) for name in names) >= 3


def test_files_can_be_called_so_everywhere() -> None:
    """No path, no device, not hidden, and no two that differ in capitals alone."""
    live = live_models(len(NAMES), seed=1)
    folder = write_folder(live.models, owner=None, layout=Layout.MODEL, templates=True)
    names = [name for name in folder.files if name != TEMPLATES]
    assert len(names) == len(NAMES)
    assert len({name.casefold() for name in folder.files}) == len(folder.files)
    assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,110}\.yaml", name)] == []
    assert [name for name in names if RESERVED.fullmatch(name) or name == PROJECT] == []


def test_the_same_account_gives_the_same_files() -> None:
    """In whatever order it is listed."""
    live = live_models(60, seed=2)
    folders = [
        write_folder(models, owner="us", layout=Layout.MODEL, templates=True)
        for models in (live.models, tuple(reversed(live.models)))
    ]
    assert folders[0].files == folders[1].files


def image_with(**variables: str) -> dict[str, Any]:
    """A configuration whose env_vars are these."""
    image = {"registry": "r", "repository": "x", "tag": "v1", "command": ["s"], "env_vars": variables}
    return {"model_image": image, "model_infra": {}}


def test_secrets_are_named_after_model_and_key_and_unlike_values_never_share_one() -> None:
    """Their values stand in no file; of equal names and equal values one is enough."""
    live = live_of(
        item("m-1", "x0", "launch", vendor_configuration=image_with(TOKEN="one")),
        item("m-2", "x-0", "launch", vendor_configuration=image_with(TOKEN="two")),
        item("m-3", "x", "launch", vendor_configuration=image_with(**{"0_TOKEN": "three"})),
        item("m-4", "9", "launch", vendor_configuration=image_with(K="four")),
    )
    folder = write_folder(live.models, owner=None, layout=Layout.MODEL, templates=False)
    assert dict(folder.secrets) == {"SECRET_9_K": "four", "X_0_TOKEN": "three", "X_0_TOKEN_2": "two", "X0_TOKEN": "one"}
    assert "${secret:X0_TOKEN}" in folder.files["x0.yaml"]
    text = "".join(folder.files.values())
    assert [value for value in folder.secrets.values() if re.search(rf"\b{value}\b", text)] == []
    assert planned(folder, live) == []
    assert len(planned(folder, live, {**folder.secrets, "X0_TOKEN": "other"})) == 1

"""The steps of the matrix: an account, manifests, and the one request that a fault is to meet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from egpsync.emulator.log import Entry
from tests.workflow.samples import hosted, launch

GPT, SPARE, BESIDE = "id-gpt", "id-two", "id-other"
"""Ids: the model that faults are about, the other one of an exchange, and one that goes on whatever happens."""

GPUS = {"gpus": 1, "gpu_type": "nvidia-ampere-a10"}
THEIRS = {"team": "a", "theirs": 1}
ENV = {"A": "1", "THEIRS": "1"}
COMMON = (
    launch("stranger", id="id-stranger", model_metadata={"theirs": [1]}),
    hosted("other", id=BESIDE, model_metadata={"team": "a", "theirs": 1}),
)
GOES_ON = hosted("other", model_metadata={"team": "b"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One kind of request, in a plan of its own."""

    seed: tuple[dict[str, Any], ...]
    entries: tuple[dict[str, Any], ...]
    method: str
    part: str = ""  # what stands in the body of the request that is meant; "" where the method says it
    name: str = "gpt"  # of the change that it belongs to

    def is_met(self, entry: Entry) -> bool:
        """Whether a request is the one that is meant."""
        if entry.method != self.method or entry.path.endswith(BESIDE):
            return False
        return not self.part or self.part in (entry.body or {})

    def is_about_it(self, entry: Entry) -> bool:
        """Whether a request is about the models of this step, and not about the one that goes on."""
        return not entry.path.endswith(BESIDE)


def _step(
    method: str, *models: dict[str, Any], seed: tuple[dict[str, Any], ...], part: str = "", name: str = "gpt"
) -> Step:
    return Step(seed=(*COMMON, *seed), entries=(GOES_ON, *models), method=method, part=part, name=name)


def _recreate(method: str) -> Step:
    old = launch("gpt", id=GPT, image={"env_vars": ENV}, model_metadata=THEIRS)
    return _step(method, launch("gpt", infra=GPUS, model_metadata={"team": "b"}), seed=(old,))


STEPS: Mapping[str, Step] = {
    "metadata": _step(
        "PATCH",
        launch("gpt", model_metadata={"team": "b"}),
        seed=(launch("gpt", id=GPT, image={"env_vars": ENV}, model_metadata=THEIRS),),
    ),
    "configuration": _step(
        "PATCH",
        launch("gpt", image={"tag": "v2", "env_vars": {"A": "2"}}),
        seed=(launch("gpt", id=GPT, image={"env_vars": ENV}, model_metadata=THEIRS),),
    ),
    "of a deploying model": _step(
        "PATCH",
        launch("gpt", image={"tag": "v2"}),
        seed=(launch("gpt", id=GPT, model_metadata=THEIRS, deploying_for=0.05),),
    ),
    "rename": _step(
        "PATCH",
        launch("gpt", renamed_from="old"),
        seed=(launch("old", id=GPT, image={"env_vars": ENV}, model_metadata=THEIRS),),
    ),
    "configuration after a rename": _step(
        "PATCH",
        launch("gpt", renamed_from="old", image={"tag": "v2"}, model_metadata={"team": "b"}),
        seed=(launch("old", id=GPT, image={"env_vars": ENV}, model_metadata=THEIRS),),
        part="vendor_configuration",
    ),
    "exchange": _step(
        "PATCH",
        launch("two", id=GPT),
        launch("gpt", id=SPARE),
        seed=(launch("gpt", id=GPT, model_metadata=THEIRS), launch("two", id=SPARE)),
        name="two",
    ),
    "create": _step("POST", launch("gpt", model_metadata={"team": "b"}), seed=()),
    "delete": _step(
        "DELETE",
        {"name": "gpt", "model_vendor": "launch", "state": "absent"},
        seed=(launch("gpt", id=GPT, model_metadata=THEIRS),),
    ),
    "recreate: create": _recreate("POST"),
    "recreate: swap": _recreate("PATCH"),
    "recreate: delete": _recreate("DELETE"),
}

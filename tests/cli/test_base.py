"""plan --base: whether a change makes a difference, over every combination of three values, in a real repository."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.samples import KEY, Done, Shell, ShellHere, hosted
from tests.conftest import StartEmulator
from tests.test_history import commit, git


@pytest.fixture
def shell(tmp_path: Path) -> ShellHere:
    """The command line in this process: nothing here is about signals or streams."""
    return ShellHere(tmp_path)


UNSAID = "unsaid"


def manifest(*models: dict[str, Any]) -> str:
    """A manifest of these models."""
    return json.dumps({"version": 1, "models": models})


def entry(value: Any, key: str = "x") -> dict[str, Any]:
    """A model that declares the value of one key, or leaves it out."""
    return hosted("a", model_metadata={} if value == UNSAID else {key: value})


class Review:
    """A repository in which a change is under review, and the account beside it."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        git(shell.folder, "init", "-q")

    def commit(self, *models: dict[str, Any]) -> str:
        """A commit of these models."""
        return commit(self.shell.folder, {"configs/models/all.yaml": manifest(*models)})

    def wants(self, *models: dict[str, Any]) -> None:
        """The change under review, which is not committed."""
        self.shell.file("configs/models/all.yaml", manifest(*models))

    def plan(self, base: str = "HEAD", *more: str) -> Done:
        """Its plan."""
        return self.shell.run("plan", "--base", base, *more)

    def fields(self, base: str = "HEAD") -> dict[tuple[str, str], tuple[str, str | None]]:
        """(model, path) -> (origin, pending_since)."""
        done = self.plan(base, "--format", "json")
        assert done.code == 0, done.err
        return {
            (change["name"], ".".join(field["path"])): (field["origin"], field["pending_since"])
            for change in done.json["changes"]
            for field in change["fields"]
        }


@pytest.fixture
def review(shell: Shell) -> Review:
    """An empty repository."""
    return Review(shell)


def expected(base: Any, desired: Any, live: Any) -> str | None:
    """The origin by its definition; None where nothing is to be told."""
    if desired == UNSAID:
        return None
    if desired == live:
        return None if base == desired else "converged"
    if base in (UNSAID, live):
        return "this_change"
    return "outstanding" if base == desired else "conflict"


@pytest.mark.parametrize("base", ["1", "2", "3", UNSAID])
@pytest.mark.parametrize("desired", ["1", "2", UNSAID])
def test_every_combination_of_three_values(emulator: StartEmulator, review: Review, base: str, desired: str) -> None:
    """Of base, desired and live, equal or not, said or not."""
    for live in ("1", "2", "3", UNSAID):
        review.shell.knows(emulator(seed=[entry(live)]))
        review.commit(entry(base))
        review.wants(entry(desired))
        told = review.fields().get(("a", "model_metadata.x"), (None, None))
        assert told[0] == expected(base, desired, live), (base, desired, live)
        git(review.shell.folder, "checkout", "-q", "--orphan", f"next-{live}")  # no history that could tell more


def test_meaning_counts_as_in_a_plan(emulator: StartEmulator, review: Review) -> None:
    """Another spelling of the same quantity is no change."""

    def launch(memory: str) -> dict[str, Any]:
        image = {"registry": "r", "repository": "r", "tag": "t", "command": ["c"]}
        configuration = {"model_image": image, "model_infra": {"cpus": "1", "memory": memory}}
        return {"name": "a", "model_vendor": "launch", "vendor_configuration": configuration}

    review.shell.knows(emulator(seed=[launch("8Gi")]))
    review.commit(launch("8192Mi"))
    review.wants(launch("16Gi"))
    assert review.fields() == {("a", "vendor_configuration.model_infra.memory"): ("this_change", None)}
    review.commit(launch("16384Mi"))
    assert review.fields()["a", "vendor_configuration.model_infra.memory"][0] == "outstanding"


def test_the_history_tells_since_when_it_is_pending(emulator: StartEmulator, review: Review) -> None:
    """What the base merely has not applied yet is no edit made outside, touched by this change or not."""
    review.shell.knows(emulator(seed=[entry("1")]))
    review.commit(entry("1"))
    second = review.commit(entry("2"))
    review.commit(entry("3"))
    review.wants(entry("3"))
    assert review.fields() == {("a", "model_metadata.x"): ("outstanding", second)}
    review.wants(entry("4"))
    assert review.fields() == {("a", "model_metadata.x"): ("this_change", second)}
    review.shell.knows(emulator(seed=[entry("9")]))
    assert review.fields() == {("a", "model_metadata.x"): ("conflict", None)}


def test_models_and_names(emulator: StartEmulator, review: Review) -> None:
    """A new model and a rename are this change's; a model of the base that is missing is outstanding."""
    review.shell.knows(emulator(seed=[hosted("old", id="m-1")]))
    review.commit(hosted("gone"))
    second = review.commit(hosted("gone"), hosted("old", id="m-1"), hosted("missing"))
    review.wants(hosted("new", id="m-1"), hosted("missing"), hosted("added"))
    told = review.fields()
    assert told["new", "name"] == ("this_change", None)
    assert {origin for (name, _), origin in told.items() if name == "added"} == {("this_change", None)}
    assert {origin for (name, _), origin in told.items() if name == "missing"} == {("outstanding", second)}


def test_text_and_markdown_lead_with_this_change(emulator: StartEmulator, review: Review) -> None:
    """The others are folded away, and each remark says why."""
    seed = [hosted("a", model_metadata={"x": "9"}), hosted("b", model_metadata={"x": "1"})]
    review.shell.knows(emulator(seed=seed))
    review.commit(entry("1"), hosted("b", model_metadata={"x": "1"}))
    review.wants(entry("1"), hosted("b", model_metadata={"x": "2"}))
    text = review.plan().out
    assert "Not of this change, and different without it (-v shows how): a (openai).\n" in text
    assert "model_metadata.x" in text.split("Not of this change")[0]
    verbose = review.plan("HEAD", "-v").out
    assert verbose.index("b (openai)") < verbose.index("a (openai)")
    assert "(not of this change: edited outside)" in verbose
    markdown = review.plan("HEAD", "--format", "markdown").out
    assert markdown.index("<b>b</b>" if "<b>b</b>" in markdown else "b") < markdown.index("not of this change")


PROJECT = (
    "version: 1\ndefault_target: t\nmanifests: [configs/models]\ntargets:\n  t: {base_url: '%s', api_key_env: %s}\n"
)


def test_a_change_cannot_send_the_key_elsewhere(emulator: StartEmulator, review: Review) -> None:
    """The account and the key's place are the base's, and the edit is said first."""
    ours, evil = emulator(seed=[entry("1")]), emulator()
    review.commit(entry("1"))
    commit(review.shell.folder, {"egpsync.yaml": PROJECT % (ours.base_url, "OUR_KEY")})
    review.shell.file("egpsync.yaml", PROJECT % (evil.base_url, "OTHER_KEY"))
    review.wants(entry("2"))
    review.shell.environ |= {"OUR_KEY": KEY, "OTHER_KEY": "another-key"}
    done = review.plan("HEAD", "--format", "json")
    assert done.code == 0, done.err
    assert done.json["target"]["base_url"] == ours.base_url
    assert done.json["notes"][0] == (
        "this change edits base_url, api_key_env of the target t: this plan is held to the base's"
    )
    assert evil.log.entries == ()


def test_a_target_that_the_base_has_not_is_refused(emulator: StartEmulator, review: Review) -> None:
    """Unless flags or variables say where the account is."""
    evil, ours = emulator(), emulator(seed=[entry("1")])
    review.commit(entry("1"))
    review.shell.file("egpsync.yaml", PROJECT % (evil.base_url, "OUR_KEY"))
    done = review.plan("HEAD")
    assert (done.code, done.out) == (5, "")
    assert "the base revision has no target 't'" in done.err
    review.shell.environ["SGP_CLIENT_BASE_URL"] = ours.base_url
    assert review.plan("HEAD").code == 0
    assert evil.log.entries == ()


def test_secrets_come_from_where_the_base_says(emulator: StartEmulator, review: Review, tmp_path: Path) -> None:
    """A command that the change names is not run."""
    review.shell.knows(emulator(seed=[entry("1")]))
    review.commit(entry("1"))
    command = json.dumps(["touch", str(tmp_path / "ran-{name}")])
    review.shell.file("egpsync.yaml", f"version: 1\nmanifests: [configs/models]\nsecrets: {{command: {command}}}\n")
    image = {"registry": "r", "repository": "r", "tag": "t", "command": ["c"], "env_vars": {"T": "${secret:T}"}}
    configuration = {"model_image": image, "model_infra": {"cpus": "1"}}
    review.wants({"name": "a", "model_vendor": "launch", "vendor_configuration": configuration})
    assert review.plan("HEAD").code != 0
    assert not (tmp_path / "ran-T").exists()


def test_the_secrets_of_the_base_are_at_hand(emulator: StartEmulator, review: Review) -> None:
    """Also where it names no target."""
    review.shell.knows(emulator())
    image = {"registry": "r", "repository": "r", "tag": "t", "command": ["c"], "env_vars": {"T": "${secret:T}"}}
    model: dict[str, Any] = {"name": "a", "model_vendor": "launch"}
    model |= {"vendor_configuration": {"model_image": image, "model_infra": {"cpus": "1"}}}
    review.shell.file("secrets/T", "s3cret-value")
    commit(review.shell.folder, {"egpsync.yaml": "version: 1\nsecrets: {folder: secrets}\n", ".gitignore": "secrets"})
    review.wants(model)
    done = review.plan("HEAD", "--format", "json")
    assert done.code == 0, done.out
    assert "s3cret-value" not in done.out


def test_a_base_that_cannot_be_read(emulator: StartEmulator, review: Review) -> None:
    """A revision that is not there is an error; one whose manifests are invalid is said."""
    review.shell.knows(emulator(seed=[entry("1")]))
    commit(review.shell.folder, {"configs/models/all.yaml": "models: ["})
    review.wants(entry("2"))
    assert review.plan("nowhere").code == 1
    done = review.plan("HEAD", "--format", "json")
    assert done.code == 0
    assert done.json["notes"] == ["the manifests of HEAD are invalid: where differences come from cannot be told"]
    assert review.shell.run("plan", "--base", "HEAD", "--check", "x").code == 64

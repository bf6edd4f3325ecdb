"""The owner's mark over a model's life: when it is written, that it never shows, whose it stays, what it protects."""

from collections.abc import Callable

import pytest

from egpsync.model.plan import Action
from tests.conftest import StartEmulator
from tests.guards.samples import ADOPT, PRUNE, absent, marked, only, plan_of, refusals, sent, wants
from tests.workflow.samples import Repository, hosted, launch

Make = Callable[..., Repository]


def test_a_mark_alone_is_no_change(emulator: StartEmulator, repository: Make) -> None:
    """A model that differs in nothing but the mark is in sync."""
    made = wants(repository(emulator(seed=[hosted("a")])), hosted("a"))
    assert plan_of(made).empty
    made.apply()
    assert sent(made) == []


@pytest.mark.parametrize(
    "wanted", [hosted("a", model_metadata={"k": 1}), launch("a", image={"tag": "v2"})], ids=["metadata", "redeploy"]
)
def test_it_is_written_with_another_change(emulator: StartEmulator, repository: Make, wanted: dict[str, str]) -> None:
    """In the same request; the next plan is empty."""
    seed = launch("a") if wanted["model_vendor"] == "launch" else hosted("a")
    made = wants(repository(emulator(seed=[seed], deploy_seconds=0.03)), wanted)
    made.apply()
    assert len(sent(made)) == 1
    assert made.live("a")["model_metadata"] | {"k": 1} == {"k": 1, **marked(name="a")}
    assert plan_of(made).empty


def test_adopt_writes_it_alone_and_once(emulator: StartEmulator, repository: Make) -> None:
    """Nothing else of the model changes, and no field is shown as different."""
    made = wants(repository(emulator(seed=[hosted("a", model_metadata={"k": 1})])), hosted("a"))
    plan = plan_of(made, ADOPT)
    assert [(change.action, change.fields) for change in plan.changes] == [(Action.UPDATE, ())]
    made.apply(plan, options=ADOPT)
    assert made.live("a")["model_metadata"] == {"k": 1, **marked(name="a")}
    assert plan_of(made, ADOPT).empty


def test_it_is_never_shown_as_a_difference(emulator: StartEmulator, repository: Make) -> None:
    """Whether the manifests declare metadata or not, and whether they name an owner or not."""
    seed = [hosted("a", model_metadata={"k": 1, **marked(op="0123456789abcdef")})]
    made = wants(repository(emulator(seed=seed)), hosted("a", model_metadata={"k": 2}))
    (change,) = plan_of(made).changes
    assert [field.path for field in change.fields] == [("model_metadata", "k")]


@pytest.mark.parametrize("options", [ADOPT, None], ids=["adopt", "with a change"])
def test_anothers_mark_is_never_overwritten(emulator: StartEmulator, repository: Make, options: object) -> None:
    """A refusal that names both owners."""
    running = emulator(seed=[hosted("a", model_metadata=marked("them"))])
    made = wants(repository(running), hosted("a", **({} if options else {"model_metadata": {"k": 1}})))
    refusal = only(plan_of(made, ADOPT if options else None))
    assert (refusal.guard, refusal.model) == ("foreign-owner", ("openai", "a"))
    assert refusal.message == "belongs to 'them', and these manifests are of 'us'"
    assert refusal.consent == (
        "change it in the manifests of 'them', have them give it up there first, or take it over with --adopt-from them"
    )


@pytest.mark.parametrize("wanted", [absent("a"), hosted("b", renamed_from="a")], ids=["delete", "rename"])
def test_anothers_model_is_neither_deleted_nor_renamed(
    emulator: StartEmulator, repository: Make, wanted: dict[str, object]
) -> None:
    """Nor by an entry without any field."""
    made = wants(repository(emulator(seed=[hosted("a", model_metadata=marked("them"))])), wanted)
    assert only(plan_of(made)).guard == "foreign-owner"


def test_anothers_model_that_is_in_sync_is_no_refusal(emulator: StartEmulator, repository: Make) -> None:
    """To declare what is so takes nothing from anyone."""
    made = wants(repository(emulator(seed=[hosted("a", model_metadata=marked("them"))])), hosted("a"))
    assert refusals(plan_of(made)) == []


def test_protection_outlives_its_block(emulator: StartEmulator, repository: Make) -> None:
    """The mark keeps it: a tombstone is refused after the lifecycle block is gone."""
    made = wants(repository(emulator(seed=[hosted("a")])), {**hosted("a"), "lifecycle": {"prevent_destroy": True}})
    made.apply(plan_of(made, ADOPT), options=ADOPT)
    wants(made, absent("a"), hosted("b"))
    assert refusals(plan_of(made)) == [
        (
            "prevent-destroy",
            "is protected by prevent_destroy (its live mark says so), and would be deleted",
            "write `lifecycle: {prevent_destroy: false}` in its entry",
        )
    ]


def test_protection_outlives_the_whole_entry(emulator: StartEmulator, repository: Make) -> None:
    """A prune is refused, and the consent says where to write it, as there is no entry."""
    seed = [hosted("a", model_metadata=marked(prevent_destroy=True)), hosted("b", model_metadata=marked())]
    made = wants(repository(emulator(seed=seed)), hosted("b"))
    refusal = only(plan_of(made, PRUNE))
    assert (refusal.guard, refusal.model) == ("prevent-destroy", ("openai", "a"))
    assert refusal.consent == "give it an entry with `state: absent` and `lifecycle: {prevent_destroy: false}`"


def test_protection_survives_a_change_by_an_entry_that_does_not_mention_it(
    emulator: StartEmulator, repository: Make
) -> None:
    """Only an explicit word lifts it."""
    seed = [hosted("a", model_metadata=marked(prevent_destroy=True))]
    made = wants(repository(emulator(seed=seed)), hosted("a", model_metadata={"k": 1}))
    made.apply()
    assert made.live("a")["model_metadata"] == {"k": 1, **marked(prevent_destroy=True, name="a")}


def test_an_explicit_false_lifts_it(emulator: StartEmulator, repository: Make) -> None:
    """At once for a tombstone, and from the mark with the next change or --adopt."""
    seed = [hosted(name, model_metadata=marked(prevent_destroy=True)) for name in ("a", "b")]
    lifted = {"lifecycle": {"prevent_destroy": False}}
    made = wants(repository(emulator(seed=seed)), absent("a", **lifted), {**hosted("b"), **lifted})
    plan = plan_of(made, ADOPT)
    assert refusals(plan) == []
    made.apply(plan, options=ADOPT)
    assert [model["model_metadata"] for model in made.running.store.models()] == [marked(name="b")]


def test_protection_not_yet_on_the_live_model_is_pointed_out(emulator: StartEmulator, repository: Make) -> None:
    """It is written with the next change, or with --adopt: until then the block alone protects."""
    made = wants(repository(emulator(seed=[hosted("a")])), {**hosted("a"), "lifecycle": {"prevent_destroy": True}})
    (change,) = plan_of(made).changes
    assert change.notes == (
        "prevent_destroy is not on the live model yet: it is written with the next change, or now with --adopt",
    )


def test_prune_deletes_what_is_marked_and_undeclared_alone(emulator: StartEmulator, repository: Make) -> None:
    """Not what another owner marked, what nobody marked, and what stands in a manifest."""
    seed = [
        hosted("kept", model_metadata=marked()),
        hosted("left", model_metadata=marked()),
        hosted("theirs", model_metadata=marked("them")),
        hosted("nobodys"),
        hosted("malformed", model_metadata={"egpsync": "us"}),
    ]
    made = wants(repository(emulator(seed=seed)), hosted("kept"))
    plan = plan_of(made, PRUNE)
    assert refusals(plan) == []
    made.apply(plan, options=PRUNE)
    assert sorted(str(model["name"]) for model in made.running.store.models()) == [
        "kept",
        "malformed",
        "nobodys",
        "theirs",
    ]


def test_without_prune_nothing_is_deleted(emulator: StartEmulator, repository: Make) -> None:
    """It is counted as unmanaged."""
    seed = [hosted("kept", model_metadata=marked()), hosted("left", model_metadata=marked())]
    plan = plan_of(wants(repository(emulator(seed=seed)), hosted("kept")))
    assert plan.empty
    assert [model.name for model in plan.unmanaged] == ["left"]


def test_an_owner_without_a_declared_model_never_loses_its_models(emulator: StartEmulator, repository: Make) -> None:
    """Though another owner's file beside it declares some; tombstones declare none."""
    seed = [hosted("a", model_metadata=marked("them")), hosted("b", model_metadata=marked()), hosted("c")]
    made = wants(repository(emulator(seed=seed)), absent("c"))
    (made.file.parent / "theirs.yaml").write_text(
        '{"version": 1, "owner": "them", "models": [{"name": "a", "model_vendor": "openai"}]}'
    )
    made.file = made.file.parent / "*.yaml"
    assert refusals(plan_of(made, PRUNE)) == [
        (
            "empty-manifests",
            "the manifests of 'us' declare no model, and 1 would be pruned",
            "declare at least one model, or delete each with `state: absent`",
        )
    ]

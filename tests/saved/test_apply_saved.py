"""apply --plan and plan --check over real HTTP: exactly what was reviewed, or what moved, model by model."""

import json
from hashlib import sha256
from typing import Any

import pytest

from egpsync.emulator.faults import Intervene, Rule
from egpsync.emulator.server import Running
from tests.cli.samples import Done, Shell, hosted, launch
from tests.conftest import StartEmulator


def sent(running: Running) -> list[tuple[str, str, Any]]:
    """Every request that was no GET; keys in the order of the JSON report."""
    return [
        (entry.method, entry.path, json.loads(json.dumps(entry.body, sort_keys=True))) for entry in running.log.changes
    ]


def results(done: Done) -> dict[str, str]:
    """How each model ended, from the JSON report."""
    return {change["name"]: change["outcome"]["result"] for change in done.json["changes"]}


def messages(done: Done) -> dict[str, str]:
    """Why each model ended as it did."""
    return {change["name"]: change["outcome"]["message"] for change in done.json["changes"]}


def two(emulator: StartEmulator, shell: Shell) -> Running:
    """Two models that are to get a metadata key, in a saved plan."""
    running = emulator(seed=[hosted("a", model_metadata={"team": "x"}), hosted("b", model_metadata={"team": "x"})])
    shell.knows(running).wants(hosted("a", model_metadata={"team": "y"}), hosted("b", model_metadata={"team": "y"}))
    assert shell.run("plan", "--out", "reviewed.plan").code == 0
    return running


def test_an_intact_plan_sends_the_reviewed_requests(emulator: StartEmulator, shell: Shell) -> None:
    """The server's log is what the saved plan's report listed, body for body."""
    running = emulator(seed=[hosted("a", model_metadata={"team": "x"}), launch("b"), hosted("old"), hosted("gone")])
    shell.knows(running).wants(
        hosted("a", model_metadata={"team": "y"}),
        launch("b", tag="v2"),
        hosted("new", renamed_from="old"),
        hosted("fresh"),
        {"name": "gone", "model_vendor": "openai", "state": "absent"},
    )
    planned = shell.run("plan", "--out", "reviewed.plan", "--format", "json")
    reviewed = [
        (request["method"], request["path"], request["body"])
        for change in planned.json["changes"]
        for request in change["requests"]
    ]
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes")
    assert done.code == 0
    assert sorted(map(json.dumps, sent(running))) == sorted(map(json.dumps, reviewed))
    assert len(reviewed) == 5


def test_a_model_that_moved_is_refused_and_the_rest_goes_on(emulator: StartEmulator, shell: Shell) -> None:
    """Exit 5; the moved model is named with what it was then and what it is now."""
    running = two(emulator, shell)
    b = running.store.named("b")["id"]
    running.store.edit(b, {"model_metadata": {"team": "theirs"}})
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes", "--format", "json")
    assert done.code == 5
    assert results(done) == {"a": "applied", "b": "stale"}
    assert messages(done)["b"] == (
        'moved since the plan was saved: model_metadata.team "x" -> "y" then, "theirs" -> "y" now'
    )
    assert [body for _, _, body in sent(running)] == [{"model_metadata": {"team": "y"}}]
    assert running.store.named("b")["model_metadata"] == {"team": "theirs"}


def test_what_moved_is_seen_before_the_apply_too(emulator: StartEmulator, shell: Shell) -> None:
    """Plan --check and apply --plan --dry-run both exit 5, name the model, and send nothing."""
    running = two(emulator, shell)
    running.store.edit(running.store.named("b")["id"], {"model_metadata": {"team": "theirs"}})
    for arguments in (["plan", "--check", "reviewed.plan"], ["apply", "--plan", "reviewed.plan", "--dry-run"]):
        done = shell.run(*arguments)
        assert done.code == 5
        assert "stale-plan: b (openai): moved since the plan was saved" in done.out
        assert "save a new plan and review it" in done.out
    assert sent(running) == []


def test_an_intact_plan_passes_the_check(emulator: StartEmulator, shell: Shell) -> None:
    """Exit 0; the requests are shown and not sent."""
    running = two(emulator, shell)
    done = shell.run("plan", "--check", "reviewed.plan")
    assert done.code == 0
    assert "2 to update" in done.out
    assert sent(running) == []


@pytest.mark.parametrize("deploying_first", [True, False])
def test_deploying_or_ready_alone_is_not_moved(emulator: StartEmulator, shell: Shell, *, deploying_first: bool) -> None:
    """A deployment that ended, or began, between plan and apply changes nothing of what is sent."""
    running = emulator(seed=[launch("a")], deploy_seconds=0.05)
    shell.knows(running).wants(launch("a", tag="v2"))
    model_id = running.store.named("a")["id"]
    if deploying_first:
        running.store.edit(model_id, {"status": "deploying"})
    assert shell.run("plan", "--out", "reviewed.plan").code == 0
    if deploying_first:
        running.store.edit(model_id, {"status": "ready"})
    else:
        running.store.deploy(model_id, seconds=1.0)
    assert shell.run("apply", "--plan", "reviewed.plan", "--yes").code == 0
    assert [body for _, _, body in sent(running)] == [{"vendor_configuration": {"model_image": {"tag": "v2"}}}]


def test_what_is_done_already_is_named(emulator: StartEmulator, shell: Shell) -> None:
    """A change that needs no request any more, as after a run that was cut short; the rest is carried out."""
    running = two(emulator, shell)
    running.store.edit(running.store.named("a")["id"], {"model_metadata": {"team": "y"}})
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes")
    assert done.code == 0
    assert "was applied already: it is as the saved plan would make it" in done.out
    assert len(sent(running)) == 1


def test_a_saved_plan_that_is_applied_again_is_already_applied(emulator: StartEmulator, shell: Shell) -> None:
    """Exit 0, nothing is sent, and it is said; --check says so too."""
    running = two(emulator, shell)
    assert shell.run("apply", "--plan", "reviewed.plan", "--yes").code == 0
    count = len(running.log.changes)
    again = shell.run("apply", "--plan", "reviewed.plan", "--yes")
    assert again.code == 0
    assert "the saved plan is already applied" in again.out
    assert len(running.log.changes) == count
    checked = shell.run("plan", "--check", "reviewed.plan", "--detailed-exitcode")
    assert checked.code == 0
    assert "reviewed.plan is already applied" in checked.err


def test_a_saved_plan_whose_readable_part_lies_is_not_sent(emulator: StartEmulator, shell: Shell) -> None:
    """What is shown is fingerprinted too: a reviewer who read the file saw something else than would be sent."""
    running = two(emulator, shell)
    content = json.loads(shell.read("reviewed.plan"))
    for change in content["changes"]:
        change["fields"][0]["after"] = "harmless"
    rest = {name: value for name, value in content.items() if name != "checksum"}
    content["checksum"] = sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
    shell.file("reviewed.plan", json.dumps(content))
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes")
    assert done.code == 5
    assert "is shown otherwise in the saved plan than it is: the file was changed" in done.out
    assert running.log.changes == ()


def test_what_a_saved_plan_sends_is_shown_before(emulator: StartEmulator, shell: Shell) -> None:
    """On stderr, though nobody is asked."""
    two(emulator, shell)
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes")
    shown, _, progress = done.err.partition("Plan: ")
    assert "model_metadata.team" in shown
    assert "applied" in progress


def test_a_delete_whose_model_is_gone_is_done(emulator: StartEmulator, shell: Shell) -> None:
    """It stands in the saved plan, so it is in the report, though the fresh plan knows nothing of it."""
    running = emulator(
        seed=[hosted("gone", model_metadata={"egpsync": {"owner": "us"}}), hosted("a", model_metadata={"k": 1})]
    )
    manifest = {"version": 1, "owner": "us", "models": [hosted("a", model_metadata={"k": 2})]}
    shell.knows(running).file("configs/models/all.yaml", json.dumps(manifest))
    assert shell.run("plan", "--prune", "--out", "reviewed.plan").code == 0
    running.store.remove(running.store.named("gone")["id"])
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes", "--format", "json")
    assert done.code == 0
    assert results(done) == {"a": "applied", "gone": "nothing"}
    assert done.json["changes"][1]["notes"] == ["was applied already: it is as the saved plan would make it"]


def test_a_model_made_anew_under_the_name_is_another_model(emulator: StartEmulator, shell: Shell) -> None:
    """The review was of the model with the other id."""
    running = two(emulator, shell)
    old = running.store.named("b")["id"]
    running.store.remove(old)
    new = running.store.add(hosted("b", model_metadata={"team": "x"}))
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes", "--format", "json")
    assert done.code == 5
    assert messages(done)["b"] == (
        f"is another model than when the plan was saved: it was {old} then, and was {new} now"
    )


def test_a_model_that_needs_a_change_only_now_is_left(emulator: StartEmulator, shell: Shell) -> None:
    """What drifted after the review was not reviewed."""
    running = emulator(seed=[hosted("a", model_metadata={"team": "x"}), hosted("b", model_metadata={"team": "y"})])
    shell.knows(running).wants(hosted("a", model_metadata={"team": "y"}), hosted("b", model_metadata={"team": "y"}))
    shell.run("plan", "--out", "reviewed.plan")
    running.store.edit(running.store.named("b")["id"], {"model_metadata": {"team": "drifted"}})
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes", "--format", "json")
    assert done.code == 5
    assert messages(done)["b"] == "is not in the saved plan, and would be changed now"
    assert running.store.named("b")["model_metadata"] == {"team": "drifted"}


def test_what_needs_a_moved_change_is_not_attempted(emulator: StartEmulator, shell: Shell) -> None:
    """A name that a moved rename was to free is not taken; exit 5, as nothing went wrong but the plan's age."""
    running = emulator(seed=[hosted("a"), hosted("b", model_metadata={"k": 1})])
    shell.knows(running).wants(hosted("b", renamed_from="a"), hosted("c", renamed_from="b", model_metadata={"k": 2}))
    shell.run("plan", "--out", "reviewed.plan")
    running.store.edit(running.store.named("b")["id"], {"model_metadata": {"k": 7}})
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes", "--format", "json")
    assert done.code == 5
    assert results(done) == {"b": "not_attempted", "c": "stale"}
    assert sent(running) == []


def test_an_edit_between_the_fresh_plan_and_the_patch_is_refused_too(emulator: StartEmulator, shell: Shell) -> None:
    """The last reading before the PATCH finds it; exit 5, as for any part of a saved plan that moved."""
    running = two(emulator, shell)
    b = running.store.named("b")["id"]
    edit = Intervene(action=lambda store: store.edit(b, {"model_metadata": {"team": "theirs"}}))
    running.faults.add(Rule(method="GET", path=f"/v5/models/{b}", nth=(1,), kind=edit))
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes", "--format", "json")
    assert done.code == 5
    assert results(done) == {"a": "applied", "b": "stale"}


def test_an_exchange_of_names_is_held_to_its_partner(emulator: StartEmulator, shell: Shell) -> None:
    """An exchange that was reviewed with one model is not carried out with another that got the name since."""
    running = emulator(seed=[hosted("a"), hosted("b")])
    one, other = running.store.named("a")["id"], running.store.named("b")["id"]
    shell.knows(running).wants(
        {"id": one, "name": "b", "model_vendor": "openai"}, {"id": other, "name": "a", "model_vendor": "openai"}
    )
    shell.run("plan", "--out", "reviewed.plan")
    running.store.edit(other, {"name": "elsewhere"})
    running.store.add(hosted("b"))
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes")
    assert done.code == 5
    assert sent(running) == []


def test_an_exchange_with_a_moved_model_is_not_sent(emulator: StartEmulator, shell: Shell) -> None:
    """It would change the name of the moved one too."""
    running = emulator(seed=[hosted("a"), hosted("b", model_metadata={"k": 1})])
    one, other = running.store.named("a")["id"], running.store.named("b")["id"]
    shell.knows(running).wants(
        {"id": one, "name": "b", "model_vendor": "openai"},
        {"id": other, "name": "c", "model_vendor": "openai", "model_metadata": {"k": 2}},
    )
    shell.run("plan", "--out", "reviewed.plan")
    running.store.edit(other, {"model_metadata": {"k": 7}})
    done = shell.run("apply", "--plan", "reviewed.plan", "--yes", "--format", "json")
    assert done.code == 5
    assert messages(done)["b"] == "exchanges names with 'c', and that moved since the plan was saved"
    assert sent(running) == []

"""What a Problem, a Plan and a RunResult become in a Report."""

import random
from typing import Any

import pytest

from egpsync.account.requests import requests_of
from egpsync.model.plan import Action, Effect, FieldChange, Op, Request, Target
from egpsync.model.record import FieldRecord, OutcomeRecord
from egpsync.model.report import MASK, ReportModel
from egpsync.model.run import Failure, Outcome
from egpsync.report.build import build_plan, build_problems, build_run
from egpsync.value import replace
from tests.report.samples import (
    CHANGES,
    CREATED,
    DELETED,
    PROBLEM,
    REDEPLOYED,
    REFUSALS,
    RENAMED,
    RUN,
    SECRET,
    TARGET,
    UNCHANGED,
    UPDATED,
    WARNING,
    at,
    change,
    ended,
    field,
    head,
    live,
    plan,
    run,
)


def failing(message: str, *fields: FieldChange, **other: Any) -> str:
    """The message that a report has of a model whose change failed with `message`."""
    failure = Failure(message=message, method="PATCH", url="", status=422, advice="")
    report = build_run(
        head("apply"), run(ended(change(Action.REDEPLOY, "x", *fields, **other), Outcome.FAILED, failure))
    )
    assert report.changes[0].outcome is not None
    return report.changes[0].outcome.message


def test_every_count_is_always_there() -> None:
    """The summary counts each action and what is unmanaged, zeros included."""
    assert build_plan(head(), plan(UPDATED, UNCHANGED)).summary == {
        "create": 0,
        "update": 1,
        "redeploy": 0,
        "rename": 0,
        "recreate": 0,
        "delete": 0,
        "unchanged": 1,
        "blocked": 0,
        "unhealthy": 0,
        "unmanaged": 1,
    }


def test_outcomes_are_counted_for_a_run_alone() -> None:
    """A plan has no outcomes; a run has a count for each."""
    assert build_plan(head(), plan(UPDATED)).outcomes == {}
    assert build_run(head("apply"), RUN).outcomes == {
        "applied": 2,
        "failed": 1,
        "in_flight": 1,
        "stale": 1,
        "not_attempted": 1,
        "unknown": 1,
        "nothing": 1,
    }


@pytest.mark.parametrize(
    ("report", "verdict"),
    [
        (build_plan(head(), plan(UPDATED)), (True, True, False)),
        (build_plan(head(), plan(UNCHANGED)), (False, True, False)),
        (build_plan(head(), plan(UPDATED, refusals=REFUSALS)), (False, True, True)),
        (build_plan(head("plan", PROBLEM), plan(UPDATED)), (False, False, True)),
        (build_plan(head("plan", WARNING), plan(UPDATED)), (True, True, False)),
        (build_problems(head("validate")), (False, True, False)),
        (build_problems(head("validate", PROBLEM)), (False, False, True)),
        (build_problems(head("validate", WARNING)), (False, True, False)),
        (build_run(head("apply"), run(ended(UPDATED, Outcome.APPLIED))), (True, True, False)),
        (build_run(head("apply"), run(ended(UPDATED, Outcome.IN_FLIGHT))), (True, False, False)),
        (build_run(head("apply"), run(ended(UPDATED, Outcome.NOT_ATTEMPTED))), (True, False, False)),
        (build_run(head("apply"), run(ended(UPDATED, Outcome.FAILED))), (True, False, True)),
        (build_run(head("apply"), run(ended(UPDATED, Outcome.UNKNOWN))), (True, False, True)),
        (build_run(head("apply"), run(ended(UPDATED, Outcome.STALE))), (True, False, True)),
    ],
)
def test_applyable_complete_errored(report: Any, verdict: tuple[bool, bool, bool]) -> None:
    """Whether it can be applied, came to its end, and found or met an error."""
    assert (report.applyable, report.complete, report.errored) == verdict


def test_a_signal_marks_the_run_as_interrupted() -> None:
    """The report says that the run was interrupted, not by which signal."""
    assert build_run(head("apply"), run(ended(UPDATED, Outcome.APPLIED), interrupted=2)).interrupted is True
    assert build_run(head("apply"), RUN).interrupted is False


def test_the_target_is_the_plans() -> None:
    """A plan brings its target; where none was made it is the head's, and validate has none."""
    other = Target(base_url="http://127.0.0.1:5003/public", account_id=None)
    reports = [
        build_plan(head(target=other), plan(UPDATED)),
        build_problems(head("plan", PROBLEM, target=other)),
        build_problems(head("validate")),
    ]
    assert [(report.base_url, report.account_id) for report in reports] == [
        (TARGET.base_url, "acc-1"),
        ("http://127.0.0.1:5003/public", None),
        (None, None),
    ]


def test_a_sensitive_field_shows_only_that_it_was_there() -> None:
    """Both sides are masked; None stays, so that an addition is told from a change."""
    added = field("vendor_configuration.model_image.env_vars.KEY", None, SECRET, sensitive=True, source=None)
    (shown,) = build_plan(head(), plan(change(Action.REDEPLOY, "x", added))).changes[0].fields
    assert shown == FieldRecord(
        path=("vendor_configuration", "model_image", "env_vars", "KEY"),
        op=Op.ADD,
        before=None,
        after=MASK,
        sensitive=True,
        effect=Effect.REDEPLOY,
        source=None,
        reason="",
    )


def test_a_secret_deep_in_a_field_is_masked_by_its_path() -> None:
    """A difference of a whole section hides the secrets in it, though the section is not secret."""
    whole = field(
        "vendor_configuration", None, {"model_image": {"tag": "v1", "env_vars": {"KEY": SECRET, "OFF": None}}}
    )
    (shown,) = build_plan(head(), plan(change(Action.REDEPLOY, "x", whole))).changes[0].fields
    assert shown.after == {"model_image": {"tag": "v1", "env_vars": {"KEY": MASK, "OFF": None}}}


@pytest.mark.parametrize("vendor", ["launch", "a-vendor-of-tomorrow"])
def test_a_body_keeps_the_keys_of_a_secret_map(vendor: str) -> None:
    """In a body every value of env_vars is masked, nested ones whole, wherever it stands; the mark is as it is."""
    body = {
        "model_metadata": {"egpsync": {"owner": "platform/models"}, "env_vars": {"note": SECRET}},
        "vendor_configuration": {"model_image": {"env_vars": {"KEY": SECRET, "NESTED": {SECRET: [SECRET]}}}},
    }
    report = build_plan(head(), plan(change(Action.REDEPLOY, "x", vendor=vendor, requests=[("PATCH", body)])))
    assert report.changes[0].requests == (
        Request(
            method="PATCH",
            path="/v5/models/m-x",
            body={
                "model_metadata": {"egpsync": {"owner": "platform/models"}, "env_vars": {"note": MASK}},
                "vendor_configuration": {"model_image": {"env_vars": {"KEY": MASK, "NESTED": MASK}}},
            },
        ),
    )


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("unknown token s3cr3t-value", "unknown token (sensitive)"),
        ("it was 0ld-s3cr3t", "it was (sensitive)"),
        ('say \\"quoted\\" please', "say (sensitive) please"),
        ("12345678 is too long", "(sensitive) is too long"),
        ("deep-down it is wrong", "(sensitive) it is wrong"),
        ("short stays: abc12", "short stays: abc12"),
        ("true is no reason to hide true", "true is no reason to hide true"),
    ],
)
def test_a_message_that_echoes_a_secret_is_masked(message: str, shown: str) -> None:
    """What the change knows to be secret, before or after, is taken out of the server's words; short values are not."""
    changed = field("vendor_configuration.model_image.env_vars.A", "0ld-s3cr3t", "s3cr3t-value", sensitive=True)
    env_vars = {"B": '"quoted"', "C": 12345678, "D": "abc12", "E": True, "F": ["deep-down"]}
    body = {"vendor_configuration": {"model_image": {"env_vars": env_vars}}}
    assert failing(message, changed, requests=[("PATCH", body)]) == shown


def test_a_secret_within_another_is_masked_with_it() -> None:
    """The longer secret goes first, so that no rest of it is left."""
    body = {"vendor_configuration": {"model_image": {"env_vars": {"A": "secret", "B": "secret-and-more"}}}}
    assert failing("got secret-and-more", requests=[("PATCH", body)]) == "got (sensitive)"


def test_reasons_and_notes_are_masked_like_messages() -> None:
    """The words around a change come from the server too."""
    held = live("x", configuration={"model_image": {"env_vars": {"KEY": SECRET}}})
    sick = change(Action.UNHEALTHY, "x", live=held, reason=f"bad {SECRET}", notes=(f"tried {SECRET}",))
    (shown,) = build_plan(head(), plan(sick)).changes
    assert (shown.reason, shown.notes) == ("bad (sensitive)", ("tried (sensitive)",))


def test_a_rename_keeps_both_names() -> None:
    """The change has the new name, and the one that the model has now as the previous one."""
    (shown,) = build_plan(head(), plan(RENAMED)).changes
    assert (shown.name, shown.previous_name, shown.id, shown.status) == ("b", "a", "m-a", "ready")


def test_a_created_model_has_its_id_after_the_run() -> None:
    """A plan does not know the id of a model to create; a run does."""
    assert build_plan(head(), plan(CREATED)).changes[0].id is None
    assert build_run(head("apply"), run(ended(CREATED, Outcome.APPLIED))).changes[0].id == "m-new"


def test_an_outcome_carries_its_failure() -> None:
    """Method, URL, status, message, advice and note are all there, empty where there was no failure."""
    report = build_run(head("apply"), RUN)
    ends = {shown.name: shown.outcome for shown in report.changes}
    assert ends["summarizer"] == OutcomeRecord(
        result=Outcome.FAILED,
        message="vendor_configuration.model_image.env_vars: (sensitive) is too short",
        method="PATCH",
        url="https://api.egp.scale.com/v5/models/m-summariser",
        status=422,
        advice="Mend the field and apply again.",
        note="",
    )
    assert ends["ranker"] == OutcomeRecord(
        result=Outcome.APPLIED,
        message="",
        method="",
        url="",
        status=None,
        advice="",
        note="confirmed by reading after a timeout",
    )


def test_unmanaged_models_are_named() -> None:
    """What no manifest names is listed with id and status."""
    assert build_plan(head(), plan(UNCHANGED, unmanaged=(live("stray", status="failed"),))).unmanaged == (
        ReportModel(name="stray", model_vendor="launch", id="m-stray", status="failed"),
    )


def test_a_number_that_json_has_not_becomes_text() -> None:
    """NaN and the infinities, which a lenient server can send, do not stop a report."""
    odd = field("model_metadata.score", float("nan"), [float("inf"), 1.5])
    (shown,) = build_plan(head(), plan(change(Action.UPDATE, "x", odd))).changes[0].fields
    assert (shown.before, shown.after) == ("nan", ["inf", 1.5])


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_input_gives_the_same_report(seed: int) -> None:
    """The order in which changes, fields, findings and models come in leaves no trace."""
    shuffle = random.Random(seed)

    def shuffled(values: Any) -> Any:
        return tuple(shuffle.sample(values, len(values)))

    straight = plan(*CHANGES, refusals=REFUSALS, unmanaged=(live("s1"), live("s2")))
    mixed = replace(
        straight,
        changes=shuffled([replace(one, fields=shuffled(one.fields)) for one in CHANGES]),
        refusals=shuffled(REFUSALS),
        unmanaged=shuffled(straight.unmanaged),
        capacity=dict(shuffled(tuple(straight.capacity.items()))),
    )
    problems = (PROBLEM, WARNING, replace(PROBLEM, rule="a-rule"), replace(PROBLEM, source=at(2)))
    one, other = build_plan(head("plan", *problems), straight), build_plan(head("plan", *shuffled(problems)), mixed)
    assert one == other
    assert list(one.capacity) == list(other.capacity)


def test_the_inputs_stay_as_they_are() -> None:
    """Masking makes new values: what is sent later is not touched."""
    build_plan(head(), plan(REDEPLOYED, DELETED))
    body = requests_of(REDEPLOYED)[1].body
    assert body is not None
    assert body["vendor_configuration"]["model_image"]["env_vars"] == {"HF_TOKEN": SECRET}

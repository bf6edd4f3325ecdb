"""Each guard trips exactly at its figure, and says what consents."""

from shlex import quote
from typing import Any

import pytest

from egpsync.core.guard import GUARDS, Limits, check_guards
from egpsync.model.plan import Action, Plan, Refusal
from tests.core.build import entry, item, launched, plan_of

FREE = Limits(allow_recreate=True)


def refused(plan: Plan, limits: Limits = FREE) -> list[tuple[str, str, str]]:
    """What trips, as guard, message and consent."""
    return [(refusal.guard, refusal.message, refusal.consent) for refusal in check_guards(plan, limits)]


def deleting(count: int, total: int) -> Plan:
    """A plan that deletes so many of all the models."""
    items = [item(f"m-{number}", f"n{number}") for number in range(total)]
    return plan_of([entry(f"n{number}", state="absent") for number in range(count)], items)


def redeploying(count: int, total: int) -> Plan:
    """A plan that redeploys so many of all the models."""
    items = [launched(f"m-{number}", f"n{number}") for number in range(total)]
    infra = {"vendor_configuration": {"model_infra": {"max_workers": 9}}}
    return plan_of([entry(f"n{number}", "launch", **infra) for number in range(count)], items)


def recreating(count: int, total: int) -> Plan:
    """A plan that replaces so many of all the models."""
    items = [item(f"m-{number}", f"n{number}") for number in range(total)]
    return plan_of([entry(f"n{number}", model_type="generic") for number in range(count)], items)


@pytest.mark.parametrize(
    "guarded", [(deleting, "delete", 1), (recreating, "recreate", 1), (redeploying, "redeploy", 3)]
)
@pytest.mark.parametrize(
    ("total", "limits", "allowed"),
    [
        (10, {}, 3),  # 30 percent
        (13, {}, 3),  # rounded down
        (14, {}, 4),
        (70, {}, 20),  # the cap, below 30 percent
        (40, {"percent": 10}, 4),
        (40, {"percent": 100, "cap": 7}, 7),
        (40, {"percent": 100, "cap": 0}, 0),
    ],
)
def test_thresholds(guarded: tuple[Any, str, int], total: int, limits: dict[str, Any], allowed: int) -> None:
    """So many are let through, and one more is refused with all the figures."""
    make, action, floor = guarded
    limit = Limits(allow_recreate=True, **limits)
    if allowed:
        assert refused(make(allowed, total), limit) == []
    percent, cap = limits.get("percent", 30), limits.get("cap", 20)
    assert refused(make(allowed + 1, total), limit) == [
        (
            f"{action}-threshold",
            f"would {action} {allowed + 1} of {total} models; {allowed} are allowed without consent "
            f"({percent} percent, at least {floor}, at most {cap})",
            f"--confirm-{action} {allowed + 1}",
        )
    ]


@pytest.mark.parametrize(("make", "floor"), [(deleting, 1), (recreating, 1), (redeploying, 3)])
def test_floors(make: Any, floor: int) -> None:
    """In a small account the percentage gives way to a few that are always allowed."""
    assert refused(make(floor, floor)) == []
    assert len(refused(make(floor + 1, floor + 1))) == 1


@pytest.mark.parametrize(("confirmed", "trips"), [(4, True), (5, False), (6, False)])
def test_consent_means_at_most_so_many(confirmed: int, trips: bool) -> None:
    """What is left of a run that was cut short goes on under the same consent; another action's is none."""
    limits = Limits(confirmed={Action.DELETE: confirmed, Action.REDEPLOY: 9})
    assert bool(refused(deleting(5, 10), limits)) is trips


@pytest.mark.parametrize(("confirmed", "trips"), [(0, True), (21, False), (30, False)])
def test_creations_are_held_to_the_cap(confirmed: int, trips: bool) -> None:
    """The wrong, empty account would be filled else: it has no percentage."""
    plan = plan_of([entry(f"n{count}", model_type="completion") for count in range(21)], [])
    message = "would create 21 models in an account that holds 0; 20 are allowed without consent"
    expected = [("create-threshold", message, "--confirm-create 21")] if trips else []
    assert refused(plan, Limits(confirmed={Action.CREATE: confirmed})) == expected


@pytest.mark.parametrize(("gpus", "trips"), [(None, False), (3, False), (2, True)])
def test_growth_of_gpus(gpus: int | None, trips: bool) -> None:
    """Counted at most workers over all types: one model of three GPUs more."""
    more = {"vendor_configuration": {"model_infra": {"max_workers": 5}}}
    plan = plan_of([entry("a", "launch", **more)], [launched("m", "a")])
    message = "would grow the account by 3 GPUs at most workers; 2 are allowed"
    assert refused(plan, Limits(gpus=gpus)) == ([("gpu-growth", message, "--limit-gpus 3")] if trips else [])


@pytest.mark.parametrize(
    ("mark", "guard", "message"),
    [
        (
            {"owner": "them"},
            "foreign-owner",
            "would change 'chat--next' (m-1), which belongs to 'them', and these manifests are of 'us'",
        ),
        (
            {"owner": "us", "prevent_destroy": True},
            "prevent-destroy",
            "would delete 'chat--next' (m-1), protected by prevent_destroy (its live mark says so)",
        ),
    ],
)
def test_a_mark_that_claims_to_replace_a_model(mark: dict[str, Any], guard: str, message: str) -> None:
    """What the claim would delete is looked up itself: whose it is, and whether it is protected."""
    new = item("m-2", "chat", model_metadata={"egpsync": {"owner": "us", "name": "chat", "replaces": "m-1"}})
    old = item("m-1", "chat--next", model_metadata={"egpsync": mark})
    plan = plan_of([entry("chat")], [old, new], owner="us")
    assert [(name, said) for name, said, _ in refused(plan, Limits(allow_recreate=True))] == [(guard, message)]


@pytest.mark.parametrize(
    ("expected", "message", "consent"),
    [
        (
            {"expected_base_url": "https://other"},
            "the base URL is https://api.egp.scale.com, and https://other is expected",
            "give the expected one with --base-url (SGP_CLIENT_BASE_URL), "
            "or correct --expect-base-url (EGPSYNC_EXPECT_BASE_URL)",
        ),
        (
            {"expected_account_id": "acc-2"},
            "the account is acc-1, and acc-2 is expected",
            "give the expected one with --account-id (SGP_ACCOUNT_ID), "
            "or correct --expect-account-id (EGPSYNC_EXPECT_ACCOUNT_ID)",
        ),
    ],
)
def test_wrong_target(expected: dict[str, Any], message: str, consent: str) -> None:
    """A plan for another address or account than expected is refused, even an empty one."""
    assert refused(plan_of([], []), Limits(**expected)) == [("wrong-target", message, consent)]


def test_right_target() -> None:
    """The expected address and account pass."""
    limits = Limits(expected_base_url="https://api.egp.scale.com", expected_account_id="acc-1")
    assert refused(plan_of([], []), limits) == []


def test_recreate_needs_leave() -> None:
    """Replacing a model says why, and takes a flag."""
    assert refused(recreating(1, 10), Limits()) == [
        (
            "recreate",
            "can only be changed by replacing the model: "
            "model_type: The type is set when the model is created, and no update carries it.",
            "--allow-recreate",
        )
    ]


@pytest.mark.parametrize(
    ("declared", "marked", "says"),
    [
        (True, False, "the manifest"),
        (True, True, "the manifest"),
        (None, True, "its live mark"),
        (False, True, None),
        (None, False, None),
        (False, False, None),
    ],
)
def test_prevent_destroy(declared: bool | None, marked: bool, says: str | None) -> None:
    """The manifest's word counts, and the live mark's where it has none, for deletes and for replacements."""
    lifecycle: dict[str, Any] = {} if declared is None else {"lifecycle": {"prevent_destroy": declared}}
    metadata = {"egpsync": {"prevent_destroy": marked}}
    items = [item("m-0", "gone", model_metadata=metadata), item("m-1", "new", model_metadata=metadata)]
    entries = [entry("gone", state="absent", **lifecycle), entry("new", model_type="generic", **lifecycle)]
    consent = "write `lifecycle: {prevent_destroy: false}` in its entry"
    assert refused(plan_of(entries, items)) == [
        ("prevent-destroy", f"is protected by prevent_destroy ({says} says so), and would be {done}", consent)
        for done in ("deleted", "recreated")
        if says
    ]


def test_prevent_destroy_of_what_left_the_manifests() -> None:
    """Pruning is a delete like any other: the mark protects."""
    items = [item("m-0", "gone", model_metadata={"egpsync": {"owner": "p", "prevent_destroy": True}}), item("m-1", "a")]
    (refusal,) = check_guards(plan_of([entry("a")], items, owner="p", prune=True), FREE)
    assert refusal == Refusal(
        guard="prevent-destroy",
        message="is protected by prevent_destroy (its live mark says so), and would be deleted",
        consent="give it an entry with `state: absent` and `lifecycle: {prevent_destroy: false}`",
        model=("openai", "gone"),
        source=None,
    )


def test_prevent_redeploy() -> None:
    """What redeploys or replaces is refused, what does not passes; a failed deployment is not tried again either."""
    lifecycle = {"lifecycle": {"prevent_redeploy": True}}
    infra = {"vendor_configuration": {"model_infra": {"max_workers": 9}}}
    items = [launched("m-0", "a"), launched("m-1", "b"), launched("m-2", "c", status="failed"), launched("m-3", "d")]
    entries = [
        entry("a", "launch", **lifecycle, **infra),
        entry("b", "launch", **lifecycle, model_metadata={"k": 1}),
        entry("c", "launch", **lifecycle),
        entry("d", "launch", **lifecycle, vendor_configuration={"model_infra": {"gpus": 0}}),
    ]
    refusals = check_guards(plan_of(entries, items, retry_failed=True), FREE)
    assert [(refusal.guard, refusal.model) for refusal in refusals] == [
        ("prevent-redeploy", ("launch", name)) for name in "acd"
    ]
    assert (refusals[0].message, refusals[0].consent) == (
        "is protected by prevent_redeploy, and would be redeployed",
        "remove prevent_redeploy from its entry, or the fields that redeploy it",
    )


@pytest.mark.parametrize(
    ("owner", "held", "message"),
    [
        ("p", "q", "belongs to 'q', and these manifests are of 'p'"),
        (None, "q", "belongs to 'q'"),
        ("p", "p", None),
        ("p", None, None),
        ("p", "P", "belongs to 'P', and these manifests are of 'p'"),
        ("p", "q'\n::error::", "belongs to \"q'\\n::error::\", and these manifests are of 'p'"),
    ],
)
def test_foreign_owner(owner: str | None, held: str | None, message: str | None) -> None:
    """A model that carries another owner's mark is not changed."""
    mark = {"egpsync": {"owner": held}} if held else {}
    plan = plan_of([entry("a", model_metadata={"k": 1})], [item("m", "a", model_metadata=mark)], owner=owner)
    taken = f"take it over with --adopt-from {quote(held or '')}"
    consent = f"change it in the manifests of {held!r}, have them give it up there first, or {taken}"
    assert refused(plan) == ([("foreign-owner", message, consent)] if message else [])


@pytest.mark.parametrize("entries", [[], [entry("c", state="absent")]])
def test_pruning_needs_a_manifest(entries: list[Any]) -> None:
    """An owner who declares no model that is to be there prunes none; a tombstone alone deletes what it names."""
    items = [item("m-0", "a", model_metadata={"egpsync": {"owner": "p"}})]
    assert refused(plan_of(entries, items, owner="p", prune=True)) == [
        (
            "empty-manifests",
            "the manifests of 'p' declare no model, and 1 would be pruned",
            "declare at least one model, or delete each with `state: absent`",
        )
    ]
    assert refused(plan_of([entry("a", state="absent")], items, owner="p", prune=True)) == []


def test_nothing_trips_on_nothing() -> None:
    """A plan without changes passes every guard with any limits."""
    assert len(GUARDS) == 9
    assert refused(plan_of([entry("a")], [item("m", "a")]), Limits(percent=0, cap=0)) == []

"""Renames of several models at once: played on a server, cut short anywhere, and planned again."""

from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egpsync.core.rename import NEVER, Mover, order_renames, unpinned_rings
from egpsync.model.plan import Plan, Rename, StepKey, Swap
from tests.core.build import TARGET, desired_of, entry, item, live_model, plan_of
from tests.core.server import Server, play

Wish = Mapping[str, str]  # name now -> name wanted, NEVER for a deletion


def pinned_entries(wish: Wish) -> list[dict[str, Any]]:
    """One entry for each model, by its id, which is made of the name it has now."""
    return [
        {"id": f"m-{now}", "state": "absent"} if then == NEVER else entry(then, id=f"m-{now}")
        for now, then in wish.items()
    ]


def account(wish: Wish) -> list[dict[str, Any]]:
    """One model for each name."""
    return [item(f"m-{name}", name) for name in wish]


def rings(wish: Wish) -> int:
    """How many cycles of two or more the renames make."""
    seen: set[str] = set()
    count = 0
    for start in wish:
        path: list[str] = []
        name = start
        while name in wish and name not in seen and wish[name] != name:
            seen.add(name)
            path.append(name)
            name = wish[name]
        count += name in path
    return count


def fewest(wish: Wish) -> int:
    """A request for each model that moves or goes, less one for each ring."""
    return sum(now != then for now, then in wish.items()) - rings(wish)


def settled(wish: Wish) -> dict[tuple[str, str], str]:
    """Names and ids as they are wanted."""
    return {("openai", then): f"m-{now}" for now, then in wish.items() if then != NEVER}


def replanned(entries: list[dict[str, Any]], server: Server) -> Plan:
    """The plan for what the server holds now; nothing may be refused."""
    plan = plan_of(entries, list(server.items.values()))
    assert plan.refusals == ()
    return plan


def finishes_from_anywhere(wish: Wish, entries: list[dict[str, Any]]) -> None:
    """Cut the run after each of its requests; a fresh plan does the rest, with no request too many."""
    for cut in range(fewest(wish) + 1):
        server = Server(account(wish))
        play(replanned(entries, server), server, stop_after=cut)
        assert server.requests == cut
        play(replanned(entries, server), server)
        assert server.names() == settled(wish), (wish, cut)
        assert server.requests == fewest(wish), (wish, cut)
        assert replanned(entries, server).empty


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_every_permutation_of_pinned_models(size: int) -> None:
    """A ring of n takes n - 1 swaps, and a run that was cut short after any of them is finished by the next."""
    names = "abcde"[:size]
    for wanted in permutations(names):
        wish = dict(zip(names, wanted, strict=True))
        finishes_from_anywhere(wish, pinned_entries(wish))


def partial_wishes(names: str, free: str) -> Iterator[Wish]:
    """All ways to give each name's model one of the names, a free name, or none, each at most once."""
    for wanted in product((*names, *free, NEVER), repeat=len(names)):
        kept = [name for name in wanted if name != NEVER]
        if len(set(kept)) == len(kept):
            yield dict(zip(names, wanted, strict=True))


def test_chains_into_free_names_and_out_of_the_account() -> None:
    """Renames onto free names, and names of models that are deleted, one request for each model that moves or goes."""
    for wish in partial_wishes("abc", "xy"):
        finishes_from_anywhere(wish, pinned_entries(wish))


def test_chains_found_by_their_former_names() -> None:
    """Chains declared by renamed_from alone free each name first, and can be cut short anywhere."""
    for wish in partial_wishes("abc", "xyz"):
        if NEVER in wish.values() or rings(wish):
            continue
        entries = [entry(then, **({} if now == then else {"renamed_from": now})) for now, then in wish.items()]
        finishes_from_anywhere(wish, entries)


def test_some_by_id_and_some_by_former_name() -> None:
    """In every mix, the plan either refuses or finishes from wherever it was cut short."""
    refused = finished = 0
    for wish in partial_wishes("abcd", "x"):
        if NEVER in wish.values():
            continue
        for pins in product((True, False), repeat=4):
            entries = [
                entry(then, **({"id": f"m-{now}"} if pin else {} if now == then else {"renamed_from": now}))
                for pin, (now, then) in zip(pins, wish.items(), strict=True)
            ]
            if plan_of(entries, account(wish)).refusals:
                assert rings(wish)
                refused += 1
            else:
                finishes_from_anywhere(wish, entries)
                finished += 1
    assert refused < finished


def test_names_serve_all_the_while() -> None:
    """With every model found by id, a name that was there and is wanted is held by some model after every request."""
    for wish in partial_wishes("abcd", "x"):
        needed = {("openai", name) for name in wish if name in wish.values()}
        for cut in range(fewest(wish) + 1):
            server = Server(account(wish))
            play(replanned(pinned_entries(wish), server), server, stop_after=cut)
            assert needed <= server.names().keys(), (wish, cut)


@settings(max_examples=40)
@given(data=st.data(), names=st.lists(st.text("abc#/-", min_size=1, max_size=3), min_size=2, max_size=12, unique=True))
def test_any_order_that_the_scheduler_may_take(data: st.DataObject, names: list[str]) -> None:
    """Large permutations finish whichever free step is taken next, cut anywhere, in the fewest requests."""
    wanted = data.draw(st.permutations([*names, "free-1", "free-2"]))[: len(names)]
    ids = {name: f"m-{index}" for index, name in enumerate(names)}
    wish = dict(zip(names, wanted, strict=True))
    entries = [entry(then, id=ids[now]) for now, then in wish.items()]
    server = Server([item(ids[name], name) for name in names])

    def choose(open_: list[int]) -> int:
        return data.draw(st.sampled_from(open_))

    cut = data.draw(st.integers(0, fewest(wish)))
    play(replanned(entries, server), server, stop_after=cut, choose=choose)
    play(replanned(entries, server), server, choose=choose)
    assert server.names() == {("openai", then): ids[now] for now, then in wish.items()}
    assert server.requests == fewest(wish)


def mover(now: str, then: str, *, pinned: bool) -> Mover:
    """A model that is to be called otherwise; its id is made of the name it has now."""
    return Mover(model=live_model(item(f"m-{now}", now)), target=then, pinned=pinned)


def test_ring_of_three() -> None:
    """Two swaps, the second after the first: the first name wanders."""
    a, b, c = movers = [mover(now, then, pinned=True) for now, then in [("a", "b"), ("b", "c"), ("c", "a")]]
    first, second = StepKey("m-a", "rename"), StepKey("m-b", "rename")
    assert order_renames(movers) == (
        Swap(key=first, model=a.model, other=b.model, expects="a", name="b"),
        Swap(key=second, model=b.model, other=c.model, expects="a", name="c", after=(first,)),
    )


def test_chain_without_ids() -> None:
    """Without ids nothing is swapped: the last of the chain moves first."""
    a, b = movers = [mover(now, then, pinned=False) for now, then in [("a", "b"), ("b", "c")]]
    first, second = StepKey("m-b", "rename"), StepKey("m-a", "rename")
    assert order_renames(movers) == (
        Rename(key=first, model=b.model, expects="b", name="c"),
        Rename(key=second, model=a.model, expects="a", name="b", after=(first,)),
    )


def test_rings_that_need_ids() -> None:
    """Members by name of rings of three are told; those of exchanges are not."""
    exchange = [mover("x", "y", pinned=True), mover("y", "x", pinned=False)]
    loose = mover("b", "c", pinned=False)
    ring = [mover("a", "b", pinned=True), loose, mover("c", "a", pinned=True)]
    assert unpinned_rings([*exchange, *ring]) == (loose,)


def test_exchange_by_former_names_is_refused() -> None:
    """An exchange that is declared by names alone looks the same before and after it."""
    entries = [entry("a", renamed_from="b"), entry("b", renamed_from="a")]
    plan = plan_of(entries, [item("m-a", "a"), item("m-b", "b")])
    assert [(refusal.guard, refusal.message, refusal.consent) for refusal in plan.refusals] == [
        (
            "ambiguous-rename",
            f"renamed from {old!r} to {new!r}, but both names exist: {new!r} is m-{new} and {old!r} is m-{old}",
            "write the id of the model that each entry means (id: ...), or remove renamed_from",
        )
        for new, old in (("a", "b"), ("b", "a"))
    ]


def test_a_name_that_stays_taken() -> None:
    """A rename onto the name of a model that no manifest moves is refused, with that model's id."""
    plan = plan_of([entry("b", id="m-a")], [item("m-a", "a"), item("m-b", "b")])
    (refusal,) = plan.refusals
    assert (refusal.guard, refusal.message, refusal.consent) == (
        "name-taken",
        "cannot take the name 'b': m-b has it and no manifest moves it away",
        "give that model an entry by its id, with another name or `state: absent`",
    )
    assert plan.changes[0].writes == ()


def test_same_names_of_other_vendors_do_not_meet() -> None:
    """Models of one name under two vendors are renamed without regard to each other."""
    entries = [entry("b", id="m-1"), entry("c", "cohere", id="m-3")]
    items = [item("m-1", "a"), item("m-2", "b", "cohere"), item("m-3", "d", "cohere")]
    plan = plan_of(entries, items)
    assert plan.refusals == ()
    assert [type(step) for change in plan.changes for step in change.writes] == [Rename, Rename]


def test_a_deploying_partner_is_waited_for() -> None:
    """Both sides of an exchange must be at rest before it."""
    entries = [entry("b", "launch", id="m-a"), entry("a", "launch", id="m-b")]
    server = Server([item("m-a", "a", "launch"), item("m-b", "b", "launch", status="deploying")])
    plan = plan_of(entries, list(server.items.values()))
    assert [change.action for change in plan.changes] == ["blocked", "rename"]
    play(plan, server)
    assert server.names() == {("launch", "a"): "m-b", ("launch", "b"): "m-a"}


def test_target_is_kept() -> None:
    """The plan says which account it is for, and which manifests it came from."""
    plan = plan_of([], [])
    assert (plan.target, plan.digest, plan.live_count, plan.empty) == (TARGET, desired_of().digest, 0, True)

"""Where a difference comes from, over every combination of base, manifests, account and past of a field."""

from itertools import product
from typing import Any, Final

from egpsync.core.origin import with_origins
from egpsync.core.plan import make_plan
from egpsync.model.manifest import Desired
from egpsync.model.plan import Origin
from tests.core.build import TARGET, desired_of, entry, item, live_of

ABSENT: Final = "absent"  # declared, or held, is no such key
VALUES = (ABSENT, None, 1, True, "1")


def manifest(value: Any) -> Desired:
    """Manifests in which the one model declares the value."""
    return desired_of(entry("a", model_metadata={} if value is ABSENT else {"k": value}))


def found(base: Any, wanted: Any, held: Any, past: Any) -> tuple[Origin | None, str | None] | None:
    """The origin of the field and since when it is pending; None where there is no difference to explain."""
    live = live_of(item("m-1", "a", model_metadata={} if held is ABSENT else {"k": held}))
    plan = make_plan(manifest(wanted), live, TARGET).plan
    explained = with_origins(plan, manifest(base), lambda asked: "c0ffee" if asked(manifest(past)) else None)
    fields = explained.changes[0].fields
    assert len(fields) <= 1
    return (fields[0].origin, fields[0].pending_since) if fields else None


def same(one: Any, other: Any) -> bool:
    """Whether both mean the same value; a key that is not there is null."""
    one, other = (None if value is ABSENT else value for value in (one, other))
    return type(one) is type(other) and bool(one == other)


def expected(base: Any, wanted: Any, held: Any, past: Any) -> tuple[Origin | None, str | None] | None:
    """The same in the words of the specification."""
    if wanted is ABSENT:
        return None
    if same(wanted, held):
        return None if same(base, wanted) else (Origin.CONVERGED, None)
    since = "c0ffee" if past is not ABSENT and same(past, held) else None
    if base is ABSENT or same(base, held):
        return Origin.THIS_CHANGE, None
    if same(base, wanted):
        return Origin.OUTSTANDING, since
    return (Origin.CONFLICT, None) if since is None else (Origin.THIS_CHANGE, since)


def test_every_combination_has_its_origin() -> None:
    """625 of them: values that differ in type alone, null, and no declaration at all are told apart."""
    combinations = list(product(VALUES, repeat=4))
    assert len(combinations) == 625
    wrong = [each for each in combinations if found(*each) != expected(*each)]
    assert wrong == []


def test_every_origin_is_met() -> None:
    """The combinations reach each of the four, with and without a commit since which it is pending."""
    met = {expected(*each) for each in product(VALUES, repeat=4)}
    assert met == {
        None,
        (Origin.CONVERGED, None),
        (Origin.THIS_CHANGE, None),
        (Origin.THIS_CHANGE, "c0ffee"),
        (Origin.OUTSTANDING, None),
        (Origin.OUTSTANDING, "c0ffee"),
        (Origin.CONFLICT, None),
    }

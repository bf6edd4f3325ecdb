"""A desired model and a live one in, the sorted differences of declared fields out; the only importer of deepdiff."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from egpsync.core.normalise import Difference, differing
from egpsync.core.overlay import exacted
from egpsync.core.redacted import looks_redacted
from egpsync.fields.table import default_of, is_secret, place_of, policy_of
from egpsync.model.live import MARK, LiveModel
from egpsync.model.manifest import DesiredModel
from egpsync.model.plan import Effect, FieldChange, Op
from egpsync.model.values import Json, JsonMap, Path, value_at

AT_ONCE = 500  # differences that deepdiff sees in one call: more only take memory
ACROSS_ZERO = "a model on GPUs and one without cannot become each other in place"


UNSEEN = "the server hides what it holds here, so that it always differs: lifecycle.ignore_changes leaves it alone"


def differences(desired: DesiredModel, live: LiveModel) -> tuple[FieldChange, ...]:
    """Every declared field that the live model does not hold as declared, sorted by path.

    Lists are one field. The name is a field here, so that a rename shows like any other change.
    """
    return differences_of([(desired, live)])[0]


def differences_of(pairs: Iterable[tuple[DesiredModel, LiveModel]]) -> list[tuple[FieldChange, ...]]:
    """The differences of many models, in their order.

    What differs is shown to deepdiff by the hundred: a call of its own for each model takes three times as long.
    """
    found = [(desired, live, _differing(desired, live)) for desired, live in pairs]
    paths = iter(_deepest([difference for _, _, differing in found for difference in differing]))
    return [_changes(desired, live, islice(paths, len(differing))) for desired, live, differing in found]


def declarable(live: LiveModel) -> JsonMap:
    """The live fields that a manifest can declare: all but our own mark."""
    if MARK not in live.metadata:
        return live.fields
    metadata = {key: value for key, value in live.metadata.items() if key != MARK}
    return {**live.fields, "model_metadata": metadata}


def wanted(desired: DesiredModel, live: LiveModel) -> JsonMap:
    """The declared fields; of maps that are to be exact also the keys that are to go, as null."""
    exact = desired.lifecycle.exact
    return exacted(desired.fields, declarable(live), exact) if exact else desired.fields


def left_out(desired: DesiredModel, live: LiveModel) -> tuple[Path, ...]:
    """Where the two differ and lifecycle.ignore_changes leaves it alone, sorted."""
    if not desired.lifecycle.ignore_changes:
        return ()
    whole = differing(desired.vendor, wanted(desired, live), declarable(live))
    seen = _differing(desired, live)
    return tuple(sorted({one.path for one in whole if one not in seen}))


def _differing(desired: DesiredModel, live: LiveModel) -> list[Difference]:
    return differing(desired.vendor, wanted(desired, live), declarable(live), desired.lifecycle.ignore_changes)


def _changes(desired: DesiredModel, live: LiveModel, paths: Iterable[set[Path]]) -> tuple[FieldChange, ...]:
    changes = [_change(desired, live, path) for deepest in paths for path in deepest]
    if desired.name != live.name:
        changes.append(_rename(desired, live))
    if desired.vendor != live.vendor:
        changes.append(_moved_vendor(desired, live))
    return tuple(sorted(changes, key=lambda change: change.path))


def _deepest(found: Sequence[Difference]) -> Iterator[set[Path]]:
    """For each difference where deepdiff sees it: down to the deepest key, and no further than a list.

    Its thresholds are off, so that it always descends. It is imported when something differs: it brings whatever numpy
    and pydantic are there along.
    """
    for start in range(0, len(found), AT_ONCE):
        from deepdiff import DeepDiff  # noqa: PLC0415

        some = found[start : start + AT_ONCE]
        tree = DeepDiff(
            {str(at): difference.held for at, difference in enumerate(some)},
            {str(at): difference.wanted for at, difference in enumerate(some)},
            view="tree",
            ignore_private_variables=False,
            threshold_to_diff_deeper=0,
            zip_ordered_iterables=True,
        )
        paths: list[set[Path]] = [set() for _ in some]
        for level in (level for kind in tree.values() for level in kind):
            at, *inside = level.path(output_format="list")
            paths[int(at)].add(_until_list(some[int(at)], inside))
        yield from paths


def _until_list(difference: Difference, inside: Sequence[str | int]) -> Path:
    """The path of the difference and on `inside`, cut at the first list: a list travels whole, and is shown whole."""
    path, held, wanted = difference.path, difference.held, difference.wanted
    for key in inside:
        if not isinstance(held, Mapping) and not isinstance(wanted, Mapping):
            break
        path = (*path, str(key))
        held, wanted = value_at(held, (str(key),)), value_at(wanted, (str(key),))
    return path


def _change(desired: DesiredModel, live: LiveModel, path: Path) -> FieldChange:
    before, after = value_at(declarable(live), path), value_at(desired.fields, path)
    policy = policy_of(desired.vendor, path)
    across_zero = _crosses_zero_gpus(desired.vendor, path, live, before, after)
    return FieldChange(
        path=path,
        op=Op.ADD if before is None else Op.REMOVE if after is None else Op.CHANGE,
        before=before,
        after=after,
        effect=Effect.IMMUTABLE if across_zero else policy.effect,
        sensitive=is_secret(path),
        source=desired.source_of(path),
        reason=ACROSS_ZERO if across_zero else UNSEEN if looks_redacted(path, before) else policy.reason,
    )


def _crosses_zero_gpus(vendor: str, path: Path, live: LiveModel, before: Json, after: Json) -> bool:
    """Whether a model on GPUs is to have none, or one without some."""
    if path != place_of(vendor, "gpus") or live.configuration is None:
        return False
    inferred = before is None and default_of(vendor, path) is None  # unset is not 0 where the platform infers it
    return not inferred and bool(before) != bool(after)


def _rename(desired: DesiredModel, live: LiveModel) -> FieldChange:
    declared = ("renamed_from",) if desired.renamed_from == live.name else ("name",)
    return FieldChange(
        path=("name",),
        op=Op.CHANGE,
        before=live.name,
        after=desired.name,
        effect=Effect.IN_PLACE,
        sensitive=False,
        source=desired.source_of(declared),
        reason="",
    )


def _moved_vendor(desired: DesiredModel, live: LiveModel) -> FieldChange:
    policy = policy_of(desired.vendor, ("model_vendor",))
    return FieldChange(
        path=("model_vendor",),
        op=Op.CHANGE,
        before=live.vendor,
        after=desired.vendor,
        effect=Effect.IMMUTABLE,
        sensitive=False,
        source=desired.source_of(("model_vendor",)),
        reason=policy.reason,
    )

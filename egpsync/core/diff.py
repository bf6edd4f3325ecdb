"""A desired model and a live one in, the sorted differences of declared fields out; the only importer of deepdiff."""

from collections.abc import Iterator, Mapping, Sequence

from egpsync.core.normalise import Difference, differing
from egpsync.fields.table import default_of, is_secret, place_of, policy_of
from egpsync.model.live import MARK, LiveModel
from egpsync.model.manifest import DesiredModel
from egpsync.model.plan import Effect, FieldChange, Op
from egpsync.model.values import Json, JsonMap, Path, value_at

ACROSS_ZERO = "a model on GPUs and one without cannot become each other in place"


def differences(desired: DesiredModel, live: LiveModel) -> tuple[FieldChange, ...]:
    """Every declared field that the live model does not hold as declared, sorted by path.

    Lists are one field. The name is a field here, so that a rename shows like any other change.
    """
    changes = [_change(desired, live, path) for path in _paths(desired, live)]
    if desired.name != live.name:
        changes.append(_rename(desired, live))
    if desired.vendor != live.vendor:
        changes.append(_moved_vendor(desired, live))
    return tuple(sorted(changes, key=lambda change: change.path))


def declarable(live: LiveModel) -> JsonMap:
    """The live fields that a manifest can declare: all but our own mark."""
    metadata = {key: value for key, value in live.metadata.items() if key != MARK}
    return {**live.fields, "model_metadata": metadata}


def _paths(desired: DesiredModel, live: LiveModel) -> Iterator[Path]:
    """Where the two differ, in canonical form: down to the deepest key, and no further than a list."""
    found = differing(desired.vendor, desired.fields, declarable(live), desired.lifecycle.ignore_changes)
    if found:
        yield from _deepest(found)


def _deepest(found: Sequence[Difference]) -> set[Path]:
    """The paths of deepdiff's tree; its thresholds are off, so that it always descends.

    It is imported when something differs: it brings whatever numpy and pydantic are there along.
    """
    from deepdiff import DeepDiff  # noqa: PLC0415

    tree = DeepDiff(
        {str(at): difference.held for at, difference in enumerate(found)},
        {str(at): difference.wanted for at, difference in enumerate(found)},
        view="tree",
        ignore_private_variables=False,
        threshold_to_diff_deeper=0,
        zip_ordered_iterables=True,
    )
    levels = (level.path(output_format="list") for kind in tree.values() for level in kind)
    return {_until_list(found[int(at)], inside) for at, *inside in levels}


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
        reason=ACROSS_ZERO if across_zero else policy.reason,
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

"""A desired model and a live one in, the sorted differences of declared fields out; the only importer of deepdiff."""

from collections.abc import Iterator, Mapping

from deepdiff import DeepDiff

from egpsync.core.normalise import comparable, same
from egpsync.fields.table import policy_of
from egpsync.model.live import MARK, LiveModel
from egpsync.model.manifest import DesiredModel
from egpsync.model.plan import Effect, FieldChange, Op
from egpsync.model.values import Json, JsonMap, Path

GPU_COUNTS = frozenset({("vendor_configuration", "model_infra", "gpus"), ("vendor_configuration", "gpus")})
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


def value_at(tree: Json, path: Path) -> Json:
    """The value at `path`, or None where there is none."""
    for key in path:
        if not isinstance(tree, Mapping) or key not in tree:
            return None
        tree = tree[key]
    return tree


def declarable(live: LiveModel) -> JsonMap:
    """The live fields that a manifest can declare: all but our own mark."""
    metadata = {key: value for key, value in live.metadata.items() if key != MARK}
    return {**live.fields, "model_metadata": metadata}


def _paths(desired: DesiredModel, live: LiveModel) -> Iterator[Path]:
    """Where the two differ, in canonical form: down to the deepest key, and no further than a list."""
    wanted, held = comparable(desired.vendor, desired.fields, declarable(live), desired.lifecycle.ignore_changes)
    for key in wanted:
        if not same(wanted[key], held[key]):
            yield from ((key, *path) for path in _deepest(held[key], wanted[key]))


def _deepest(held: Json, wanted: Json) -> set[Path]:
    """The paths of deepdiff's tree; its thresholds are off, so that it always descends."""
    tree = DeepDiff(
        {"": held},
        {"": wanted},
        view="tree",
        ignore_private_variables=False,
        threshold_to_diff_deeper=0,
        zip_ordered_iterables=True,
    )
    levels = (level for kind in tree.values() for level in kind)
    return {_until_list(held, wanted, level.path(output_format="list")[1:]) for level in levels}


def _until_list(held: Json, wanted: Json, path: list[str | int]) -> Path:
    """Cut `path` at the first list: lists travel whole, so they are shown whole."""
    kept: list[str] = []
    for key in path:
        if not isinstance(held, Mapping) and not isinstance(wanted, Mapping):
            break
        kept.append(str(key))
        held, wanted = value_at(held, (str(key),)), value_at(wanted, (str(key),))
    return tuple(kept)


def _change(desired: DesiredModel, live: LiveModel, path: Path) -> FieldChange:
    before, after = value_at(declarable(live), path), value_at(desired.fields, path)
    policy = policy_of(desired.vendor, path)
    across_zero = path in GPU_COUNTS and live.configuration is not None and bool(before) != bool(after)
    return FieldChange(
        path=path,
        op=Op.ADD if before is None else Op.REMOVE if after is None else Op.CHANGE,
        before=before,
        after=after,
        effect=Effect.IMMUTABLE if across_zero else policy.effect,
        sensitive=policy.secret,
        source=desired.source_of(path),
        reason=ACROSS_ZERO if across_zero else policy.reason,
    )


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

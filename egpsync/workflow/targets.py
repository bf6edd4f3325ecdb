"""A project in, what its targets mean on this machine out: account, number of manifests, whether the key is at hand."""

from egpsync.errors import FileError
from egpsync.manifest.find import find
from egpsync.model.project import Project
from egpsync.settings import account_of, key_at_hand
from egpsync.value import Value


class TargetState(Value, frozen=True, kw_only=True):
    """One target, as it stands on this machine."""

    name: str
    base_url: str
    account_id: str | None
    manifests: int | None  # files; None where its paths lead nowhere
    key: bool  # whether there is one that can be used
    key_from: str  # where it is looked for
    default: bool  # whether it is meant where none is named


def targets_of(project: Project) -> tuple[TargetState, ...]:
    """Every target in the file's order. Nothing is asked, and no key is shown."""
    states = []
    for name, scope in project.targets.items():
        base_url, account_id = account_of(scope)
        manifests = scope.manifests if scope.manifests is not None else project.manifests
        key, key_from = key_at_hand(scope)
        states.append(
            TargetState(
                name=name,
                base_url=base_url,
                account_id=account_id,
                manifests=_count(manifests or ()),
                key=key,
                key_from=key_from,
                default=name == project.default_target,
            )
        )
    return tuple(states)


def _count(paths: tuple[str, ...]) -> int | None:
    try:
        return sum(not file.rule for file in find(paths))
    except FileError:
        return None

"""A plan that would prune in; the same without what manifests beside the given ones declare, out.

PATH can name a part of the repository: what another manifest of it declares is not left over, whatever PATH names.
"""

from collections.abc import Iterator
from pathlib import Path

from egpsync.errors import FileError
from egpsync.manifest.find import repository_of
from egpsync.manifest.identities import Identities, identities
from egpsync.manifest.variables import Values
from egpsync.model.live import Live
from egpsync.model.plan import Change, Plan, Refusal
from egpsync.settings import Settings
from egpsync.value import Value


class LeftOver(Value, frozen=True, kw_only=True):
    """What the repository says of the models that these manifests do not declare."""

    spared: frozenset[str]  # ids of models that it declares elsewhere
    unread: tuple[str, ...]  # a sentence for each manifest that could declare more than is known


def pruned(plan: Plan) -> tuple[Change, ...]:
    """The deletions that no entry asks for."""
    return tuple(change for change in plan.changes if change.desired is None and change.writes)


def declared_elsewhere(live: Live, settings: Settings) -> LeftOver:
    """Read every manifest below the repository's root, outside of one below the working folder."""
    here = Path.cwd()
    root = repository_of(here) or here
    try:
        found = identities([str(root), *_of_other_targets(settings)], Values(variables=settings.variables))
    except FileError as error:
        return LeftOver(spared=frozenset(), unread=(str(error),))
    return LeftOver(spared=frozenset(_meant(found, live)), unread=found.unread)


def unread_refusals(unread: tuple[str, ...]) -> tuple[Refusal, ...]:
    """What a prune must not go past."""
    return tuple(
        Refusal(
            guard="unread-manifest",
            message=f"nothing can be pruned, as a manifest of the repository cannot be read: {why}",
            consent="mend it, or leave --prune out",
            model=None,
            source=None,
        )
        for why in unread
    )


def _of_other_targets(settings: Settings) -> Iterator[str]:
    """What other targets alone name, to be left out: their manifests say nothing of this account."""
    targets = settings.project.targets if settings.project is not None else {}
    ours = set(settings.manifests or ())
    for name, scope in targets.items():
        if settings.scope is None or name != settings.scope.name:
            for path in scope.manifests or ():
                if not path.startswith("!") and path not in ours:
                    yield f"!{path}"


def _meant(found: Identities, live: Live) -> Iterator[str]:
    for model in live.models:
        if found.declare(model.vendor, model.name, model.id):
            yield model.id

"""A plan and a base revision in; the plan with the origin of each difference out, asked of the base and its history."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from egpsync.core.origin import with_origins
from egpsync.history import commit_of, commits_touching, repository_at
from egpsync.manifest.find import PROJECT
from egpsync.model.manifest import Desired
from egpsync.settings import Settings
from egpsync.value import replace
from egpsync.workflow.plan import Planned
from egpsync.workflow.revision import SIGNS, checked_at

MOST = 50  # commits of the base's history that are asked


def explained(planned: Planned, base: str, paths: Sequence[str], settings: Settings) -> Planned:
    """Tell of each field whether this change makes its difference. Raises HistoryError."""
    if planned.plan is None:
        return planned
    root = repository_at(Path.cwd())
    before = checked_at(base, paths, settings).desired
    if before is None:
        note = f"the manifests of {base} are invalid: where differences come from cannot be told"
        return replace(planned, notes=(*settings.edits, note, *planned.notes))
    history = _History(root, commit_of(root, base), paths, settings)
    return replace(
        planned,
        plan=with_origins(planned.plan, before, history.after_newest),
        notes=(*settings.edits, *planned.notes),
    )


class _History:
    """The base's first-parent history as far as it touched the manifests, read when it is asked for."""

    def __init__(self, root: str, commit: str, paths: Sequence[str], settings: Settings) -> None:
        self._root, self._commit, self._paths, self._settings = root, commit, paths, settings
        self._commits: tuple[str, ...] | None = None
        self._read: dict[str, Desired | None] = {}

    def after_newest(self, wanted: Callable[[Desired], bool]) -> str | None:
        """The commit after the newest one whose manifests are as wanted; None where none is."""
        if self._commits is None:
            self._commits = commits_touching(self._root, self._commit, self._literal(), most=MOST)
        for newer, commit in zip((None, *self._commits), self._commits, strict=False):
            if commit not in self._read:
                self._read[commit] = checked_at(commit, self._paths, self._settings).desired
            desired = self._read[commit]
            if desired is not None and wanted(desired):
                return newer
        return None

    def _literal(self) -> list[str]:
        """Where manifests are, from the top folder; patterns up to their first sign, and the project file."""
        prefix = os.path.relpath(os.path.realpath(Path.cwd()), os.path.realpath(self._root))
        found = []
        for path in (*(path for path in self._paths if not path.startswith("!")), self._project_file()):
            parts = os.path.normpath(os.path.join(prefix, path)).split("/")  # noqa: PTH118 - a pattern is no Path
            plain = parts[: next((at for at, part in enumerate(parts) if not SIGNS.isdisjoint(part)), len(parts))]
            if not plain or plain[0] in (".", ".."):
                return []
            found.append("/".join(plain))
        return found

    def _project_file(self) -> str:
        return self._settings.project.file if self._settings.project is not None else PROJECT

"""Manifests and an account in, the manifests with what the account holds otherwise taken over out, and what is not."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from egpsync.core.diff import differences
from egpsync.errors import UsageError
from egpsync.fields.table import declared_at
from egpsync.manifest.edit import APPENDED, CannotPlaceError, Edited, nested
from egpsync.manifest.edit import Change as Edit
from egpsync.manifest.find import STDIN, Found, find
from egpsync.manifest.parse import BYTE_ORDER_MARK, without_mark
from egpsync.manifest.write import as_declared, can_be_yaml
from egpsync.model.live import LiveModel
from egpsync.model.manifest import Desired, DesiredModel, Document, Node
from egpsync.model.plan import Action, Change, FieldChange
from egpsync.model.report import MASK
from egpsync.model.values import Json, JsonMap, Path, Source, value_at
from egpsync.settings import Settings
from egpsync.value import Value, replace
from egpsync.workflow.fmt import Formed
from egpsync.workflow.plan import Planned, Watch, drift
from egpsync.workflow.validate import Checked, compiled

_Key: TypeAlias = tuple[str, str, str | None]

OWN = frozenset({"model", "patch"})
"""Layers that say something of one model alone."""


class Pulled(Value, frozen=True, kw_only=True):
    """One difference, and what became of it."""

    vendor: str
    model: str
    path: Path
    before: Json  # as the manifests say it; None where they do not
    after: Json  # as the account holds it
    source: Source | None  # where it is written now; None where it is not taken over
    why: str = ""  # it is not


class Pull(Value, frozen=True, kw_only=True):
    """What comes of it."""

    planned: Planned
    files: tuple[Formed, ...] = ()  # those that change
    taken: tuple[Pulled, ...] = ()
    left: tuple[Pulled, ...] = ()


async def pull(paths: Sequence[str], settings: Settings, watch: Watch, *, shared: bool = False) -> Pull:
    """Compare, and find the place of each difference. Writes nothing. Raises as `drift` does.

    `shared`: what templates and defaults say is changed there, for every model that they are about.
    """
    if STDIN in paths:
        raise UsageError("pull edits files: - names none", advice="Give files, folders or patterns.")
    planned = await drift(paths, settings, watch)
    if planned.plan is None or planned.plan.refusals or planned.checked.desired is None:
        return Pull(planned=planned)
    return taken_over(planned, settings, shared=shared)


def taken_over(planned: Planned, settings: Settings | None, *, shared: bool = False) -> Pull:
    """The same of a comparison that was made."""
    changes = planned.plan.changes if planned.plan is not None else ()
    wanted = list(_wanted(changes))
    live = {_key(one.desired): one.live for one in changes if one.desired is not None and one.live is not None}
    editing = _Editing(planned.checked, settings, live, shared=shared)
    taken, refused = editing.take([one for one in wanted if not one.why])
    left = [*(one.pulled for one in wanted if one.why), *refused]
    return Pull(planned=planned, files=editing.files(), taken=tuple(taken), left=tuple(left))


class _Wanted(Value, frozen=True, kw_only=True):
    """A difference that is to be taken over, or why it cannot be."""

    desired: DesiredModel
    field: FieldChange
    why: str = ""

    @property
    def pulled(self) -> Pulled:
        """What is said of it."""
        field = self.field
        before, after = (MASK, MASK) if field.sensitive else (field.after, field.before)
        return Pulled(
            vendor=self.desired.vendor,
            model=self.desired.name,
            path=field.path,
            before=before,
            after=after,
            source=None,
            why=self.why,
        )


def _wanted(changes: Iterable[Change]) -> Iterator[_Wanted]:
    for change in changes:
        if change.desired is None or change.live is None or change.live.odd:
            continue
        for field in _whole_where_less(change.desired, change.live, change.fields):
            yield _Wanted(desired=change.desired, field=field, why=_why_not(change, field))


def _whole_where_less(desired: DesiredModel, live: LiveModel, fields: Iterable[FieldChange]) -> Iterator[FieldChange]:
    """The differences; those below one key of a free-form map as one, where the account holds less there.

    What stands below such a key is compared whole, so that a null in it is not the same as nothing.
    """
    below: dict[Path, list[FieldChange]] = defaultdict(list)
    for field in fields:
        below[declared_at(desired.vendor, field.path)].append(field)
    for owned, several in below.items():
        if any(field.before is None and field.path != owned for field in several):
            yield replace(
                several[0],
                path=owned,
                before=value_at(live.fields, owned),
                after=value_at(desired.fields, owned),
                sensitive=any(field.sensitive for field in several),
            )
        else:
            yield from several


def _why_not(change: Change, field: FieldChange) -> str:
    if field.sensitive:
        return "it is a secret, which is never written"
    if field.path == ("name",):
        return "the model was renamed: rename it back, or declare the new name with renamed_from"
    if change.action == Action.BLOCKED:
        return "the model is deploying: pull again when that has ended"
    if field.path == ("model_vendor",):
        return "it is another vendor's model"
    return "" if can_be_yaml(field.before) else "no manifest can hold the value"


def _files_of_others(settings: Settings | None) -> Mapping[str, str]:
    """Files that other targets load too, each with one of those."""
    found: dict[str, str] = {}
    if settings is None or settings.project is None or settings.scope is None:
        return found
    for name, scope in settings.project.targets.items():
        paths = scope.manifests if scope.manifests is not None else settings.project.manifests
        for file in find(paths) if paths and name != settings.scope.name else ():
            found.setdefault(os.path.realpath(file.name), name)
    return found


class _Editing:
    """The files under way."""

    def __init__(
        self, checked: Checked, settings: Settings | None, live: Mapping[_Key, LiveModel], *, shared: bool
    ) -> None:
        self._before = checked.files
        self._now = dict(checked.files)
        self._settings = settings
        self._others = _files_of_others(settings)
        self._shared = shared
        self._checked = checked
        self._live = live
        self._taken: list[_Wanted] = []

    def files(self) -> tuple[Formed, ...]:
        """Those that change."""
        return tuple(
            Formed(file=name, before=self._before[name], after=self._now[name])
            for name in sorted(self._before)
            if self._before[name] != self._now[name]
        )

    def take(self, wanted: Sequence[_Wanted]) -> tuple[list[Pulled], list[Pulled]]:
        """All at once where that gives what is wanted and nothing else; else one by one."""
        if wanted and not self._try(wanted):
            return [self._written(one) for one in wanted], []
        taken: list[Pulled] = []
        refused: list[Pulled] = []
        for one in wanted:
            current = self._again(one)
            why = self._try([current]) if current is not None else "its model is not found again"
            if why:
                refused.append(replace(one, why=why).pulled)
            else:
                taken.append(self._written(one))
        return taken, refused

    def _again(self, one: _Wanted) -> _Wanted | None:
        """With the model as it stands in the files by now: its places have moved."""
        desired = self._checked.desired
        found = (model for model in desired.models if _key(model) == _key(one.desired)) if desired else iter(())
        model = next(found, None)
        return None if model is None else _Wanted(desired=model, field=one.field)

    def _written(self, one: _Wanted) -> Pulled:
        again = self._again(one)
        source = again.desired.source_of(one.field.path) if again is not None else None
        return Pulled(
            vendor=one.desired.vendor,
            model=one.desired.name,
            path=one.field.path,
            before=one.field.after,
            after=one.field.before,
            source=source,
        )

    def _try(self, wanted: Sequence[_Wanted]) -> str:
        """Take these over; why it cannot be, with nothing changed then."""
        edits: dict[str, list[Edit]] = defaultdict(list)
        try:
            for one in wanted:
                file, edit = self._edit_of(one)
                edits[file].append(edit)
            made = {file: _edited(self._now[file], several) for file, several in edits.items()}
        except CannotPlaceError as error:
            return str(error)
        now = {**self._now, **made}
        checked = compiled([Found(name, data) for name, data in now.items()], self._settings)
        if checked.desired is None:
            return next((problem.message for problem in checked.problems), "it would not be valid")
        if not self._shared and not _as_meant(self._checked.desired, checked.desired, wanted):
            return "other models, or other fields, would change with it"
        if self._shared and not _holds(checked.desired, [*self._taken, *wanted]):
            return "it is set again elsewhere, or another model holds another value"
        if self._shared and not self._differs_in_no_more(checked.desired):
            return "another model that shares it holds another value"
        self._now, self._checked = now, checked
        self._taken += wanted
        return ""

    def _differs_in_no_more(self, after: Desired) -> bool:
        """Whether no model differs from the account in anything that it does not differ in now."""
        before = self._checked.desired
        if before is None or list(map(_key, before.models)) != list(map(_key, after.models)):
            return False
        for one, other in zip(before.models, after.models, strict=True):
            live = self._live.get(_key(one))
            if one.fields != other.fields and (
                live is None or not _paths(differences(other, live)) <= _paths(differences(one, live))
            ):
                return False
        return True

    def _edit_of(self, one: _Wanted) -> tuple[str, Edit]:
        """Where the value is to be written: at its own place, else in the model, else in a patch."""
        path, value = one.field.path, as_declared(one.field.before)
        node = one.desired.node.find(path)
        if node is not None and (node.origin in OWN or self._shared):
            source, edit = node.source, Edit(_place(node.source), (), value)
        else:
            source = one.desired.source
            edit = Edit(_place(source), path, value)
        if os.path.realpath(source.file) not in self._others:
            return source.file, edit
        return self._patch_of(one.desired, path, value, self._others[os.path.realpath(source.file)])

    def _patch_of(self, model: DesiredModel, path: Path, value: Json, other: str) -> tuple[str, Edit]:
        """A patch in a file that no other target loads: one of the model, else a new one."""
        documents = [
            document
            for document in (self._checked.merged.documents.documents if self._checked.merged else ())
            if os.path.realpath(document.file) not in self._others and isinstance(document.root.value, Mapping)
        ]
        for document in documents:
            for item in _patches(document):
                said = item.value
                if said.get("name") == model.name and said.get("model_vendor", model.vendor) == model.vendor:
                    return document.file, Edit(_place(item.source), path, value)
        patch = {"name": model.name, "model_vendor": model.vendor, **nested(path, value)}
        for document in documents:
            listed = document.root.get("patches")
            if listed is not None and isinstance(listed.value, list) and listed.value:
                return document.file, Edit(_place(listed.source), (APPENDED,), patch)
        if documents:
            return documents[0].file, Edit(_place(documents[0].root.source), ("patches",), [patch])
        raise CannotPlaceError(f"the target {other} loads its file too, and no file is this target's alone")


def _patches(document: Document) -> Iterator[Node]:
    listed = document.root.get("patches")
    if listed is not None and isinstance(listed.value, list):
        yield from (item for item in listed.items() if isinstance(item.value, Mapping))


def _edited(data: bytes, edits: Sequence[Edit]) -> bytes:
    mark = BYTE_ORDER_MARK if data.startswith(BYTE_ORDER_MARK) else b""
    return mark + Edited(without_mark(data).decode("utf-8")).with_changes(edits).encode("utf-8")


def _place(source: Source) -> tuple[int, int]:
    return source.line - 1, source.column - 1


def _paths(fields: Iterable[FieldChange]) -> set[Path]:
    return {field.path for field in fields}


def _key(model: DesiredModel) -> _Key:
    return model.vendor, model.name, model.id


def _as_meant(before: Desired | None, after: Desired, wanted: Sequence[_Wanted]) -> bool:
    """Whether each model is as before, but for what was to be taken over."""
    sets: dict[_Key, list[FieldChange]] = defaultdict(list)
    for one in wanted:
        sets[_key(one.desired)].append(one.field)
    if before is None or list(map(_key, before.models)) != list(map(_key, after.models)):
        return False
    for model, now in zip(before.models, after.models, strict=True):
        meant: Json = model.fields
        for field in sets.get(_key(model), ()):
            meant = _with(meant, field.path, field.before)
        if meant != now.fields or replace(now, fields={}, source=model.source) != replace(model, fields={}):
            return False
    return True


def _holds(after: Desired, wanted: Sequence[_Wanted]) -> bool:
    models = {_key(model): model for model in after.models}
    return all(
        value_at(models[_key(one.desired)].fields, one.field.path) == one.field.before
        for one in wanted
        if _key(one.desired) in models
    )


def _with(tree: Json, path: Path, value: Json) -> Json:
    if not path:
        return value
    held: JsonMap = tree if isinstance(tree, Mapping) else {}
    return {**held, path[0]: _with(held.get(path[0]), path[1:], value)}

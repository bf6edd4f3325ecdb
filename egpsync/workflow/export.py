"""What to export and settings in; a manifest of live models out, proven to be valid and to plan empty."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from egpsync.account.listing import fetch_all
from egpsync.core.guard import Limits, check_guards
from egpsync.core.mark import standby_name
from egpsync.core.plan import make_plan
from egpsync.core.select import is_selected, selects_any
from egpsync.errors import EgpsyncError, UsageError
from egpsync.manifest.find import Found
from egpsync.manifest.findings import in_words
from egpsync.manifest.folder import Folder, Layout, write_folder
from egpsync.manifest.write import Written, check_owner, write
from egpsync.model.live import Live, LiveModel
from egpsync.model.manifest import Desired
from egpsync.model.plan import Action, Refusal
from egpsync.model.selection import By, Selection
from egpsync.settings import Secrets, Settings
from egpsync.value import Value
from egpsync.workflow.plan import Watch, connect, target_of
from egpsync.workflow.validate import Checked, compiled, validate

NO_MANIFESTS = Desired(models=(), owners=(), digest="")
MOST_NAMED = 10  # differences that an error names
NO_FILES: Mapping[str, str] = {}


class Choice(Value, frozen=True, kw_only=True):
    """Which models are wanted."""

    besides: tuple[str, ...] | None  # paths of manifests: only what none of them names; None: all models
    owner: str | None  # who is to manage them; None: the one owner that the manifests name, if they name just one
    layout: Layout | None = None  # of a folder; None for one text
    templates: bool = False  # whether what many share goes into some, in a folder


class Exported(Value, frozen=True, kw_only=True):
    """What became of an export."""

    checked: Checked | None  # the manifests besides which it was made; None where none were asked for
    written: Written | None  # None where those are invalid, or a guard refuses
    owner: str | None = None  # whom the text names
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()  # a sentence for each model that was wanted and is not in the text
    files: Mapping[str, str] = NO_FILES  # of a folder, by their names in it
    secrets: tuple[str, ...] = ()  # names of those that they refer to


async def export(choice: Choice, settings: Settings, watch: Watch) -> Exported:
    """Fetch the complete account, write what is wanted of it, and plan that against what was fetched.

    Raises UsageError for an owner that none may have, ApiError where the account cannot be read, and EgpsyncError
    where the text would not plan empty.
    """
    if choice.owner is not None:
        check_owner(choice.owner)
    checked = validate(choice.besides, settings) if choice.besides is not None else None
    if checked is not None and checked.desired is None:
        return Exported(checked=checked, written=None)
    if refusals := _refusals(settings):
        return Exported(checked=checked, written=None, refusals=refusals)
    async with connect(settings, watch.on_attempt) as client:
        live = await fetch_all(client)
    desired = checked.desired if checked is not None and checked.desired is not None else NO_MANIFESTS
    owner = choice.owner or (desired.owners[0] if len(desired.owners) == 1 else None)
    unnamed = make_plan(desired, live, target_of(settings)).plan.unmanaged
    _refuse_unmatched(settings.selection, live)
    wanted = [model for model in unnamed if is_selected(model, settings.selection)]
    kept_out = dict(_kept_out(wanted, live, {owner} if owner else set(desired.owners)))
    folder = _folder(choice, [model for model in wanted if model.id not in kept_out], owner)
    if differences := tuple(_differences(folder, live, settings)):
        raise _broken_promise(differences)
    notes = (*folder.written.notes, *kept_out.values())
    files = folder.files if choice.layout is not None else NO_FILES
    return Exported(
        checked=checked,
        written=folder.written,
        owner=owner,
        notes=notes,
        files=files,
        secrets=tuple(sorted(folder.secrets)),
    )


def _folder(choice: Choice, models: Sequence[LiveModel], owner: str | None) -> Folder:
    """What is written; one text is a folder of one file."""
    if choice.layout is not None:
        return write_folder(models, owner=owner, layout=choice.layout, templates=choice.templates)
    written = write(models, owner=owner)
    return Folder(files={"export.yaml": written.text}, secrets={}, written=written)


def _refusals(settings: Settings) -> tuple[Refusal, ...]:
    """Whether this is the account that is expected: of all guards, the one that a run without changes can trip."""
    limits = Limits(expected_base_url=settings.expected_base_url, expected_account_id=settings.expected_account_id)
    return check_guards(make_plan(NO_MANIFESTS, Live(models=()), target_of(settings)).plan, limits)


def _refuse_unmatched(selection: Selection, live: Live) -> None:
    for one in (*selection.select, *selection.exclude):
        if one.by is By.FILE:
            raise UsageError(f"{one} means nothing here: models of an account stand in no file")
        if not selects_any(live.models, one):
            raise UsageError(f"{one} means no model of this account", advice="Is it spelt as egpsync plan -v shows it?")


def _kept_out(wanted: Sequence[LiveModel], live: Live, ours: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """The ids of models that another owner keeps, or that will be gone, each with a sentence on it."""
    standbys = set(_standbys(live))
    for model in wanted:
        left_out = f"{in_words(model.name)} of {in_words(model.vendor)} is left out"
        owner = model.mark.owner
        if ours and owner is not None and owner not in ours:
            yield model.id, f"{left_out}: it belongs to {in_words(owner)}"
        elif model.id in standbys:
            yield model.id, f"{left_out}: it stands in for another until egpsync apply has replaced that"


def _standbys(live: Live) -> Iterator[str]:
    """The ids of models that stand beside the one that they replace, or that replaced them."""
    models = live.by_id
    for new in live.models:
        old = models.get(new.mark.replaces or "")
        for one, other in ((new, old), (old, new)):
            if one is not None and other is not None and one.name == standby_name(other.name):
                yield one.id


def _differences(folder: Folder, live: Live, settings: Settings) -> Iterator[str]:
    """What is wrong with the files, were they manifests: nothing, or the export is not worth its name."""
    supplied = Secrets(variables={f"EGPSYNC_SECRET_{name}": value for name, value in folder.secrets.items()})
    found = [Found(name, text.encode()) for name, text in sorted(folder.files.items())]
    if not found:
        return
    checked = compiled(found, Settings(secrets=supplied))
    if checked.desired is None:
        yield from (f"{problem.source}: {problem.message}" for problem in checked.problems)
        return
    planned = make_plan(checked.desired, live, target_of(settings))
    yield from (problem.message for problem in planned.problems)
    yield from (refusal.message for refusal in planned.plan.refusals)
    for change in planned.plan.changes:
        renews_its_mark = change.action == Action.UPDATE and not change.fields  # after a rename outside
        if change.fields or (change.writes and not renews_its_mark):
            fields = ", ".join(".".join(field.path) for field in change.fields)
            yield f"{in_words(change.name)} of {change.vendor}: {change.action}" + (f" of {fields}" if fields else "")
    if len(planned.plan.changes) != folder.written.models:
        yield f"{folder.written.models} models were written, and {len(planned.plan.changes)} are planned"


def _broken_promise(differences: tuple[str, ...]) -> EgpsyncError:
    shown = "; ".join(differences[:MOST_NAMED])
    more = f"; and {len(differences) - MOST_NAMED} more" if len(differences) > MOST_NAMED else ""
    return EgpsyncError(
        f"the exported manifest would not plan empty: {shown}{more}",
        advice="Nothing was written. Where a replacement is under way, let egpsync apply finish it first; otherwise "
        "export the rest with --select, and report this as a fault of egpsync.",
    )

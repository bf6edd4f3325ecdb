"""A model's name, paths and settings in; the resolved model with the origin of each value out. Offline."""

from collections.abc import Sequence

from egpsync.errors import UsageError
from egpsync.manifest.findings import in_words, nearest
from egpsync.manifest.merge import by_name
from egpsync.manifest.show import Origin, origins
from egpsync.model.manifest import is_invalid
from egpsync.settings import Settings
from egpsync.value import Value
from egpsync.workflow.validate import Checked, validate


class Shown(Value, frozen=True, kw_only=True):
    """What the manifests say of one name."""

    checked: Checked
    models: tuple[tuple[Origin, ...], ...]  # one for each vendor that has a model of that name; none where invalid


def show(name: str, paths: Sequence[str], settings: Settings) -> Shown:
    """Resolve the manifests, and find the models of that name. Raises UsageError where there is none."""
    checked = validate(paths, settings, offline=True, asked=False)
    if checked.merged is None or is_invalid(checked.problems):
        return Shown(checked=checked, models=())
    models = checked.merged.models
    named = by_name(models)
    if name not in named:
        near = nearest(name, named)
        advice = f"Did you mean {near}?" if near else "egpsync validate --format json lists what is declared."
        raise UsageError(f"the manifests declare no model {in_words(name)}", advice=advice)
    references = checked.merged.documents.references
    return Shown(checked=checked, models=tuple(origins(models[at], references) for at in named[name]))

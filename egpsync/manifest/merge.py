"""Documents in, Merged out: the defaults of each file merged under its models, valid or not."""

from collections.abc import Iterator, Mapping

from egpsync.fields.table import family_of
from egpsync.model.manifest import Declared, Document, Documents, Layer, Merged, Node, State
from egpsync.model.values import Json

OF_A_FAMILY = frozenset({"model_type", "vendor_configuration"})
"""Fields of defaults that are meant for the vendor that the defaults name, and those that take the same fields."""


def merge(documents: Documents) -> Merged:
    """Every model with the defaults of its file under it, in the order of the files."""
    models = tuple(model for document in documents.documents for model in _declared(document))
    return Merged(documents=documents, models=models)


def overlaid(base: Json, over: Json) -> Json:
    """Mappings key by key, all else replaced: `over` wins."""
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        return over
    return {**base, **{key: overlaid(base[key], item) if key in base else item for key, item in over.items()}}


def _declared(document: Document) -> Iterator[Declared]:
    root = document.root
    models, defaults = root.get("models"), root.get("defaults")
    owner = root.value.get("owner") if isinstance(root.value, Mapping) else None
    if models is None or not isinstance(models.value, list):
        return
    under = defaults.layers[0]._replace(name="defaults") if defaults and isinstance(defaults.value, Mapping) else None
    places = models.layers[0].places
    for at, value in places.items(models.layers[0].at, models.value):
        own = Layer("model", value, places, at)
        written = Node(value, (own,))
        beneath = _beneath(under.value, value) if under else {}
        merged = Node(overlaid(beneath, value), (own, under)) if under and beneath else written
        yield Declared(written, merged, owner)


def _beneath(defaults: Mapping[str, Json], model: Json) -> Mapping[str, Json]:
    """What of the defaults goes under this model."""
    if not isinstance(model, Mapping):
        return {}
    if model.get("state") == State.ABSENT:
        wanted = {"model_vendor"} if "name" in model else set()
        return {key: value for key, value in defaults.items() if key in wanted}
    if "model_vendor" in defaults and "model_vendor" in model and not _same_family(defaults, model):
        return {key: value for key, value in defaults.items() if key not in OF_A_FAMILY}
    return defaults


def _same_family(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    vendors = [value["model_vendor"] for value in (one, other)]
    return all(isinstance(vendor, str) for vendor in vendors) and len(set(map(family_of, vendors))) == 1

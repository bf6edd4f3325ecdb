"""Documents in, Merged out: under each model its templates and the defaults of its file, over it the patches of all.

From the lowest up: defaults, templates in their order, the model, patches in the order of files. Models are merged
whether they are valid or not; what names a template or a model that is nowhere is passed over here, and told by a rule.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from egpsync.fields.table import family_of
from egpsync.manifest.extent import measure
from egpsync.model.manifest import EACH, Declared, Documents, Layer, Merged, Node, State
from egpsync.model.values import Json, Source

OF_A_FAMILY = frozenset({"model_type", "vendor_configuration"})
"""Fields that are meant for the vendor that is named beside them, and for those that take the same fields."""

IDENTITY = frozenset({"name", "model_vendor"})
"""What a patch says of the model that it means, and not over it."""

DEEPEST = 64
"""Templates that extend each other."""

ALWAYS = 500_000
PER_VALUE = 10
"""How many values merging may give: so many always, and so many for each that is written. 1 MB never becomes 300."""


def merge(documents: Documents) -> Merged:
    """Every model in the order of the files, with all that goes under and over it."""
    templates = _templates(documents)
    room = _Room(documents)
    models: list[Declared] = []
    for document in documents.documents:
        beneath = _Beneath(document.root.get("defaults"), templates, room)
        listed = document.root.get("models")
        owner = document.root.value.get("owner") if isinstance(document.root.value, dict) else None
        for written in listed.items("model") if listed else ():
            models.append(Declared(written, beneath.under(written), owner))
            if room.cut:
                return Merged(documents=documents, models=tuple(models), templates=templates, cut=room.cut)
    models = _patched(models, documents, room)
    return Merged(documents=documents, models=tuple(models), templates=templates, cut=room.cut)


def overlaid(base: Json, over: Json) -> Json:
    """Mappings key by key, all else replaced: `over` wins."""
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        return over
    return {**base, **{key: overlaid(base[key], item) if key in base else item for key, item in over.items()}}


def extended(names: Json, templates: Mapping[str, Node]) -> tuple[Node, ...]:
    """The templates that are meant, and those that they extend, lowest first; each once."""
    met: dict[str, Node] = {}
    _extend(names, templates, met, frozenset())
    return tuple(met.values())


def patches(documents: Documents) -> Iterator[Node]:
    """The patches of all files, in their order."""
    for document in documents.documents:
        listed = document.root.get("patches")
        yield from listed.items("patch") if listed else ()


def meant_by(patch: Json, models: Mapping[str, Sequence[int]], declared: Sequence[Declared]) -> list[int]:
    """Which of the models that are declared the patch means, by their numbers; `models` has those by name."""
    name, vendor = patch.get("name"), patch.get("model_vendor")
    found = models.get(name, ()) if isinstance(name, str) else ()
    return [at for at in found if vendor is None or declared[at].merged.value.get("model_vendor") == vendor]


def by_name(models: Iterable[Declared]) -> Mapping[str, Sequence[int]]:
    """The numbers of the models of each name."""
    named: dict[str, list[int]] = {}
    for at, model in enumerate(models):
        name = model.merged.value.get("name") if isinstance(model.merged.value, dict) else None
        if isinstance(name, str):
            named.setdefault(name, []).append(at)
    return named


class _Room:
    """How much merging may give."""

    def __init__(self, documents: Documents) -> None:
        places = {id(root.layers[0].places): root.layers[0].places for root in (d.root for d in documents.documents)}
        self._left = ALWAYS + PER_VALUE * sum(len(held.numbers) // EACH for held in places.values())
        self.cut: Source | None = None

    def take(self, weight: int, at: Node) -> None:
        self._left -= weight
        if self._left < 0 and self.cut is None:
            self.cut = at.source


class _Under(NamedTuple):
    """What goes under models that are alike."""

    value: Mapping[str, Json]
    layers: tuple[Layer, ...]  # uppermost first
    weight: int


class _Beneath:
    """What goes under the models of one file; made once for all that extend the same and are of one family."""

    def __init__(self, defaults: Node | None, templates: Mapping[str, Node], room: _Room) -> None:
        usable = defaults is not None and isinstance(defaults.value, dict)
        self._defaults = (defaults.layers[0]._replace(name="defaults"),) if defaults and usable else ()
        self._templates = templates
        self._room = room
        self._made: dict[object, _Under] = {}

    def under(self, model: Node) -> Node:
        """The model, merged over that."""
        value = model.value
        if not isinstance(value, dict) or not (self._defaults or "extends" in value):
            return model
        under = self._of(value)
        if not under.layers:
            return model
        self._room.take(under.weight, model)
        return Node(overlaid(under.value, value), (*model.layers, *under.layers))

    def _of(self, model: Mapping[str, Json]) -> _Under:
        names, vendor = model.get("extends"), model.get("model_vendor")
        tombstone = model.get("state") in (State.ABSENT, State.RELEASED)
        alike = (
            tuple(map(str, names)) if isinstance(names, list) else (),
            vendor if isinstance(vendor, str) else vendor is None,
            tombstone and ("name" in model, "model_vendor" in model),
        )
        if alike not in self._made:
            chain = extended(names, self._templates) if names else ()
            layers = (*(node.layers[0] for node in reversed(chain)), *self._defaults)
            if tombstone:
                kept = [_only(layer, IDENTITY - {"name"}) for layer in layers if "name" in model]
            else:
                kept = list(_fitting(layers, vendor))
            self._made[alike] = _made(kept, len(chain))
        return self._made[alike]


def _made(layers: Sequence[Layer], steps: int) -> _Under:
    value: Mapping[str, Json] = {}
    for layer in reversed(layers):
        held = layer.value if layer.keys is None else {k: v for k, v in layer.value.items() if k in layer.keys}
        value = overlaid(value, held)
    return _Under(value, tuple(layers), measure(value)[0] + steps)


def _fitting(layers: Sequence[Layer], vendor: Json) -> Iterator[Layer]:
    """Of each layer what is for models of the vendor, which the uppermost that says one decides where they do not."""
    said = [layer.value["model_vendor"] for layer in layers if "model_vendor" in layer.value]
    vendor = said[0] if vendor is None and said else vendor
    for layer in layers:
        own = layer.value.get("model_vendor", vendor)
        alike = own == vendor or (
            isinstance(own, str) and isinstance(vendor, str) and family_of(own) == family_of(vendor)
        )
        yield _only(layer, frozenset(layer.value) - {"extends"} - (frozenset() if alike else OF_A_FAMILY))


def _only(layer: Layer, keys: frozenset[str]) -> Layer:
    return layer if keys >= layer.value.keys() else layer._replace(keys=keys)


def _templates(documents: Documents) -> dict[str, Node]:
    """By name; of two with one name the first."""
    templates: dict[str, Node] = {}
    for document in documents.documents:
        held = document.root.get("templates")
        for name in held.value if held and isinstance(held.value, dict) else ():
            node = held.get(name) if held else None
            if node and isinstance(node.value, dict):
                templates.setdefault(name, Node.of(node.layers[0]._replace(name=f"template {name}")))
    return templates


def _extend(names: Json, templates: Mapping[str, Node], met: dict[str, Node], above: frozenset[str]) -> None:
    for name in names if isinstance(names, list) else ():
        if (
            isinstance(name, str)
            and name in templates
            and name not in met
            and name not in above
            and len(above) < DEEPEST
        ):
            _extend(templates[name].value.get("extends"), templates, met, above | {name})
            met[name] = templates[name]


def _patched(models: list[Declared], documents: Documents, room: _Room) -> list[Declared]:
    named: Mapping[str, Sequence[int]] | None = None
    patched: set[int] = set()
    for patch in patches(documents):
        if not isinstance(patch.value, dict) or room.cut:
            continue
        named = by_name(models) if named is None else named
        for at in meant_by(patch.value, named, models)[:1]:
            model = models[at]
            room.take(measure(model.merged.value)[0] if at in patched else 0, patch)
            patched.add(at)
            layer = _only(patch.layers[0], frozenset(patch.value) - IDENTITY)
            over = {key: value for key, value in patch.value.items() if key not in IDENTITY}
            merged = Node(overlaid(model.merged.value, over), (layer, *model.merged.layers))
            models[at] = model._replace(merged=merged)
    return models

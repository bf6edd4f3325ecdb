"""Desired models and live ones in; which is which out, or a refusal where that cannot be told."""

from collections import Counter, defaultdict

from egpsync.core.mark import standby_name
from egpsync.model.live import Live, LiveModel
from egpsync.model.manifest import Desired, DesiredModel, State
from egpsync.model.plan import Refusal
from egpsync.value import Value, replace


class Pair(Value, frozen=True, kw_only=True):
    """A desired model and the live one that it means."""

    desired: DesiredModel
    live: LiveModel | None  # None: not in the account
    pinned: bool  # found by its id, so that no name can confuse it
    astray: str = ""  # how it came to have another name than is declared, where its mark tells; "" where it has not
    note: str = ""  # what a reviewer should know of how it was found


class Matches(Value, frozen=True, kw_only=True):
    """Every desired model's pair, or a refusal for it; and the live models that no manifest means."""

    pairs: tuple[Pair, ...]  # in the order of the manifests
    unmanaged: tuple[LiveModel, ...]
    refusals: tuple[Refusal, ...]


def match(desired: Desired, live: Live) -> Matches:
    """Pair by id first, then by name and by `renamed_from`, where only one reading is possible.

    A `renamed_from` whose old name is gone while the new one exists is done already. Where two readings stay
    possible (both names exist, or another entry is called as this one was), it is a refusal: a wrong guess would
    give one model the name and the configuration of another. A model that is nowhere by then is the one that was
    created to take the name of a model that is gone; else the only live model of its owner that carries the name in
    its mark, which was renamed outside.
    """
    search = _Search(live)
    for model in desired.models:
        if model.id is not None:
            search.by_id(model)
    search.by_names([model for model in desired.models if model.id is None])
    search.by_marks()
    return Matches(
        pairs=tuple(search.pairs[key] for model in desired.models if (key := id(model)) in search.pairs),
        unmanaged=tuple(model for model in live.models if model.id not in search.taken),
        refusals=tuple(search.refusals),
    )


class _Search:
    """The pairing under way: who is taken, who is paired, what was refused."""

    def __init__(self, live: Live) -> None:
        self.ids = live.by_id
        self.names = live.by_name
        self.taken: set[str] = set()
        self.pairs: dict[int, Pair] = {}
        self.refusals: list[Refusal] = []

    def by_id(self, model: DesiredModel) -> None:
        found = self.ids.get(model.id or "")
        heir = self._free(model, model.name)
        if heir is None and found is None:
            heir = self._free(model, standby_name(model.name))
        if heir is not None and _took_over(model, heir, found):
            self._pair(model, heir, pinned=True, note=f"it replaced {model.id}: write id: {heir.id} in the manifest")
        elif found is not None:
            self._pair(model, found, pinned=True)
        elif model.state != State.PRESENT:
            self._pair(model, None, pinned=True)
        else:
            self._refuse(
                model,
                guard="unknown-id",
                message=f"no model in this account has the id {model.id}",
                consent="correct the id, or remove it to create the model",
            )

    def by_names(self, models: list[DesiredModel]) -> None:
        """Take what has one reading only, again and again: each one taken can leave another with one reading."""
        while models:
            readings = {id(model): self._readings(model) for model in models}
            contested = Counter(found[0].id for found in readings.values() if len(found) == 1)
            settled = [model for model in models if _is_settled(readings[id(model)], contested)]
            if not settled:
                break
            for model in settled:
                self._pair(model, next(iter(readings[id(model)]), None), pinned=False)
            models = [model for model in models if id(model) not in self.pairs]
        for model, readings_left in [(model, self._readings(model)) for model in models]:
            self._refuse_readings(model, readings_left)

    def by_marks(self) -> None:
        """Give what is nowhere the model that was to take its name, or that its owner called so when it last wrote."""
        lost = {key: pair for key, pair in self.pairs.items() if _is_lost(pair)}
        if not lost:
            return
        called: dict[tuple[str, str | None, str | None], list[LiveModel]] = defaultdict(list)
        for model in self.ids.values():
            if model.id not in self.taken:
                called[model.vendor, model.mark.owner, model.mark.name].append(model)
        for key, pair in lost.items():
            wanted = pair.desired
            standby = self._free(wanted, standby_name(wanted.name))
            if standby is not None and self._replaces_what_is_gone(wanted, standby):
                why = f"goes on with {standby.id}, created to replace {standby.mark.replaces}, which is gone"
                self._find(key, replace(pair, live=standby, astray=why))
            elif wanted.owner is not None:
                match called.get((wanted.vendor, wanted.owner, wanted.name), ()):
                    case [found]:
                        why = f"was renamed outside, from {wanted.name!r} to {found.name!r}"
                        self._find(key, replace(pair, live=found, astray=why))
                    case _:
                        pass  # none, or several of which one would be a guess

    def _replaces_what_is_gone(self, wanted: DesiredModel, standby: LiveModel) -> bool:
        replaced = standby.mark.replaces
        return replaced is not None and replaced not in self.ids and standby.mark.owner == wanted.owner

    def _find(self, key: int, pair: Pair) -> None:
        if pair.live is not None:
            self.taken.add(pair.live.id)
        self.pairs[key] = pair

    def _readings(self, model: DesiredModel) -> list[LiveModel]:
        names = (model.name,) if model.renamed_from is None else (model.name, model.renamed_from)
        return [found for name in names if (found := self._free(model, name)) is not None]

    def _free(self, model: DesiredModel, name: str) -> LiveModel | None:
        found = self.names.get((model.vendor, name))
        return found if found is not None and found.id not in self.taken else None

    def _pair(self, model: DesiredModel, found: LiveModel | None, *, pinned: bool, note: str = "") -> None:
        if found is not None and found.id in self.taken:
            self._refuse(
                model,
                guard="claimed-twice",
                message=f"the live model {found.name!r} ({found.id}) is meant by another entry too",
                consent="give each entry a model of its own",
            )
            return
        if found is not None:
            self.taken.add(found.id)
        self.pairs[id(model)] = Pair(desired=model, live=found, pinned=pinned, note=note)

    def _refuse_readings(self, model: DesiredModel, readings: list[LiveModel]) -> None:
        self.taken.update(found.id for found in readings)
        which = " and ".join(f"{found.name!r} is {found.id}" for found in readings)
        if model.renamed_from is None:
            message = f"{model.name!r} is declared here, and another entry is renamed from it: {which}"
        elif len(readings) > 1:
            message = f"renamed from {model.renamed_from!r} to {model.name!r}, but both names exist: {which}"
        else:
            message = f"renamed from {model.renamed_from!r}, but another entry can mean the same model: {which}"
        self._refuse(
            model,
            guard="ambiguous-rename",
            message=message,
            consent="write the id of the model that each entry means (id: ...), or remove renamed_from",
        )

    def _refuse(self, model: DesiredModel, *, guard: str, message: str, consent: str) -> None:
        self.refusals.append(
            Refusal(
                guard=guard, message=message, consent=consent, model=(model.vendor, model.name), source=model.source
            )
        )


def _took_over(model: DesiredModel, heir: LiveModel, pinned: LiveModel | None) -> bool:
    """Whether the model of the entry's name replaced the one of the entry's id.

    The id is the identity while its model is there, but for this owner's own replacement that is not finished: the
    names are exchanged, and the old model is still to be deleted.
    """
    if heir.mark.replaces != model.id:
        return False
    if pinned is None:
        return True
    unfinished = pinned.vendor == heir.vendor and pinned.name == standby_name(model.name)
    return unfinished and heir.mark.owner == model.owner


def _is_lost(pair: Pair) -> bool:
    """Whether the entry's model is nowhere, though a mark could tell where it went."""
    return pair.live is None and pair.desired.state == State.PRESENT


def _is_settled(readings: list[LiveModel], contested: Counter[str]) -> bool:
    return not readings or (len(readings) == 1 and contested[readings[0].id] == 1)

"""Scripted faults: rules that say which requests meet which trouble. Deterministic: equal requests, equal faults.

- `Rule(method="PATCH", nth=(1,), kind=Cut(after=True))`: the first PATCH acts, and its answer is lost.
- `Rule(method="GET", nth=range(1, 4), kind=TooMany(seconds=1))`: three reads are told to wait.
- `Rule(method="PATCH", kind=Intervene(action=lambda store: store.edit(...)))`: somebody else is quicker.
"""

import random
import threading
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, ClassVar

from egpsync.emulator.log import Entry
from egpsync.emulator.store import Store
from egpsync.emulator.switches import RetryAfter

GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Another answer than the server's: an error, a redirect, a gateway's page."""

    status: int
    body: Any = field(default_factory=dict)  # str: sent as HTML; anything else: sent as JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    after: bool = False  # True: the server has acted, and its own answer is dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class TooMany:
    """429."""

    seconds: float = 1.0  # when to come again
    retry_after: RetryAfter = "seconds"
    after: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncated:
    """The server acts, and half of its JSON arrives as a complete HTTP answer."""

    after: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """The server acts, and its JSON arrives changed."""

    after: ClassVar[bool] = True
    change: Callable[[Any], Any]  # the parsed JSON in, the JSON to send out


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The TCP connection is closed without a complete answer."""

    after: bool = False  # False: before the server acted; True: after it
    partial: bool = False  # with `after`: the headers and half of the body arrive first
    reset: bool = False  # by RST instead of FIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """Nothing arrives; after so many seconds the connection is closed."""

    seconds: float = 3600.0
    after: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Everything is as usual, so many seconds later."""

    seconds: float
    after: bool = False  # True: the server acts at once, and only its answer is late


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervene:
    """Somebody else acts on the store, and then everything is as usual."""

    action: Callable[[Store], object]  # runs in the server's thread, so it must not ask the server anything
    after: bool = False  # True: after the server acted, before its answer is sent


Kind = Answer | TooMany | Truncated | Rewritten | Cut | Hang | Delay | Intervene


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which requests meet a fault. Those that fit method, path and `where` are counted from 1."""

    kind: Kind
    method: str = "*"
    path: str = "*"  # glob over the path below the base path; "*" also stands for slashes
    where: Callable[[Entry], bool] | None = None
    nth: Container[int] | None = None  # which of the counted requests; None: each
    probability: float = 1.0  # of those, by a generator of the rule's own
    seed: int = 0  # of that generator

    def fits(self, entry: Entry) -> bool:
        """Whether a request is one that this rule counts."""
        if not fnmatchcase(entry.method, self.method) or not fnmatchcase(entry.path, self.path):
            return False
        return self.where is None or self.where(entry)


class Faults:
    """The rules in force, with how often each was met. Safe to change from a test's thread while the server runs."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._lock = threading.Lock()
        self._first = tuple(rules)
        self._rules: list[_Counted] = []
        self.reset()

    def add(self, *rules: Rule) -> None:
        """More rules, counting from now on."""
        with self._lock:
            self._rules += [_Counted(rule) for rule in rules]

    def clear(self) -> None:
        """No rules any more."""
        with self._lock:
            self._rules = []

    def reset(self) -> None:
        """The rules of the start again, their counts at nought."""
        self.clear()
        self.add(*self._first)

    def met(self, entry: Entry) -> tuple[Kind, ...]:
        """The faults that a request meets, in the order of the rules."""
        with self._lock:
            return tuple(counted.rule.kind for counted in self._rules if counted.hits(entry))


class _Counted:
    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._count = 0
        self._random = random.Random(rule.seed)  # noqa: S311 (repeatable, not secret)

    def hits(self, entry: Entry) -> bool:
        if not self.rule.fits(entry):
            return False
        self._count += 1
        if self.rule.nth is not None and self._count not in self.rule.nth:
            return False
        return self._random.random() < self.rule.probability

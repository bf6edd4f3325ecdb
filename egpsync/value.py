"""What every value that crosses rooms is made of: frozen, slotted, keyword-only, and copied with `replace`.

`class Change(Value, frozen=True, kw_only=True)` is what a dataclass of these options would be, made in C: to define a
hundred of them takes 6 ms in place of 100, and to make one an eighth. The few things that change stay dataclasses. What
holds something that no text may show has a `__repr__` of its own, or is a dataclass with `repr=False`.
"""

from msgspec import Struct as Value
from msgspec import field
from msgspec.structs import replace

__all__ = ["Value", "field", "replace"]

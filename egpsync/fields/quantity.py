"""A quantity as Kubernetes writes it in, the exact number that it is out."""

import re
from fractions import Fraction
from functools import lru_cache

_QUANTITY = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?)(m|k|[MGTPE]|[KMGTPE]i)?")  # no amount takes more digits
_UNITS: dict[str | None, Fraction] = {
    None: Fraction(1),
    "m": Fraction(1, 1000),
    "k": Fraction(1000),
    **{unit: Fraction(1000) ** power for power, unit in enumerate("MGTPE", start=2)},
    **{f"{unit}i": Fraction(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
}


@lru_cache(4096)
def quantity(text: str) -> Fraction | None:
    """The number, such as that of "8Gi", "4000m" or "2.5"; None where the text is none. Few different ones are met."""
    match = _QUANTITY.fullmatch(text)
    return Fraction(match[1]) * _UNITS[match[2]] if match else None

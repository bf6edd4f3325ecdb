"""The plain values that everything else is made of: JSON, paths, places in files."""

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeGuard

from egpsync.value import Value

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, a Sequence of them or a Mapping from str to them; never mutated."""

JsonMap: TypeAlias = Mapping[str, Any]
"""A JSON object."""

Path: TypeAlias = tuple[str, ...]
"""Keys from a model's top level down, such as ("vendor_configuration", "model_infra", "gpus")."""


class Source(Value, frozen=True, kw_only=True):
    """A place in a manifest."""

    file: str  # as the user gave it, relative to the working directory where it lies below it, with forward slashes
    line: int  # from 1
    column: int  # from 1, in characters

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


def is_map(value: Json) -> TypeGuard[JsonMap]:
    """Whether the value is a JSON object."""
    return type(value) is dict or isinstance(value, Mapping)  # to ask for a Mapping takes ten times as long


def value_at(tree: Json, path: Path) -> Json:
    """The value at `path`, or None where there is none."""
    for key in path:
        if type(tree) is not dict and not is_map(tree):
            return None
        tree = tree.get(key)
    return tree

"""The models that an account starts with: a list of plain fields, or a YAML or JSON file, into a store."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from egpsync.emulator.configuration import completed
from egpsync.emulator.store import Deployment, Store
from egpsync.emulator.switches import Switches


def plant(store: Store, models: Iterable[Mapping[str, Any]], switches: Switches) -> None:
    """Add models to the store, their configurations filled up with the server's defaults.

    A model takes the API's fields; `account` puts it into another account, and `deploying_for` (seconds) lets it begin
    as deploying, after which it is ready, or failed where `status_reason` is given.
    """
    for given in models:
        fields = dict(given)
        account = str(fields.pop("account", ""))
        seconds = fields.pop("deploying_for", None)
        fields["vendor_configuration"] = completed(
            fields["model_vendor"], fields.get("vendor_configuration"), switches=switches
        )
        store.add(fields, account=account, deployment=_deployment(fields, seconds, store))
    store.forget_past()


def read(file: Path) -> tuple[dict[str, Any], ...]:
    """The models of a seed file: the list under `models`, in the file's `account` where it names one.

    Raises OSError or ValueError with what is wrong.
    """
    document = _parsed(file)
    models = document.get("models") if isinstance(document, dict) else None
    if isinstance(models, list) and all(isinstance(one, dict) and {"name", "model_vendor"} <= {*one} for one in models):
        account = {"account": document["account"]} if "account" in document else {}
        return tuple({**account, **model} for model in models)
    raise ValueError(f"{file}: expected a list under the key 'models', each with a name and a model_vendor")


def _parsed(file: Path) -> Any:
    """JSON is YAML too, and a parser of its own reads it a hundred times faster."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        return json.loads(text)
    try:
        return yaml.load(text, Loader=_CoreLoader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as exc:
        raise ValueError(f"{file}: {exc}") from exc


def _deployment(fields: Mapping[str, Any], seconds: float | None, store: Store) -> Deployment | None:
    if seconds is None:
        return None
    reason = fields.get("status_reason")
    return Deployment(ends_at=store.clock() + seconds, outcome="failed" if reason else "ready", reason=reason)


_FASTEST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C library can be missing


class _CoreLoader(_FASTEST):  # type: ignore[misc]
    """YAML 1.2's core values, as manifests are read: `no`, `0123`, `22:22` and `2026-01-01` are strings."""


_CoreLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*([eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)", list("-+0123456789")),
):
    _CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), _first)

"""Configurations in, configurations out: the server's defaults, a partial one laid over a stored one, spellings."""

import re
from collections.abc import Mapping
from typing import Any

from egpsync.emulator.refusal import invalid
from egpsync.emulator.switches import Switches

Fields = dict[str, Any]

DEPLOYED = ("launch", "llmengine")
"""The vendors that the platform deploys itself; all others are hosted."""

FREE_FORM = frozenset(
    {
        "labels",
        "model_image.env_vars",
        "model_image.request_schema",
        "model_image.response_schema",
        "model_infra.labels",
    }
)
SECTIONS = frozenset({"model_image", "model_infra"})
REQUIRED = {
    "launch": frozenset(
        {
            *SECTIONS,
            "model_image.registry",
            "model_image.repository",
            "model_image.tag",
            "model_image.command",
        }
    ),
    "llmengine": frozenset({"model"}),
}
LAUNCH_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "model_image": {
        "predict_route": "/predict",
        "streaming_predict_route": None,
        "streaming_command": None,
        "request_schema": {},
        "response_schema": {},
        "env_vars": {},
        "readiness_delay": 120,
        "healthcheck_route": "/readyz",
    },
    "model_infra": {
        "endpoint_type": "sync",
        "cpus": None,
        "gpus": 0,
        "gpu_type": None,
        "memory": "8Gi",
        "storage": "16Gi",
        "min_workers": 0,
        "max_workers": 1,
        "per_worker": 10,
        "high_priority": False,
        "labels": {},
        "public_inference": False,
    },
}


def completed(vendor: str, configuration: Fields | None, *, switches: Switches) -> Fields | None:
    """The configuration of a new model: what is left out gets the server's default."""
    if configuration is None:
        return None
    full: Fields = copied(configuration)
    if vendor == "launch":
        for section, defaults in LAUNCH_DEFAULTS.items():
            full[section] = {**copied(defaults), **(full.get(section) or {})}
    return respelled(full) if switches.respell else full


def patched(vendor: str, stored: Fields | None, partial: Fields, *, switches: Switches) -> Fields:
    """The stored configuration with a partial one laid over it; raises Refusal where null meets a required field."""
    result = _laid_over(copied(stored or {}), partial, vendor=vendor, path=(), switches=switches)
    return respelled(result) if switches.respell else result


def free_form(stored: Fields | None, given: Fields, *, switches: Switches) -> Fields:
    """A free-form map after a PATCH: the given one, or the stored one with the given keys set."""
    return {**(stored or {}), **given} if switches.maps == "merge" else dict(given)


def copied(value: Any) -> Any:
    """A JSON value of one's own, in plain dicts and lists; many times as fast as deepcopy."""
    kind = type(value)
    if kind is dict:
        return {key: inner if type(inner) is str else copied(inner) for key, inner in value.items()}
    if kind is list or kind is tuple:
        return [copied(inner) for inner in value]
    return {key: copied(inner) for key, inner in value.items()} if isinstance(value, Mapping) else value


def _laid_over(stored: Fields, partial: Fields, *, vendor: str, path: tuple[str, ...], switches: Switches) -> Fields:
    for key, value in partial.items():
        here = ".".join((*path, key))
        if here in switches.ignored or (value is None and switches.nulls == "keep"):
            continue
        if value is None and here in REQUIRED[vendor]:
            where = ("vendor_configuration", *path, key)
            raise invalid(where, "A required field cannot be null", kind="value_error", given=None)
        if value is not None and here in SECTIONS:
            section = dict(stored.get(key) or {})
            stored[key] = _laid_over(section, value, vendor=vendor, path=(*path, key), switches=switches)
        elif value is not None and here in FREE_FORM:
            stored[key] = free_form(stored.get(key), value, switches=switches)
        else:
            stored[key] = value
    return stored


def respelled(configuration: Fields) -> Fields:
    """The same configuration with its quantities in another spelling."""
    infra = configuration.get("model_infra")
    if isinstance(infra, dict):
        return {**configuration, "model_infra": {key: _respelled(key, value) for key, value in infra.items()}}
    # an llmengine's cpus are an integer in every answer
    return {key: value if key == "cpus" else _respelled(key, value) for key, value in configuration.items()}


def _respelled(key: str, value: Any) -> Any:
    if key == "cpus" and isinstance(value, int):
        return str(value)
    whole = re.fullmatch(r"([0-9]+)Gi", value) if key in {"memory", "storage"} and isinstance(value, str) else None
    return f"{int(whole[1]) * 1024}Mi" if whole else value

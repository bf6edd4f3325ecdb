"""Numbers in, models out: as a manifest declares them, and as the account holds them.

Each is of 27 lines in a manifest, an ordinary image with an ordinary deployment. `model_metadata.revision` differs from
model to model, so that a plan in which many differ has nothing to group.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PER_FILE = 10_000
HEAD = "version: 1\nmodels:\n"
MODEL = """\
  - name: {name}
    model_vendor: launch
    model_type: generic
    model_metadata:
      team: team-{team}
      tier: gold
      revision: r{revision}
    vendor_configuration:
      model_image:
        registry: registry.example.com
        repository: models/{name}
        tag: v1.4.2
        command:
          - python
          - -m
          - serve
          - --port=5005
        env_vars:
          LOG_LEVEL: info
      model_infra:
        cpus: 4
        memory: 16Gi
        gpus: 1
        gpu_type: nvidia-ampere-a10
        min_workers: 1
        max_workers: 4
        per_worker: 10
"""


def name_of(number: int) -> str:
    """The name of a model."""
    return f"model-{number:06}"


def id_of(number: int) -> str:
    """The id that the account gives it."""
    return f"00000000-0000-4000-8000-{number:012x}"


def write_manifests(folder: Path, count: int) -> int:
    """Manifests that declare so many models, 10,000 a file; returns their size in bytes."""
    folder.mkdir(parents=True)
    for start in range(0, count, PER_FILE):
        with (folder / f"models-{start // PER_FILE:03}.yaml").open("w", encoding="utf-8") as file:
            file.write(HEAD)
            for number in range(start, min(count, start + PER_FILE)):
                file.write(MODEL.format(name=name_of(number), team=number % 40, revision=number))
    return sum(file.stat().st_size for file in folder.iterdir())


def live_models(count: int, differing: int) -> Iterator[dict[str, Any]]:
    """What the account holds: `differing` models, evenly spread, have another revision than the manifests say."""
    for number in range(count):
        differs = number * differing // count != (number + 1) * differing // count
        yield live_model(number, revision=f"{'x' if differs else 'r'}{number}")


def live_model(number: int, *, revision: str) -> dict[str, Any]:
    """One model with everything that the server fills in."""
    name = name_of(number)
    image = {
        "registry": "registry.example.com",
        "repository": f"models/{name}",
        "tag": "v1.4.2",
        "command": ["python", "-m", "serve", "--port=5005"],
        "env_vars": {"LOG_LEVEL": "info"},
        "predict_route": "/predict",
        "readiness_delay": 120,
        "healthcheck_route": "/readyz",
        "request_schema": {},
        "response_schema": {},
    }
    infra = {
        "endpoint_type": "sync",
        "cpus": "4",
        "memory": "16Gi",
        "storage": "16Gi",
        "gpus": 1,
        "gpu_type": "nvidia-ampere-a10",
        "min_workers": 1,
        "max_workers": 4,
        "per_worker": 10,
        "high_priority": False,
        "labels": {},
        "public_inference": False,
    }
    return {
        "id": id_of(number),
        "object": "model",
        "name": name,
        "model_vendor": "launch",
        "model_type": "generic",
        "model_metadata": {"team": f"team-{number % 40}", "tier": "gold", "revision": revision},
        "vendor_configuration": {"model_image": image, "model_infra": infra},
        "status": "ready",
        "status_reason": None,
        "model_availability": "available",
        "created_at": "2026-01-01T00:00:00Z",
        "created_by_user_id": "00000000-0000-4000-8000-000000000001",
        "created_by_identity_type": "user",
    }


def write_seed(file: Path, count: int) -> None:
    """What `egpsync emulator --seed` reads, in JSON."""
    with file.open("w", encoding="utf-8") as stream:
        stream.write('{"models": [')
        for number, model in enumerate(live_models(count, 0)):
            stream.write((",\n" if number else "\n") + json.dumps(model))
        stream.write("]}\n")

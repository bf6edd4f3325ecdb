"""A request's body in, one of the API's body shapes out, or a 422 in FastAPI's form.

The shapes are unions in pydantic's smart mode, as the platform is understood to have them: a lenient server takes the
member that knows most of the given keys and drops the others without a word; a strict one refuses unknown keys.
"""

import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError

from egpsync.emulator.configuration import DEPLOYED, Fields
from egpsync.emulator.switches import Switches

GpuType = Literal[
    "nvidia-tesla-t4",
    "nvidia-ampere-a10",
    "nvidia-ampere-a100",
    "nvidia-ampere-a100e",
    "nvidia-hopper-h100",
    "nvidia-hopper-h100-1g20gb",
    "nvidia-hopper-h100-3g40gb",
]
ModelType = Literal["generic", "completion", "chat_completion"]
HostedVendor = Literal[
    "openai",
    "cohere",
    "vertex_ai",
    "anthropic",
    "azure",
    "gemini",
    "model_zoo",
    "bedrock",
    "xai",
    "fireworks_ai",
]
T = TypeVar("T")

Name = Annotated[str, Field(min_length=1)]


class Shape(BaseModel):
    """A JSON object of the API."""

    model_config = ConfigDict(protected_namespaces=(), extra="ignore")


class PartialModelImage(Shape):
    """`model_image` in a PATCH."""

    registry: str | None = None
    repository: str | None = None
    tag: str | None = None
    command: list[str] | None = None
    predict_route: str | None = None
    streaming_predict_route: str | None = None
    streaming_command: list[str] | None = None
    request_schema: Fields | None = None
    response_schema: Fields | None = None
    env_vars: Fields | None = None
    readiness_delay: int | None = None
    healthcheck_route: str | None = None


class ModelImage(PartialModelImage):
    """`model_image` in a POST."""

    registry: str
    repository: str
    tag: str
    command: list[str]


class ModelInfra(Shape):
    """`model_infra`."""

    endpoint_type: Literal["async", "sync", "streaming"] | None = None
    cpus: str | int | None = None
    gpus: int | None = Field(default=None, ge=0)
    gpu_type: GpuType | None = None
    memory: str | None = None
    storage: str | None = None
    min_workers: int | None = Field(default=None, ge=0)
    max_workers: int | None = Field(default=None, ge=0)
    per_worker: int | None = None
    high_priority: bool | None = None
    labels: dict[str, str] | None = None
    public_inference: bool | None = None


class LaunchVendorConfiguration(Shape):
    """`vendor_configuration` of a launch model in a POST."""

    model_image: ModelImage
    model_infra: ModelInfra


class PartialLaunchVendorConfiguration(Shape):
    """`vendor_configuration` of a launch model in a PATCH."""

    model_image: PartialModelImage | None = None
    model_infra: ModelInfra | None = None


class PartialLlmEngineVendorConfiguration(Shape):
    """`vendor_configuration` of an llmengine model in a PATCH."""

    model_config = ConfigDict(protected_namespaces=(), extra="allow")

    model: str | None = None
    chat_template_override: str | None = None
    checkpoint_path: str | None = None
    cpus: int | None = None
    default_callback_url: str | None = None
    endpoint_type: str | None = None
    gpu_type: str | None = None
    gpus: int | None = None
    high_priority: bool | None = None
    inference_framework: str | None = None
    inference_framework_image_tag: str | None = None
    labels: dict[str, str] | None = None
    max_workers: int | None = None
    memory: str | None = None
    min_workers: int | None = None
    nodes_per_worker: int | None = None
    num_shards: int | None = None
    per_worker: int | None = None
    post_inference_hooks: list[str] | None = None
    public_inference: bool | None = None
    quantize: str | None = None
    source: str | None = None
    storage: str | None = None


class LlmEngineVendorConfiguration(PartialLlmEngineVendorConfiguration):
    """`vendor_configuration` of an llmengine model in a POST."""

    model: str


def _with_other_keys(value: Any) -> Fields:
    """An llmengine configuration takes other keys, also from a strict server."""
    return LlmEngineVendorConfiguration.model_validate(value, extra="allow").model_dump(exclude_unset=True)


class LaunchModelCreateRequest(Shape):
    """A POST of a launch model."""

    name: Name
    model_vendor: Literal["launch"] = "launch"
    model_type: Literal["generic"] = "generic"
    vendor_configuration: LaunchVendorConfiguration
    model_metadata: Fields | None = None
    on_conflict: Literal["error", "update"] = "error"


class LlmEngineModelCreateRequest(Shape):
    """A POST of an llmengine model."""

    name: Name
    model_vendor: Literal["llmengine"]
    model_type: Literal["chat_completion"] = "chat_completion"
    vendor_configuration: Annotated[Fields, BeforeValidator(_with_other_keys)]
    model_metadata: Fields | None = None
    on_conflict: Literal["error", "update"] = "error"


class HostedModelCreateRequest(Shape):
    """A POST of a model of a hosted vendor."""

    name: Name
    model_vendor: HostedVendor
    model_type: ModelType
    model_metadata: Fields | None = None
    on_conflict: Literal["error", "update"] = "error"


class DefaultModelPatchRequest(Shape):
    """A PATCH of the metadata."""

    model_metadata: Fields | None = None


class ModelConfigurationPatchRequest(Shape):
    """A PATCH of the configuration, and perhaps of the metadata."""

    vendor_configuration: PartialLaunchVendorConfiguration | PartialLlmEngineVendorConfiguration
    model_metadata: Fields | None = None


class SwapNamesModelPatchRequest(Shape):
    """A PATCH of the name."""

    name: Name
    on_conflict: Literal["error", "swap"] = "error"


def _vendor(body: Any) -> str:
    vendor = body.get("model_vendor", "launch") if isinstance(body, dict) else "launch"
    return vendor if vendor in DEPLOYED else "hosted"


CreateRequest = LaunchModelCreateRequest | LlmEngineModelCreateRequest | HostedModelCreateRequest
PatchRequest = DefaultModelPatchRequest | ModelConfigurationPatchRequest | SwapNamesModelPatchRequest

CREATE: TypeAdapter[CreateRequest] = TypeAdapter(
    Annotated[
        Annotated[LaunchModelCreateRequest, Tag("launch")]
        | Annotated[LlmEngineModelCreateRequest, Tag("llmengine")]
        | Annotated[HostedModelCreateRequest, Tag("hosted")],
        Discriminator(_vendor),
    ]
)
PATCH: TypeAdapter[PatchRequest] = TypeAdapter(PatchRequest)


DEEPEST = 500
"""Levels of maps and lists: far more than anybody means, and fewer than any Python can write."""


def read_create(text: bytes, switches: Switches) -> CreateRequest:
    """The body of a POST."""
    return _validated(CREATE, text, switches)


def read_patch(text: bytes, switches: Switches) -> PatchRequest:
    """The body of a PATCH."""
    return _validated(PATCH, text, switches)


def _validated(adapter: TypeAdapter[T], text: bytes, switches: Switches) -> T:
    lenient: Literal["ignore"] | None = "ignore" if switches.other_keys == "drop" else None
    try:
        return adapter.validate_python(_parsed(text), extra="forbid" if switches.bodies == "strict" else lenient)
    except ValidationError as exc:
        errors = exc.errors(include_url=False)
        raise RequestValidationError([{**error, "loc": ("body", *error["loc"])} for error in errors]) from exc


def _parsed(text: bytes) -> Any:
    try:
        value = json.loads(text, parse_constant=_no_constant)
        _check_depth(value)
        json.dumps(value, ensure_ascii=False).encode()  # what cannot be written again would spoil every later listing
    except (ValueError, RecursionError) as exc:
        place = exc.pos if isinstance(exc, json.JSONDecodeError) else 0
        error = {"type": "json_invalid", "loc": ("body", place), "msg": "JSON decode error", "input": {}}
        raise RequestValidationError([error]) from exc
    return value


def _check_depth(value: Any) -> None:
    """Raises ValueError beyond what every Python can write again; they differ in what they read."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for item in level if isinstance(item, dict | list) for inner in _inside(item)]
        if not level:
            return
    raise ValueError(f"nested more than {DEEPEST} deep")


def _inside(item: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return item.values() if isinstance(item, dict) else item


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON")

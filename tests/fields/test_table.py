"""What the field table says, and that it says it about every field of the API."""

from typing import Any, Required, get_args, get_origin, get_type_hints

import pytest
from scale_gp_beta.types import model_create_params as create
from scale_gp_beta.types import model_update_params as update
from scale_gp_beta.types.launch_vendor_configuration_param import LaunchVendorConfigurationParam, ModelImage, ModelInfra
from scale_gp_beta.types.llm_engine_vendor_configuration_param import LlmEngineVendorConfigurationParam

from egpsync.fields.schemas import load
from egpsync.fields.table import (
    MANIFEST,
    Compare,
    FieldPolicy,
    creation_type,
    declared_at,
    default_of,
    family_of,
    field_at,
    fields_in_order,
    fields_named,
    fields_of,
    is_field,
    place_of,
    policy_of,
    required_at_creation,
    secret_keys,
)
from egpsync.model.plan import Effect
from egpsync.model.values import Path

PREFIX = "ModelModelConfigurationPatchRequestVendorConfigurationPartial"
INFRA = ("vendor_configuration", "model_infra")
IMAGE = ("vendor_configuration", "model_image")


def test_defaults_are_those_of_the_reference_page() -> None:
    """What the server holds of a field that was never given; llmengine's are not documented."""
    assert [default_of("launch", (*INFRA, name)) for name in ("memory", "high_priority", "labels", "cpus")] == [
        "8Gi",
        False,
        {},
        None,
    ]
    assert default_of("llmengine", ("vendor_configuration", "memory")) is None


def test_fields_in_the_order_of_people() -> None:
    """What the image is comes before how it is called, and the image before its infrastructure."""
    names = [path[-1] for path in fields_in_order("launch")]
    assert names[:5] == ["name", "model_vendor", "model_type", "model_metadata", "vendor_configuration"]
    assert names[5:10] == ["model_image", "registry", "repository", "tag", "command"]
    assert names.index("healthcheck_route") < names.index("model_infra")


def test_a_policy_in_full() -> None:
    """Everything that the schema says beside a field is in its policy."""
    assert policy_of("launch", (*IMAGE, "env_vars")) == FieldPolicy(
        effect=Effect.REDEPLOY,
        compare=Compare.EXACT,
        free_form=True,
        secret=True,
        required=False,
        structured=False,
        reason="",
    )


@pytest.mark.parametrize(
    ("vendor", "path", "effect"),
    [
        ("launch", ("name",), Effect.IN_PLACE),
        ("launch", ("model_vendor",), Effect.IMMUTABLE),
        ("openai", ("model_type",), Effect.IMMUTABLE),
        ("openai", ("model_metadata",), Effect.IN_PLACE),
        ("openai", ("model_metadata", "team", "lead"), Effect.IN_PLACE),
        ("launch", ("vendor_configuration",), Effect.REDEPLOY),
        ("launch", INFRA, Effect.REDEPLOY),
        ("launch", (*INFRA, "gpus"), Effect.REDEPLOY),
        ("launch", (*INFRA, "endpoint_type"), Effect.IMMUTABLE),
        ("launch", (*INFRA, "something_new"), Effect.REDEPLOY),
        ("llmengine", ("vendor_configuration", "gpus"), Effect.REDEPLOY),
        ("llmengine", ("vendor_configuration", "endpoint_type"), Effect.IMMUTABLE),
        ("llmengine", ("vendor_configuration", "nodes_per_worker"), Effect.IMMUTABLE),
        ("llmengine", ("vendor_configuration", "inference_framework"), Effect.IMMUTABLE),
        ("openai", ("vendor_configuration", "something_new"), Effect.REDEPLOY),
        ("brand_new_vendor", ("model_type",), Effect.IMMUTABLE),
        ("launch", ("status",), Effect.SERVER_SET),
        ("launch", ("something_new",), Effect.SERVER_SET),
    ],
)
def test_effect(vendor: str, path: Path, effect: Effect) -> None:
    """A field has the effect of its longest known prefix; what is unknown at the top is the server's own."""
    assert policy_of(vendor, path).effect is effect


@pytest.mark.parametrize(
    ("vendor", "path", "compare"),
    [
        ("launch", (*INFRA, "cpus"), Compare.CPU),
        ("launch", (*INFRA, "memory"), Compare.QUANTITY),
        ("launch", (*INFRA, "storage"), Compare.QUANTITY),
        ("llmengine", ("vendor_configuration", "cpus"), Compare.CPU),
        ("llmengine", ("vendor_configuration", "memory"), Compare.QUANTITY),
        ("launch", (*INFRA, "gpus"), Compare.EXACT),
        ("launch", (*INFRA, "something_new"), Compare.EXACT),
    ],
)
def test_compare(vendor: str, path: Path, compare: Compare) -> None:
    """Quantities and CPU counts compare by meaning, all else exactly."""
    assert policy_of(vendor, path).compare is compare


def test_keys_of_a_free_form_map_have_its_policy() -> None:
    """A path inside a free-form map is as secret and as free-form as the map."""
    assert policy_of("launch", (*IMAGE, "env_vars", "TOKEN")) is policy_of("launch", (*IMAGE, "env_vars"))


def test_only_env_vars_are_secret() -> None:
    """The one field whose values are shown nowhere."""
    assert secret_keys() == {"env_vars"}


@pytest.mark.parametrize(
    ("path", "structured"),
    [(IMAGE, True), (INFRA, True), (("vendor_configuration",), True), ((*IMAGE, "env_vars"), False)],
)
def test_structured_objects_have_fields_for_keys(path: Path, structured: bool) -> None:
    """Objects of the API are told apart from the user's own maps."""
    assert policy_of("launch", path).structured is structured


@pytest.mark.parametrize(
    ("vendor", "paths"),
    [
        (
            "launch",
            ((*IMAGE, "command"), (*IMAGE, "registry"), (*IMAGE, "repository"), (*IMAGE, "tag"), INFRA),
        ),
        ("llmengine", (("vendor_configuration", "model"),)),
        ("openai", (("model_type",),)),
        ("brand_new_vendor", (("model_type",),)),
    ],
)
def test_required_at_creation(vendor: str, paths: tuple[Path, ...]) -> None:
    """Each family has its own fields without which nothing is created."""
    assert required_at_creation(vendor) == paths


@pytest.mark.parametrize(
    ("vendor", "kind"), [("launch", "generic"), ("llmengine", "chat_completion"), ("openai", None), ("vendor", None)]
)
def test_creation_type(vendor: str, kind: str | None) -> None:
    """The deployed families have one model_type each; the hosted vendors must be told."""
    assert creation_type(vendor) == kind


@pytest.mark.parametrize(
    ("vendor", "family"),
    [("launch", "launch"), ("llmengine", "llmengine"), ("openai", "hosted"), ("xai", "hosted"), ("new", "hosted")],
)
def test_family(vendor: str, family: str) -> None:
    """All but the deployed vendors take the same fields."""
    assert family_of(vendor) == family


@pytest.mark.parametrize(
    ("vendor", "path", "known"),
    [
        ("launch", (*INFRA, "gpus"), True),
        ("launch", (*IMAGE, "env_vars", "TOKEN"), True),
        ("launch", ("vendor_configuration", "gpus"), False),
        ("llmengine", ("vendor_configuration", "gpus"), True),
        ("openai", ("vendor_configuration", "gpus"), False),
        ("openai", ("model_metadata", "team"), True),
        ("openai", ("status",), False),
    ],
)
def test_is_field(vendor: str, path: Path, known: bool) -> None:
    """A path is a field where the vendor takes it, or lies inside a free-form map."""
    assert is_field(vendor, path) is known


def test_fields_named_tell_where_a_field_belongs() -> None:
    """The same name stands in different places for different vendors."""
    assert fields_named("launch", "gpus") == ((*INFRA, "gpus"),)
    assert fields_named("llmengine", "gpus") == (("vendor_configuration", "gpus"),)
    assert fields_named("openai", "gpus") == ()


@pytest.mark.parametrize(
    ("vendor", "name", "place"),
    [
        ("launch", "min_workers", (*INFRA, "min_workers")),
        ("launch", "tag", (*IMAGE, "tag")),
        ("launch", "nodes_per_worker", None),
        ("llmengine", "min_workers", ("vendor_configuration", "min_workers")),
        ("openai", "min_workers", None),
    ],
)
def test_place_of(vendor: str, name: str, place: Path | None) -> None:
    """A field of one name has one place in a vendor's models, or none."""
    assert place_of(vendor, name) == place


@pytest.mark.parametrize("vendor", ["launch", "llmengine", "openai"])
def test_no_two_fields_share_a_name(vendor: str) -> None:
    """A name alone says which field is meant."""
    names = [path[-1] for path in fields_of(vendor)]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    ("path", "sent", "declared"),
    [
        ((*INFRA, "gpus"), (*INFRA, "gpus"), (*INFRA, "gpus")),
        ((*INFRA, "labels", "a", "b"), (*INFRA, "labels"), (*INFRA, "labels", "a")),
        (("model_metadata", "a"), ("model_metadata",), ("model_metadata", "a")),
        (("model_metadata",), ("model_metadata",), ("model_metadata",)),
        (INFRA, INFRA, INFRA),
    ],
)
def test_units(path: Path, sent: Path, declared: Path) -> None:
    """A free-form map is sent whole, and declared key by key; a field is both."""
    assert (field_at("launch", path), declared_at("launch", path)) == (sent, declared)


def test_every_immutable_field_has_a_reason() -> None:
    """A field that cannot be changed says why, in one sentence."""
    immutable = [
        ("launch", ("model_vendor",)),
        ("launch", ("model_type",)),
        ("launch", (*INFRA, "endpoint_type")),
        ("llmengine", ("vendor_configuration", "endpoint_type")),
        ("llmengine", ("vendor_configuration", "nodes_per_worker")),
        ("llmengine", ("vendor_configuration", "inference_framework")),
    ]
    assert [path for vendor, path in immutable if not policy_of(vendor, path).reason.endswith(".")] == []


@pytest.mark.parametrize(
    ("definition", "types"),
    [
        ("launch_configuration", LaunchVendorConfigurationParam),
        ("model_image", ModelImage),
        ("model_infra", ModelInfra),
        ("llmengine_configuration", LlmEngineVendorConfigurationParam),
        ("launch_configuration", getattr(update, f"{PREFIX}LaunchVendorConfiguration")),
        ("model_image", getattr(update, f"{PREFIX}LaunchVendorConfigurationModelImage")),
        ("model_infra", getattr(update, f"{PREFIX}LaunchVendorConfigurationModelInfra")),
        ("llmengine_configuration", getattr(update, f"{PREFIX}LlmEngineVendorConfiguration")),
    ],
)
def test_the_schema_has_exactly_the_fields_of_the_official_client(definition: str, types: Any) -> None:
    """Neither the creation nor the update types of the official client know a field that the schema does not."""
    assert set(load(MANIFEST)["definitions"][definition]["properties"]) == set(get_type_hints(types))


def test_required_fields_are_those_of_the_official_client() -> None:
    """What the official client marks as required for the image is what the table requires."""
    required = {path[-1] for path in required_at_creation("launch") if path[:2] == IMAGE}
    hints = get_type_hints(ModelImage, include_extras=True)
    assert required == {name for name, kind in hints.items() if get_origin(kind) is Required}


def test_vendors_are_those_of_the_official_client() -> None:
    """The deployed two and every hosted vendor of the creation types."""
    hosted = get_args(get_type_hints(create.ModelHostedModelCreateRequest)["model_vendor"])
    enum = load(MANIFEST)["definitions"]["model_vendor"]["enum"]
    assert set(enum) == {"launch", "llmengine", *hosted}

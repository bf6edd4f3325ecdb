"""Merged models in, out what the engine behind the platform would refuse, ignore or do otherwise than it seems.

Nothing here is an error of a manifest: an installation can differ. Only what is declared is judged, and what belongs
beside it; what a manifest leaves out the live model may hold. Models repeat themselves, so that what is judged is a few
plain values, and equal ones are judged once.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from egpsync.fields.quantity import quantity
from egpsync.fields.table import place_of
from egpsync.manifest.findings import Finding, Hint, in_words, nearest
from egpsync.manifest.ignores import Ignore, ignores
from egpsync.manifest.rules import Rule
from egpsync.model.manifest import Merged, Severity, State
from egpsync.model.values import Json, Path, Source

LLM_ENGINE = "llm-engine, model_engine_server/"
RESOURCES = f"{LLM_ENGINE}common/resource_limits.py"
ENDPOINTS = f"{LLM_ENGINE}domain/use_cases/model_endpoint_use_cases.py"
BUNDLES = f"{LLM_ENGINE}domain/use_cases/model_bundle_use_cases.py"
LLMS = f"{LLM_ENGINE}domain/use_cases/llm_model_endpoint_use_cases.py"
BUILDER = f"{LLM_ENGINE}infra/services/live_endpoint_builder_service.py"
ARCHITECTURE = "llm-engine, docs/internal/architecture.md"

DEPLOYED = ("launch", "llmengine")  # the vendors that the engine is behind
LABEL = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
MUTABLE_TAGS = frozenset({"latest", "main", "master", "dev", "develop", "nightly", "edge", "stable", "staging", "prod"})
NEEDED_LABELS = ("product", "team")
KEPT_LABELS = frozenset({"endpoint_name", "user_id"})
KEPT_VARIABLES = frozenset(
    {
        "AWS_PROFILE",
        "CELERY_ELASTICACHE_ENABLED",
        "CELERY_QUEUE",
        "CELERY_TASK_VISIBILITY",
        "DD_AGENT_HOST",
        "DD_ENV",
        "DD_SERVICE",
        "DD_TRACE_ENABLED",
        "DD_VERSION",
        "HTTP_PORT",
        "OMP_THREAD_LIMIT",
        "S3_BUCKET",
        "TEMPORAL_TASK_QUEUE",
    }
)
NO_VARIABLES: frozenset[str] = frozenset()
KEPT_METADATA = frozenset({"_CONVERTED_FROM_ARTIFACT_LIKE", "_llm"})
MOST_WORKERS = 250
MOST_CONCURRENT = 20  # tasks that the forwarder of an async endpoint takes at once
LONGEST_TEMPLATE = 10_000  # characters
HARDWARE = ("cpus", "gpu_type", "gpus", "memory", "nodes_per_worker", "storage")
FRAMEWORKS = ("deepspeed", "lightllm", "sglang", "tensorrt_llm", "text_generation_inference", "vllm")
STREAMING_ONLY = frozenset({"lightllm", "tensorrt_llm", "text_generation_inference", "vllm"})
QUANTIZED_BY = {"vllm": "awq", "text_generation_inference": "bitsandbytes"}
CHECKPOINTS = ("s3://", "azure://", "gs://")
GIBI = Fraction(2**30)
_CPU_ONLY = (6, 28)
_CARDS: Mapping[str, tuple[int, int]] = {  # CPUs and GiB of memory that are left beside the forwarder
    "nvidia-tesla-t4": (62, 248),
    "nvidia-ampere-a10": (62, 248),
    "nvidia-ampere-a100": (94, 998),
    "nvidia-ampere-a100e": (94, 998),
    "nvidia-hopper-h100": (190, 1998),
    "nvidia-hopper-h100-1g20gb": (46, 498),
    "nvidia-hopper-h100-3g40gb": (94, 998),
}
_STORAGE = 640 * GIBI - 10**9
_STORAGE_H100 = 1300 * GIBI - 10**9


class Judged(NamedTuple):
    """What a lint found: the field it is about, below where the facts are, and the words."""

    field: Path
    message: str
    expected: str = ""


Found: TypeAlias = Iterator[Judged]


class Hardware(NamedTuple):
    """What a deployment says of what it runs on; None for what is not declared, or null."""

    family: str  # "launch" or "llmengine"
    cpus: Any
    gpu_type: Any
    gpus: Any
    memory: Any
    nodes_per_worker: Any
    storage: Any
    min_workers: Any
    max_workers: Any
    per_worker: Any
    endpoint_type: Any
    num_shards: Any
    inference_framework: Any
    quantize: Any
    checkpoint_path: Any
    chat_template_override: Any
    public_inference: Any
    model: Any


class Image(NamedTuple):
    """What a launch model says of its container."""

    tag: Any
    endpoint_type: Any
    commands: tuple[bool, bool]  # whether a command and a streaming_command are declared
    variables: frozenset[str]  # of env_vars, those that the engine sets itself


class Named(NamedTuple):
    """Keys of a free-form map, or a name."""

    items: tuple[tuple[Any, Any], ...]


Facts: TypeAlias = Hardware | Image | Named
FactsOf: TypeAlias = Callable[[dict[str, Json]], tuple[Path, Facts] | None]
Known: TypeAlias = dict[tuple[Facts, tuple[type, ...]], tuple[tuple[str, Judged], ...]]
"""What was judged already: models repeat themselves."""


class Lint(Rule, frozen=True, kw_only=True):
    """A rule over the resolved model that warns."""

    severity: Severity = Severity.WARNING
    source: str  # of the fact
    about: str  # the facts that it judges: a key of PARTS
    judge: Callable[[Any], Found]


def lint(merged: Merged, levels: Mapping[str, Severity], *, told: bool = True) -> Iterator[Finding]:
    """What those lints find that have a level, wherever the value was set. The models may be invalid.

    A comment on the value's line silences what it names; where it silences nothing, that is `told`.
    """
    silenced = {(ignore.source.file, ignore.source.line): ignore for ignore in ignores(merged.documents.files)}
    used: set[tuple[Source, str]] = set()
    for finding in _lint(merged, levels):
        ignore = silenced.get((finding.source.file, finding.source.line))
        if ignore is not None and finding.rule in ignore.rules:
            used.add((ignore.source, finding.rule))
        else:
            yield finding
    for ignore in silenced.values() if told else ():
        yield from _unused(ignore, levels, used)


def _unused(ignore: Ignore, levels: Mapping[str, Severity], used: set[tuple[Source, str]]) -> Iterator[Finding]:
    for rule in ignore.rules or ("",):
        if rule not in LINTS_BY_ID:
            said = f"there is no lint {in_words(rule)}" if rule else "the comment names no lint"
            hint = Hint(expected="names of lints, with commas between", suggestion=nearest(rule, LINTS_BY_ID))
            yield Finding("unused-ignore", f"{said}: nothing is ignored", ignore.source, hint)
        elif rule in levels and (ignore.source, rule) not in used:
            message = f"{rule} finds nothing on this line: nothing is ignored"
            yield Finding("unused-ignore", message, ignore.source, Hint(expected="the comment on the value's own line"))


def _lint(merged: Merged, levels: Mapping[str, Severity]) -> Iterator[Finding]:
    parts: list[tuple[FactsOf, tuple[Lint, ...], Known]] = [
        (facts_of, tuple(one for one in LINTS if one.about == about and one.id in levels), {})
        for about, facts_of in PARTS.items()
    ]
    for model in merged.models:
        value = model.merged.value
        if not isinstance(value, dict) or value.get("state", State.PRESENT) != State.PRESENT:
            continue
        for facts_of, lints, known in parts:
            met = facts_of(value)
            if met is None:
                continue
            path, facts = met
            for rule, (field, message, expected) in _judged(lints, facts, known):
                node = model.merged.at((*path, *field))
                source = node.source if field else node.key_source  # what is about a whole map is said at its key
                yield Finding(rule, message, source, Hint(expected=expected))


def _judged(lints: tuple["Lint", ...], facts: Facts, known: Known) -> tuple[tuple[str, Judged], ...]:
    key = facts, tuple(map(type, facts))  # 1 is neither 1.0 nor true
    try:
        found = known.get(key)
    except TypeError:  # a list or map where the schema wants a word: not to be hashed, and not to be judged
        return ()
    if found is None:
        found = known[key] = tuple((one.id, found) for one in lints for found in one.judge(facts))
    return found


def _hardware(model: dict[str, Json]) -> tuple[Path, Facts] | None:
    vendor, configuration = model.get("model_vendor"), model.get("vendor_configuration")
    if vendor not in DEPLOYED or not isinstance(configuration, dict):
        return None
    path, held = (_INFRA, configuration.get("model_infra")) if vendor == "launch" else (_FLAT, configuration)
    return (path, Hardware(vendor, *map(held.get, _HARDWARE_FIELDS))) if isinstance(held, dict) else None


def _image(model: dict[str, Json]) -> tuple[Path, Facts] | None:
    configuration = model.get("vendor_configuration")
    if not isinstance(configuration, dict) or model.get("model_vendor") != "launch":
        return None
    image = configuration.get("model_image")
    if not isinstance(image, dict):
        return None
    infra, variables = configuration.get("model_infra"), image.get("env_vars")
    return _IMAGE, Image(
        image.get("tag"),
        infra.get("endpoint_type") if isinstance(infra, dict) else None,
        (bool(image.get("command")), bool(image.get("streaming_command"))),
        KEPT_VARIABLES.intersection(variables) if isinstance(variables, dict) else NO_VARIABLES,
    )


def _labels(model: dict[str, Json]) -> tuple[Path, Facts] | None:
    configuration = model.get("vendor_configuration")
    if not isinstance(configuration, dict):
        return None
    infra = configuration.get("model_infra")
    path, held = (_INFRA, infra) if isinstance(infra, dict) else (_FLAT, configuration)
    labels = held.get("labels")
    return ((*path, "labels"), Named(tuple(labels.items()))) if isinstance(labels, dict) else None


def _name(model: dict[str, Json]) -> tuple[Path, Facts] | None:
    name = model.get("name")
    deployed = "vendor_configuration" in model or model.get("model_vendor") in DEPLOYED
    if deployed and isinstance(name, str) and not (name and LABEL.fullmatch(name)):
        return ("name",), Named((("name", name),))
    return None


def _blank(model: dict[str, Json]) -> tuple[Path, Facts] | None:
    name = model.get("name")
    return (("name",), Named((("name", name),))) if isinstance(name, str) and name != name.strip() else None


def _metadata(model: dict[str, Json]) -> tuple[Path, Facts] | None:
    metadata = model.get("model_metadata")
    if isinstance(metadata, dict) and (kept := KEPT_METADATA.intersection(metadata)):
        return ("model_metadata",), Named(tuple((key, None) for key in sorted(kept)))
    return None


_CONFIGURATION = "vendor_configuration"
_FLAT: Path = (place_of("llmengine", "min_workers") or ())[:-1]
_INFRA: Path = (place_of("launch", "min_workers") or ())[:-1]
_IMAGE: Path = (_CONFIGURATION, "model_image")
_HARDWARE_FIELDS = Hardware._fields[1:]
PARTS: Mapping[str, FactsOf] = {
    "name": _name,
    "blank": _blank,
    "metadata": _metadata,
    "image": _image,
    "labels": _labels,
    "hardware": _hardware,
}
"""Where in a model the facts are that lints judge."""


def mutable_tag(image: Image) -> Found:
    """A tag that is moved from image to image."""
    if isinstance(image.tag, str) and image.tag.lower() in MUTABLE_TAGS:
        yield Judged(("tag",), f"the tag {in_words(image.tag)} moves", "a tag that stays, such as v1.4.2")


def kept_variable(image: Image) -> Found:
    """A variable that the engine sets itself."""
    for name in sorted(image.variables):
        yield Judged(("env_vars", name), f"env_vars.{name} is set by the engine itself", "another name")


def streaming_command(image: Image) -> Found:
    """A streaming endpoint without what it runs, or another with nothing but that."""
    command, streaming = image.commands
    if image.endpoint_type == "streaming" and command and not streaming:
        yield Judged(("command",), "the endpoint streams, and no streaming_command is declared", "streaming_command")
    if image.endpoint_type in {"sync", "async"} and streaming and not command:
        yield Judged(("streaming_command",), f"the endpoint is {image.endpoint_type}, and has no command", "command")


def needed_labels(labels: Named) -> Found:
    """Labels without those that every deployment needs."""
    held = {key for key, value in labels.items if value is not None}
    if missing := [label for label in NEEDED_LABELS if label not in held]:
        yield Judged((), f"labels lack {' and '.join(missing)}", "labels of team and product")


def kept_labels(labels: Named) -> Found:
    """Labels that the engine sets itself."""
    for key, _ in labels.items:
        if key in KEPT_LABELS:
            yield Judged((str(key),), f"the label {key} is set by the engine itself", "another key")


def label_values(labels: Named) -> Found:
    """Labels that Kubernetes does not take."""
    for key, value in labels.items:
        if isinstance(value, str) and not LABEL.fullmatch(value):
            expected = "at most 63 letters, digits and - _ . that begin and end with a letter or digit"
            yield Judged((str(key),), f"the label {key} is {in_words(value)}, which is no label's value", expected)


def name_as_label(name: Named) -> Found:
    """A name that cannot be a label."""
    ((_, value),) = name.items
    expected = "at most 63 letters, digits and - _ . that begin and end with a letter or digit"
    yield Judged((), f"the name {in_words(value)} cannot be a label", expected)


def blank_around_name(name: Named) -> Found:
    """A name that begins or ends in a blank."""
    ((_, value),) = name.items
    yield Judged((), f"the name {in_words(value)} begins or ends in a blank", in_words(str(value).strip()))


def kept_metadata(metadata: Named) -> Found:
    """Metadata under a key of the engine's own."""
    for key, _ in metadata.items:
        yield Judged((str(key),), f"the metadata key {key} is the engine's own", "another key")


def gpu_type_alone(of: Hardware) -> Found:
    """A GPU type without a number of GPUs."""
    if isinstance(of.gpu_type, str) and of.gpus is None:
        yield Judged(("gpu_type",), f"gpu_type is {in_words(of.gpu_type)}, and gpus is not declared", "gpus beside it")


def gpus_alone(of: Hardware) -> Found:
    """GPUs without a type."""
    if _is_count(of.gpus) and of.gpus > 0 and of.gpu_type is None:
        yield Judged(("gpus",), f"gpus is {of.gpus}, and gpu_type is not declared", "gpu_type beside it")


def llm_card(of: Hardware) -> Found:
    """A card that the engine serves no LLM on."""
    if of.family == "llmengine" and of.gpu_type == "nvidia-ampere-a100e":
        yield Judged(("gpu_type",), "no LLM is served on nvidia-ampere-a100e", "nvidia-hopper-h100")


def node_limits(of: Hardware) -> Found:
    """More than a node has."""
    card = of.gpu_type if isinstance(of.gpu_type, str) else None
    if card is None and of.gpus != 0:  # what it runs on is not declared
        return
    cpus, memory = _CPU_ONLY if of.gpus == 0 else _CARDS.get(card or "", (None, None))
    where = "without GPUs" if of.gpus == 0 else f"with {card}"
    storage = _STORAGE_H100 if card == "nvidia-hopper-h100" else _STORAGE
    limits = (
        ("cpus", of.cpus, None if cpus is None else Fraction(cpus), f"{cpus} CPUs"),
        ("memory", of.memory, None if memory is None else memory * GIBI, f"{memory}Gi"),
        ("storage", of.storage, storage, f"{float(storage / GIBI):.0f}Gi"),
    )
    for field, held, most, in_short in limits:
        amount = quantity(str(held)) if isinstance(held, str | int) and not isinstance(held, bool) else None
        if amount is not None and most is not None and amount > most:
            yield Judged(
                (field,), f"{field} is {held}, and a node {where} has {in_short} for it", f"at most {in_short}"
            )


def too_many_workers(of: Hardware) -> Found:
    """More workers than an endpoint may have."""
    if _is_count(of.max_workers) and of.max_workers > MOST_WORKERS:
        yield Judged(("max_workers",), f"max_workers is {of.max_workers}", f"at most {MOST_WORKERS}")


def no_workers(of: Hardware) -> Found:
    """An endpoint that may have no worker at all."""
    if _is_count(of.max_workers) and of.max_workers == 0:
        yield Judged(("max_workers",), "max_workers is 0", "at least 1")


def scale_to_zero(of: Hardware) -> Found:
    """No worker for an endpoint that answers at once."""
    if of.min_workers == 0 and _is_count(of.min_workers) and of.endpoint_type in {"sync", "streaming"}:
        yield Judged(("min_workers",), f"min_workers is 0, and the endpoint is {of.endpoint_type}", "at least 1")


def scaled_from_zero(of: Hardware) -> Found:
    """Workers that are never started."""
    several = _is_count(of.max_workers) and of.max_workers > 1
    if of.min_workers == 0 and several and of.endpoint_type in {"sync", "streaming"}:
        yield Judged(
            ("max_workers",), f"max_workers is {of.max_workers}, and scaling begins at 0", "1, or min_workers: 1"
        )


def streaming_per_worker(of: Hardware) -> Found:
    """Several requests at once for a worker that streams."""
    if of.family == "launch" and of.endpoint_type == "streaming" and of.per_worker not in {None, 1}:
        yield Judged(("per_worker",), f"per_worker is {of.per_worker}, and the endpoint streams", "1")


def async_per_worker(of: Hardware) -> Found:
    """More tasks at once than the forwarder takes."""
    if of.endpoint_type == "async" and _is_count(of.per_worker) and of.per_worker > MOST_CONCURRENT:
        message = f"per_worker is {of.per_worker}, and {MOST_CONCURRENT} are taken at once"
        yield Judged(("per_worker",), message, f"at most {MOST_CONCURRENT}")


def llm_hardware(of: Hardware) -> Found:
    """Some of an LLM's hardware, and not all of it."""
    if of.family != "llmengine":
        return
    declared = [field for field in HARDWARE if getattr(of, field) is not None]
    missing = [field for field in HARDWARE if field not in declared]
    if declared and missing:
        yield Judged(
            (declared[0],), f"{', '.join(declared)} declared, and not {', '.join(missing)}", "all of them, or none"
        )


def llm_shards(of: Hardware) -> Found:
    """Another number of shards than of GPUs."""
    both = _is_count(of.num_shards) and _is_count(of.gpus)
    if of.family == "llmengine" and both and of.num_shards != of.gpus:
        yield Judged(("num_shards",), f"num_shards is {of.num_shards}, and gpus is {of.gpus}", "the same number")


def llm_framework(of: Hardware) -> Found:
    """A framework that the engine does not know."""
    framework = of.inference_framework
    if of.family == "llmengine" and isinstance(framework, str) and framework not in FRAMEWORKS:
        expected = f"one of {', '.join(FRAMEWORKS)}"
        yield Judged(("inference_framework",), f"the engine knows no framework {in_words(framework)}", expected)


def llm_endpoint(of: Hardware) -> Found:
    """A framework that streams, at an endpoint that does not."""
    if of.family == "llmengine" and of.inference_framework in STREAMING_ONLY and of.endpoint_type in {"sync", "async"}:
        message = f"{of.inference_framework} serves streaming endpoints alone, and this one is {of.endpoint_type}"
        yield Judged(("endpoint_type",), message, "streaming")


def llm_quantize(of: Hardware) -> Found:
    """A quantization that the framework does not do."""
    framework = of.inference_framework
    if of.family != "llmengine" or of.quantize is None or not isinstance(framework, str):
        return
    known = QUANTIZED_BY.get(framework)
    if of.quantize != known:
        message = f"{framework} does not quantize by {in_words(of.quantize)}"
        yield Judged(("quantize",), message, known or "no quantize")


def llm_checkpoint(of: Hardware) -> Found:
    """A checkpoint from where none is loaded."""
    path = of.checkpoint_path
    if of.family != "llmengine" or not isinstance(path, str):
        return
    if not path.startswith(CHECKPOINTS) and "blob.core.windows.net" not in path:
        yield Judged(("checkpoint_path",), "checkpoint_path is no place in an object store", "s3://, azure:// or gs://")
    elif path.endswith(".tar"):
        yield Judged(("checkpoint_path",), "checkpoint_path is an archive", "the folder of the checkpoint's files")


def llm_template(of: Hardware) -> Found:
    """A chat template that is not used, or too long."""
    template = of.chat_template_override
    if of.family != "llmengine" or not isinstance(template, str):
        return
    if len(template) > LONGEST_TEMPLATE:
        message = f"chat_template_override has {len(template):,} characters"
        yield Judged(("chat_template_override",), message, f"at most {LONGEST_TEMPLATE:,}")
    if isinstance(of.inference_framework, str) and of.inference_framework != "vllm":
        message = f"{of.inference_framework} takes no chat_template_override"
        yield Judged(("chat_template_override",), message, "vllm, or no template")


def llm_nodes(of: Hardware) -> Found:
    """Several nodes for a worker, where that cannot be."""
    if of.family != "llmengine" or not _is_count(of.nodes_per_worker) or of.nodes_per_worker < 2:
        return
    wrong = [
        words
        for words, is_wrong in (
            (f"inference_framework is {of.inference_framework}", of.inference_framework not in {None, "vllm"}),
            (f"endpoint_type is {of.endpoint_type}", of.endpoint_type not in {None, "streaming"}),
            ("gpus is 0", of.gpus == 0),
            (
                f"min_workers is {of.min_workers} and max_workers {of.max_workers}",
                None not in {of.min_workers, of.max_workers} and of.min_workers != of.max_workers,
            ),
        )
        if is_wrong
    ]
    if wrong:
        message = f"nodes_per_worker is {of.nodes_per_worker}, and {'; '.join(wrong)}"
        yield Judged(("nodes_per_worker",), message, "vllm, streaming, GPUs, and as many workers at least as at most")


def llm_public(of: Hardware) -> Found:
    """A whole LLM that does not say whether everybody may use it."""
    if of.family == "llmengine" and isinstance(of.model, str) and of.public_inference is None:
        yield Judged(
            ("model",), "public_inference is not declared, and the engine's own client means true", "true or false"
        )


def _is_count(value: Any) -> bool:
    """A whole number, also one that is spelt as 1.0, which the schema takes."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


LINTS: tuple[Lint, ...] = (
    Lint(
        id="mutable-image-tag",
        about="image",
        judge=mutable_tag,
        summary="an image tag that is moved from image to image",
        why="Pods that start later run another image than those before them, and no plan shows it.",
        mend="Write the tag of a release, or a digest.",
        source=BUNDLES,
    ),
    Lint(
        id="reserved-env-var",
        about="image",
        judge=kept_variable,
        summary="a variable of env_vars that the engine sets itself",
        why="The deployment fails after it has begun, as the engine refuses the variable while it builds.",
        mend="Give the variable another name.",
        source=BUILDER,
    ),
    Lint(
        id="streaming-command",
        about="image",
        judge=streaming_command,
        summary="an endpoint without the command that its type runs",
        why="The engine refuses a streaming endpoint without streaming_command, and any other without command.",
        mend="Declare the command of the endpoint's type.",
        source=ENDPOINTS,
    ),
    Lint(
        id="engine-labels",
        about="labels",
        judge=needed_labels,
        summary="labels without team or product",
        why="The engine refuses a deployment whose labels lack one of them.",
        mend="Add team and product to labels.",
        source=f"{LLM_ENGINE}common/settings.py",
    ),
    Lint(
        id="reserved-label",
        about="labels",
        judge=kept_labels,
        summary="a label that the engine sets itself",
        why="The engine refuses it.",
        mend="Use another key.",
        source=ENDPOINTS,
    ),
    Lint(
        id="label-value",
        about="labels",
        judge=label_values,
        summary="a label whose value Kubernetes does not take",
        why="Its objects cannot be written, so that the deployment fails after it has begun.",
        mend="Shorten it to at most 63 letters, digits and - _ . within.",
        source=f"{LLM_ENGINE}infra/gateways/resources/ (service template)",
    ),
    Lint(
        id="name-not-a-label",
        about="name",
        judge=name_as_label,
        summary="the name of a deployed model that cannot be a label",
        why="The engine labels what it deploys with the name, and Kubernetes refuses it.",
        mend="Use at most 63 letters, digits and - _ . within.",
        source=f"{LLM_ENGINE}common/dtos/model_endpoints.py",
    ),
    Lint(
        id="blank-around-name",
        about="blank",
        judge=blank_around_name,
        summary="a name that begins or ends in a blank",
        why="It is another name than the same without, and nobody sees it: the model is created beside the one meant.",
        mend="Take the blank away.",
        source=f"{LLM_ENGINE}common/dtos/model_endpoints.py",
    ),
    Lint(
        id="reserved-metadata",
        about="metadata",
        judge=kept_metadata,
        summary="metadata under a key of the engine's own",
        why="The engine refuses the change, where metadata reaches it.",
        mend="Use another key.",
        source=ENDPOINTS,
    ),
    Lint(
        id="gpu-type-without-gpus",
        about="hardware",
        judge=gpu_type_alone,
        summary="gpu_type without gpus beside it",
        why="A model that is created so is refused: no GPUs, and a type of them.",
        mend="Declare gpus beside gpu_type.",
        source=RESOURCES,
    ),
    Lint(
        id="gpus-without-gpu-type",
        about="hardware",
        judge=gpus_alone,
        summary="gpus without gpu_type beside it",
        why="A model that is created so is refused: GPUs of no type.",
        mend="Declare gpu_type beside gpus.",
        source=RESOURCES,
    ),
    Lint(
        id="llm-gpu-type",
        about="hardware",
        judge=llm_card,
        summary="a card that no LLM is served on",
        why="The engine refuses it, and asks for an H100.",
        mend="Use nvidia-hopper-h100.",
        source=LLMS,
    ),
    Lint(
        id="over-node-limits",
        about="hardware",
        judge=node_limits,
        summary="more CPUs, memory or storage for a worker than a node has beside the forwarder",
        why="No node can hold such a worker, so that it waits for ever. An installation can have other nodes.",
        mend="Ask for less, or turn the rule off where your nodes are larger.",
        source=RESOURCES,
    ),
    Lint(
        id="too-many-workers",
        about="hardware",
        judge=too_many_workers,
        summary="more workers than an endpoint may have",
        why="The engine refuses it.",
        mend="Ask for at most 250.",
        source=RESOURCES,
    ),
    Lint(
        id="no-workers",
        about="hardware",
        judge=no_workers,
        summary="an endpoint that may have no worker",
        why="Kubernetes refuses to scale up to 0.",
        mend="Allow at least 1.",
        source=RESOURCES,
    ),
    Lint(
        id="scale-to-zero",
        about="hardware",
        judge=scale_to_zero,
        summary="no worker for an endpoint that answers at once",
        why="Most installations refuse it: only async endpoints start from nothing everywhere.",
        mend="Set min_workers to 1, or turn the rule off where yours scales HTTP from zero.",
        source=ENDPOINTS,
    ),
    Lint(
        id="scaled-from-zero",
        about="hardware",
        judge=scaled_from_zero,
        summary="several workers for an endpoint that scales from 0",
        why="Scaling from 0 begins one worker and no more.",
        mend="Set max_workers to 1, or min_workers to 1.",
        source=ARCHITECTURE,
    ),
    Lint(
        id="streaming-per-worker",
        about="hardware",
        judge=streaming_per_worker,
        summary="several requests at once for a worker that streams",
        why="The engine refuses it.",
        mend="Set per_worker to 1.",
        source=ENDPOINTS,
    ),
    Lint(
        id="async-per-worker",
        about="hardware",
        judge=async_per_worker,
        summary="more tasks for a worker than are taken at once",
        why="What is above 20 has no effect, so that scaling counts on what does not happen.",
        mend="Set per_worker to at most 20.",
        source=RESOURCES,
    ),
    Lint(
        id="llm-hardware-incomplete",
        about="hardware",
        judge=llm_hardware,
        summary="some of an LLM's hardware, and not all of it",
        why="The engine takes all of cpus, gpu_type, gpus, memory, nodes_per_worker and storage, or infers all.",
        mend="Declare all of them, or none.",
        source=LLMS,
    ),
    Lint(
        id="llm-shards",
        about="hardware",
        judge=llm_shards,
        summary="another number of shards than of GPUs",
        why="The engine refuses it.",
        mend="Make num_shards what gpus is.",
        source=LLMS,
    ),
    Lint(
        id="llm-framework",
        about="hardware",
        judge=llm_framework,
        summary="a framework that the engine does not know",
        why="The engine refuses it.",
        mend="Use one of those that it knows.",
        source=LLMS,
    ),
    Lint(
        id="llm-endpoint-type",
        about="hardware",
        judge=llm_endpoint,
        summary="a framework that streams, at an endpoint that does not",
        why="The engine refuses it.",
        mend="Set endpoint_type to streaming.",
        source=LLMS,
    ),
    Lint(
        id="llm-quantize",
        about="hardware",
        judge=llm_quantize,
        summary="a quantization that the framework does not do",
        why="The engine refuses it.",
        mend="Leave quantize out, or use the framework's own.",
        source=LLMS,
    ),
    Lint(
        id="llm-checkpoint",
        about="hardware",
        judge=llm_checkpoint,
        summary="a checkpoint_path from where none is loaded",
        why="The engine refuses it.",
        mend="Name a folder in an object store.",
        source=LLMS,
    ),
    Lint(
        id="llm-chat-template",
        about="hardware",
        judge=llm_template,
        summary="a chat_template_override that is not used, or too long",
        why="The engine refuses it.",
        mend="Use vllm, and at most 10,000 characters.",
        source=LLMS,
    ),
    Lint(
        id="llm-nodes",
        about="hardware",
        judge=llm_nodes,
        summary="several nodes for a worker, where that cannot be",
        why="The engine refuses it, or never scales it.",
        mend="Use one node, or vllm, streaming, GPUs, and as many workers at least as at most.",
        source=LLMS,
    ),
    Lint(
        id="llm-public-inference",
        about="hardware",
        judge=llm_public,
        summary="an LLM that does not say whether everybody may use it",
        why="The engine's own client means true, the launch vendor false: what comes of it depends on who asks.",
        mend="Declare public_inference.",
        source="llm-engine, clients/python/llmengine/model.py",
    ),
)
"""All of them, as the tables show them. A new one is a value here."""

LINTS_BY_ID: Mapping[str, Lint] = {one.id: one for one in LINTS}

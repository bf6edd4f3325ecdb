"""Live models as a manifest: minimal, valid, and equal to what is live."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egpsync.account.requests import requests_of
from egpsync.core.plan import Comparison, make_plan
from egpsync.errors import UsageError
from egpsync.manifest.check import check
from egpsync.manifest.desired import desired
from egpsync.manifest.merge import merge
from egpsync.manifest.write import check_owner, write
from egpsync.model.live import Live, LiveModel
from egpsync.model.plan import Target
from egpsync.model.values import Json
from tests.manifest.texts import from_text

HEAD = """\
# yaml-language-server: $schema=manifest.schema.json
# The account's models as they were exported. Fields that hold the platform's defaults are left out:
# declare those that are to be watched as well.
version: 1
"""
IMAGE = {"registry": "r.example", "repository": "a", "tag": "v1", "command": ["serve"]}


def live(
    name: str = "a",
    vendor: str = "launch",
    *,
    model_type: str | None = "generic",
    metadata: Mapping[str, Json] | None = None,
    configuration: Mapping[str, Json] | None = None,
) -> LiveModel:
    """A live model; of launch, with no more than the image that it needs, where nothing else is said."""
    return LiveModel(
        id=f"{vendor}-{name.encode().hex()}",
        name=name,
        vendor=vendor,
        model_type=model_type,
        status="ready",
        status_reason="",
        metadata=metadata or {},
        configuration={"model_image": IMAGE} if configuration is None and vendor == "launch" else configuration,
    )


def image(**fields: Json) -> dict[str, Json]:
    """A launch configuration with these fields beside those that the image needs."""
    return {"model_image": {**IMAGE, **fields}}


def infra(**fields: Json) -> dict[str, Json]:
    """A launch configuration with this infrastructure."""
    return {"model_image": IMAGE, "model_infra": fields}


def entry(model: LiveModel) -> str:
    """What is written of the one model."""
    return write([model], owner=None).text.removeprefix(f"{HEAD}models:\n")


def plan_again(models: Sequence[LiveModel], text: str) -> Comparison:
    """The text, checked and planned against the very models that it was written from."""
    documents = from_text(text)
    assert (documents.problems, check(merge(documents))) == ((), ())
    account = Live(models=tuple(sorted(models, key=lambda model: (model.vendor, model.name, model.id))))
    return make_plan(desired(merge(documents)), account, Target(base_url="http://127.0.0.1", account_id=None))


def test_a_model_of_each_family() -> None:
    """What a person would write: no defaults, no nulls, no empty maps, nothing that the server sets; vendors sorted."""
    models = [
        live("gpt", "openai", model_type="completion", metadata={"team": "nlp", "gone": None}),
        live(
            "chat",
            "llmengine",
            model_type="chat_completion",
            configuration={"labels": {}, "gpus": 0, "model": "llama", "quantize": None},
        ),
        live(
            configuration={
                "model_infra": {
                    "labels": {"team": "nlp"}, "min_workers": 0, "max_workers": 2, "high_priority": False,
                    "memory": "8Gi", "storage": "8192Mi", "cpus": "4", "endpoint_type": "sync", "gpus": 0,
                },
                "model_image": {"tag": "1.10", **{key: IMAGE[key] for key in ("command", "repository", "registry")}},
            },
        ),
    ]  # fmt: skip
    assert write(models, owner="platform/models").text == (
        HEAD
        + """\
owner: platform/models
models:
  - name: a
    model_vendor: launch
    vendor_configuration:
      model_image:
        registry: r.example
        repository: a
        tag: "1.10"
        command: [serve]
      model_infra:
        cpus: "4"
        storage: 8192Mi
        max_workers: 2
        labels:
          team: nlp

  - name: chat
    model_vendor: llmengine
    vendor_configuration:
      model: llama
      gpus: 0

  - name: gpt
    model_vendor: openai
    model_type: completion
    model_metadata:
      team: nlp
"""
    )


def test_a_configuration_of_defaults_can_still_be_created() -> None:
    """Creating a launch model needs its infrastructure, and it may be empty."""
    model = live(configuration=infra(gpus=0, memory="8Gi"))
    assert entry(model).endswith("      model_infra: {}\n")
    created = plan_again([], write([model], owner=None).text)
    assert created.problems == ()
    body = requests_of(created.plan.changes[0])[0].body
    assert body is not None
    assert body["vendor_configuration"] == {"model_image": IMAGE, "model_infra": {}}


def test_order_does_not_matter() -> None:
    """The same models give the same bytes, in whatever order they and their keys come."""
    models = [
        live(name, metadata={"b": {"y": 1, "x": 2}, "a": 1}, configuration=image(request_schema={"d": 1, "c": 2}))
        for name in ("a", "b", "c")
    ]
    turned = [
        live(name, metadata={"a": 1, "b": {"x": 2, "y": 1}}, configuration=image(request_schema={"c": 2, "d": 1}))
        for name in ("c", "b", "a")
    ]
    assert write(models, owner=None) == write(turned, owner=None)


def test_values_of_env_vars_are_never_written() -> None:
    """Their names stand in a comment, so that nobody takes them for lost."""
    model = live(configuration=image(env_vars={"B_TOKEN": "sentinel", "A\n": "sentinel"}))
    assert '        # env_vars kept by the server: "A\\n", B_TOKEN\n' in entry(model)
    assert "sentinel" not in entry(model)
    assert plan_again([model], write([model], owner=None).text).plan.empty


def test_secrets_among_metadata_are_never_written() -> None:
    """A key of a free-form map that holds env_vars at some depth is named, not written."""
    text = entry(live(metadata={"run": [{"envVars": {"A": "sentinel"}}], "team": "nlp"}))
    assert "sentinel" not in text
    assert "      # model_metadata kept by the server: run\n" in text


def test_the_mark_is_not_exported() -> None:
    """The key of egpsync is left out; the protection that it keeps is declared."""
    model = live(metadata={"egpsync": {"owner": "x", "prevent_destroy": True}, "team": "nlp"})
    text = entry(model)
    assert "egpsync" not in text
    assert "owner" not in text
    assert text.endswith("    lifecycle:\n      prevent_destroy: true\n")
    assert not plan_again([model], write([model], owner=None).text).plan.changes[0].fields


@pytest.mark.parametrize(
    ("model", "remark"),
    [
        (live(configuration=image(new_knob=1)), "        # left out, as this version does not know it: new_knob\n"),
        (
            live(configuration=infra(gpu_type="nvidia-next", gpus=1)),
            "        gpus: 1\n        # left out, as no manifest takes its value: gpu_type\n",
        ),
        (
            live(configuration=infra(labels={"a": 1, "b": "c"})),
            "          b: c\n          # left out, as no manifest takes its value: a\n",
        ),
        (
            live(configuration={"model_image": {**IMAGE, "command": ["serve", 1]}}),
            "    # not enough to create the model anew, without: vendor_configuration.model_image.command\n",
        ),
        (
            live(configuration=infra(min_workers=3, max_workers=2)),
            "      # left out, as they contradict each other: model_infra.min_workers, model_infra.max_workers\n",
        ),
        (
            live(
                vendor="llmengine",
                model_type=None,
                configuration={"model": "m", "gpus": 0, "gpu_type": "nvidia-tesla-t4", "extra": 1},
            ),
            "      # left out, as this version does not know it: extra\n"
            "      # left out, as they contradict each other: gpus, gpu_type\n",
        ),
        (
            live(vendor="openai", model_type="embedding", configuration={"model": "m"}),
            "    # left out, as no manifest takes its value: model_type, vendor_configuration\n"
            "    # not enough to create the model anew, without: model_type\n",
        ),
        (
            live(metadata={"nan": float("nan"), "\ud800": 1, "lone": ["\udfff"], "fine": 1}),
            '      # left out, as YAML cannot hold its value: lone, nan, "\\ud800"\n',
        ),
    ],
)
def test_what_no_manifest_can_say_is_named(model: LiveModel, remark: str) -> None:
    """A field that would make the manifest invalid is left out, with a comment where it would stand."""
    written = write([model], owner=None)
    assert remark in written.text
    assert written.remarks == 1
    assert plan_again([model], written.text).plan.empty


def test_what_is_nested_too_deeply_is_left_out() -> None:
    """The reader's limit holds here too: up to it the value is written, and one deeper it is named."""

    def nested(levels: int) -> Json:
        return [nested(levels - 1)] if levels else "core"

    model = live(metadata={"deep": nested(60), "deeper": nested(61)})
    assert "# left out, as YAML cannot hold its value: deeper\n" in entry(model)
    assert plan_again([model], write([model], owner=None).text).plan.empty


@pytest.mark.parametrize(
    ("model", "note"),
    [
        (live("a", "newcomer"), '"a" of "newcomer" is left out: no manifest takes its model_vendor'),
        (live("a\u202eb"), '"a\u202eb" of "launch" is left out: no manifest takes its name'),
    ],
)
def test_a_model_that_cannot_be_named_is_left_out(model: LiveModel, note: str) -> None:
    """A vendor or a name that the schema refuses: the others are written, and a note says which is not."""
    written = write([model, live("b")], owner=None)
    assert (written.models, written.notes) == (1, (note,))
    assert plan_again([model, live("b")], written.text).plan.empty


def test_nothing_to_write() -> None:
    """An account without models gives a manifest without models."""
    written = write([], owner=None)
    assert (written.text, written.models) == (f"{HEAD}models: []\n", 0)
    assert plan_again([], written.text).plan.changes == ()


def test_an_owner_that_none_may_have() -> None:
    """An owner that the schema refuses is a wrong use, not a broken manifest."""
    with pytest.raises(UsageError, match='"a b" is no owner'):
        check_owner("a b")


TEXT = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(["no", "1.10", "0123", "22:22", "a\nb", "$"])
SCALAR = st.none() | st.booleans() | st.integers(-5, 200) | st.floats(allow_nan=False) | TEXT
TREE = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))
MAP = st.dictionaries(TEXT | st.just("egpsync"), TREE, max_size=4)
QUANTITY = st.sampled_from(["8Gi", "8192Mi", "16Gi", "0.5", 4, "4000m", "many", 0, -1]) | SCALAR
LAUNCH: dict[str, Any] = {
    "model_image": st.fixed_dictionaries(
        {"registry": TEXT | st.just("r")},
        optional={"tag": TEXT, "command": TREE, "env_vars": MAP, "request_schema": MAP, "readiness_delay": SCALAR},
    ),
    "model_infra": st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("cpus", "memory", "storage"), QUANTITY),
            **dict.fromkeys(("gpus", "min_workers", "max_workers", "high_priority", "unheard_of"), SCALAR),
            "gpu_type": st.sampled_from(["nvidia-tesla-t4", "nvidia-next", None]),
            "labels": MAP | st.dictionaries(TEXT, TEXT, max_size=3),
        },
    ),
}
CONFIGURATIONS = {
    "launch": st.fixed_dictionaries({}, optional=LAUNCH) | MAP,
    "llmengine": st.fixed_dictionaries(
        {"model": TEXT}, optional={"chat_template_override": TEXT, "gpus": SCALAR, "cpus": QUANTITY, "labels": MAP}
    )
    | MAP,
    "openai": st.none() | MAP,
    "newcomer": st.none() | MAP,
}


@st.composite
def models(draw: st.DrawFn) -> list[LiveModel]:
    """Accounts as no sane server holds them."""
    names = draw(st.lists(TEXT.filter(bool), max_size=3, unique=True))
    vendors = [draw(st.sampled_from(sorted(CONFIGURATIONS))) for _ in names]
    return [
        live(
            name,
            vendor,
            model_type=draw(st.sampled_from(["generic", "chat_completion", "completion", "embedding", None])),
            metadata=draw(MAP),
            configuration=draw(CONFIGURATIONS[vendor]),
        )
        for name, vendor in zip(names, vendors, strict=True)
    ]


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=200)
@given(models())
def test_whatever_is_live_plans_empty(account: list[LiveModel]) -> None:
    """The text is valid, and planned against the same account it holds no request and no difference."""
    written = write(account, owner="platform/models")
    planned = plan_again(account, written.text)
    assert (planned.problems, planned.plan.refusals) == ((), ())
    assert [(change.fields, change.writes) for change in planned.plan.changes] == [((), ())] * written.models
    assert written.models + len(written.notes) == len(account)

"""Defaults merged under models, and the models that come out."""

from collections.abc import Callable, Iterator

from hypothesis import given
from hypothesis import strategies as st

from egpsync.manifest.desired import desired, digest_of
from egpsync.manifest.merge import merge, overlaid
from egpsync.model.manifest import Desired, DesiredModel, Documents, Lifecycle, Node, State
from egpsync.model.values import Json, Source
from egpsync.value import replace
from tests.manifest.texts import node_of_lines

Read = Callable[..., Documents]


def fields(found: Desired) -> dict[str, Json]:
    """The fields of each model, by name."""
    return {model.name: model.fields for model in found.models}


def test_a_model_in_full(documents: Read) -> None:
    """Everything that a model carries, its own and from defaults."""
    text = """version: 1
owner: platform/models
defaults: {model_vendor: launch, model_metadata: {team: nlp}, lifecycle: {prevent_destroy: true}}
models:
  - name: a
    id: m-1
    renamed_from: b
    model_metadata: {tier: gold}
    lifecycle: {ignore_changes: [model_metadata.tier]}
"""
    read = documents(text)
    (model,) = desired(merge(read)).models
    assert model == DesiredModel(
        vendor="launch",
        name="a",
        id="m-1",
        renamed_from="b",
        state=State.PRESENT,
        owner="platform/models",
        lifecycle=Lifecycle(prevent_destroy=True, prevent_redeploy=None, ignore_changes=(("model_metadata", "tier"),)),
        fields={"model_metadata": {"team": "nlp", "tier": "gold"}},
        node=model.node,
        source=Source(file="a.yaml", line=5, column=5),
    )
    assert desired(merge(documents(text))).models == (model,)  # read again, its nodes are others
    assert replace(model, name="b") != model
    places = [str(model.source_of(path)) for path in ((), ("model_metadata", "team"), ("model_metadata", "tier"))]
    assert places == ["a.yaml:5:5", "a.yaml:3:51", "a.yaml:8:22"]


def test_maps_merge_and_all_else_is_replaced(documents: Read) -> None:
    """Lists and scalars of the model stand alone; an explicit null stays one."""
    text = """version: 1
defaults:
  model_vendor: launch
  vendor_configuration:
    model_image: {command: [a, b], env_vars: {A: x, B: y}, request_schema: {a: 1}, tag: v1}
models:
  - name: a
    vendor_configuration: {model_image: {command: [c], env_vars: {B: null}, request_schema: null}}
"""
    image = {"command": ["c"], "env_vars": {"A": "x", "B": None}, "request_schema": None, "tag": "v1"}
    assert fields(desired(merge(documents(text)))) == {"a": {"vendor_configuration": {"model_image": image}}}


def test_defaults_hold_for_their_own_file(documents: Read) -> None:
    """Models keep the order of files, and each file's defaults go no further."""
    first = "version: 1\ndefaults: {model_vendor: openai, model_type: generic}\nmodels: [{name: b}, {name: a}]"
    second = "version: 1\nmodels: [{name: c, model_vendor: azure}]"
    found = desired(merge(documents(first, second)))
    assert [(model.name, model.vendor, model.fields) for model in found.models] == [
        ("b", "openai", {"model_type": "generic"}),
        ("a", "openai", {"model_type": "generic"}),
        ("c", "azure", {}),
    ]


def test_what_defaults_say_of_one_family_is_not_for_another(documents: Read) -> None:
    """model_type and vendor_configuration belong to the family of the defaults' vendor; metadata to all."""
    text = """version: 1
defaults:
  model_vendor: launch
  model_type: generic
  model_metadata: {team: nlp}
  vendor_configuration: {model_infra: {gpus: 1}}
models:
  - {name: a}
  - {name: b, model_vendor: launch}
  - {name: c, model_vendor: openai}
  - {name: d, model_vendor: llmengine}
"""
    both = {
        "model_type": "generic",
        "model_metadata": {"team": "nlp"},
        "vendor_configuration": {"model_infra": {"gpus": 1}},
    }
    metadata = {"model_metadata": {"team": "nlp"}}
    assert fields(desired(merge(documents(text)))) == {"a": both, "b": both, "c": metadata, "d": metadata}


def test_hosted_vendors_are_one_family(documents: Read) -> None:
    """A type in the defaults of one hosted vendor holds for another."""
    text = """version: 1
defaults: {model_vendor: openai, model_type: chat_completion}
models: [{name: a, model_vendor: cohere}]
"""
    assert fields(desired(merge(documents(text)))) == {"a": {"model_type": "chat_completion"}}


def test_a_tombstone_takes_only_the_vendor(documents: Read) -> None:
    """Fields and lifecycle of defaults are not for a model that is to go; one given by id needs not even the vendor."""
    text = """version: 1
defaults: {model_vendor: launch, model_metadata: {team: nlp}, lifecycle: {prevent_destroy: true}}
models: [{name: a, state: absent}, {id: m-1, state: absent}]
"""
    nothing = Lifecycle(prevent_destroy=None, prevent_redeploy=None, ignore_changes=())
    assert [
        (model.vendor, model.name, model.id, model.state, model.fields, model.lifecycle)
        for model in desired(merge(documents(text))).models
    ] == [
        ("launch", "a", None, State.ABSENT, {}, nothing),
        ("", "", "m-1", State.ABSENT, {}, nothing),
    ]


def test_owners_and_digest(documents: Read) -> None:
    """Every owner that a file names, sorted, also of a file without models; the digest is that of the files."""
    read = documents("version: 1\nowner: b", "version: 1\nowner: a\nmodels: []", "version: 1")
    found = desired(merge(read))
    assert (found.owners, found.digest, found.models) == (("a", "b"), digest_of(read.files), ())


LEAVES = st.dictionaries(
    st.sampled_from("xyz"), st.none() | st.integers(0, 3) | st.lists(st.integers(0, 3)), max_size=2
)
MAPPINGS = st.recursive(
    LEAVES,
    lambda inner: st.tuples(LEAVES, st.dictionaries(st.sampled_from("abc"), inner, max_size=3)).map(
        lambda pair: pair[0] | pair[1]
    ),
)
"""Mappings whose keys a, b, c hold mappings and x, y, z all else, as fields have one type each."""


@given(MAPPINGS, MAPPINGS, MAPPINGS)
def test_merging_is_associative(one: Json, two: Json, three: Json) -> None:
    """Three layers give the same from either end."""
    assert overlaid(overlaid(one, two), three) == overlaid(one, overlaid(two, three))


@given(MAPPINGS)
def test_merging_with_nothing_changes_nothing(value: Json) -> None:
    """An empty mapping is the neutral element, and merging with itself is itself."""
    assert (overlaid({}, value), overlaid(value, {}), overlaid(value, value)) == (value, value, value)


@given(MAPPINGS, MAPPINGS)
def test_the_model_wins_and_each_value_keeps_its_place(base: Json, over: Json) -> None:
    """Every leaf of the merged model is told to stand where the uppermost layer that has it wrote it."""
    below, above = node_of_lines(base, "defaults.yaml"), node_of_lines(over, "model.yaml")
    merged = Node(overlaid(base, over), (*above.layers, *below.layers))
    for path, value in leaves(merged.value):
        setter = above if above.find(path) else below
        found, written = merged.find(path), setter.find(path)
        assert found is not None
        assert written is not None
        assert (found.value, found.source, found.key_source) == (value, written.source, written.key_source)


def leaves(value: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Every value that is no mapping, and empty ones, with its path."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    else:
        yield path, value

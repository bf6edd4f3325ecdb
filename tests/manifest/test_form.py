"""Manifests in form: keys in the schema's order, even indentation, and nothing else than before."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egpsync.manifest.comments import comments
from egpsync.manifest.emit import emit
from egpsync.manifest.find import Found
from egpsync.manifest.form import Unchanged, formed
from egpsync.manifest.read import read

UNTIDY = """\
# about the whole file
version: 1 # one
models:
# about a
- model_vendor: launch   # whose
  # its name
  name: a

  vendor_configuration:
      model_infra:
          max_workers: 4
          cpus: '2'
      model_image:
          tag: &tag v1
          # the command
          command:
          - a
          - b   # the second
          request_schema:
              description: |
                  text # no comment

                  more
  model_metadata: {z: 1,
    a: *tag}
# about b
-   name: b
    model_vendor: openai
# whose they are
owner: x
"""
TIDY = """\
# about the whole file
version: 1 # one
# whose they are
owner: x
models:
  # about a
  # its name
  - name: a
    model_vendor: launch   # whose

    vendor_configuration:
      model_image:
        tag: &tag v1
        # the command
        command:
          - a
          - b   # the second
        request_schema:
          description: |
              text # no comment

              more
      model_infra:
        cpus: '2'
        max_workers: 4
  # about b
  - name: b
    model_vendor: openai
"""


def form_of(text: str) -> str:
    """The text in form."""
    made = formed(Found("m.yaml", text.encode()))
    assert isinstance(made, bytes), made
    return made.decode()


def test_keys_in_order_and_even_indentation() -> None:
    """Comments go with the key below them, blank lines stay where they are, quotes and texts as they are written."""
    text = UNTIDY.replace("  model_metadata: {z: 1,\n    a: *tag}\n", "")
    assert form_of(text) == TIDY


def test_an_alias_stays_behind_its_anchor() -> None:
    """Where the order would turn them round, the file is left as it is, and why is said."""
    made = formed(Found("m.yaml", UNTIDY.encode()))
    assert made == Unchanged("its values would be read as others")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "services:\n    web:\n        image: x\n",  # YAML of another kind
        "version: 3\nservices:\n    web: {}\n",
        "- a\n-   b\n",
    ],
)
def test_what_is_no_manifest_is_left(text: str) -> None:
    """It may follow other rules."""
    assert form_of(text) == text


def test_line_ends_and_byte_order_mark_stay() -> None:
    """As the author's editor writes them; the last line gets one."""
    text = "\ufeffowner: a\r\nversion: 1\r\nmodels: []"
    assert form_of(text) == "\ufeffversion: 1\r\nowner: a\r\nmodels: []\r\n"


def test_keys_that_people_choose_keep_their_order() -> None:
    """Metadata, labels, templates: nobody but their author knows what comes first."""
    text = "version: 1\ntemplates:\n  z: {}\n  a:\n    model_metadata:\n      z: 1\n      a: 2\n"
    assert form_of(text) == text


def test_unknown_keys_come_last() -> None:
    """As they stood."""
    text = "version: 1\nmodels:\n  - zebra: 1\n    name: a\n    ape: 2\n"
    assert form_of(text) == "version: 1\nmodels:\n  - name: a\n    zebra: 1\n    ape: 2\n"


def test_a_file_that_cannot_be_read_is_left() -> None:
    """Its problem is told elsewhere."""
    assert formed(Found("m.yaml", b"version: [\n")) == Unchanged("it cannot be read as it is")


def test_several_documents() -> None:
    """Each by itself, with what stands between them."""
    text = "owner: a\nversion: 1\nmodels: []\n---\n# second\nmodels: []\nversion: 1\n"
    assert form_of(text) == "version: 1\nowner: a\nmodels: []\n---\n# second\nversion: 1\nmodels: []\n"


NAMES = st.sampled_from(
    ["name", "model_vendor", "model_metadata", "vendor_configuration", "lifecycle", "extends", "x y"]
)
TEXTS = st.sampled_from(["a", "a # b", "'", '"', "line\nline\n", "  lead", "- a", "k: v", "#", "", "1", "null", "é"])
SCALARS = TEXTS | st.integers(0, 99) | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES | TEXTS.filter(bool), below, max_size=4),
    max_leaves=12,
)
MODELS = st.lists(st.dictionaries(NAMES, VALUES, min_size=1, max_size=5), max_size=3)


def untidied(value: Any, seed: int) -> str:
    """The value as YAML that some people wrote: comments, blank lines, wide indentation here and there."""
    chance = random.Random(seed)
    width = chance.choice([1, 2, 3])
    lines: list[str] = []
    level, text = 0, False  # within a block scalar, where a comment would be text
    for line in emit(value):
        indent = len(line) - len(line.lstrip(" "))
        if text and (indent > level or not line.strip()):
            lines.append(" " * indent * width + line.lstrip(" ") if line.strip() else line)
            continue
        level, text = indent, line.rstrip().endswith(("|", "|-"))
        if chance.random() < 0.2:
            lines.append(f"{' ' * indent * width}# comment {len(lines)}")
        if chance.random() < 0.1:
            lines.append("")
        tail = f" # tail {len(lines)}" if chance.random() < 0.1 else ""
        lines.append(" " * indent * width + line.lstrip(" ").replace("- ", f"-{' ' * (2 * width - 1)}", 1) + tail)
    return "\n".join(lines) + "\n"


@settings(max_examples=300)
@given(models=MODELS, order=st.permutations(["version", "owner", "models", "defaults"]), seed=st.integers(0, 2**32))
def test_it_means_the_same_with_every_comment_and_stays(models: Any, order: list[str], seed: int) -> None:
    """Values and comments are those of before, and to put it in form again changes nothing."""
    parts = {"version": 1, "owner": "us", "models": models, "defaults": {"model_metadata": {"b": 1, "a": [1, [2]]}}}
    text = untidied({key: parts[key] for key in order}, seed)
    before = read([Found("m.yaml", text.encode())])
    made = formed(Found("m.yaml", text.encode()))
    if before.problems or isinstance(made, Unchanged):
        return
    after = read([Found("m.yaml", made)])
    assert [one.root.value for one in after.documents] == [one.root.value for one in before.documents]
    assert told(made) == told(text.encode())
    assert formed(Found("m.yaml", made)) == made


def told(data: bytes) -> Counter[str]:
    """Its comments."""
    return Counter(comment.text.strip() for comment in comments(data))


def test_most_of_what_people_write_can_be_put_in_form() -> None:
    """The law above is not kept by leaving all as it is."""
    chance = random.Random(7)
    left = 0
    for seed in range(200):
        parts = {
            "models": [
                {
                    "model_vendor": "launch",
                    "name": f"m{seed}",
                    "vendor_configuration": {"model_infra": {"gpus": 1, "cpus": "2"}},
                }
            ],
            "version": 1,
        }
        text = untidied(dict(chance.sample(sorted(parts.items()), 2)), seed)
        made = formed(Found("m.yaml", text.encode()))
        left += isinstance(made, Unchanged)
    assert left == 0

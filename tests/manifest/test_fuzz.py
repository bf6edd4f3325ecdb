"""Whatever a manifest holds, it is read or refused with a place: no traceback, and no secret in what is told."""

import json
import re
from collections.abc import Iterable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from egpsync.core.plan import make_plan
from egpsync.manifest.check import check
from egpsync.manifest.desired import desired
from egpsync.manifest.findings import is_secret_name
from egpsync.manifest.merge import merge
from egpsync.manifest.parse import FASTEST, Parser, PureParser
from egpsync.manifest.show import in_json, in_yaml, origins
from egpsync.manifest.variables import Values, resolve
from egpsync.model.live import Live
from egpsync.model.manifest import Problem
from egpsync.model.plan import Target
from egpsync.model.values import Json
from tests.manifest.texts import from_text

SECRET = "s3cretS3CRET"
SEED = f"""version: 1
owner: platform/models
defaults: &d {{model_vendor: launch, model_metadata: {{team: nlp, a: [1, 2.5, null]}}, lifecycle: {{}}}}
templates:
  small: {{extends: [base], vendor_configuration: {{model_infra: {{cpus: 4, gpus: 0, gpu_type: null}}}}}}
  base: {{model_metadata: {{tier: "${{TIER:-gold}}"}}}}
models:
  - name: summarizer
    extends: [small]
    renamed_from: old
    vendor_configuration:
      model_image:
        registry: r
        command: [serve, "--x"]
        env_vars:
          TOKEN: {SECRET}
          OTHER: "${{secret:NAME}}"
      model_infra: {{memory: 8Gi, min_workers: 1, max_workers: "${{MAX}}", labels: {{a: b}}}}
    lifecycle: {{ignore_changes: [model_metadata.team], prevent_destroy: true}}
  - {{name: gpt, model_vendor: openai, model_type: completion}}
  - {{id: m-1, state: absent}}
patches:
  - {{name: summarizer, vendor_configuration: {{model_infra: {{max_workers: 8}}}}}}
"""
FRAGMENTS = (
    "\t", "\n", " ", "-", ":", "{", "}", "[", "]", "'", '"', "#", "&a ", "*a", "*d", "!!int ", "!x ", "? ", "| ",
    ">-\n", "%", "@", "null", "true", "0x1f", "1e9", ".nan", "<<: ", "---\n", "...\n", "${", "$$", "${secret:A}",
    "\\", "\x07", "\ufeff", "é", "😀", "env_vars: ", "name: ", "models: ", "extends: ", "state: absent", "1" * 500,
    "[" * 70, "{a: " * 70,
)  # fmt: skip
WORD = re.compile(r"[\w-]+")
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(FRAGMENTS)), max_size=6)


def edited(edits: Iterable[tuple[float, int, str]]) -> str:
    """The seed, with a piece put in at each share of its length, and characters cut out behind it."""
    text = SEED
    for share, cut, piece in edits:
        at = int(share * len(text))
        text = text[:at] + piece + text[at + cut :]
    return text


@settings(max_examples=300)
@given(EDITS, st.sampled_from([FASTEST, PureParser]))
@example([(0.0, 0, "- ")], FASTEST)
def test_edited_manifests(edits: list[tuple[float, int, str]], parser: Parser) -> None:
    """A good one with pieces put in and cut out anywhere; a secret is one while a key before it is near to env_vars."""
    text = edited(edits)
    told = compiled(text.encode(), parser)
    before = WORD.findall(text.partition(SECRET)[0])
    assert SECRET not in told or not any(map(is_secret_name, before))


def test_the_seed_is_valid() -> None:
    """Or the edits would show little."""
    assert "Problem" not in compiled(SEED.encode(), FASTEST)


@settings(max_examples=150)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode(errors="surrogatepass")))
def test_any_bytes(data: bytes) -> None:
    """Both parsers have an answer."""
    compiled(data, FASTEST)
    compiled(data, PureParser)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [
                "version", "owner", "defaults", "templates", "models", "patches", "name", "id", "extends", "state",
                "small", "model_vendor", "vendor", "model_metadata", "egpsync", "vendor_configuration", "model_infra",
                "gpus", "model_image", "env_vars", "lifecycle", "ignore_changes", "min_workers", "max_workers",
                "renamed_from",
            ]
        ),
        inner | st.sampled_from(["launch", "llmengine", "openai", "absent", "small", 1]),
        max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=300)
@given(JSON)
def test_any_value(value: Json) -> None:
    """Whatever types stand where: what follows from a wrong one does not break what looks at it."""
    compiled(as_yaml(value).encode(), FASTEST)


def as_yaml(value: Json) -> str:
    """The value as one line that both versions of YAML read alike."""
    return json.dumps(value if isinstance(value, dict) else {"models": value})


def compiled(data: bytes, parser: Parser) -> str:
    """All that is told of it: its problems, or the plan against an empty account and what show prints."""
    documents = resolve(from_text(data, parser), Values(variables={"MAX": "4"}))
    merged = merge(documents)
    problems = (*documents.problems, *check(merged))
    assert all(isinstance(problem, Problem) and problem.source.line > 0 for problem in problems)
    if problems:
        return repr(problems)
    wanted = desired(merged)
    make_plan(wanted, Live(models=()), Target(base_url="https://x.example", account_id=None))
    shown = [origins(model, documents.references) for model in merged.models]
    return repr([(in_yaml(one), in_json(one)) for one in shown])

"""Laws of pull, over manifests and accounts that are made up: what is left is named, and all else stays."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egpsync.core.change import PlanOptions
from egpsync.core.plan import make_plan
from egpsync.errors import FileError
from egpsync.manifest.emit import emit
from egpsync.manifest.find import Found
from egpsync.model.live import Live
from egpsync.workflow.fmt import write
from egpsync.workflow.plan import Planned
from egpsync.workflow.pull import Pull, taken_over
from egpsync.workflow.validate import compiled
from tests.core.build import TARGET, item, live_of

TEXTS = st.sampled_from(
    ["a", "it's", 'say "x"', "a: b", "# no", "- x", "", "two\nlines\n", "${X}", "$$", "null", "1", "é", " b "]
)
SCALARS = TEXTS | st.integers(-3, 3) | st.booleans()
KEYS = st.sampled_from(["a", "b", "c d", "e"])
VALUES = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3), max_leaves=6
)
METADATA = st.dictionaries(KEYS, VALUES, max_size=4)
NAMES = ["x", "y", "z"]


def text_of(metadata: dict[str, Any], seed: int) -> str:
    """A manifest of three models in some style: defaults, a template, comments, flow and block."""
    chance = random.Random(seed)
    models: list[dict[str, Any]] = []
    for name in NAMES:
        model: dict[str, Any] = {"name": name, "model_vendor": "openai", "model_type": "completion"}
        if chance.random() < 0.5:
            model["extends"] = ["t"]
        if metadata.get(name) is not None:
            model["model_metadata"] = metadata[name]
        models.append(model)
    parts = {
        "version": 1,
        "defaults": {"model_metadata": {"d": "default"}},
        "templates": {"t": {"model_metadata": {"t": "template", "a": "of t"}}},
        "models": models,
    }
    lines: list[str] = []
    for line in emit(parts):
        if chance.random() < 0.5 and line.startswith("  - name: "):
            lines.append(f"# comment {len(lines)}")
        lines.append(line)
    return "\n".join(lines) + "\n"


def compared(files: dict[str, bytes], live: Live) -> Planned:
    """The comparison of such files with such an account."""
    checked = compiled([Found(name, data) for name, data in files.items()])
    assert checked.desired is not None, checked.problems
    made = make_plan(checked.desired, live, TARGET)
    return Planned(checked=checked, plan=made.plan, problems=made.problems, options=PlanOptions())


def after(files: dict[str, bytes], pull: Pull) -> dict[str, bytes]:
    """The files as they are written."""
    return {**files, **{one.file: one.after for one in pull.files}}


def differences(planned: Planned) -> set[tuple[str, tuple[str, ...]]]:
    """By model and field."""
    assert planned.plan is not None
    return {(change.name, field.path) for change in planned.plan.changes for field in change.fields}


@settings(max_examples=150)
@given(
    wanted=st.dictionaries(st.sampled_from(NAMES), METADATA),
    held=st.dictionaries(st.sampled_from(NAMES), METADATA),
    seed=st.integers(0, 2**16),
)
def test_what_is_left_is_what_is_named(wanted: dict[str, Any], held: dict[str, Any], seed: int) -> None:
    """After a pull the plan holds what pull named and nothing else; other files keep their bytes; twice is once."""
    text = text_of({name: _escaped(value) for name, value in wanted.items()}, seed)
    files = {"a.yaml": text.encode(), "b.yaml": b"version: 1\nmodels: []  # none\n"}
    live = live_of(*(item(f"m-{name}", name, model_metadata=held.get(name, {})) for name in NAMES))
    planned = compared(files, live)
    pull = taken_over(planned, None)
    now = after(files, pull)
    assert now["b.yaml"] == files["b.yaml"]
    left = differences(compared(now, live))
    named = {(one.model, one.path) for one in pull.left}
    assert {one for one in left if not any((one[0], one[1][:end]) in named for end in range(1, 9))} == set()
    assert len(named) <= len(left)
    again = taken_over(compared(now, live), None)
    assert (again.files, again.taken) == ((), ())
    if not differences(planned):
        assert pull.files == ()
    assert [line for line in text.splitlines() if line.startswith("# comment")] == [
        line for line in now["a.yaml"].decode().splitlines() if line.startswith("# comment")
    ]


def _escaped(value: Any) -> Any:
    """As a manifest writes it: dollars begin no reference."""
    if isinstance(value, str):
        return value.replace("$", "$$") if "${" in value or "$$" in value else value
    if isinstance(value, dict):
        return {key: _escaped(one) for key, one in value.items()}
    return [_escaped(one) for one in value] if isinstance(value, list) else value


def test_most_is_taken_over() -> None:
    """The law above is not kept by naming everything."""
    taken = left = 0
    chance = random.Random(3)
    for seed in range(60):
        wanted = {name: {"a": chance.randint(0, 2), "b": [1, 2], "e": {"a": "x"}} for name in NAMES}
        held = {name: {"a": chance.randint(0, 2), "b": [1], "e": {"a": "y"}, "d": "other"} for name in NAMES}
        files = {"a.yaml": text_of(wanted, seed).encode()}
        live = live_of(*(item(f"m-{name}", name, model_metadata=held[name]) for name in NAMES))
        pull = taken_over(compared(files, live), None)
        taken, left = taken + len(pull.taken), left + len(pull.left)
    assert taken > 500
    assert left == 0


def test_a_file_that_somebody_edits_meanwhile_is_left(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that says so; their edit stays, and files before it are whole."""
    monkeypatch.chdir(tmp_path)
    files = {
        name: f"version: 1\nmodels:\n  - {{name: {name[0]}, model_vendor: openai, model_metadata: {{k: 1}}}}\n".encode()
        for name in ("x.yaml", "y.yaml")
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    live = live_of(*(item(f"m-{name}", name, model_metadata={"k": 2}) for name in "xy"))
    pull = taken_over(compared(files, live), None)
    (tmp_path / "y.yaml").write_bytes(files["y.yaml"] + b"# an editor's\n")
    with pytest.raises(FileError, match="was changed by somebody else meanwhile"):
        list(write(pull.files))
    assert (tmp_path / "x.yaml").read_bytes() == after(files, pull)["x.yaml"]
    assert (tmp_path / "y.yaml").read_bytes() == files["y.yaml"] + b"# an editor's\n"

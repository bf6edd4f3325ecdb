"""Journals, saved plans and reports, damaged everywhere: a clear error or a sound value, never a traceback."""

import copy
import json
import random
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from egpsync.core.revert import plan_way_back
from egpsync.emulator.server import Setup, serve
from egpsync.errors import FileError, PlanFileError
from egpsync.model.live import Live
from egpsync.records.planfile import load_plan
from egpsync.report.formats import FORMATS
from egpsync.report.from_json import reports_in
from egpsync.report.style import Style
from egpsync.typed import Misfit, read_json
from egpsync.workflow.revert import read_run
from tests.cli.samples import Shell, hosted, launch

CASES = 400
"""Of each kind of file."""

ODD: tuple[Any, ...] = (
    None, True, -1, 10**30, 1.5, "", "x" * 10_000, "\ud800", "\x1b[31m\n::error::", [], {}, [[]], [None], {"": {}},
    {"path": []}, "2026-01-01T00:00:00Z", 0, "apply", [[[[[[]]]]]],
)  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a report, a saved plan and a journal of one run, as the command line writes them."""
    folder = tmp_path_factory.mktemp("written")
    seed = (hosted("a"), hosted("old"), launch("l", env_vars={"K": "v"}))
    with serve(Setup(seed=seed)) as running:
        shell = Shell(folder)
        wanted = [hosted("a", model_metadata={"x": {"y": 1}}), hosted("new", renamed_from="old"), launch("m")]
        shell.knows(running).wants(*wanted, {"name": "l", "model_vendor": "launch", "state": "absent"})
        assert shell.run("plan", "--out", "a.plan").code == 0
        done = shell.run("apply", "--plan", "a.plan", "--yes", "--report", "json=report.json")
        assert done.code == 0, done.err
        journal = done.err.partition("egpsync revert ")[2].partition(" plans the way back")[0]
        shell.file("journal.jsonl", shell.read(journal))
    return folder


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def damaged(document: Any, chance: random.Random) -> Any:
    """The document with one to three places taken out, or holding something else."""
    changed = copy.deepcopy(document)
    for _ in range(chance.randint(1, 3)):
        *outer, last = chance.choice([path for path in places(changed) if path])
        inside = changed
        for key in outer:
            inside = inside[key]
        if chance.random() < 0.3:
            del inside[last]
        else:
            inside[last] = copy.deepcopy(chance.choice(ODD))
    return changed


def cut_or_garbled(text: str, chance: random.Random) -> str:
    """The text with a piece missing, doubled or replaced."""
    start = chance.randrange(len(text))
    end = min(len(text), start + chance.choice([1, 5, 50, len(text)]))
    return text[:start] + chance.choice(["", text[start:end] * 2, "\x00", "[" * 300, '"', "}"]) + text[end:]


@pytest.mark.parametrize("seed", range(4))
def test_reports(written: Path, seed: int) -> None:
    """What is read is rendered in every format, and read again."""
    chance, read = random.Random(seed), 0
    text = (written / "report.json").read_text(encoding="utf-8")
    document = json.loads(text)
    for number in range(CASES // 4):
        case = cut_or_garbled(text, chance) if number % 4 == 0 else json.dumps(damaged(document, chance))
        try:
            reports = reports_in(read_json(case))
        except Misfit:
            continue
        for report in reports:
            read += 1
            for form in FORMATS:
                assert isinstance(FORMATS[form](report, Style(verbosity=1)), str)
    assert read


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["journal.jsonl", "report.json"])
def test_what_revert_reads(written: Path, tmp_path: Path, name: str, seed: int) -> None:
    """A FileError that names the file, or changes whose way back can be planned."""
    chance, read = random.Random(seed), 0
    text = (written / name).read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()] if name.endswith("l") else None
    for number in range(CASES // 4):
        if number % 4 == 0:
            case = cut_or_garbled(text, chance)
        elif lines is not None:
            case = "\n".join(map(json.dumps, damaged(lines, chance)))
        else:
            case = json.dumps(damaged(json.loads(text), chance))
        file = tmp_path / "record"
        file.write_bytes(case.encode("utf-8", "surrogatepass"))
        try:
            run = read_run(str(file))
        except FileError:
            continue
        read += 1
        plan_way_back(run.attempted, Live(models=()), str(file))
    assert read


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_saved_plans(written: Path, tmp_path: Path, seed: int, *, sealed: bool) -> None:
    """Refused, with what to do; those that are sealed anew too, as a checksum is no seal."""
    chance = random.Random(seed)
    text = (written / "a.plan").read_text(encoding="utf-8")
    for number in range(CASES // 4):
        case = cut_or_garbled(text, chance)
        if sealed or number % 2:
            content = damaged(json.loads(text), chance)
            if sealed:
                rest = {name: value for name, value in content.items() if name != "checksum"}
                content["checksum"] = sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
            case = json.dumps(content)
        file = tmp_path / "a.plan"
        file.write_bytes(case.encode("utf-8", "surrogatepass"))
        try:
            saved = load_plan(file, max_age=86400)
        except PlanFileError:
            continue
        assert sealed or json.loads(case) == json.loads(text)
        assert all(change.change.name is not None for change in saved.changes)

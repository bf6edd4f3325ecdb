"""The public face: reports out of calls, nothing printed, nothing asked, nothing ended; in a loop and out of one."""

import asyncio
import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import egpsync
from egpsync import aio
from egpsync.emulator.faults import Answer, Rule
from egpsync.emulator.server import Running
from egpsync.model.report import Report
from egpsync.options import Options
from tests.conftest import StartEmulator
from tests.workflow.samples import hosted

KEY = "key-SENTINEL-7319"
ROOMS = {path.stem for path in (Path(egpsync.__file__).parent).iterdir()} - {"__init__", "__main__", "__pycache__"}


@pytest.fixture
def account(emulator: StartEmulator, tmp_path: Path) -> Running:
    """An account that differs in one model; the manifest in models.yaml."""
    running = emulator(seed=[hosted("a")])
    wants(tmp_path, hosted("a", model_metadata={"x": 1}))
    return running


def wants(folder: Path, *models: dict[str, Any]) -> None:
    """What the manifest declares."""
    (folder / "models.yaml").write_text(json.dumps({"version": 1, "models": models}), encoding="utf-8")


def options(running: Running, folder: Path, **more: Any) -> Options:
    """The account and the key, and nothing of this process's environment."""
    said = {"base_url": running.base_url, "api_key": KEY, "environ": {}, "state_dir": str(folder / "state"), **more}
    chosen: Options = said  # type: ignore[assignment]
    return chosen


def test_the_whole_way(account: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each step gives a report; nothing is printed on the way."""
    file, chosen = str(tmp_path / "models.yaml"), options(account, tmp_path)
    assert egpsync.validate(file, **chosen).models == 1
    planned = egpsync.plan(file, **chosen)
    assert (planned.kind, planned.summary["update"], planned.applyable) == ("plan", 1, True)
    assert account.log.changes == ()
    assert egpsync.drift(file, **chosen).exit_code == 2
    applied = egpsync.apply(file, **chosen)
    assert (applied.kind, applied.outcomes["applied"], applied.exit_code) == ("apply", 1, 0)
    assert account.store.named("a")["model_metadata"] == {"x": 1}
    assert egpsync.apply(file, **chosen).outcomes == {}
    assert egpsync.drift(file, **chosen).exit_code == 0
    saved = tmp_path / "report.json"
    saved.write_text(egpsync.render(applied, "json"), encoding="utf-8")
    assert egpsync.load(str(saved)) == applied
    assert "Applied 1." in egpsync.render(applied)
    assert KEY not in egpsync.render(applied, "json")
    assert capsys.readouterr() == ("", "")


def test_in_a_loop_of_ones_own(account: Running, tmp_path: Path) -> None:
    """Awaited, side by side; and the plain names too, as in a notebook."""
    file, chosen = str(tmp_path / "models.yaml"), options(account, tmp_path)

    async def both() -> tuple[Report, Report, Report]:
        planned, drifted = await asyncio.gather(aio.plan(file, **chosen), aio.drift(file, **chosen))
        return planned, drifted, egpsync.plan(file, **chosen)

    planned, drifted, again = asyncio.run(both())
    assert (planned.summary, drifted.summary, again.changes) == (again.summary, again.summary, planned.changes)


def test_findings_are_in_the_report(account: Running, tmp_path: Path) -> None:
    """An invalid manifest and a refusal raise nothing, and nothing is sent."""
    file = str(tmp_path / "models.yaml")
    wants(tmp_path, {**hosted("a"), "nmae": "b"})
    assert egpsync.validate(file, environ={}).exit_code == 3
    assert egpsync.apply(file, **options(account, tmp_path)).invalid
    wants(tmp_path, {"name": "a", "model_vendor": "openai", "state": "absent"})
    refused = egpsync.apply(file, **options(account, tmp_path, expected_account_id="other"))
    assert (refused.exit_code, [refusal.guard for refusal in refused.refusals]) == (5, ["wrong-target"])
    assert account.log.changes == ()


def test_validating_knows_variables_schemas_and_lints(tmp_path: Path) -> None:
    """As the command does: what a variable means, what the team asks for, what is warned of; no secret is looked up."""
    (tmp_path / "egpsync.yaml").write_text('{"version": 1, "vars": {"TIER": "gold"}, "schemas": ["team.json"]}')
    (tmp_path / "team.json").write_text('{"required": ["model_metadata"], "title": "a team asks for metadata"}')
    image = {"tag": "latest", "env_vars": {"TOKEN": "${secret:TOKEN}"}}
    launched = {"name": "b", "model_vendor": "launch", "vendor_configuration": {"model_image": image}}
    wants(tmp_path, {**hosted("a"), "model_metadata": {"tier": "${TIER}"}}, launched)
    file, project = str(tmp_path / "models.yaml"), str(tmp_path / "egpsync.yaml")
    report = egpsync.validate(file, project_file=project, environ={})
    found = [(problem.rule, problem.severity) for problem in report.problems]
    assert found == [("team-schema", "error"), ("mutable-image-tag", "warning")]


@pytest.mark.parametrize("call", [egpsync.plan, egpsync.apply, egpsync.drift])
def test_what_cannot_go_on_raises(emulator: StartEmulator, tmp_path: Path, call: Callable[..., Report]) -> None:
    """An EgpsyncError that says what, where and what to do; never SystemExit."""
    running = emulator(faults=[Rule(kind=Answer(status=403))])
    wants(tmp_path, hosted("a"))
    with pytest.raises(egpsync.EgpsyncError) as caught:
        call(str(tmp_path / "models.yaml"), **options(running, tmp_path))
    assert caught.value.advice
    with pytest.raises(egpsync.EgpsyncError):
        call(str(tmp_path / "models.yaml"), environ={})
    with pytest.raises(TypeError, match="egpsync has no option base_ulr"):
        call(str(tmp_path / "models.yaml"), base_ulr="x")


def test_an_unknown_format_is_named() -> None:
    """With those that there are."""
    with pytest.raises(egpsync.EgpsyncError, match="there is no format 'pdf'"):
        egpsync.render((), "pdf")


def test_the_face_is_small_typed_and_documented() -> None:
    """Every name that it has, and none that a room has."""
    names = {name for name in egpsync.__all__ if not name.startswith("_")}
    assert names == {"EgpsyncError", "apply", "drift", "load", "plan", "render", "validate"}
    assert names & ROOMS == set()
    for name in names - {"EgpsyncError"}:
        function = getattr(egpsync, name)
        assert function.__doc__
        assert inspect.signature(function).return_annotation in ("Report", str)


def test_importing_it_loads_neither_the_command_line_nor_what_is_not_needed_yet() -> None:
    """`import egpsync` is what every command begins with."""
    program = "import egpsync, sys; print(sorted({'click', 'rich', 'httpx', 'yaml', 'asyncio'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_calls_load_no_command_line(account: Running, tmp_path: Path) -> None:
    """Which a notebook or a task runner has no use for."""
    program = (
        "import sys, egpsync\n"
        f"report = egpsync.plan({str(tmp_path / 'models.yaml')!r}, base_url={account.base_url!r}, api_key='k',"
        f" environ={{}}, state_dir={str(tmp_path)!r})\n"
        "assert report.applyable\n"
        "print([name for name in sys.modules if name.startswith('egpsync.cli')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")

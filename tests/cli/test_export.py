"""egpsync export against the emulator: what it prints is valid and plans empty, and it says what it left out."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egpsync.emulator import seed
from tests.conftest import StartEmulator

DEMO = Path(__file__).resolve().parents[2] / "configs"
IMAGE = {"registry": "r.example", "repository": "a", "tag": "v1", "command": ["serve"]}
SENTINEL = "sentinel-of-a-secret"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A function that runs a command in a folder of the test's own, against an API."""

    def run_command(url: str, *arguments: str, key: str = "any-key-will-do") -> subprocess.CompletedProcess[str]:
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("SGP_", "EGP_", "EGPSYNC_"))
        }
        environ |= {"SGP_CLIENT_BASE_URL": url, "SGP_API_KEY": key}
        command = [sys.executable, "-m", "egpsync", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, encoding="utf-8", check=False
        )

    return run_command


def launch(name: str, **fields: Any) -> dict[str, Any]:
    """A model of launch for a seed."""
    return {
        "name": name,
        "model_vendor": "launch",
        "model_type": "generic",
        "vendor_configuration": {"model_image": IMAGE, "model_infra": {}},
        **fields,
    }


def report_of(run: Run, url: str, manifest: str) -> dict[str, Any]:
    """The JSON report of planning the manifest, which must end as done or nothing to do."""
    done = run(url, "plan", manifest, "--format", "json", "--detailed-exitcode")
    assert (done.returncode, done.stderr) == (0, "")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.parametrize("respell", [False, True])
def test_the_example_account_plans_empty(run: Run, emulator: StartEmulator, tmp_path: Path, respell: bool) -> None:
    """Every model of the demo's seed is exported; the file is valid, and planning it holds no request."""
    api = emulator(seed=seed.read(DEMO / "demo" / "seed.json"), respell=respell)
    done = run(api.base_url, "export", "--out", "models/all.yaml")
    assert (done.returncode, done.stdout) == (0, "")
    assert run(api.base_url, "validate", "models/all.yaml").returncode == 0
    report = report_of(run, api.base_url, "models/all.yaml")
    assert [change["name"] for change in report["changes"] if change["requests"] or change["fields"]] == []
    assert {action: count for action, count in report["summary"].items() if count} == {"unchanged": 17, "unhealthy": 1}
    assert "not-a-real-token" not in (tmp_path / "models" / "all.yaml").read_text(encoding="utf-8")
    assert api.log.changes == ()


def test_what_is_printed_for_a_platform_engineer(run: Run, emulator: StartEmulator) -> None:
    """The manifest alone on stdout; on stderr what was left out and what comes next."""
    models = [
        launch(
            "summarizer",
            model_metadata={"tier": "no", "since": "2026-01-01"},
            vendor_configuration={
                "model_image": {**IMAGE, "env_vars": {"HF_TOKEN": SENTINEL}},
                "model_infra": {"cpus": 4, "max_workers": 3},
            },
        ),
        {"name": "gpt", "model_vendor": "openai", "model_type": "completion"},
    ]
    done = run(emulator(seed=models).base_url, "export", "--owner", "platform/models")
    assert done.returncode == 0
    assert (
        done.stdout
        == """\
# yaml-language-server: $schema=manifest.schema.json
# The account's models as they were exported. Fields that hold the platform's defaults are left out:
# declare those that are to be watched as well.
version: 1
owner: platform/models
models:
  - name: summarizer
    model_vendor: launch
    model_metadata:
      since: "2026-01-01"
      tier: "no"
    vendor_configuration:
      model_image:
        registry: r.example
        repository: a
        tag: v1
        command: [serve]
        # env_vars kept by the server: HF_TOKEN
      model_infra:
        cpus: 4
        max_workers: 3

  - name: gpt
    model_vendor: openai
    model_type: completion
"""
    )
    assert (
        done.stderr
        == """\
egpsync: 2 models exported: the manifest is valid, and plans empty against the account as it was read
egpsync: 1 of them has comments on what is left out
egpsync: 1 of them has env_vars that are left out, and would be created without elsewhere; --out-dir refers to them
egpsync: next: commit it, and run `egpsync apply --adopt`: that writes the owner's mark, nothing else
"""
    )


def test_secrets_are_nowhere(run: Run, emulator: StartEmulator) -> None:
    """Neither the values of environment variables nor the API key come out."""
    image = {**IMAGE, "env_vars": {"A": SENTINEL, SENTINEL.upper(): SENTINEL}}
    api = emulator(seed=[launch("a", vendor_configuration={"model_image": image, "model_infra": {}})])
    done = run(api.base_url, "export", key="sentinel-of-the-key")
    assert done.returncode == 0
    assert "sentinel-of" not in done.stdout + done.stderr


def test_adopting_what_was_exported(run: Run, emulator: StartEmulator) -> None:
    """Applying the export with --adopt writes the owner's mark and nothing else; the next export is the same text."""
    metadata = {"team": "nlp", "nested": {"none": None}}
    api = emulator(seed=[launch("a", model_metadata=metadata), {"name": "gpt", "model_vendor": "openai"}])
    first = run(api.base_url, "export", "--owner", "team/a", "--out", "a.yaml", "--select", "a")
    assert first.returncode == 0
    assert run(api.base_url, "apply", "a.yaml", "--adopt", "--yes").returncode == 0
    assert [(entry.method, entry.body) for entry in api.log.changes] == [
        ("PATCH", {"model_metadata": {**metadata, "egpsync": {"name": "a", "owner": "team/a"}}})
    ]
    again = run(api.base_url, "export", "--owner", "team/a", "--out", "again.yaml", "--select", "a")
    assert again.returncode == 0
    assert report_of(run, api.base_url, "again.yaml")["summary"]["unchanged"] == 1


def test_a_replacement_that_has_begun(run: Run, emulator: StartEmulator) -> None:
    """The model that is to take over is no model of its own: it is left out, and a note says so."""
    old = launch("a", id="model-old")
    new = launch("a--next", id="model-new", model_metadata={"egpsync": {"replaces": "model-old"}})
    done = run(emulator(seed=[old, new]).base_url, "export")
    assert [line for line in done.stdout.splitlines() if "name:" in line] == ["  - name: a"]
    assert done.stderr.startswith('egpsync: "a--next" of "launch" is left out: it stands in for another until')


def test_a_replacement_that_is_to_be_finished(run: Run, emulator: StartEmulator) -> None:
    """A manifest that would delete the old model does not plan empty: it is not printed, and the error names why."""
    old = launch("a--next", id="model-old")
    new = launch("a", id="model-new", model_metadata={"egpsync": {"replaces": "model-old"}})
    done = run(emulator(seed=[old, new]).base_url, "export")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith('Error: the exported manifest would not plan empty: "a" of launch: recreate\n')


def test_unmanaged_models_only(run: Run, emulator: StartEmulator) -> None:
    """What the manifests name, also by a former name, is left out; the owner is theirs."""
    api = emulator(seed=seed.read(DEMO / "demo" / "seed.json"))
    done = run(api.base_url, "export", "--unmanaged", str(DEMO / "models"))
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if "name:" in line or "owner:" in line] == [
        "owner: platform/models",
        "  - name: toxicity-experiment",
    ]


def test_a_model_of_another_owner_stays_there(run: Run, emulator: StartEmulator) -> None:
    """A live mark of other manifests: the model is left out for an owner that is not its own, and a note says so."""
    theirs = launch("theirs", model_metadata={"egpsync": {"owner": "team/b"}})
    ours = launch("ours", model_metadata={"egpsync": {"owner": "team/a"}})
    done = run(emulator(seed=[theirs, ours, launch("free")]).base_url, "export", "--owner", "team/a")
    assert [line for line in done.stdout.splitlines() if "name:" in line] == ["  - name: free", "  - name: ours"]
    assert done.stderr.startswith('egpsync: "theirs" of "launch" is left out: it belongs to "team/b"\n')


def test_selected_models_only(run: Run, emulator: StartEmulator) -> None:
    """Any of the patterns is enough."""
    api = emulator(seed=[launch(name) for name in ("chat-a", "chat-b", "rank", "embed")])
    done = run(api.base_url, "export", "--select", "chat-*", "--select", "rank", "--quiet")
    assert [line for line in done.stdout.splitlines() if "name:" in line] == [
        "  - name: chat-a",
        "  - name: chat-b",
        "  - name: rank",
    ]
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_to_export(run: Run, emulator: StartEmulator, tmp_path: Path) -> None:
    """An empty account gives a valid manifest without models."""
    url = emulator().base_url
    done = run(url, "export", "--out", "none.yaml")
    assert (done.returncode, done.stderr) == (0, "egpsync: there is no model to export\n")
    assert (tmp_path / "none.yaml").read_text(encoding="utf-8").endswith("\nmodels: []\n")
    assert report_of(run, url, "none.yaml")["changes"] == []


def test_a_deploying_model_is_exported_as_it_will_be(run: Run, emulator: StartEmulator) -> None:
    """It plans empty while it is still deploying."""
    url = emulator(seed=[launch("a", status="deploying", deploying_for=60)]).base_url
    assert run(url, "export", "--out", "a.yaml").returncode == 0
    assert report_of(run, url, "a.yaml")["summary"]["unchanged"] == 1


def test_a_file_that_exists_is_kept(run: Run, emulator: StartEmulator, tmp_path: Path) -> None:
    """It is replaced only with --force, and without it nothing is asked of the account."""
    api = emulator(seed=[launch("a")])
    file = tmp_path / "a.yaml"
    file.write_text("mine\n", encoding="utf-8")
    done = run(api.base_url, "export", "--out", "a.yaml")
    assert (done.returncode, done.stdout, file.read_text(encoding="utf-8")) == (1, "", "mine\n")
    assert done.stderr == "Error: a.yaml: exists already\n  Name another file, or replace it with --force.\n"
    assert api.log.entries == ()
    assert run(api.base_url, "export", "--out", "a.yaml", "--force").returncode == 0
    assert "name: a" in file.read_text(encoding="utf-8")


def test_invalid_manifests_are_told(run: Run, emulator: StartEmulator, tmp_path: Path) -> None:
    """What is unmanaged cannot be told from manifests that are invalid: exit 3, their problems on stderr."""
    (tmp_path / "bad.yaml").write_text("version: 2\n", encoding="utf-8")
    api = emulator(seed=[launch("a")])
    done = run(api.base_url, "export", "--unmanaged", "bad.yaml")
    assert (done.returncode, done.stdout) == (3, "")
    assert "bad.yaml:1:10" in done.stderr
    assert api.log.entries == ()


def test_another_account_than_expected_is_refused(run: Run, emulator: StartEmulator) -> None:
    """Exit 5, and the account is not even read."""
    api = emulator(seed=[launch("a")])
    done = run(api.base_url, "export", "--expect-account-id", "production")
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr == (
        "Refused: the account is not set, and production is expected\n"
        "  give the expected one with --account-id (SGP_ACCOUNT_ID), or correct --expect-account-id"
        " (EGPSYNC_EXPECT_ACCOUNT_ID)\n"
    )
    assert api.log.entries == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("models",), "Error: PATH has a meaning only with --unmanaged"),
        (("--force",), "Error: --force has a meaning only with --out"),
        (("--owner", "a b"), 'Error: "a b" is no owner'),
        (("--out", "a", "--forced"), "Error: No such option"),
    ],
)
def test_wrong_usage(run: Run, emulator: StartEmulator, arguments: tuple[str, ...], message: str) -> None:
    """Exit 64 with what is wrong; nothing on stdout, and nothing asked of the account."""
    api = emulator(seed=[launch("a")])
    done = run(api.base_url, "export", *arguments)
    assert (done.returncode, done.stdout, api.log.entries) == (64, "", ())
    assert done.stderr.startswith(message)


def test_hostile_names_stay_text(run: Run, emulator: StartEmulator) -> None:
    """What the server calls things is neither YAML nor a terminal's command."""
    models = [launch("a: b #c"), launch("- [x]"), launch("::error::x"), launch("\x1b[31mred"), launch("no")]
    done = run(emulator(seed=models).base_url, "export")
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if "name:" in line] == [
        '  - name: "- [x]"',
        '  - name: "::error::x"',
        '  - name: "a: b #c"',
        '  - name: "no"',
    ]
    assert "\x1b" not in done.stdout + done.stderr
    assert "red" in done.stderr


def test_a_folder_plans_empty_with_the_secrets_that_it_lists(run: Run, emulator: StartEmulator, tmp_path: Path) -> None:
    """One file a model, templates, references; the list of what to supply holds names and no value."""
    image = {**IMAGE, "env_vars": {"TOKEN": SENTINEL}}
    models = [
        launch(name, vendor_configuration={"model_image": image, "model_infra": {"cpus": "2", "memory": "8Gi"}})
        for name in ("x0", "x1", "x2")
    ]
    running = emulator(seed=models)
    done = run(running.base_url, "export", "--owner", "us", "--out-dir", "m", "--templates")
    assert (done.returncode, done.stdout) == (0, "")
    listed = "egpsync: to be supplied, as EGPSYNC_SECRET_NAME or as the project file says: X0_TOKEN, X1_TOKEN, X2_TOKEN"
    assert listed in done.stderr.splitlines()
    files = sorted(path.name for path in (tmp_path / "m").iterdir())
    assert files == ["templates.yaml", "x0.yaml", "x1.yaml", "x2.yaml"]
    assert SENTINEL not in done.stderr + "".join(path.read_text() for path in (tmp_path / "m").iterdir())
    (tmp_path / "secrets").mkdir()
    for number in range(3):
        (tmp_path / "secrets" / f"X{number}_TOKEN").write_text(SENTINEL)
    done = run(running.base_url, "plan", "m", "--secrets-folder", "secrets", "--detailed-exitcode")
    assert done.returncode == 0, done.stdout


def test_files_that_are_there_are_kept(run: Run, emulator: StartEmulator, tmp_path: Path) -> None:
    """All of them, unless they may be replaced."""
    running = emulator(seed=[launch("a"), launch("b")])
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "b.yaml").write_text("mine")
    done = run(running.base_url, "export", "--out-dir", "m")
    assert (done.returncode, "m/b.yaml: exists already" in done.stderr) == (1, True)
    assert [path.name for path in (tmp_path / "m").iterdir()] == ["b.yaml"]
    assert run(running.base_url, "export", "--out-dir", "m", "--layout", "vendor").returncode == 0
    assert run(running.base_url, "export", "--out-dir", "m", "--force").returncode == 0
    assert (tmp_path / "m" / "b.yaml").read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--out", "a.yaml", "--out-dir", "m"), "--out and --out-dir are two places"),
        (("--layout", "vendor"), "--layout has a meaning only with --out-dir"),
        (("--templates",), "--templates has a meaning only with --out-dir"),
        (("--force",), "--force has a meaning only with --out or --out-dir"),
    ],
)
def test_options_of_a_folder_alone(run: Run, arguments: tuple[str, ...], message: str) -> None:
    """Wrong usage, and the account is not asked."""
    done = run("http://127.0.0.1:1", "export", *arguments)
    assert (done.returncode, message in done.stderr) == (64, True)

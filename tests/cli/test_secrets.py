"""The API key and the values of env_vars are nowhere: in no stream, no report, no file, whatever goes wrong."""

import pytest

from egpsync.emulator.faults import Answer, Cut, Kind, Rule
from tests.cli.samples import KEY, Done, Shell, everything, hosted, launch
from tests.conftest import StartEmulator

SECRET = "hf_SENTINEL_0123456789"
OLD = "hf_SENTINEL_OLD_98765"
REPORTS = ("--report", "json=r/report.json", "--report", "markdown=r/report.md", "--report", "text=r/report.txt")
ECHO = {"detail": [{"loc": ["body"], "msg": f"bad value {SECRET}", "input": {"env_vars": {"TOKEN": SECRET}}}]}


def assert_nowhere(done: Done, shell: Shell) -> None:
    """Neither the key nor a secret is in what the command left."""
    left = everything(done, shell.folder)
    assert KEY not in left
    assert SECRET not in left
    assert OLD not in left


def test_secrets_are_nowhere_when_all_goes_well(emulator: StartEmulator, shell: Shell) -> None:
    """In every format, by plan, drift and apply, at the greatest verbosity, over a change of the secret itself."""
    running = emulator(seed=[launch("a", env_vars={"TOKEN": OLD})], deploy_seconds=0.01)
    shell.knows(running).wants(launch("a", env_vars={"TOKEN": SECRET}), launch("new", env_vars={"TOKEN": SECRET}))
    for command in (["plan"], ["drift"], ["apply", "--yes"]):
        done = shell.run(*command, "-vv", *REPORTS)
        assert done.code in {0, 2}
        assert_nowhere(done, shell)
    assert running.store.named("new")["vendor_configuration"]["model_image"]["env_vars"] == {"TOKEN": SECRET}


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("PATCH", Answer(status=422, body=ECHO)),
        ("PATCH", Answer(status=422, body={"detail": {"input": SECRET, "why": "unknown shape"}})),
        ("PATCH", Answer(status=400, body=f"<html>cannot take {SECRET}</html>")),
        ("PATCH", Answer(status=500, body={"error": f"crashed on {SECRET}"})),
        ("PATCH", Cut(after=True)),
        ("GET", Answer(status=401, body={"detail": "no"})),
        ("GET", Answer(status=200, body="<html>")),
    ],
)
def test_secrets_are_nowhere_when_it_fails(emulator: StartEmulator, shell: Shell, method: str, kind: Kind) -> None:
    """Even where the server repeats in its words what it was sent."""
    running = emulator(seed=[launch("a", env_vars={"TOKEN": OLD})], deploy_seconds=0.01)
    running.faults.add(Rule(method=method, kind=kind))
    shell.knows(running).wants(launch("a", env_vars={"TOKEN": SECRET}))
    done = shell.run("apply", "--yes", "-vv", *REPORTS)
    assert_nowhere(done, shell)


@pytest.mark.parametrize(
    "manifest",
    [
        f"version: 1\nmodels:\n  - name: a\n    model_vendor: launch\n    vendor_configuration:\n"
        f"      model_image: {{env_vars: {{TOKEN: [{SECRET}}}}}\n",
        f"version: 1\nmodels:\n  - name: a\n    model_vendor: launch\n    vendor_configuration:\n"
        f"      model_image:\n        env_vars: {SECRET}\n",
        f"version: 1\nmodels:\n  - name: a\n    model_vendor: launch\n    vendor_configuration:\n"
        f"      model_image:\n        env_vars:\n          TOKEN: {SECRET}\n          TOKEN: {SECRET}\n",
    ],
)
def test_secrets_are_nowhere_in_the_problems_of_a_manifest(shell: Shell, manifest: str) -> None:
    """The offending line is shown without the value that stands in it."""
    shell.file("configs/models/a.yaml", manifest)
    done = shell.run("validate", "-vv", *REPORTS)
    assert done.code == 3
    assert_nowhere(done, shell)


def test_a_key_that_is_refused_as_a_setting_is_not_shown(shell: Shell) -> None:
    """The variable is named."""
    shell.wants(hosted("a"))
    done = shell.run("plan", "-vv", SGP_API_KEY=f"{KEY} and more")
    assert done.code == 64
    assert_nowhere(done, shell)


def test_secrets_are_nowhere_when_a_model_to_be_created_is_incomplete(emulator: StartEmulator, shell: Shell) -> None:
    """The problem shows its source line, on which the whole manifest can stand."""
    incomplete = launch("new", env_vars={"TOKEN": SECRET})
    del incomplete["vendor_configuration"]["model_image"]["tag"]
    shell.knows(emulator()).wants(incomplete)
    done = shell.run("plan", *REPORTS)
    assert (done.code, "[incomplete-create]" in done.out) == (3, True)
    assert_nowhere(done, shell)

"""What is ready made for pipelines: held against the ecosystems' own schemas and linters, its steps run as written."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from egpsync.emulator.server import Running
from tests.cli.samples import KEY, ROOT, Shell, hosted
from tests.conftest import StartEmulator
from tests.forge.server import serving

CI = ROOT / "configs" / "ci"
TOOLS = Path(sys.executable).parent
WORKFLOWS = sorted((CI / "github").glob("*.yaml"))
KUBERNETES = sorted((CI / "kubernetes").glob("*.yaml"))
OURS = "your-organisation/egpsync@"
AUTHOR = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
GH = """\
#!/bin/sh
echo "$@" >>"$CALLS"
case "$*" in *--jq*) printf '%s' "$FOUND" ;; esac
"""


def load(file: Path) -> Any:
    """A YAML file; `on` stays a word, as it does for those who read these files."""
    return yaml.load(file.read_text(encoding="utf-8").replace("\non:", '\n"on":'), Loader=yaml.SafeLoader)


def tool(name: str, *arguments: str | Path) -> str:
    """What a linter says; nothing where it finds nothing."""
    done = subprocess.run([TOOLS / name, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-actions", [ROOT / "action.yml"]),
        ("vendor.github-workflows", WORKFLOWS),
        ("custom.github-workflows-require-timeout", WORKFLOWS),
        ("vendor.gitlab-ci", [CI / "gitlab" / ".gitlab-ci.yml"]),
    ],
)
def test_files_are_what_their_schemas_say(schema: str, files: list[Path]) -> None:
    """check-jsonschema's own copies of the schemas of GitHub and GitLab find nothing."""
    assert len(files) >= 1
    assert tool("check-jsonschema", "--builtin-schema", schema, *files) == ""


def test_hooks_are_what_pre_commit_takes() -> None:
    """pre-commit reads the manifest of hooks."""
    assert tool("pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml") == ""


def test_workflows_open_no_door() -> None:
    """Zizmor finds nothing: actions are pinned, inputs go through the environment, permissions are the least."""
    assert tool("zizmor", "--offline", "--quiet", ROOT / "action.yml", *WORKFLOWS) == ""


def test_the_dockerfile_is_sound() -> None:
    """Hadolint finds nothing, the last stage's user is not root, and signals reach the process."""
    file = CI / "docker" / "Dockerfile"
    assert tool("hadolint", file) == ""
    assert re.findall(r"^(?:USER|ENTRYPOINT) (.*)$", file.read_text(), re.MULTILINE) == ["10001", '["egpsync"]']


@pytest.mark.parametrize("file", KUBERNETES, ids=lambda file: file.stem)
def test_kubernetes_takes_it(file: Path) -> None:
    """Kubernetes' own schemas, without unknown fields."""
    assert tool("kubernetes-validate", "--strict", "--kubernetes-version", "1.31", file) == ""


@pytest.mark.parametrize("file", [ROOT / "action.yml", *WORKFLOWS], ids=lambda file: file.stem)
def test_shell_steps_are_sound(file: Path, tmp_path: Path) -> None:
    """Shellcheck finds nothing in any step."""
    document = load(file)
    jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
    scripts = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    for number, script in enumerate(scripts):
        (tmp_path / f"{number}.sh").write_text(f"#!/bin/bash\n{script}", encoding="utf-8")
        assert tool("shellcheck", tmp_path / f"{number}.sh") == ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that ended."""

    code: int
    said: str
    outputs: Mapping[str, str]


class Runner:
    """A pipeline's machine: the repository, egpsync installed where the action puts it, and the forge's own tool."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.temporary = shell.folder / "temporary"
        programs = self.temporary / "egpsync" / "bin"
        programs.mkdir(parents=True)
        for name, script in (("egpsync", f'#!/bin/sh\nexec {sys.executable} -m egpsync "$@"\n'), ("gh", GH)):
            (programs / name).write_text(script, encoding="utf-8")
            (programs / name).chmod(0o755)
        shell.environ |= {"PATH": f"{programs}:{os.environ['PATH']}", "CALLS": str(shell.folder / "calls"), "FOUND": ""}
        shell.environ.pop("EGPSYNC_LIMIT_PERCENT")

    def bash(self, script: str, **environ: str) -> Step:
        """A step, as GitHub's runner runs it."""
        outputs = self.temporary / "outputs"
        outputs.write_text("")
        environ = {**self.shell.environ, "GITHUB_OUTPUT": str(outputs), **environ}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        done = subprocess.run(command, cwd=self.shell.folder, env=environ, capture_output=True, text=True, check=False)
        told = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        return Step(code=done.returncode, said=done.stdout + done.stderr, outputs=told)

    def action(self, given: Mapping[str, str]) -> Step:
        """The action's second step (the first one installs), with these inputs."""
        action = load(ROOT / "action.yml")
        inputs = {name: given.get(name, value.get("default", "")) for name, value in action["inputs"].items()}
        step = action["runs"]["steps"][1]
        known = {f"inputs.{name}": value for name, value in inputs.items()} | {"runner.temp": str(self.temporary)}
        return self.bash(step["run"], **filled(step["env"], known))

    def job(self, file: str, name: str, **known: str) -> list[Step]:
        """The steps of a workflow's job that are ours or shell, one after the other, to the first that fails."""
        steps = []
        for step in load(CI / "github" / file)["jobs"][name]["steps"]:
            if step.get("uses", OURS).startswith(OURS):
                ours = "uses" in step
                done = self.action(step["with"]) if ours else self.bash(step["run"], **filled(step["env"], known))
                steps.append(done)
                known |= {f"steps.{step.get('id')}.outputs.{key}": value for key, value in done.outputs.items()}
                if done.code:
                    break
        return steps

    def calls(self) -> list[str]:
        """What the forge's tool was asked, oldest first."""
        return self.shell.read("calls").splitlines()


def filled(environ: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """An `env:` whose expressions are replaced by what they stand for."""
    return {
        name: re.sub(r"\$\{\{ *([^} ]+) *\}\}", lambda found: known[found[1]], value) for name, value in environ.items()
    }


@pytest.fixture
def running(emulator: StartEmulator) -> Running:
    """An account of three models."""
    return emulator(seed=[hosted(name, model_metadata={"team": "a"}) for name in "abc"])


@pytest.fixture
def runner(shell: Shell, running: Running) -> Runner:
    """A repository whose last commit makes two of them differ."""
    shell.knows(running)
    for team in "ab":
        wanted = [hosted(name, model_metadata={"team": team if name < "c" else "a"}) for name in "abc"]
        shell.file("models/all.yaml", yaml.safe_dump({"version": 1, "models": wanted}))
        for words in (["init", "--quiet"], ["add", "models"], [*AUTHOR, "commit", "--quiet", "--message", team]):
            subprocess.run(["git", *words], cwd=shell.folder, check=True)
    return Runner(shell)


def test_the_action_tells_exit_2_apart(runner: Runner) -> None:
    """Differences are an output, and fail the step where that is asked for."""
    drift = {"command": "drift", "arguments": "models"}
    told = runner.action(drift)
    assert (told.code, told.outputs["exit-code"], told.outputs["has-differences"]) == (0, "2", "true")
    assert runner.action({**drift, "fail-on-differences": "true"}).code == 2


def test_the_action_fails_as_the_command_does(runner: Runner) -> None:
    """Invalid manifests fail with 3, and the reports are there all the same."""
    runner.shell.file("models/wrong.yaml", "version: 1\nmodels: [{name: x}]\n")
    done = runner.action({"command": "validate", "arguments": "models\n"})
    assert (done.code, done.outputs["exit-code"], done.outputs["has-differences"]) == (3, "3", "false")
    assert "::error file=models/wrong.yaml" in done.said
    assert Path(done.outputs["json"]).stat().st_size > 0


def test_a_pull_request_gets_one_comment(runner: Runner) -> None:
    """The first run posts it, the next one finds it by its marker and updates it."""
    event = runner.shell.folder / "event.json"
    event.write_text('{"pull_request": {"number": 7}}')
    with serving() as forge:
        runner.shell.environ |= {
            "GITHUB_API_URL": forge.url,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "o/r",
            "RUNNER_TEMP": str(runner.temporary),
        }
        assert [step.code for step in runner.job("pull-request.yaml", "validate")] == [0]
        for _ in range(2):
            steps = runner.job("pull-request.yaml", "plan", **{"github.token": "t"})
            assert [step.code for step in steps] == [0, 0]
        (comment,) = forge.comments
    assert comment["body"] == (runner.temporary / "egpsync" / "plan.md").read_text()
    assert comment["body"].startswith("<!-- egpsync:plan:")
    report = load(runner.temporary / "egpsync" / "plan.json")
    assert {field["origin"] for change in report["changes"] for field in change["fields"]} == {"this_change"}


def test_a_merge_applies_the_plan_that_was_saved(runner: Runner, running: Running) -> None:
    """The second job sends what the first one planned, and leaves the journal and the report."""
    (planned,) = runner.job("apply.yaml", "plan")
    assert planned.outputs["has-differences"] == "true"
    assert running.log.changes == ()
    (applied,) = runner.job("apply.yaml", "apply")
    assert (applied.code, len(running.log.changes)) == (0, 2)
    assert list((runner.shell.folder / "state").rglob("*.jsonl"))
    assert runner.job("apply.yaml", "plan")[0].outputs["has-differences"] == "false"


@pytest.mark.parametrize(
    ("found", "asked"), [("", "issue create --title Drift of the models"), ("5", "issue edit 5 --body-file")]
)
def test_drift_is_one_issue(runner: Runner, found: str, asked: str) -> None:
    """Opened where there is none, updated where there is one."""
    runner.shell.environ["FOUND"] = found
    steps = runner.job("drift.yaml", "drift", **{"github.token": "t", "github.repository": "o/r"})
    assert [step.code for step in steps] == [0, 0]
    assert runner.calls()[-1].startswith(asked)


def test_an_issue_is_closed_when_nothing_differs_any_more(runner: Runner) -> None:
    """The account is as the manifests say."""
    runner.shell.run("apply", "models", "--yes")
    runner.shell.environ["FOUND"] = "5"
    runner.job("drift.yaml", "drift", **{"github.token": "t", "github.repository": "o/r"})
    assert runner.calls()[-1].startswith("issue close 5 ")


@pytest.mark.parametrize("base", ["", "HEAD^"])
def test_the_gitlab_pipeline_runs_through(runner: Runner, running: Running, base: str) -> None:
    """Each job's script is run as it stands, and leaves the artifacts that it names; drift fails before the merge."""
    runner.shell.environ["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = base
    pipeline = load(CI / "gitlab" / ".gitlab-ci.yml")
    codes = {}
    for name in ("validate", "drift", "plan", "apply"):
        job = pipeline[name]
        codes[name] = runner.bash("\n".join(job["script"])).code
        artifacts = job["artifacts"]
        for path in (*artifacts.get("paths", ()), *artifacts.get("reports", {}).values()):
            assert (runner.shell.folder / path).exists(), f"{name} leaves no {path}"
    assert codes == {"validate": 0, "drift": 2, "plan": 0, "apply": 0}
    assert len(running.log.changes) == 2


def test_the_shards_of_the_job_apply_everything_once(runner: Runner, running: Running) -> None:
    """Each pod takes its own part: together they change what differs, and nothing twice."""
    job = load(CI / "kubernetes" / "apply-in-shards.yaml")["spec"]
    (container,) = job["template"]["spec"]["containers"]
    for index in range(job["completions"]):
        command = [*container["command"], *container["args"]]
        environ = {**runner.shell.environ, "JOB_COMPLETION_INDEX": str(index)}
        subprocess.run(command, cwd=runner.shell.folder, env=environ, capture_output=True, check=True)
    assert len(running.log.changes) == 2
    assert runner.shell.run("drift", "models").code == 0


def test_the_cron_job_finds_drift(runner: Runner) -> None:
    """Its arguments, with the key in a file, as the Secret is mounted."""
    container = load(CI / "kubernetes" / "drift.yaml")["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][
        0
    ]
    assert "/run/egpsync/api-key" in str(container["env"])
    runner.shell.file("api-key", KEY)
    del runner.shell.environ["SGP_API_KEY"]
    assert runner.shell.run(*container["args"], EGPSYNC_API_KEY_FILE="api-key").code == 2


def test_hooks_run_offline_on_the_files_that_they_name(runner: Runner) -> None:
    """Without an account and a key, on manifests and on nothing else."""
    for hook in load(ROOT / ".pre-commit-hooks.yaml"):
        files = ["models/all.yaml", "configs/models/a.yml", "configs/ci/x.yaml", "other/models/a.yaml", "models/a.txt"]
        assert [file for file in files if re.search(hook["files"], file)] == files[:2]
        done = runner.bash(f"{hook['entry']} models/all.yaml", SGP_API_KEY="", SGP_CLIENT_BASE_URL="")
        assert (done.code, done.said.count("error")) == (0, 0)

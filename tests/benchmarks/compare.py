"""The same work by other tools: CPU, wall-clock time, memory and requests of each, as a table in Markdown.

`make compare` runs it. Each tool is installed into an environment of its own below build/compare; what cannot be had
is left out, with a word. Two pieces of work: finding out that 1,000 models are as they should be, and changing the
metadata of models whose server takes 50 ms for an answer.
"""

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.account import Account, account
from tests.benchmarks.measure import Command, Spent, spent
from tests.benchmarks.models import live_models, write_manifests

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / "build" / "compare"
COUNT = 1000
FEW = 100  # for what takes a process a request
LATENCY = 0.05  # seconds

SCRIPT = """
import os, sys, yaml
from scale_gp_beta import SGPClient
wanted = yaml.load(open(sys.argv[1], "rb"), Loader=yaml.CSafeLoader)["models"]
with SGPClient(api_key="any", account_id="", base_url=os.environ["URL"]) as client:
    live = {(one.api_model_vendor, one.name): one.to_dict() for one in client.models.list(limit=999)}
    for model in wanted:
        held = live[model["model_vendor"], model["name"]]
        if held["model_metadata"] != model["model_metadata"]:
            client.models.update(held["id"], model={"model_metadata": model["model_metadata"]})
"""
PLAYBOOK = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars: {{models: "{{{{ (lookup('file', '{manifest}') | from_yaml).models }}}}"}}
  tasks:
    - uri: {{url: "{url}/v5/models?limit=1000", headers: {{x-api-key: any}}}}
      register: listing
    - set_fact: {{held: "{{{{ dict(listing.json['items'] | map(attribute='name') | zip(listing.json['items'])) }}}}"}}
    - uri:
        url: "{url}/v5/models/{{{{ held[item.name].id }}}}"
        method: PATCH
        headers: {{x-api-key: any}}
        body_format: json
        body: {{model_metadata: "{{{{ item.model_metadata }}}}"}}
      loop: "{{{{ models }}}}"
      loop_control: {{label: "{{{{ item.name }}}}"}}
      when: held[item.name].model_metadata != item.model_metadata
"""
OCTODNS = """
providers:
  wanted: {{class: octodns.provider.yaml.YamlProvider, directory: {folder}/wanted, default_ttl: 300}}
  held: {{class: octodns.provider.yaml.YamlProvider, directory: {folder}/held, default_ttl: 300}}
zones:
  example.com.: {{sources: [wanted], targets: [held]}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table."""

    tool: str
    work: str
    models: int
    spent: Spent
    requests: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where the tools work."""

    folder: Path

    def manifest(self, count: int) -> Path:
        """One file that declares so many models."""
        folder = self.folder / f"of-{count}"
        if not folder.exists():
            write_manifests(folder, count)
        return folder / "models-000.yaml"

    def command(self, *arguments: str, **environ: str) -> Command:
        """A program, with what it needs to know and no more."""
        kept = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        return Command(arguments=arguments, environ={**kept, **environ}, folder=self.folder)

    def over_http(self, tool: str, make: Callable[[Account, Path], Command], few: int) -> Iterator[Line]:
        """Both pieces of work, each against an account of its own."""
        for work, count, differing, latency in (("nothing differs", COUNT, 0, 0.0), ("all differ", few, few, LATENCY)):
            with account(count, differing=differing, latency=latency) as asked:
                run = spent(make(asked, self.manifest(count)))
                requests = str(asked.asked().requests)
            yield Line(tool=tool, work=work, models=count, spent=run, requests=requests)


def egpsync(bench: Bench) -> Iterator[Line]:
    """Plan or apply, ten requests in flight, each model read again before its change and all confirmed after it."""
    program = str(Path(sys.executable).with_name("egpsync"))

    def make(asked: Account, manifest: Path) -> Command:
        words = (program, "apply", str(manifest), "--yes", "--parallelism", "10")
        return bench.command(*words, SGP_API_KEY="any", SGP_CLIENT_BASE_URL=asked.url)

    yield from bench.over_http("egpsync", make, COUNT)


def script(bench: Bench) -> Iterator[Line]:
    """Thirteen lines over the official client: no check, no plan, no second reading."""
    python = installed("client", "scale-gp-beta==0.7.0", "pyyaml")

    def make(asked: Account, manifest: Path) -> Command:
        return bench.command(str(python), "-c", SCRIPT, str(manifest), URL=asked.url)

    yield from bench.over_http("a script over scale-gp-beta 0.7.0", make, COUNT)


def ansible(bench: Bench) -> Iterator[Line]:
    """One `uri` for the listing and one for each change."""
    program = installed("ansible", "ansible-core").with_name("ansible-playbook")
    version = version_of(program, "--version")

    def make(asked: Account, manifest: Path) -> Command:
        playbook = bench.folder / "playbook.yaml"
        playbook.write_text(PLAYBOOK.format(url=asked.url, manifest=manifest), encoding="utf-8")
        interpreter = f"ansible_python_interpreter={program.with_name('python')}"
        return bench.command(str(program), "-i", "localhost,", "-e", interpreter, str(playbook))

    yield from bench.over_http(f"Ansible {version}, a loop of uri", make, FEW)


def octodns(bench: Bench) -> Iterator[Line]:
    """Its YAML provider on both sides: records are a fifth of a model's size, and no server is asked."""
    python = installed("octodns", "octodns")
    folder = bench.folder / "octodns"
    records = {f"model-{number:06}": {"type": "TXT", "value": f"tag v1.4.2 team-{number}"} for number in range(COUNT)}
    for side in ("wanted", "held"):
        (folder / side).mkdir(parents=True)
        (folder / side / "example.com.yaml").write_text(json.dumps(records, sort_keys=True), encoding="utf-8")
    config = folder / "config.yaml"
    config.write_text(OCTODNS.format(folder=folder), encoding="utf-8")
    run = spent(bench.command(str(python.with_name("octodns-sync")), "--config-file", str(config)))
    version = version_of(python, "-c", "import octodns; print(octodns.__version__)")
    yield Line(
        tool=f"octoDNS {version}, YAML to YAML", work="nothing differs", models=COUNT, spent=run, requests="none"
    )


def terraform(bench: Bench) -> Iterator[Line]:
    """Its core alone: resources of terraform_data that hold what a model does; no provider, no server."""
    program = shutil.which("terraform")
    if program is None:
        raise Missing("terraform is not on this machine")
    folder = bench.folder / "terraform"
    folder.mkdir()
    inputs = {
        model["name"]: json.dumps({key: model[key] for key in ("model_metadata", "vendor_configuration")})
        for model in live_models(COUNT, 0)
    }
    resources = {name: {"input": given} for name, given in inputs.items()}
    (folder / "main.tf.json").write_text(json.dumps({"resource": {"terraform_data": resources}}), encoding="utf-8")
    (folder / "terraform.tfstate").write_text(json.dumps(_state(inputs)), encoding="utf-8")  # as if it were applied
    command = dataclasses.replace(bench.command(program, CHECKPOINT_DISABLE="1"), folder=folder)
    spent(dataclasses.replace(command, arguments=(program, "init", "-no-color")))
    run = spent(dataclasses.replace(command, arguments=(program, "plan", "-no-color", "-detailed-exitcode")))
    version = version_of(Path(program), "version").removeprefix("Terraform v")
    yield Line(
        tool=f"Terraform {version}, terraform_data", work="nothing differs", models=COUNT, spent=run, requests="none"
    )


def _state(inputs: Mapping[str, str]) -> dict[str, object]:
    """What Terraform wrote down when it had applied these."""
    held = [
        {
            "mode": "managed",
            "type": "terraform_data",
            "name": name,
            "provider": 'provider["terraform.io/builtin/terraform"]',
            "instances": [
                {
                    "schema_version": 0,
                    "attributes": {
                        "id": name,
                        "input": {"value": given, "type": "string"},
                        "output": {"value": given, "type": "string"},
                        "triggers_replace": None,
                    },
                }
            ],
        }
        for name, given in inputs.items()
    ]
    return {"version": 4, "terraform_version": "1.0.0", "serial": 1, "lineage": "models", "resources": held}


TOOLS = (egpsync, script, octodns, ansible, terraform)


class Missing(Exception):
    """A tool that cannot be had here."""


def installed(name: str, *packages: str) -> Path:
    """The Python of an environment that holds these packages. Raises Missing where they cannot be installed."""
    python = ENVIRONMENTS / name / "bin" / "python"
    pip = (str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *packages)
    for command in ((sys.executable, "-m", "venv", str(ENVIRONMENTS / name)), pip):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"{' '.join(packages)} cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
    return python


def version_of(program: Path, *words: str) -> str:
    """What a tool calls its version, on the first line that it prints."""
    done = subprocess.run([str(program), *words], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0].removeprefix("ansible-playbook [core ").rstrip("]")


def table(lines: list[Line]) -> str:
    """The results in Markdown."""
    head = "| tool | work | models | CPU | wall | memory | requests |\n| --- | --- | --- | --- | --- | --- | --- |\n"
    return head + "".join(
        f"| {line.tool} | {line.work} | {line.models:,} | {line.spent.cpu:.2f} s | {line.spent.wall:.1f} s "
        f"| {line.spent.peak >> 20} MiB | {line.requests} |\n"
        for line in lines
    )


def main() -> int:
    """Run the tools that are named, all of them without a name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools", nargs="*", choices=[[], *(tool.__name__ for tool in TOOLS)])
    parser.add_argument("--out", type=Path, help="where the table is written too")
    given = parser.parse_args()
    lines: list[Line] = []
    left: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for tool in (tool for tool in TOOLS if tool.__name__ in given.tools or not given.tools):
            try:
                lines.extend(tool(Bench(folder=Path(folder))))
            except (Missing, RuntimeError) as reason:
                left[tool.__name__] = str(reason)
    text = table(lines) + "".join(f"\nLeft out: {name}: {reason}\n" for name, reason in left.items())
    print(text, end="")  # noqa: T201 - the figures are the result
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

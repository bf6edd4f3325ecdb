"""What each piece of work costs against something that costs the same anywhere: a table and JSON, by `make bench`.

Every figure is a ratio of two things that were measured in turn, in one run on one machine, so that it can be compared
with another machine's. CPU time is that of whole processes, start-up included; waiting is wall-clock time, which only a
quiet machine tells well. Ends in 1 where a target is missed.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from egpsync.manifest.lint import LINTS
from tests.benchmarks.account import account
from tests.benchmarks.measure import Command, Spent, in_turn, spent
from tests.benchmarks.models import write_manifests, write_seed

ROOT = Path(__file__).resolve().parents[2]
MANY = 10_000
CHANGES = 1000  # that apply makes
LATENCY = 0.05  # seconds
REQUESTS = 2  # for a change of metadata: read again, PATCH
LOADER = "import sys, yaml; yaml.load(open(sys.argv[1], 'rb'), Loader=yaml.CSafeLoader)"
EMULATOR = """
import sys
from pathlib import Path
from egpsync.emulator import seed
from egpsync.emulator.server import Setup, serve
with serve(Setup(seed=seed.read(Path(sys.argv[1])))):
    pass
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    work: str
    against: str
    ratio: float
    limit: float  # at most so much
    cost: str  # the measured figures behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where the benchmarks run."""

    folder: Path
    runs: int

    def egpsync(self, *arguments: str, url: str = "", codes: frozenset[int] = frozenset({0})) -> Command:
        """egpsync, as installed beside this Python."""
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "SGP_API_KEY": "any-key-will-do",
            "SGP_CLIENT_BASE_URL": url,
        }
        program = str(Path(sys.executable).with_name("egpsync"))
        return Command(arguments=(program, *arguments), environ=environ, folder=self.folder, codes=codes)

    def python(self, program: str, *arguments: str) -> Command:
        """A program in this Python."""
        environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        return Command(arguments=(sys.executable, "-c", program, *arguments), environ=environ, folder=self.folder)

    def manifests(self, count: int) -> str:
        """A folder of manifests, made when first asked for."""
        folder = self.folder / f"of-{count}"
        if not folder.exists():
            write_manifests(folder, count)
        return str(folder)

    def size(self, count: int) -> int:
        """Of those manifests, in bytes."""
        return sum(file.stat().st_size for file in Path(self.manifests(count)).iterdir())


def starting(bench: Bench) -> Iterator[Row]:
    """What a command costs that does next to nothing."""
    commands = {
        "pass": bench.python("pass"),
        "version": bench.egpsync("--version"),
        "ten": bench.egpsync("validate", bench.manifests(10)),
    }
    found = in_turn(commands, runs=3 * bench.runs)
    bare = "bare python -c pass"
    yield compared("egpsync --version", bare, found["version"], found["pass"], 4.0)
    yield compared("egpsync validate, 10 models", bare, found["ten"], found["pass"], 9.0)


def without_lints(bench: Bench) -> str:
    """A project file that turns all of them off."""
    file = bench.folder / "unlinted.yaml"
    file.write_text(json.dumps({"version": 1, "lint": {one.id: "off" for one in LINTS}}), encoding="utf-8")
    return str(file)


def planning(bench: Bench) -> Iterator[Row]:
    """Reading, checking and comparing 10,000 models of one file."""
    manifests = bench.manifests(MANY)
    with account(MANY) as equal, account(MANY, differing=MANY // 100) as some, account(MANY, differing=MANY) as every:
        commands = {
            "yaml": bench.python(LOADER, f"{manifests}/models-000.yaml"),
            "validate": bench.egpsync("validate", manifests),
            "unlinted": bench.egpsync("validate", manifests, "--project", without_lints(bench)),
            "equal": bench.egpsync("plan", manifests, url=equal.url),
            "some": bench.egpsync("plan", manifests, url=some.url),
            "every": bench.egpsync("plan", manifests, url=every.url),
            "counts": bench.egpsync("plan", manifests, "--format", "gitlab", url=every.url),
            **{
                form: bench.egpsync("plan", manifests, "--format", form, url=every.url) for form in ("json", "markdown")
            },
        }
        found = in_turn(commands, bench.runs)
    yield compared("egpsync validate, 10,000 models", "yaml.load(CSafeLoader)", found["validate"], found["yaml"], 0.19)
    lints = max(0.0, found["validate"].cpu - found["unlinted"].cpu)
    cost = f"{lints:.3f} s / {found['validate'].cpu:.3f} s"
    yield Row(work="lints of 10,000 models", against="that", ratio=lints / found["validate"].cpu, limit=0.1, cost=cost)
    yield compared("egpsync plan, 10,000, nothing differs", "the same", found["equal"], found["yaml"], 0.30)
    yield compared("plan, 1 % differ", "nothing differs", found["some"], found["equal"], 1.1)
    yield compared("plan, 100 % differ", "nothing differs", found["every"], found["equal"], 2.2)
    yield remembered("peak memory of the plan", found["equal"], bench.size(MANY), 20)
    plan = found["counts"]
    for form, name in (("markdown", "markdown"), ("json", "json"), ("text", "every")):
        words = found[name].cpu - plan.cpu
        cost = f"{words:.2f} s / {plan.cpu:.2f} s"
        yield Row(work=f"{form} of 10,000 changes", against="the plan", ratio=words / plan.cpu, limit=0.5, cost=cost)


def scaling(bench: Bench) -> Iterator[Row]:
    """100,000 models in ten files, once."""
    with account(10) as few, account(MANY) as many, account(10 * MANY) as most:
        start = in_turn({"start": bench.egpsync("plan", bench.manifests(10), url=few.url)}, bench.runs)["start"]
        tenth = in_turn({"tenth": bench.egpsync("plan", bench.manifests(MANY), url=many.url)}, bench.runs)["tenth"]
        whole = spent(bench.egpsync("plan", bench.manifests(10 * MANY), url=most.url))
    ratio = (whole.cpu - start.cpu) / (10 * (tenth.cpu - start.cpu))
    cost = f"{whole.cpu:.1f} s / 10 x {tenth.cpu:.2f} s"
    yield Row(work="plan, 100,000 models", against="ten times 10,000", ratio=ratio, limit=1.1, cost=cost)
    yield remembered("peak memory of that", whole, bench.size(10 * MANY), 15)


def applying(bench: Bench) -> Iterator[Row]:
    """1,000 changes of metadata, each request answered after 50 ms."""
    for in_flight, limit in ((10, 1.15), (50, 1.33)):
        with account(CHANGES, differing=CHANGES, latency=LATENCY) as slow:
            run = spent(apply_of(bench, slow.url, in_flight))
        ideal = -(-CHANGES // in_flight) * REQUESTS * LATENCY
        cost = f"{run.wall:.2f} s / {ideal:.2f} s, CPU {run.cpu:.2f} s"
        work = f"apply, 1,000 changes at 50 ms, {in_flight} in flight"
        yield Row(work=work, against="waiting alone", ratio=run.wall / ideal, limit=limit, cost=cost)
    with account(CHANGES, differing=CHANGES, latency=LATENCY, rate=100) as strict:
        spent(apply_of(bench, strict.url, 50))
        asked = strict.asked()
    needed = asked.requests - asked.refused
    cost = f"{asked.refused} / {needed}"
    work = "requests refused at 100 a second, 50 in flight"
    yield Row(work=work, against="requests needed", ratio=asked.refused / needed, limit=0.10, cost=cost)


def apply_of(bench: Bench, url: str, in_flight: int) -> Command:
    """An apply of everything that differs."""
    return bench.egpsync("apply", bench.manifests(CHANGES), "--yes", "--parallelism", str(in_flight), url=url)


def serving(bench: Bench) -> Iterator[Row]:
    """The emulator, started with 10,000 models."""
    seed = bench.folder / "seed.json"
    write_seed(seed, MANY)
    commands = {
        "yaml": bench.python(LOADER, f"{bench.manifests(MANY)}/models-000.yaml"),
        "emulator": bench.python(EMULATOR, str(seed)),
    }
    found = in_turn(commands, bench.runs)
    work = "the emulator's start with 10,000 models"
    yield compared(work, "yaml.load(CSafeLoader)", found["emulator"], found["yaml"], 0.45)


def hostile(bench: Bench) -> Iterator[Row]:
    """Twice as much of what is made to be slow costs little more than twice; start-up taken off."""
    start = in_turn({"start": bench.egpsync("validate", bench.manifests(10))}, bench.runs)["start"]
    for name, text in HOSTILE.items():
        sizes = {}
        for size in (100_000, 200_000):
            file = bench.folder / f"{name.replace(' ', '-')}-{size}.yaml"
            file.write_text(text(size), encoding="utf-8")
            sizes[str(size)] = bench.egpsync("validate", str(file), codes=frozenset({3}))
        once, twice = in_turn(sizes, bench.runs).values()
        ratio = max(0.0, twice.cpu - start.cpu) / max(0.05, once.cpu - start.cpu)
        cost = f"{twice.cpu:.2f} s / {once.cpu:.2f} s, {twice.peak >> 20} MiB"
        yield Row(work=f"validate, 200 kB of {name}", against="100 kB", ratio=ratio, limit=2.5, cost=cost)


def _within_image(text: str) -> str:
    head = "version: 1\nmodels:\n- name: a\n  model_vendor: launch\n  vendor_configuration:\n    model_image:\n"
    return f"{head}      {text}\n"


HOSTILE: dict[str, Callable[[int], str]] = {
    "wrong list entries": lambda size: _within_image("command: [" + ",".join(["1"] * (size // 2)) + "]"),
    "quotes": lambda size: _within_image('env_vars: "' + '\\"' * (size // 2) + '"'),
    "aliases": lambda size: "version: 1\nmodels: &a [b]\nx: [" + ",".join(["*a"] * (size // 3)) + "]\n",
    "unknown fields": lambda size: "version: 1\n" + "".join(f"k{number}: 1\n" for number in range(size // 9)),
}

PARTS = (starting, planning, scaling, applying, serving, hostile)


def compared(work: str, against: str, this: Spent, that: Spent, limit: float) -> Row:
    """By CPU time."""
    cost = f"{this.cpu:.3f} s / {that.cpu:.3f} s"
    return Row(work=work, against=against, ratio=this.cpu / that.cpu, limit=limit, cost=cost)


def remembered(work: str, this: Spent, size: int, limit: float) -> Row:
    """By peak memory."""
    cost = f"{this.peak >> 20} MiB / {size / 2**20:.1f} MiB"
    return Row(work=work, against="the manifests' bytes", ratio=this.peak / size, limit=limit, cost=cost)


def line(row: Row) -> str:
    """A row as text."""
    verdict = "" if row.ratio <= row.limit else "  MISSED"
    return f"{row.work:<50} {row.against:<24} {row.ratio:8.2f} x  at most {row.limit:5.2f} x   {row.cost}{verdict}"


def main() -> int:
    """Run the parts that are named, all of them without a name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *(part.__name__ for part in PARTS)])
    parser.add_argument("--runs", type=int, default=3, help="of each command; their median counts")
    parser.add_argument("--json", type=Path, help="where the figures are written too")
    given = parser.parse_args()
    rows: list[Row] = []
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder=Path(folder), runs=given.runs)
        for part in PARTS:
            for row in part(bench) if part.__name__ in given.parts or not given.parts else ():
                rows.append(row)
                print(line(row), flush=True)  # noqa: T201 - the figures are the result
    missed = sum(row.ratio > row.limit for row in rows)
    print(f"{len(rows)} ratios, {missed} missed; {time.perf_counter() - began:.0f} s")  # noqa: T201 - and this
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        about = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
        document = {**about, "load": os.getloadavg()[0], "rows": [asdict(row) for row in rows]}
        given.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

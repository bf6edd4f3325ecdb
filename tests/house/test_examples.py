"""The worked repositories below configs/examples/: the commands of each README, run as written against the emulator."""

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "configs" / "examples"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REFUSED = re.compile(r"# refused: exit (\d+)$")
PORT = "5003"  # that the READMEs name; each test takes one of its own


@pytest.fixture
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of an example, on a port that is free."""
    copy = tmp_path / str(request.param)
    shutil.copytree(EXAMPLES / str(request.param), copy)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    for file in (copy / "README.md", copy / "egpsync.yaml"):
        file.write_text(file.read_text(encoding="utf-8").replace(PORT, port), encoding="utf-8")
    return copy


def commands(example: Path) -> list[list[str]]:
    """What each block of the README says to type."""
    text = (example / "README.md").read_text(encoding="utf-8")
    return [[line.removeprefix("$ ") for line in block.splitlines()] for block in BLOCK.findall(text)]


@contextmanager
def serving(command: str, example: Path, environ: dict[str, str]) -> Iterator[None]:
    """The command of the first block, left running."""
    with subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=example,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        port = int(re.findall(r"--port (\d+)", command)[0])
        try:
            for _ in range(400):
                assert process.poll() is None, f"{command} ended by itself"
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.05)
            yield
        finally:
            process.kill()


@pytest.mark.parametrize("example", sorted(one.name for one in EXAMPLES.iterdir()), indirect=True)
def test_the_commands_of_the_readme_run_as_written(example: Path) -> None:
    """From validate to an empty plan: each line ends with 0, or with the exit code that stands behind it."""
    (server, *others), *blocks = commands(example)
    assert others == []
    lines = [line for block in blocks for line in block]
    assert [line for line in lines if line.startswith("egpsync plan") and "--detailed-exitcode" in line]
    environ = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(example.parent),
        "LC_ALL": "C.UTF-8",
        "EGPSYNC_POLL": "0.05",
        "EGPSYNC_SETTLE": "1",
    }
    script = [f'{line}\ncode=$?; [ $code -eq {_expected(line)} ] || {{ echo "exit $code"; exit 9; }}' for line in lines]
    with serving(server, example, environ):
        done = subprocess.run(
            ["bash", "-c", "set -x\n" + "\n".join(script)],
            cwd=example,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout


def _expected(line: str) -> int:
    return int(found[1]) if (found := REFUSED.search(line)) else 0

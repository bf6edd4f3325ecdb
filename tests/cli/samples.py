"""The real command line in a folder of the test's own: what it prints, writes, and exits with."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from egpsync.cli import KNOWN, main, visible_lines
from egpsync.emulator.server import Running
from egpsync.errors import EgpsyncError
from tests.cli.forking import FORKER

KEY = "key-SENTINEL-7319"
SETTINGS = [name for name in os.environ if name.startswith(("SGP_", "EGP_", "EGPSYNC_", "GITHUB_", "CI_"))]
ROOT = Path(__file__).resolve().parents[2]
IMAGE = {"registry": "reg.example", "repository": "nlp/sum", "tag": "v1", "command": ["serve"]}


def hosted(name: str, **more: Any) -> dict[str, Any]:
    """A model of a hosted vendor, for a seed or a manifest."""
    return {"name": name, "model_vendor": "openai", "model_type": "chat_completion", **more}


def launch(name: str, **image: Any) -> dict[str, Any]:
    """A launch model with such an image, for a seed or a manifest."""
    configuration = {"model_image": {**IMAGE, **image}, "model_infra": {"cpus": "2"}}
    return {"name": name, "model_vendor": "launch", "vendor_configuration": configuration}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The document on stdout."""
        return json.loads(self.out)


class Shell:
    """A working directory with manifests, and an environment that knows the account."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "SGP_API_KEY": KEY,
            "EGPSYNC_POLL": "0.05",
            "EGPSYNC_SETTLE": "1",
            "EGPSYNC_LIMIT_PERCENT": "100",
        }

    def knows(self, running: Running) -> "Shell":
        """The account is that of an emulator."""
        self.environ["SGP_CLIENT_BASE_URL"] = running.base_url
        return self

    def wants(self, *models: dict[str, Any]) -> "Shell":
        """The manifests in configs/models/ declare these models."""
        return self.file("configs/models/all.yaml", json.dumps({"version": 1, "models": models}))

    def file(self, name: str, text: str) -> "Shell":
        """A file in the working directory."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return self

    def read(self, name: str) -> str:
        """What a file of the working directory holds."""
        return (self.folder / name).read_text(encoding="utf-8")

    def run(self, *arguments: str, stdin: str = "", **environ: str) -> Done:
        """Run egpsync to its end."""
        code, out, err = FORKER.run(arguments, environ={**self.environ, **environ}, cwd=self.folder, stdin=stdin)
        return Done(code=code, out=out, err=err)

    @contextmanager
    def start(self, *arguments: str, **how: Any) -> Iterator[subprocess.Popen[str]]:
        """Run egpsync beside the test; killed where it has not ended by then."""
        with subprocess.Popen(
            [sys.executable, "-m", "egpsync", *arguments],
            cwd=self.folder,
            env=self.environ,
            stdin=how.get("stdin", subprocess.DEVNULL),
            stdout=how.get("stdout", subprocess.PIPE),
            stderr=how.get("stderr", subprocess.PIPE),
            text=True,
            encoding="utf-8",
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()


class ShellHere(Shell):
    """The same in this very process, which is quicker and seen by who measures what tests reach.

    Streams are no files here and signals are the test runner's: for commands that need neither.
    """

    def run(self, *arguments: str, stdin: str = "", **environ: str) -> Done:
        """Run egpsync to its end, as its last resort would end it."""
        mark = KNOWN.mark()
        with contextlib.chdir(self.folder):
            ran = CliRunner(env={**dict.fromkeys(SETTINGS), **self.environ, **environ}).invoke(
                main, arguments, input=stdin, prog_name="egpsync", standalone_mode=False
            )
        err, code = ran.stderr, ran.return_value or 0
        match ran.exception:
            case None:
                pass
            case click.UsageError() as error:
                code, err = 64, f"{err}Error: {error.format_message()}\n"
            case EgpsyncError() as error:
                code, err = int(error.exit_code), f"{err}Error: {KNOWN.hide(visible_lines(str(error)))}\n"
            case error:
                raise error
        KNOWN.forget(mark)
        return Done(code=code, out=ran.stdout, err=err)


def everything(done: Done, folder: Path) -> str:
    """All that a command left anywhere: streams and files, but for the manifests and the key's own file."""
    kept = [
        path.read_bytes().decode("utf-8", "replace")
        for path in folder.rglob("*")
        if path.is_file() and "configs" not in path.parts and path.name != "api-key"
    ]
    return "\n".join([done.out, done.err, *kept])

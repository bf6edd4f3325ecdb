"""A folder in, the README's pictures out: the page and a terminal, made of what the program really prints.

`make pictures` runs it: an emulator with a fleet of models, manifests that ask for a few changes, and their plan.
"""

import json
import re
import sys
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from egpsync.emulator.server import Setup, serve
from egpsync.emulator.switches import Switches
from tests.cli.samples import Shell, hosted
from tests.report.browser import CHROMIUM, Browser, Scheme

COLOURS = {"1": "strong", "2": "faint", "31": "red", "32": "green", "33": "yellow", "35": "magenta", "36": "cyan"}
TERMINAL = """<!doctype html><html data-ready="yes"><meta charset="utf-8"><style>
body { margin: 0; padding: 18px 22px; background: #16181d; color: #d6d9de; width: max-content;
  font: 13px/1.45 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { margin: 0; font: inherit; } .strong { font-weight: 700; color: #fff; } .faint { color: #868d98; }
.red { color: #ff8a80; } .green { color: #86d993; } .yellow { color: #e8c268; } .magenta { color: #d9a5f3; }
.cyan { color: #74d3df; } .prompt { color: #86d993; }
</style><pre>%s</pre></html>"""


def main(folder: Path) -> None:
    """Make them all."""
    if CHROMIUM is None:
        sys.exit("make pictures needs chromium (apt-get install chromium)")
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary, serve(Setup(seed=tuple(seed()), switches=Switches())) as running:
        shell = Shell(Path(temporary)).knows(running)
        wanted(shell)
        plan = shell.run("plan", "--color", "always", COLUMNS="100")
        page = shell.run("plan", "--format", "html")
        browser = Browser(Path(temporary))
        try:
            terminal(browser, "egpsync plan", plan.out, folder / "terminal.png")
            shoot(browser, page.out, folder / "page.png", size=(1080, 860))
            shoot(browser, page.out, folder / "page-phone.png", size=(390, 860), scheme="dark")
        finally:
            browser.close()


def model(name: str, tag: str, **more: Any) -> dict[str, Any]:
    """A launch model on GPUs."""
    infra = {"gpus": 1, "gpu_type": "nvidia-ampere-a10", "min_workers": 1, "max_workers": 2}
    image = {"registry": "registry.example", "repository": "nlp/serve", "tag": tag, "command": ["serve"]}
    return {
        "name": name,
        "model_vendor": "launch",
        "vendor_configuration": {
            "model_image": image,
            "model_infra": {"cpus": "4", "memory": "16Gi", "storage": "40Gi", **infra, **more},
        },
    }


def seed() -> list[dict[str, Any]]:
    """What the account holds."""
    fleet = [model(f"rank-{name}", "v1.8.2") for name in REGIONS]
    old = hosted("legacy-chat", model_metadata={"team": "chat"})
    return [*fleet, model("summarizer", "v3.0.1"), hosted("router", model_metadata={"tier": "silver"}), old]


def wanted(shell: Shell) -> None:
    """What the repository asks for: a new tag for a fleet, more workers, an edit in place, one model more, one less."""
    fleet = [model(f"rank-{name}", "v1.9.0") for name in REGIONS]
    rest = [
        model("summarizer", "v3.0.1", max_workers=6),
        model("embedder", "v2.4.0", max_workers=4),
        hosted("router", model_metadata={"tier": "gold"}),
        {"name": "legacy-chat", "model_vendor": "openai", "state": "absent"},
    ]
    for file, models in (("ranking", fleet), ("models", rest)):
        shell.file(f"configs/models/{file}.yaml", json.dumps({"version": 1, "models": models}, indent=1))
    shell.file("egpsync.yaml", "version: 1\nrepository_url: https://git.example/ml/models\n")


REGIONS = ("ams", "bom", "fra", "gru", "iad", "lhr", "nrt", "sfo", "sin", "syd")


def terminal(browser: Browser, command: str, text: str, file: Path) -> None:
    """The text as a terminal shows it."""
    shown = re.sub(r"http://127\.0\.0\.1:\d+", "https://api.egp.scale.com", text.rstrip())
    lines = f'<span class="prompt">$</span> {command}\n\n{_painted(shown)}'
    with browser.open(TERMINAL % lines) as opened:
        opened.page.locator("body").screenshot(path=file)


def shoot(browser: Browser, text: str, file: Path, *, size: tuple[int, int], scheme: Scheme = "light") -> None:
    """The page's top, with one of its models unfolded."""
    shown = re.sub(r"http://127\.0\.0\.1:\d+", "https://api.egp.scale.com", text)
    with browser.open(shown, size=size, scheme=scheme) as opened:
        opened.unfold("rank-ams")
        opened.page.evaluate("scrollTo(0, 0)")
        opened.page.mouse.move(0, 0)
        opened.page.screenshot(path=file)


def _painted(text: str) -> str:
    pieces = re.split(r"\x1b\[([0-9;]+)m", text)
    html, opened = [escape(pieces[0])], False
    for code, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        html.append("</span>" if opened else "")
        opened = code != "0"
        names = " ".join(COLOURS[part] for part in code.split(";") if part in COLOURS)
        html.append(f'<span class="{names}">{escape(piece)}' if opened else escape(piece))
    return "".join(html)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

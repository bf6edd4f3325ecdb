"""The README's example, run as it stands but for where the account is."""

import re
import subprocess
import sys
from pathlib import Path

from tests.cli.samples import KEY, Shell, hosted
from tests.conftest import StartEmulator

ROOT = Path(__file__).resolve().parents[2]


def test_the_readmes_example_does_what_it_says(emulator: StartEmulator, shell: Shell) -> None:
    """It plans, applies, and prints what became of it."""
    running = emulator(seed=[hosted("a", account="acct-1")])
    shell.wants(hosted("a", model_metadata={"x": 1}))
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    program = example.replace("https://api.egp.scale.com", running.base_url)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=shell.folder,
        env={**shell.environ, "SGP_API_KEY": KEY},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Applied 1." in done.stdout
    assert running.store.named("a", account="acct-1")["model_metadata"] == {"x": 1}

"""What a report costs against its plan, and what the page costs a browser: run by `make bench`, with each figure."""

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from egpsync.model.plan import Action
from egpsync.report.build import build_plan
from egpsync.report.formats import FORMATS
from egpsync.report.style import Style
from egpsync.report.to_html import to_html
from tests.cli.samples import Shell, launch
from tests.conftest import StartEmulator
from tests.report.browser import Browser, needs_chromium
from tests.report.samples import change, field, head, plan

MODELS = 10_000
MOST = 0.5
"""Of the plan's own cost."""


def test_rendering_costs_at_most_half_of_the_plan(emulator: StartEmulator, shell: Shell) -> None:
    """10,000 models that all differ: CPU time of the whole process with each format, against that with the least."""
    live = [launch(f"m{at:05}", tag=f"v{at % 7}") for at in range(MODELS)]
    shell.knows(emulator(seed=live)).wants(*[launch(f"m{at:05}", tag=f"w{at}") for at in range(MODELS)])
    base = min(_seconds(shell, "gitlab") for _ in range(3))
    shares = {form: min(_seconds(shell, form) for _ in range(2)) / base - 1 for form in FORMATS}
    told = ", ".join(f"{form} {share:+.2f}" for form, share in shares.items())
    sys.stdout.write(f"\nthe plan: {base:.2f} s; of that beside it: {told}\n")
    assert {form: share for form, share in shares.items() if share > MOST} == {}


def _seconds(shell: Shell, form: str) -> float:
    """CPU time of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with shell.start("plan", "--format", form, "--limit-percent", "100") as process:
        out, err = process.communicate()
    assert out, err
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """A Chromium of the test's own."""
    opened = Browser(tmp_path)
    yield opened
    opened.close()


@needs_chromium
@pytest.mark.parametrize(("count", "limit"), [(2_000, 1.0), (10_000, 5.0)])
def test_the_page_opens_soon(browser: Browser, count: int, limit: float) -> None:
    """Seconds of script until every model has its line; 10,000 within five times what 2,000 may take."""
    tag = "vendor_configuration.model_image.tag"
    changes = [
        change(Action.REDEPLOY, f"m{at:05}", field(tag, f"v{at}", "v2"), requests=[("PATCH", {"note": "x" * 500})])
        for at in range(count)
    ]
    text = to_html(build_plan(head(), plan(*changes)), Style())
    with browser.open(text) as opened:
        marks = json.loads(opened.page.evaluate("JSON.stringify(document.documentElement.dataset)"))
        spent = int(marks["spent"]) / 1000
    said = f"{count:,} models, {len(text) / 1e6:.1f} MB: {spent:.2f} s of script, {int(marks['script'])} ms to use"
    sys.stdout.write(f"\n{said}\n")
    assert spent < limit

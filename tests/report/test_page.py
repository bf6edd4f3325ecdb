"""The page in a real Chromium: what it asks for, how it is used, and what a screen reader makes of it."""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from egpsync.model.plan import Action, Capacity
from egpsync.model.report import Report
from egpsync.model.values import Source
from egpsync.report.build import build_plan, build_problems, build_run
from egpsync.report.escape import inert
from egpsync.report.sections import render
from egpsync.report.style import Style
from egpsync.report.to_html import BODIES, MOST_FINDINGS, to_html
from egpsync.value import replace
from tests.report.browser import PHONE, Browser, Scheme, needs_chromium
from tests.report.hostile import HOSTILE_REPORTS, WORST
from tests.report.samples import (
    CHANGES,
    CREATED,
    PROBLEM,
    REDEPLOYED,
    REPORTS,
    RUN,
    SECRET,
    UPDATED,
    at,
    change,
    field,
    head,
    plan,
)

ALL = {**REPORTS, **{f"hostile-{kind}": report for kind, report in HOSTILE_REPORTS.items()}}
SCHEMES: tuple[Scheme, Scheme] = ("light", "dark")
URL = "https://github.com/acme/models"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium for this module."""
    opened = Browser(tmp_path_factory.mktemp("pages"))
    yield opened
    opened.close()


def html(report: Report) -> str:
    """The page."""
    return to_html(report, Style())


def data(report: Report) -> Any:
    """What the page's script is given."""
    found = re.search(r'<script type="application/json" id="report">(.*?)</script>', html(report), re.DOTALL)
    assert found
    return json.loads(found.group(1))


@pytest.mark.parametrize("name", ["page.css", "page.js"])
def test_what_the_hashes_are_of_is_written_as_it_is(name: str) -> None:
    """Nothing in our own script and style reads as a runner's command, which would be altered on the way out."""
    text = (Path(__file__).parents[2] / "egpsync" / "report" / name).read_text(encoding="utf-8")
    assert inert(text) == text
    assert "</s" not in text


@pytest.mark.parametrize("name", ALL)
def test_no_value_ends_the_script_that_holds_it(name: str) -> None:
    """Two scripts and one style, whatever a model says."""
    text = html(ALL[name])
    assert (text.count("<script"), text.count("</script"), text.count("<style"), text.count("<!--")) == (2, 2, 1, 0)
    assert SECRET not in text


def test_a_body_can_be_copied_whole() -> None:
    """What is shown of a request is its JSON."""
    found = {change["name"]: change for change in data(REPORTS["plan"])["changes"]}
    (request,) = found["embedder"]["requests"]
    assert request[0] == "POST /v5/models"
    assert json.loads(request[1])["vendor_configuration"]["model_image"]["tag"] == "v2"


@pytest.mark.parametrize(
    ("url", "directory", "file", "link"),
    [
        (URL, "", "a.yaml", f"{URL}/blob/HEAD/a.yaml#L10"),
        (f"{URL}/", "deploy", "a b.yaml", f"{URL}/blob/HEAD/deploy/a%20b.yaml#L10"),
        ("https://gitlab.example/g/p", "", "a.yaml", "https://gitlab.example/g/p/-/blob/HEAD/a.yaml#L10"),
        ("https://bitbucket.org/g/p", "", "a.yaml", "https://bitbucket.org/g/p/src/HEAD/a.yaml#lines-10"),
        ("javascript:alert(1)//", "", "a.yaml", None),
        (URL, "", "/etc/a.yaml", None),
        (URL, "", "../a.yaml", None),
        (None, "", "a.yaml", None),
    ],
)
def test_a_change_links_to_its_line(url: str | None, directory: str, file: str, link: str | None) -> None:
    """As the forge spells it; what is in no repository, or no web address, is text."""
    source = Source(file=file, line=10, column=1)
    report = build_plan(replace(head(), repository_url=url, directory=directory), plan(replace(UPDATED, source=source)))
    assert data(report)["changes"][0]["at"] == [f"{file}:10", link]


def test_a_run_has_a_timeline() -> None:
    """Each change's bar on the scale of the run, with its figures; without times there is none."""
    head_ = replace(head("apply"), started="2026-11-26T10:00:00.000Z", ended="2026-11-26T10:02:05.000Z")
    times = [("2026-11-26T10:00:00.000Z", "2026-11-26T10:00:12.500Z"), ("2026-11-26T10:00:12.500Z", head_.ended)]
    spans = [
        replace(result, started=started, ended=ended)
        for result, (started, ended) in zip(RUN.results[:2], times, strict=True)
    ]
    text = html(build_run(head_, replace(RUN, results=tuple(spans))))
    timeline = text[text.index("What ran when") : text.index("</details>")]
    assert re.findall(r"<td>(.*?)</td>", timeline) == ["0.0 s", "12.5 s", "12.5 s", "1 min 52 s"]
    assert re.findall(r'class="span (\w*)" x="(\d+)" width="(\d+)"', timeline) == [
        ("applied", "0", "60"),
        ("failed", "60", "540"),
    ]
    assert "What ran when" not in html(REPORTS["apply"])


def test_several_targets_share_a_page() -> None:
    """A head for each, their models together with the target's name, counts added up."""
    reports = [
        build_plan(replace(head(), target_name=name), plan(UPDATED, *more))
        for name, more in (("prod", (CREATED,)), ("dev", ()))
    ]
    text = render(reports, "html", Style())
    assert text.count("<!doctype html>") == 1
    assert re.findall(r"<h[12]>(.*?)</h[12]>", text)[:3] == [
        "egpsync plan of 2 targets",
        "2 models to change",
        "1 model to change",
    ]
    assert re.findall(r"data-filter=.(\w+).><b>(\d+)", text) == [("create", "1"), ("update", "2")]
    given = json.loads(text.split('id="report">')[1].split("</script>")[0])
    assert [(one["name"], one["target"]) for one in given["changes"]] == [
        ("embedder", "prod"),
        ("ranker", "prod"),
        ("ranker", "dev"),
    ]


def test_what_does_not_fit_is_said() -> None:
    """Bodies beyond the room for them, and findings beyond their limit."""
    body = {"model_metadata": {"a": "x" * (BODIES // 3)}}
    changes = [change(Action.UPDATE, name, requests=[("PATCH", body)]) for name in "abcd"]
    bodies = [one["requests"][0][1] for one in data(build_plan(head(), plan(*changes)))["changes"]]
    assert [text.startswith("The body is left out") for text in bodies] == [False, False, True, True]
    problems = [replace(PROBLEM, source=at(line)) for line in range(1, MOST_FINDINGS + 8)]
    assert "<p>7 more not shown: see the JSON report.</p>" in html(build_problems(head("validate", *problems)))


@needs_chromium
@pytest.mark.parametrize("name", ALL)
def test_it_asks_nothing_of_anyone_and_runs_nothing_of_a_models(browser: Browser, name: str) -> None:
    """One file is read; no error, no dialog, no refused script, though everything is unfolded."""
    with browser.open(html(ALL[name])) as opened:
        if opened.page.locator("#open").is_visible():
            opened.page.click("#open")
            opened.page.wait_for_timeout(50)
        assert [url for url in opened.asked if not url.startswith("data:")] == [opened.page.url]
        assert opened.said == []
        tags = opened.page.evaluate("[...new Set([...document.querySelectorAll('*')].map(e => e.localName))]")
        assert not {"img", "iframe", "object", "form", "base"} & set(tags)


@needs_chromium
def test_hostile_text_is_shown_as_text(browser: Browser) -> None:
    """The name stands there in full, what cannot be seen written out."""
    with browser.open(html(HOSTILE_REPORTS["plan"])) as opened:
        shown = [name for name in opened.names() if "new```" in name]
        name = shown[0][shown[0].index("new") :]
        assert name.startswith("new``` | <img src=x onerror=alert(1)> </details></script>--> ]]> \\u001b[31m")
        assert len(WORST) < len(shown[0])


@needs_chromium
def test_counts_filter(browser: Browser) -> None:
    """Each count shows its models alone, several add up, and pressing again lets go."""
    with browser.open(html(REPORTS["plan"])) as opened:
        assert opened.count() == "9 models"
        create, update = (opened.page.locator(f"[data-filter={key}]") for key in ("create", "update"))
        create.click()
        assert (opened.count(), opened.names()) == ("1 of 9 models", ["embedder"])
        update.click()
        assert opened.names() == ["embedder", "ranker"]
        assert update.get_attribute("aria-pressed") == "true"
        create.click()
        update.click()
        assert opened.count() == "9 models"


@needs_chromium
def test_search_looks_at_names_and_values(browser: Browser) -> None:
    """All words must be there; Escape clears; where nothing is left it is said."""
    with browser.open(html(REPORTS["plan"])) as opened:
        opened.page.keyboard.press("/")
        opened.page.keyboard.type("SILVER tier")
        opened.says("count", "1 of 9 models")
        assert opened.names() == ["ranker"]
        opened.page.keyboard.type(" nowhere")
        opened.page.wait_for_selector("#empty:not([hidden])")
        opened.page.keyboard.press("Escape")
        assert opened.count() == "9 models"


@needs_chromium
def test_a_model_unfolds_to_before_and_after(browser: Browser) -> None:
    """Side by side, what differs marked; the line in the repository is a link."""
    with browser.open(html(build_plan(replace(head(), repository_url=URL), plan(*CHANGES)))) as opened:
        inside = opened.unfold("summarizer")
        row = inside.locator("tr", has_text="max_workers")
        assert row.locator("td").all_inner_texts() == ["4", "8"]
        assert (row.locator("del").inner_text(), row.locator("ins").inner_text()) == ("4", "8")
        assert row.locator("a").get_attribute("href") == f"{URL}/blob/HEAD/configs/models.yaml#L31"
        boxes = [cell.bounding_box() for cell in row.locator("td").all()]
        assert boxes[0]["y"] == boxes[1]["y"]
        assert boxes[0]["x"] < boxes[1]["x"]


@needs_chromium
def test_on_a_phone_nothing_is_cut_off(browser: Browser) -> None:
    """Before and after stand below each other, with their names; the page does not scroll sideways."""
    with browser.open(html(REPORTS["plan"]), size=PHONE) as opened:
        inside = opened.unfold("summarizer")
        boxes = [cell.bounding_box() for cell in inside.locator("tr", has_text="max_workers").locator("td").all()]
        assert boxes[0]["y"] < boxes[1]["y"]
        assert opened.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


@needs_chromium
def test_a_body_is_copied(browser: Browser) -> None:
    """The clipboard holds the JSON, and the page says so."""
    with browser.open(html(build_plan(head(), plan(CREATED, REDEPLOYED)))) as opened:
        opened.unfold("embedder").locator("button").click()
        opened.says("said", "Copied.")
        copied = json.loads(opened.page.evaluate("navigator.clipboard.readText()"))
        assert copied["vendor_configuration"]["model_image"]["env_vars"] == {"HF_TOKEN": "(sensitive)", "UNSET": None}


@needs_chromium
def test_a_body_keeps_its_numbers_and_its_text(browser: Browser) -> None:
    """It is laid out as Python would, and no number passes through a browser's arithmetic."""
    body = {
        "model_metadata": {"n": 12345678901234567890, "s": 'a"b\\{,:}[]', "e": {}, "l": [], "k": [1, [2, {"x": None}]]}
    }
    with browser.open(html(build_plan(head(), plan(change(Action.UPDATE, "a", requests=[("PATCH", body)]))))) as opened:
        shown = opened.page.locator(".request pre").first
        assert shown.text_content() == json.dumps(body, indent=2, sort_keys=True)


@needs_chromium
def test_it_follows_the_systems_colours(browser: Browser) -> None:
    """Light by day and dark by night, without a switch."""
    colours = []
    for scheme in SCHEMES:
        with browser.open(html(REPORTS["plan"]), scheme=scheme) as opened:
            colours.append(opened.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(251, 251, 250)", "rgb(22, 24, 26)"]


@needs_chromium
def test_the_keyboard_is_enough(browser: Browser) -> None:
    """Skip to the models, press a count, search, unfold a model, copy its body; focus is always to be seen."""
    with browser.open(html(REPORTS["plan"])) as opened:
        page = opened.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "To the models"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.dataset.filter") == "delete"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert opened.names() == ["embedder"]
        page.keyboard.press("/")
        page.keyboard.type("v2")
        page.wait_for_timeout(300)  # the search begins when typing has ended
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.localName") == "summary"
        page.keyboard.press("Enter")
        page.wait_for_selector(".inside .request button")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        opened.says("said", "Copied.")
        assert json.loads(page.evaluate("navigator.clipboard.readText()"))["name"] == "embedder"


@needs_chromium
@pytest.mark.parametrize("name", ["refused", "apply", "invalid", "hostile-plan"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_serious(browser: Browser, name: str, scheme: Scheme) -> None:
    """Folded and unfolded, at the desk and on a phone: contrast, names, roles, order of headings."""
    axe = Path(str(files("axe_playwright_python").joinpath("axe.min.js"))).read_text(encoding="utf-8")
    size = PHONE if scheme == "dark" else (1200, 900)
    with browser.open(html(ALL[name]), scheme=scheme, size=size) as opened:
        for locator in opened.page.locator("summary").all()[:3]:
            locator.click()
        opened.page.evaluate(axe)
        found = opened.page.evaluate("axe.run()")["violations"]
        told = [(one["id"], one["impact"], one["nodes"][0]["html"][:200]) for one in found]
        assert [one for one in told if one[1] in {"serious", "critical", "moderate"}] == []


@needs_chromium
@pytest.mark.parametrize("count", [2_000, 10_000])
def test_many_models_open(browser: Browser, count: int) -> None:
    """All are there, to be found and unfolded; a body is made when its model is unfolded."""
    changes = [
        change(Action.UPDATE, f"m{at:05}", field("model_metadata.a", at, at + 1), requests=[("PATCH", {"a": at})])
        for at in range(count)
    ]
    capacity = {"nvidia-tesla-t4": Capacity(minimum_before=1, maximum_before=1, minimum_after=1, maximum_after=1)}
    with browser.open(html(build_plan(head(), plan(*changes, capacity=capacity)))) as opened:
        assert opened.count() == f"{count} models"
        assert opened.page.locator(".inside").count() == 0
        opened.page.fill("#search", f"m{count - 1:05}")
        opened.says("count", f"1 of {count} models")
        inside = opened.unfold(f"m{count - 1:05}")
        assert inside.locator("td").all_inner_texts() == [str(count - 1), str(count)]

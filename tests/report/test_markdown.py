"""The pull-request comment: its order, its limit, and what hostile strings do to it; the whole of it is in golden/."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from markdown_it import MarkdownIt

from egpsync.model.plan import Action, Capacity, Change, Refusal, Target
from egpsync.model.report import Report
from egpsync.model.run import Failure, Outcome
from egpsync.report.build import build_plan, build_problems, build_run
from egpsync.report.style import Style
from egpsync.report.to_markdown import BUDGET, to_markdown
from egpsync.value import replace
from tests.report.samples import (
    CREATED,
    HOSTILE,
    PROBLEM,
    RECREATED,
    REDEPLOYED,
    REPORTS,
    TARGET,
    UNCHANGED,
    UNHEALTHY,
    UPDATED,
    change,
    ended,
    field,
    head,
    live,
    plan,
    run,
)

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
OUR_TAGS = {"h3", "p", "code", "pre", "ul", "li", "strong", "br", "details", "summary", "b"}
TABLE_TAGS = {"table", "thead", "tbody", "tr", "th", "td"}


PLAIN = Style()


class Tags(HTMLParser):
    """The tags of an HTML text that are opened, those that are still open, the text, and what of it is not code."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.prose = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """One more is open."""
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It must be the last one opened."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """What a reader sees, and what of it is not code."""
        self.text += data
        self.prose += "" if "code" in self.open else data


def markdown(report: Report, style: Style = PLAIN) -> str:
    """The comment."""
    return to_markdown(report, style)


def rendered(report: Report) -> Tags:
    """The comment as a Markdown reader shows it."""
    tags = Tags()
    tags.feed(MARKDOWN.render(markdown(report)))
    return tags


def many(action: Action, count: int) -> list[Change]:
    """That many models that differ in one long field, each to a value of its own."""
    requests = [("PATCH", {"model_metadata": {"note": "b" * 100}})]
    return [
        change(
            action,
            f"{action.value}-{at:04}",
            field("model_metadata.note", "a" * 100, f"{at:04}{'b' * 96}"),
            requests=requests,
        )
        for at in range(count)
    ]


def summaries(text: str) -> list[str]:
    """The action of each model shown, in order."""
    return re.findall(r"<summary>(?:<b>[\w ]+</b>: )?<b>(\w+)", text)


@pytest.mark.parametrize(
    ("report", "marker", "verdict"),
    [
        (REPORTS["plan"], "<!-- egpsync:plan:06b9786a45747e3a -->", "### egpsync plan: 7 models to change"),
        (REPORTS["refused"], "<!-- egpsync:plan:06b9786a45747e3a -->", "### egpsync plan: refused by 2 guards"),
        (
            REPORTS["drift"],
            "<!-- egpsync:drift:06b9786a45747e3a -->",
            "### egpsync drift: 7 models not as the manifests say",
        ),
        (REPORTS["apply"], "<!-- egpsync:apply:06b9786a45747e3a -->", "### egpsync apply: incomplete"),
        (REPORTS["empty"], "<!-- egpsync:plan:06b9786a45747e3a -->", "### egpsync plan: no changes"),
        (
            build_plan(head(), plan(UNHEALTHY)),
            "<!-- egpsync:plan:06b9786a45747e3a -->",
            "### egpsync plan: no field differs, 1 unhealthy",
        ),
        (
            REPORTS["valid"],
            "<!-- egpsync:validate:ddd016ef97243efe -->",
            "### egpsync validate: valid, 12 models in 3 files",
        ),
        (
            REPORTS["invalid"],
            "<!-- egpsync:validate:ddd016ef97243efe -->",
            "### egpsync validate: invalid manifests, 1 error and 1 warning in 2 files",
        ),
    ],
)
def test_marker_first_then_the_verdict(report: Report, marker: str, verdict: str) -> None:
    """The marker that finds the comment again is at its first byte; the verdict is the heading."""
    assert markdown(report).split("\n")[:3] == [marker, "", verdict]


def test_the_marker_is_made_of_the_target_and_safe_for_any() -> None:
    """Two accounts have two comments, and no account can close the marker."""
    accounts = ["acc-1", "acc-2", "--> <b>", "\ud800"]
    reports = [build_plan(head(), plan(target=replace(TARGET, account_id=account))) for account in accounts]
    markers = {markdown(report).split("\n")[0] for report in reports}
    assert len(markers) == 4
    assert all(re.fullmatch(r"<!-- egpsync:plan:[A-Za-z0-9._-]+ -->", marker) for marker in markers)


def test_counts_come_before_refusals_and_refusals_before_models() -> None:
    """What decides is at the top."""
    text = markdown(REPORTS["refused"])
    order = [
        "| create |",
        "- **Refused**",
        "**warning**",
        "**Delete (1):**",
        "**Recreate (1):**",
        "| GPUs |",
        "<details>",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_the_most_destructive_model_comes_first() -> None:
    """Deletes, then what is torn down, then the rest; a run shows first what went wrong."""
    assert summaries(markdown(REPORTS["plan"])) == [
        "delete",
        "recreate",
        "redeploy",
        "create",
        "rename",
        "update",
        "deploying",
        "unhealthy",
        "unchanged",
    ]
    assert re.findall(r"<summary><b>([\w ]+)", markdown(REPORTS["apply"])) == [
        "FAILED",
        "UNKNOWN",
        "STALE",
        "not attempted",
        "in flight",
        "ok",
        "ok",
        "nothing to do",
    ]


def test_a_model_is_folded_with_its_difference() -> None:
    """A blank line after the summary lets Markdown begin; the difference is a fence of - and + lines."""
    text = markdown(build_plan(head(), plan(UPDATED, capacity={}, unmanaged=())))
    assert text[text.index("<details>") :] == (
        "<details><summary><b>update</b> <code>ranker</code> (<code>openai</code>) <code>m-ranker</code></summary>\n"
        "\n"
        "- Declared at `configs/models.yaml:10`\n"
        "\n"
        "```diff\n"
        "- model_metadata.temp: true  (configs/models.yaml:13)\n"
        '- model_metadata.tier: "gold"\n'
        '+ model_metadata.tier: "silver"  (configs/models.yaml:12)\n'
        "```\n"
        "\n"
        "</details>\n"
        "\n"
        "Nothing was sent. `egpsync apply` with the same paths and options carries this out.\n"
    )


def test_the_style_changes_nothing() -> None:
    """Requests and models without a difference take up no room at any verbosity, unless a note is on one."""
    report = build_plan(head(), plan(UPDATED, UNCHANGED, replace(UNCHANGED, name="quiet", notes=())))
    text = markdown(report)
    assert "PATCH" not in text
    assert re.findall(r"</b> <code>(\w+)", text) == ["ranker", "calm"]
    assert markdown(report, Style(color=True, verbosity=2, width=20)) == text


@pytest.mark.parametrize("name", REPORTS)
def test_hostile_strings_add_nothing_to_the_page(name: str) -> None:
    """Rendered, there are our own elements alone, all closed; no image, no link, no element of a model's making."""
    page = rendered(REPORTS[name])
    assert page.seen <= OUR_TAGS | TABLE_TAGS
    assert page.open == []


def test_hostile_words_outside_of_code_are_inert() -> None:
    """A reason, a note, a refusal's and a server's message stay text: no markup, no mention."""
    failure = Failure(message=HOSTILE, method=HOSTILE, url=HOSTILE, status=400, advice=HOSTILE)
    sick = change(Action.REDEPLOY, HOSTILE, reason=HOSTILE, notes=(HOSTILE,), vendor=HOSTILE, live=live(HOSTILE))
    result = replace(ended(sick, Outcome.FAILED, failure, note=HOSTILE), id=HOSTILE)
    page = rendered(build_run(head("apply"), run(result)))
    assert page.seen <= OUR_TAGS | TABLE_TAGS
    assert HOSTILE[-7:] in page.prose
    assert "@team" not in page.prose


@pytest.mark.parametrize("ticks", ["`", "```", "````````"])
def test_backticks_do_not_end_the_fence(ticks: str) -> None:
    """The fence is longer than any run of backticks in the values."""
    changed = field("model_metadata.note", ticks, f"{ticks}\n</details>\n# heading", source=None)
    page = rendered(build_plan(head(), plan(change(Action.UPDATE, "x", changed), capacity={})))
    assert page.seen <= OUR_TAGS | TABLE_TAGS
    assert f'+ model_metadata.note: "{ticks}\\n</details>\\n# heading"' in page.text


def test_a_gpu_type_cannot_add_a_column() -> None:
    """The table of GPUs keeps its three columns whatever the server calls a type."""
    capacity = {"a|b\\|c": Capacity(minimum_before=0, maximum_before=1, minimum_after=0, maximum_after=2)}
    html = MARKDOWN.render(markdown(build_plan(head(), plan(UNCHANGED, capacity=capacity))))
    assert re.findall(r"<td>(.*?)</td>", html) == ["<code>a|b\\u005c|c</code>", "0", "1 -&gt; 2 (+1)"]


def test_two_thousand_models_fit_the_limit() -> None:
    """Whole models are left out, the least destructive ones, and it is said how many of each."""
    changes = [
        *many(Action.UPDATE, 1500),
        *many(Action.CREATE, 440),
        *many(Action.REDEPLOY, 50),
        *many(Action.DELETE, 10),
    ]
    text = markdown(build_plan(head(), plan(*changes)))
    assert len(text.encode()) <= BUDGET
    assert len(text.encode()) > BUDGET - 1500
    assert summaries(text)[:61] == ["delete"] * 10 + ["redeploy"] * 50 + ["create"]
    assert text.count("<details") == text.count("\n</details>")
    shown = len(summaries(text))
    created = 440 - summaries(text).count("create")
    assert (
        f"**{2000 - shown:,} of 2,000 models not shown ({created} create, 1,500 update): see the JSON report.**" in text
    )
    assert text.endswith("Nothing was sent. `egpsync apply` with the same paths and options carries this out.\n")


def test_equal_changes_of_many_models_are_one_block() -> None:
    """All names, the difference once; a place only where all share it."""
    tag = field("vendor_configuration.model_image.tag", "v1", "v2", source=None)
    changes = [change(Action.REDEPLOY, f"m{at}", tag, source=None) for at in range(4)]
    text = markdown(build_plan(head(), plan(*changes, capacity={})))
    assert text[text.index("<details>") :] == (
        "<details><summary><b>redeploy</b> 4 <code>launch</code> models</summary>\n\n"
        "`m0`, `m1`, `m2`, `m3`\n\n"
        '```diff\n- vendor_configuration.model_image.tag: "v1"\n+ vendor_configuration.model_image.tag: "v2"\n```\n\n'
        "</details>\n"
    )


@pytest.mark.parametrize(
    ("section", "marker"),
    [
        ("prod.eu-1_a", "<!-- egpsync:plan:06b9786a45747e3a:prod.eu-1_a -->"),
        ("a--b", "<!-- egpsync:plan:06b9786a45747e3a:90827a2e56361a8f -->"),
        ("-->", "<!-- egpsync:plan:06b9786a45747e3a:5d5b9de6d9b95f3e -->"),
    ],
)
def test_the_marker_carries_the_section(section: str, marker: str) -> None:
    """As it is where nothing in it can end the marker, else hashed."""
    assert markdown(build_plan(replace(head(), section=section), plan(UPDATED))).split("\n")[0] == marker


def test_risks_are_open_and_the_rest_is_folded() -> None:
    """What is gone afterwards, what went wrong, and what a guard named; their values are whole up to 2,000 letters."""
    refusal = Refusal(guard="g", message="m", consent="", model=("openai", "ranker"), source=None)
    text = markdown(build_plan(head(), plan(CREATED, UPDATED, RECREATED, *many(Action.DELETE, 1), refusals=(refusal,))))
    opened = re.findall(r"<details open><summary><b>(\w+)", text)
    assert (opened, text.count("<details>")) == (["delete", "recreate", "update"], 1)
    long = replace(many(Action.DELETE, 1)[0], fields=(field("model_metadata.a", "x" * 1500, None),))
    assert "x" * 1500 in markdown(build_plan(head(), plan(long)))


def test_a_summary_of_a_job_has_more_room() -> None:
    """The caller says how much; whole models fill it."""
    report = build_plan(head(), plan(*many(Action.UPDATE, 3_000)))
    text = markdown(report, Style(room=1_000_000))
    assert BUDGET < len(text.encode()) <= 1_000_000
    assert len(summaries(text)) > 2_000


def test_a_model_too_large_does_not_keep_others_out() -> None:
    """What alone exceeds the limit is left out and said so; what follows it is shown."""
    huge = change(Action.DELETE, "huge", *[field(f"model_metadata.k{at}", at, None) for at in range(4000)])
    text = markdown(build_plan(head(), plan(huge, UPDATED)))
    assert summaries(text) == ["update"]
    assert "**1 of 2 models not shown (1 delete): see the JSON report.**" in text
    assert "**Delete (1):** `huge` (`launch`)" in text


def test_names_of_deletes_are_never_left_out_silently() -> None:
    """Where the names alone are too many, it is said how many more there are."""
    text = markdown(build_plan(head(), plan(*many(Action.DELETE, 2000))))
    listed = text[text.index("**Delete (2,000):**") :].split("\n")[0]
    named = listed.count("`delete-")
    assert named > 200
    assert listed.endswith(f", **and {2000 - named:,} more: read them all in the JSON report before you agree**")


@pytest.mark.parametrize("wide", ["x", "é", "模", "\u202e", "`", "<", "|", "@"])
def test_nothing_makes_it_exceed_the_limit(wide: str) -> None:
    """Every part at once far too long, in characters of any width: at most 60,000 bytes."""
    long = wide * 300
    refusals = tuple(
        Refusal(guard=f"{long}{at}", message=long, consent=long, model=(long, long), source=None) for at in range(200)
    )
    problems = [replace(PROBLEM, message=f"{long}{at}", excerpt=long, expected=long) for at in range(200)]
    capacity = {
        f"{long}{at}": Capacity(minimum_before=1, maximum_before=1, minimum_after=2, maximum_after=2)
        for at in range(200)
    }
    changes = [
        replace(one, name=f"{long}{at}")
        for at in range(200)
        for one in (CREATED, REDEPLOYED, RECREATED, *many(Action.DELETE, 1))
    ]
    target = Target(base_url=long * 100, account_id=long * 100)
    report = build_plan(head("plan", *problems), plan(*changes, refusals=refusals, capacity=capacity, target=target))
    text = markdown(report)
    assert len(text.encode()) <= BUDGET
    assert "more refusals not shown: see the JSON report.**" in text
    assert "more problems not shown: see the JSON report.**" in text
    assert text.endswith("Invalid (exit 3). Nothing was sent. Mend the manifests and run again.\n")


def test_invalid_manifests_show_their_problems() -> None:
    """Each problem is one item with place, message, rule, what is expected, the guess and the line."""
    text = markdown(build_problems(head("validate", PROBLEM)))
    assert text.split("\n\n")[2:] == [
        "1 error in 1 file.",
        '- `configs/models.yaml:14:7` **error**: unknown field "tagg" (`unknown-field`)'
        "<br>Expected: one of command, env\\_vars, registry, repository, tag"
        "<br>Did you mean `tag`?"
        "<br>See also `configs/base.yaml:3:5`"
        "<br>`tagg: v1.4.2`",
        "Invalid (exit 3). Mend the manifests and run again.\n",
    ]

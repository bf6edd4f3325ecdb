"""What a reviewer reads in a terminal, one saying at a time; the whole of it is in golden/."""

import re
from typing import Any

import pytest

from egpsync.model.plan import Action, Capacity, Change, Created, StepKey, Swap, Target
from egpsync.model.report import Report
from egpsync.model.run import ChangeResult, Failure, Outcome
from egpsync.model.values import Source
from egpsync.report.build import build_plan, build_problems, build_run
from egpsync.report.style import Style
from egpsync.report.to_text import to_text
from egpsync.value import replace
from tests.report.samples import (
    BLOCKED,
    CREATED,
    DELETED,
    PROBLEM,
    RECREATED,
    REDEPLOYED,
    REFUSALS,
    REPORTS,
    TARGET,
    UNCHANGED,
    UNHEALTHY,
    UPDATED,
    WARNING,
    at,
    change,
    ended,
    field,
    head,
    live,
    plan,
    run,
)

PLAIN = Style()


def lines(report: Report, style: Style = PLAIN) -> list[str]:
    """The text's lines."""
    return to_text(report, style).splitlines()


def field_lines(*args: Any, style: Style = PLAIN, path: str = "model_metadata.key", **other: Any) -> list[str]:
    """The lines of one field of an updated model."""
    report = build_plan(head(), plan(change(Action.UPDATE, "x", field(path, *args, **other)), capacity={}))
    return lines(report, style)[3:-2]


def problem_lines(**other: Any) -> list[str]:
    """The lines of one problem."""
    return lines(build_problems(head("validate", replace(PROBLEM, **other))))[2:-3]


def closing(report: Report) -> list[str]:
    """The last lines, after the last blank one."""
    text = lines(report)
    return text[len(text) - text[::-1].index("") :]


@pytest.mark.parametrize(
    ("target", "first"),
    [
        (TARGET, "egpsync plan  https://api.egp.scale.com  account acc-1"),
        (
            Target(base_url="http://127.0.0.1:5003/public", account_id=None),
            "egpsync plan  http://127.0.0.1:5003/public  default account",
        ),
    ],
)
def test_the_target_heads_every_plan(target: Target, first: str) -> None:
    """Which server and which account is meant is the first thing said."""
    assert lines(build_plan(head(), plan(UPDATED, target=target)))[0] == first


def test_validate_has_no_target() -> None:
    """An offline command names no server, and with -v its own version."""
    assert lines(build_problems(head("validate")), Style(verbosity=1)) == [
        "egpsync validate",
        "egpsync 0.1.0, 12 models in 3 files",
        "",
        "12 models in 3 files: valid.",
    ]


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("verbosity", [-1, 0, 1])
def test_colour_is_all_that_colour_adds(name: str, verbosity: int) -> None:
    """Without its codes the coloured text is the plain one, and every colour ends on its line."""
    colored = to_text(REPORTS[name], Style(color=True, verbosity=verbosity))
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == to_text(REPORTS[name], Style(verbosity=verbosity))
    assert all(line.count("\x1b[") == 2 * line.count("\x1b[0m") for line in colored.splitlines())


def test_actions_have_their_colours() -> None:
    """Green creates, yellow updates, magenta redeploys, red deletes and recreates."""
    changes = (CREATED, UPDATED, REDEPLOYED, DELETED, RECREATED)
    text = to_text(build_plan(head(), plan(*changes)), Style(color=True))
    assert re.findall(r"^  \x1b\[(\d+)m\S+ +(\w+) *\x1b\[0m", text, re.MULTILINE) == [
        ("31", "delete"),
        ("32", "create"),
        ("35", "redeploy"),
        ("31", "recreate"),
        ("33", "update"),
    ]


def test_a_create_shows_what_is_declared() -> None:
    """Each declared value once, without the places and reasons that only a change has."""
    assert lines(build_plan(head(), plan(CREATED)))[2:10] == [
        "  +   create     embedder (launch)  (configs/models.yaml:10)",
        "      # the account has no launch model 'embedder'",
        '      + model_metadata.team:                                "search"',
        '      + model_type:                                         "generic"',
        '      + vendor_configuration.model_image.command:           ["serve"]',
        "      + vendor_configuration.model_image.env_vars.HF_TOKEN: (sensitive)",
        '      + vendor_configuration.model_image.tag:               "v2"',
        '      + vendor_configuration.model_infra.cpus:              "4"',
    ]


def test_a_problem_shows_its_line_with_a_caret() -> None:
    """Place, message and rule first; then the source line, the caret, what is expected, the guess, the other place."""
    assert problem_lines() == [
        'configs/models.yaml:14:7: error: unknown field "tagg" [unknown-field]',
        "   14 |       tagg: v1.4.2",
        "      |       ^",
        "      expected: one of command, env_vars, registry, repository, tag",
        "      did you mean tag?",
        "      see also configs/base.yaml:3:5",
    ]


@pytest.mark.parametrize(
    ("excerpt", "column", "shown"),
    [
        ("key: value", 6, ["    1 | key: value", "      |      ^"]),
        ("\u202ek: v", 4, ["    1 | \\u202ek: v", "      |         ^"]),
        ("模型: v", 5, ["    1 | 模型: v", "      |       ^"]),
        ("short", 6, ["    1 | short", "      |      ^"]),
        ("short", 80, ["    1 | short"]),
        (
            "a" * 70 + "b" * 200,
            71,
            ["    1 | ..." + "a" * 60 + "b" * 30 + "...", "      |    " + " " * 60 + "^"],
        ),
    ],
)
def test_the_caret_stands_under_the_fault(excerpt: str, column: int, shown: list[str]) -> None:
    """Escapes and wide characters before the fault move the caret; a long line is cut around it."""
    source = Source(file="a.yaml", line=1, column=column)
    found = problem_lines(excerpt=excerpt, source=source, expected="", suggestion="", related=None)
    assert found[1:] == shown


def test_a_refusal_says_what_tripped_and_what_consents() -> None:
    """Refusals come before everything else, with figures, model, place and consent."""
    report = build_plan(head(), plan(UPDATED, refusals=(REFUSALS[0], replace(REFUSALS[1], model=("launch", "chat")))))
    assert lines(report)[2:7] == [
        "REFUSED: 2 guards tripped, nothing is sent.",
        "  delete-threshold: 2 of 6 models would be deleted or recreated (33 %, at most 30 % are allowed)",
        "      to go on: --allow-destroy 2",
        "  prevent-destroy: chat (launch): the model is protected  (configs/models.yaml:40:5)",
        "      to go on: remove lifecycle.prevent_destroy",
    ]


def test_a_refusal_that_nothing_consents_to_names_no_consent() -> None:
    """Where no flag helps, none is made up."""
    report = build_plan(head(), plan(UPDATED, refusals=(replace(REFUSALS[0], guard="wrong-account", consent=""),)))
    assert lines(report)[2:5] == [
        "REFUSED: 1 guard tripped, nothing is sent.",
        "  wrong-account: 2 of 6 models would be deleted or recreated (33 %, at most 30 % are allowed)",
        "",
    ]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (None, 1, "      + model_metadata.key: 1  (configs/models.yaml:12)"),
        (1, None, "      - model_metadata.key: 1  (configs/models.yaml:12)"),
        ("1", 1, '      ~ model_metadata.key: "1" -> 1  (configs/models.yaml:12)'),
        (True, "true", '      ~ model_metadata.key: true -> "true"  (configs/models.yaml:12)'),
        (
            {"b": 1, "a": [None]},
            {},
            '      ~ model_metadata.key: {"a": [null], "b": 1} -> {}  (configs/models.yaml:12)',
        ),
        ("a\nb\x1b", "é", '      ~ model_metadata.key: "a\\nb\\u001b" -> "é"  (configs/models.yaml:12)'),
    ],
)
def test_a_field_is_one_line_of_json(before: Any, after: Any, shown: str) -> None:
    """Values are JSON, so that types are told apart and nothing breaks the line."""
    assert field_lines(before, after) == [shown]


def test_a_key_with_a_dot_is_quoted() -> None:
    """A dotted path can be read back into its keys."""
    odd = replace(field("model_metadata", 1, 2, source=None), path=("model_metadata", "a.b", "c\n", "d-e"))
    report = build_plan(head(), plan(change(Action.UPDATE, "x", odd), capacity={}))
    assert lines(report)[3] == '      ~ model_metadata."a.b"."c\\n".d-e: 1 -> 2'


@pytest.mark.parametrize(
    ("path", "remarks"),
    [
        ("model_metadata.a", "  (configs/models.yaml:12)"),
        ("vendor_configuration.a", "  (redeploy)  (why)  (configs/models.yaml:12)"),
    ],
)
def test_an_effect_is_said_where_the_action_does_not(path: str, remarks: str) -> None:
    """In an update, what happens in place goes without saying; a redeploy does not."""
    reason = "why" if path.startswith("vendor") else ""
    assert field_lines(1, 2, path=path, reason=reason) == [f"      ~ {path}: 1 -> 2{remarks}"]


def test_a_long_change_shows_where_it_differs() -> None:
    """Two values too long for a line stand below each other; what they have in common is left out first."""
    common = "x" * 200
    assert field_lines(f"{common}1{common}", f"{common}23{common}", style=Style(width=60)) == [
        "      ~ model_metadata.key:  (configs/models.yaml:12)",
        "          - (163 characters)... " + "x" * 38 + "1" + "x" * 38 + " ...(163 characters)",
        "          + (163 characters)... " + "x" * 38 + "23" + "x" * 38 + " ...(163 characters)",
    ]


def test_long_values_that_differ_all_over_keep_their_ends() -> None:
    """Where the difference itself is too long, its middle is left out, and how much is said."""
    assert field_lines("a" * 400, "b" * 500, style=Style(width=60))[1:] == [
        '          - "' + "a" * 44 + " ...(312 characters)... " + "a" * 44 + '"',
        '          + "' + "b" * 44 + " ...(412 characters)... " + "b" * 44 + '"',
    ]


def test_a_long_new_value_is_folded() -> None:
    """One long value keeps its beginning and its end on its line."""
    assert field_lines(None, "a" * 400 + "b" * 400) == [
        '      + model_metadata.key: "'
        + "a" * 24
        + " ...(752 characters)... "
        + "b" * 24
        + '"  (configs/models.yaml:12)'
    ]


def test_verbose_values_are_whole() -> None:
    """With -v nothing of a value is left out."""
    assert field_lines(None, "x" * 500, style=Style(verbosity=1))[1] == (
        f'      + model_metadata.key: "{"x" * 500}"  (configs/models.yaml:12)'
    )


def test_requests_are_shown_with_v() -> None:
    """Method, path and body as they are sent, secrets masked; a short body on one line."""
    text = lines(build_plan(head(), plan(UPDATED, RECREATED)), Style(verbosity=1))
    assert "      PATCH /v5/models/m-ranker" in text
    assert '        {"model_metadata": {"temp": null, "tier": "silver"}}' in text
    assert "      DELETE /v5/models/m-chat" in text
    assert not any("PATCH" in line for line in lines(build_plan(head(), plan(UPDATED))))


def test_the_requests_of_a_replacement_are_always_named() -> None:
    """Each of them has an effect of its own; bodies are for -v, and drift sends nothing."""
    assert "      DELETE /v5/models/m-chat" in lines(build_plan(head(), plan(RECREATED)))
    assert not any("DELETE" in line for line in lines(build_plan(head("drift"), plan(RECREATED))))


def test_an_unchanged_model_with_a_note_is_listed() -> None:
    """What a reviewer should know is shown, also where nothing changes."""
    report = build_plan(head(), plan(UNCHANGED, UPDATED, capacity={}))
    assert any("calm" in line for line in lines(report))


def test_unchanged_and_unmanaged_models_are_listed_with_v() -> None:
    """Without -v they are counted."""
    report = build_plan(head(), plan(replace(UNCHANGED, notes=()), UPDATED, capacity={}))
    assert not any("calm" in line or "stray" in line for line in lines(report))
    report = build_plan(head(), plan(UNCHANGED, UPDATED, capacity={}))
    verbose = lines(report, Style(verbosity=1))
    assert "  =   unchanged  calm (launch)  [m-calm]  (configs/models.yaml:10)" in verbose
    assert "  unmanaged: stray (launch)  [m-stray]" in verbose


def test_quiet_leaves_findings_and_the_summary() -> None:
    """With -q only what went wrong, what was refused and the counts are left."""
    assert lines(build_plan(head("plan", WARNING), plan(UPDATED, DELETED)), Style(verbosity=-1))[2:3] == [
        "configs/base.yaml:2:1: warning: the tag latest is not a version [mutable-tag]"
    ]
    quiet = lines(REPORTS["apply"], Style(verbosity=-1))
    assert [line.split()[0] for line in quiet if line.split(":")[0].isupper()] == ["STALE:", "UNKNOWN:", "FAILED:"]


def test_gpus_are_shown_where_there_are_any() -> None:
    """A type that nothing takes, before or after, is left out; the columns line up."""
    capacity = {
        "nvidia-ampere-a10": Capacity(minimum_before=1, maximum_before=4, minimum_after=1, maximum_after=8),
        "nvidia-hopper-h100": Capacity(minimum_before=0, maximum_before=1024, minimum_after=0, maximum_after=0),
        "nvidia-tesla-t4": Capacity(minimum_before=0, maximum_before=0, minimum_after=0, maximum_after=0),
    }
    assert lines(build_plan(head(), plan(replace(UNCHANGED, notes=()), capacity=capacity)))[2:5] == [
        "  GPUs                at min workers  at max workers",
        "  nvidia-ampere-a10   1               4 -> 8 (+4)",
        "  nvidia-hopper-h100  0               1,024 -> 0 (-1,024)",
    ]


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (
            build_plan(head(), plan(CREATED, UPDATED, UPDATED, UNCHANGED)),
            [
                "Plan: 1 to create, 2 to update; 1 unchanged, 1 unmanaged.",
                "Nothing was sent. `egpsync apply` with the same paths and options carries this out.",
            ],
        ),
        (
            build_plan(head(), plan(UNCHANGED)),
            [
                "No changes: the account is as the manifests say.",
                "1 unchanged, 1 unmanaged.",
            ],
        ),
        (
            build_plan(head(), plan(UNHEALTHY)),
            [
                "Plan: nothing to change now; 1 unhealthy, 1 unmanaged.",
                "1 model unhealthy though no field differs: `egpsync apply --retry-failed` deploys again.",
            ],
        ),
        (
            build_plan(head(), plan(BLOCKED)),
            [
                "Plan: nothing to change now; 1 deploying, 1 unmanaged.",
            ],
        ),
        (
            build_plan(head(), plan(RECREATED, replace(RECREATED, name="chat2", action=Action.DELETE))),
            [
                "Delete: chat2 (llmengine)",
                "Recreate: chat (llmengine)",
                "Plan: 1 to recreate, 1 to delete; 1 unmanaged.",
                "Nothing was sent. `egpsync apply` with the same paths and options carries this out.",
            ],
        ),
        (
            build_plan(head("apply"), plan(UPDATED, refusals=REFUSALS[:1])),
            [
                "Plan: 1 to update; 1 unmanaged.",
                "Refused (exit 5): 1 guard tripped, nothing was sent.",
            ],
        ),
        (
            build_plan(head("apply"), plan(UPDATED)),
            [
                "Plan: 1 to update; 1 unmanaged.",
                "Nothing was sent.",
            ],
        ),
        (
            build_plan(head("drift"), plan(UPDATED)),
            [
                "Drift: 1 different; 1 unmanaged.",
                "Nothing was sent. `egpsync plan` shows what would put it right, `egpsync apply` does it.",
            ],
        ),
        (
            build_plan(head("drift"), plan(UNCHANGED)),
            ["No drift: the account is as the manifests say.", "1 in sync, 1 unmanaged."],
        ),
        (
            build_problems(replace(head("validate", WARNING), files=1, models=1)),
            ["1 model in 1 file: valid, 1 warning."],
        ),
        (
            build_problems(head("validate", PROBLEM, replace(PROBLEM, source=at(20)))),
            ["2 errors in 1 file.", "Invalid (exit 3). Mend the manifests and run again."],
        ),
        (
            build_problems(head("apply", PROBLEM, WARNING, target=TARGET)),
            [
                "1 error and 1 warning in 2 files.",
                "Invalid (exit 3). Nothing was sent. Mend the manifests and run again.",
            ],
        ),
        (
            build_plan(head("plan", PROBLEM), plan(UPDATED)),
            [
                "Plan: 1 to update; 1 unmanaged.",
                "Invalid (exit 3). Nothing was sent. Mend the manifests and run again.",
            ],
        ),
        (
            build_run(head("apply"), run(ended(CREATED, Outcome.APPLIED), ended(UNCHANGED, Outcome.NOTHING))),
            ["Applied 1; nothing to do for 1."],
        ),
        (
            build_run(head("apply"), run(ended(UNCHANGED, Outcome.NOTHING))),
            ["No changes: the account is as the manifests say.", "1 unchanged, 1 unmanaged."],
        ),
        (
            build_run(
                head("apply"),
                run(ended(CREATED, Outcome.IN_FLIGHT), ended(UPDATED, Outcome.NOT_ATTEMPTED), interrupted=15),
            ),
            [
                "In flight 1, not attempted 1.",
                "Interrupted: what had not begun was left.",
                "1 model still deploying: `egpsync plan` shows how it ends.",
                "Run `egpsync apply` again once the cause is mended: it plans afresh and sends only what is left.",
            ],
        ),
    ],
)
def test_the_last_lines_say_what_came_of_it_and_what_to_do(report: Report, said: list[str]) -> None:
    """Counts with their right number, "no changes" only where there are none, and the next step."""
    assert closing(report) == said


def test_what_went_wrong_is_nearest_to_the_prompt() -> None:
    """A run lists its models from what needs nobody to what needs somebody."""
    words = [
        line[2:16].strip()
        for line in lines(REPORTS["apply"])
        if line.startswith("  ") and " (" in line and "[" in line and line[2] != " "
    ]
    assert words == ["nothing to do", "ok", "ok", "in flight", "not attempted", "STALE", "UNKNOWN", "FAILED"]


def test_a_failure_says_what_was_sent_and_what_to_do() -> None:
    """Method, URL, status and the server's words stand under the model."""
    text = lines(REPORTS["apply"])
    first = text.index("      PATCH https://api.egp.scale.com/v5/models/m-summariser -> 422")
    assert text[first - 1 : first + 2] == [
        "  FAILED        !   redeploy   summariser -> summarizer (launch)  [m-summariser]",
        "      PATCH https://api.egp.scale.com/v5/models/m-summariser -> 422",
        "      vendor_configuration.model_image.env_vars: (sensitive) is too short",
    ]


def failed(name: str, message: str = "out of GPUs", advice: str = "Ask for quota.") -> ChangeResult:
    """A model whose PATCH was refused."""
    url = f"https://api.egp.scale.com/v5/models/m-{name}"
    failure = Failure(message=message, method="PATCH", url=url, status=422, advice=advice)
    changed = change(Action.UPDATE, name, field("model_metadata.tier", 1, 2), source=None)
    return ended(changed, Outcome.FAILED, failure)


def test_failures_are_repeated_beside_the_totals() -> None:
    """One failure is told again with its id, what the server said, and what to do next."""
    assert closing(build_run(head("apply"), run(ended(UPDATED, Outcome.APPLIED), failed("a"))))[:3] == [
        "FAILED: a (launch): PATCH https://api.egp.scale.com/v5/models/m-a -> 422: out of GPUs",
        "  next: Ask for quota.",
        "Applied 1, failed 1.",
    ]


def test_what_to_do_next_is_said_once_for_many_models() -> None:
    """Equal failures are one line, and different ones of the same advice share it."""
    results = [failed("a"), failed("b", "no model b"), failed("c"), failed("d", "no model d")]
    assert closing(build_run(head("apply"), run(*results)))[:4] == [
        "FAILED: a (launch), c (launch): PATCH https://api.egp.scale.com/v5/models/(id) -> 422: out of GPUs",
        "FAILED: b (launch), d (launch): PATCH https://api.egp.scale.com/v5/models/(id) -> 422: no model (name)",
        "  next: Ask for quota.",
        "Failed 4.",
    ]


def test_many_different_failures_are_counted_beside_the_totals() -> None:
    """Twenty are repeated, and how many more there are is said."""
    report = build_run(head("apply"), run(*[failed(f"m{at}", f"no. {at:02}") for at in range(30)]))
    assert closing(report)[0] == "10 more models came to no good end: see them above, or in the JSON report."
    assert sum(line.startswith("FAILED") for line in closing(report)) == 20


def tagged(name: str, before: str = "v1", line: int = 12) -> Change:
    """A model whose tag changes to v2."""
    tag = field("vendor_configuration.model_image.tag", before, "v2", source=at(line))
    return change(Action.REDEPLOY, name, tag, source=at(line))


def test_equal_changes_of_many_models_are_told_once() -> None:
    """Names first, then the one difference; the place only where it is the same for all."""
    bumped = [tagged(f"m{count}") for count in range(20)]
    assert lines(build_plan(head(), plan(*bumped, tagged("odd", "v0"), capacity={})))[2:8] == [
        "  !   redeploy   20 launch models",
        "      " + ", ".join(sorted(one.name for one in bumped)),
        '      ~ vendor_configuration.model_image.tag: "v1" -> "v2"  (configs/models.yaml:12)',
        "",
        "  !   redeploy   odd (launch)  [m-odd]",
        '      ~ vendor_configuration.model_image.tag: "v0" -> "v2"  (configs/models.yaml:12)',
    ]


def test_names_of_many_models_are_cut_at_two_lines() -> None:
    """How many more there are is said, and where they stand."""
    bumped = [tagged(f"model-{count:04}", line=count + 1) for count in range(1000)]
    assert lines(build_plan(head(), plan(*bumped, capacity={})), Style(width=60))[2:6] == [
        "  !   redeploy   1,000 launch models",
        "      model-0000, model-0001, model-0002, model-0003,",
        "      model-0004 and 995 more (all with -v)",
        '      ~ vendor_configuration.model_image.tag: "v1" -> "v2"',
    ]


def test_what_does_not_fit_a_narrow_terminal_stands_below() -> None:
    """Id and place below the name, a field's place below its values; nothing is broken in the middle."""
    assert lines(build_plan(head(), plan(tagged("summarizer-of-everything"), capacity={})), Style(width=60))[2:5] == [
        "  !   redeploy   summarizer-of-everything (launch)",
        "      [m-summarizer-of-everything]",
        '      ~ vendor_configuration.model_image.tag: "v1" -> "v2"',
    ]


def test_equal_changes_are_listed_one_by_one_with_v() -> None:
    """With -v every model has its own lines."""
    report = build_plan(head(), plan(*[tagged(f"m{count}") for count in range(5)], capacity={}))
    text = to_text(report, Style(verbosity=1))
    assert text.count('"v1" -> "v2"') == 5


def test_two_equal_changes_and_replacements_stand_alone() -> None:
    """Two are read as they are, and what is replaced is never one of many."""
    two = build_plan(head(), plan(tagged("a"), tagged("b"), capacity={}))
    assert to_text(two, PLAIN).count('"v1" -> "v2"') == 2
    four = build_plan(head(), plan(*[replace(RECREATED, name=f"c{count}") for count in range(4)], capacity={}))
    assert to_text(four, PLAIN).count("DELETE /v5/models/m-chat") == 4


def test_a_secret_that_changes_is_said_to_change() -> None:
    """What is masked on both sides does not look the same."""
    assert field_lines("one", "two", sensitive=True) == [
        "      ~ model_metadata.key: (sensitive) -> (sensitive), another value  (configs/models.yaml:12)"
    ]


def test_the_id_of_what_a_run_creates_is_told_in_words() -> None:
    """The path of a request to a model that is not there yet is one to read, not one to fill in."""
    swap = Swap(
        key=StepKey("m-1", "swap"),
        model=Created(by=StepKey("m-1", "create")),
        other=live("x"),
        expects="x--next",
        name="x",
    )
    report = build_plan(head(), plan(replace(RECREATED, steps=(swap,)), capacity={}))
    assert "      PATCH /v5/models/(the new id)  as x" in lines(report)


def test_refused_models_are_counted() -> None:
    """Each once, also where nothing is planned for it."""
    refusals = [replace(REFUSALS[1], model=("launch", name), guard=f"guard-{name}") for name in "aab"]
    report = build_plan(head(), plan(UPDATED, refusals=tuple(refusals)))
    assert closing(report)[0] == "Plan: 1 to update; 1 unmanaged, 2 refused."


def test_after_a_plan_was_shown_only_endings_are() -> None:
    """Who has just said yes to the details is told how each model ended, equal endings together."""
    results = [ended(tagged(f"m{count}"), Outcome.APPLIED) for count in range(4)]
    text = to_text(build_run(head("apply"), run(*results, ended(UPDATED, Outcome.FAILED))), Style(planned=True))
    assert text.partition("\n\n")[2].partition("\n\n  GPUs")[0] == (
        "  ok            !   redeploy   4 launch models\n"
        "      m0, m1, m2, m3\n\n"
        "  FAILED        ~   update     ranker (openai)  [m-ranker]"
    )


def test_models_of_one_line_stand_together() -> None:
    """Blank lines part models that have something below them, and no others."""
    changes = [change(Action.RENAME, f"n{count}", source=None) for count in range(2)]
    assert lines(build_plan(head(), plan(*changes, UPDATED, capacity={})))[2:6] == [
        "  >   rename     n0 (launch)  [m-n0]",
        "  >   rename     n1 (launch)  [m-n1]",
        "",
        "  ~   update     ranker (openai)  [m-ranker]",
    ]


def test_many_problems_are_all_shown() -> None:
    """No finding is left out of the text."""
    problems = [replace(PROBLEM, source=at(line), excerpt="") for line in range(1, 2001)]
    text = to_text(build_problems(head("validate", *problems)), PLAIN)
    assert text.count("did you mean tag?") == 2000
    assert "\n2,000 errors in 1 file.\n" in text

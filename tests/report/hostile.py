"""One hostile report of each command: everything that a terminal, a browser, a parser or a CI runner could act upon."""

from collections.abc import Mapping

from egpsync.model.manifest import Severity
from egpsync.model.plan import Action, Capacity, Change, Effect, Refusal, Target
from egpsync.model.report import Kind, Report, ReportDeclared, ReportRule
from egpsync.model.run import Failure, Outcome
from egpsync.model.values import Source
from egpsync.report.build import build_plan, build_problems, build_run
from egpsync.report.since import compared_with
from egpsync.value import replace
from tests.report.samples import PROBLEM, SECRET, change, ended, field, head, live, plan, run

PIECES = (
    "```",
    "|",
    "<img src=x onerror=alert(1)>",
    "</details></script>-->",
    "]]>",
    "\x1b[31m\x1b]8;;http://evil.example\x07",
    "\u202e\u2066",
    "\n::error::x",
    "\n##[error]x",
    "##vso[task.complete]",
    "%0A::warning::y",
    "@team <!channel>",
    "\ud800",
    "&amp;\"'\\",
    "[x](http://evil.example)",
    "\x00\x7f\x85\u2028",
)
WORST = " ".join(PIECES)
"""All of it in one text."""

LONG = f"{WORST}{'x' * 50_000}{WORST}{'y' * 50_000}"
"""More than 100 kB, hostile at its beginning and in its middle."""

PLACE = Source(file="configs/<b>::error::,%0A.yaml", line=7, column=3)
TOKEN = "vendor_configuration.model_image.env_vars.TOKEN"


def _changed(action: Action, name: str, at: int) -> Change:
    return change(
        action,
        name,
        replace(field(f"model_metadata.{at}", WORST, LONG, source=PLACE), path=("model_metadata", f"{at}{WORST}")),
        field(TOKEN, f"old-{SECRET}", SECRET, sensitive=True, source=PLACE),
        replace(field("model_type", "a", "b", effect=Effect.IMMUTABLE, source=PLACE), reason=WORST),
        reason=f"{WORST} {SECRET}",
        notes=(WORST,),
        live=None
        if action is Action.CREATE
        else live(f"{name}{at}", id=f"m-{at}{WORST}", status=WORST if at % 2 else "ready"),
        source=PLACE,
        requests=[
            (
                "POST" if action is Action.CREATE else "PATCH",
                {
                    "model_metadata": {WORST: LONG},
                    "vendor_configuration": {"model_image": {"env_vars": {"TOKEN": SECRET}}},
                },
            )
        ],
    )


CHANGES = tuple(
    _changed(action, f"{name}{WORST}", at)
    for at, (action, name) in enumerate(
        [
            (Action.CREATE, "new"),
            (Action.UPDATE, "meta"),
            (Action.REDEPLOY, "image"),
            (Action.RECREATE, "type"),
            (Action.DELETE, "gone"),
            (Action.BLOCKED, "busy"),
            (Action.UNHEALTHY, "sick"),
        ]
    )
)
FAILURE = Failure(message=f"{WORST} {SECRET}", method="PATCH", url=f"https://x/{WORST}", status=422, advice=WORST)
OUTCOMES = (
    Outcome.APPLIED,
    Outcome.FAILED,
    Outcome.UNKNOWN,
    Outcome.STALE,
    Outcome.IN_FLIGHT,
    Outcome.NOT_ATTEMPTED,
    Outcome.NOTHING,
)
REFUSALS = (
    Refusal(guard="prevent-destroy", message=WORST, consent=WORST, model=("launch", f"gone{WORST}"), source=PLACE),
    Refusal(guard="delete-threshold", message=WORST, consent="", model=None, source=None),
)
PROBLEMS = (
    replace(PROBLEM, message=WORST, source=PLACE, excerpt=LONG, expected=WORST, suggestion=WORST, related=PLACE),
    replace(PROBLEM, rule="odd-name", severity=Severity.WARNING, message=LONG, source=replace(PLACE, line=9)),
)
RULE = ReportRule(id="unknown-field", severity=Severity.ERROR, summary=WORST, why=WORST, mend=WORST)
CAPACITY = {WORST: Capacity(minimum_before=0, maximum_before=1, minimum_after=0, maximum_after=2)}
TARGET = Target(base_url=f"https://{WORST}", account_id=WORST)
HEAD = replace(head(), section=WORST, rules=(RULE,), repository_url="https://git.example/models")
PLAN = plan(*CHANGES, refusals=REFUSALS, capacity=CAPACITY, target=TARGET, unmanaged=(live(WORST, id=WORST),))
RUN = replace(
    run(*(ended(one, outcome, FAILURE, note=WORST) for one, outcome in zip(CHANGES, OUTCOMES, strict=True))),
    plan=replace(PLAN, refusals=()),
)

DRIFT = build_plan(replace(HEAD, kind=Kind.DRIFT), replace(PLAN, refusals=()))
EARLIER = replace(
    DRIFT, changes=(*DRIFT.changes[2:], *(replace(one, name=f"{one.name} then") for one in DRIFT.changes[:2]))
)

HOSTILE_REPORTS: Mapping[str, Report] = {
    "validate": build_problems(
        replace(
            HEAD,
            kind=Kind.VALIDATE,
            problems=PROBLEMS,
            declared=(ReportDeclared(vendor=WORST, name=WORST, source=replace(PLACE, line=1)),),
        )
    ),
    "plan": build_plan(replace(HEAD, problems=PROBLEMS[1:]), PLAN),
    "drift": compared_with(DRIFT, EARLIER),
    "apply": build_run(replace(HEAD, kind=Kind.APPLY), RUN),
}
"""By the command."""

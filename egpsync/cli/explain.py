"""egpsync explain: the id of a problem in, why it is one and what to do out."""

import json
from collections.abc import Iterator

import click

from egpsync.cli.options import Command
from egpsync.cli.output import put
from egpsync.errors import UsageError
from egpsync.manifest.findings import nearest
from egpsync.manifest.lint import Lint
from egpsync.manifest.problems import ALL_RULES, BY_ID
from egpsync.manifest.rules import Rule

FORMAT_VERSION = "1.0"


@click.command("explain", cls=Command)
@click.argument("rule", required=False)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="text or json.")
def command(rule: str | None, format_: str) -> None:
    """Say why a problem is one and how to mend it: that of its id, or all of them in a table.

    Every problem ends with its id, such as [mutable-image-tag].
    """
    if rule is not None and rule not in BY_ID:
        near = nearest(rule, BY_ID)
        advice = f"Did you mean {near}?" if near else "`egpsync explain` lists them all."
        raise UsageError(f"there is no problem {rule!r}", advice=advice)
    shown = ALL_RULES if rule is None else (BY_ID[rule],)
    if format_ == "json":
        document = {"format_version": FORMAT_VERSION, "rules": [_as_json(one) for one in shown]}
        put(json.dumps(document, sort_keys=True, indent=2) + "\n")
    else:
        put("".join(f"{line}\n" for line in (_table() if rule is None else _explained(shown[0]))))


def _table() -> Iterator[str]:
    widest = max(len(one.id) for one in ALL_RULES)
    for title, lints in (
        ("Errors and notes", False),
        ("Lints: warnings, unless the project file says otherwise", True),
    ):
        yield f"{title}:"
        yield from (f"  {one.id:<{widest}}  {one.summary}" for one in ALL_RULES if isinstance(one, Lint) is lints)
        yield "" if not lints else "\n`egpsync explain RULE` says why, and how to mend it."


def _explained(rule: Rule) -> Iterator[str]:
    kind = f"{rule.severity.value}, a lint" if isinstance(rule, Lint) else rule.severity.value
    yield f"{rule.id} ({kind}): {rule.summary}"
    yield ""
    yield f"Why:   {rule.why}"
    yield f"Mend:  {rule.mend}"
    if isinstance(rule, Lint):
        yield f"From:  {rule.source}"
        yield ""
        yield f'In egpsync.yaml, `lint: {{{rule.id}: error}}` makes it an error, and `"off"` turns it off.'
        yield f"On a value's own line, the comment `# egpsync: ignore {rule.id}` silences it."


def _as_json(rule: Rule) -> dict[str, str]:
    said = {"id": rule.id, "severity": rule.severity.value, "summary": rule.summary, "why": rule.why, "mend": rule.mend}
    return {**said, "source": rule.source} if isinstance(rule, Lint) else said

"""Groups of options that commands share, as decorators; each adds its values to the command's keyword arguments."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from egpsync.cli import KNOWN
from egpsync.cli.completing import models, targets
from egpsync.cli.output import Receiver, reported
from egpsync.model.selection import By, Selector
from egpsync.report.formats import FORMATS
from egpsync.report.notice import SHAPES
from egpsync.settings import Group, Row, rows
from egpsync.settings.forges import notice_url
from egpsync.settings.kinds import YES_NO
from egpsync.settings.project import VARIABLE

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
SELECTION = "Selection"
PLANNING = "Planning"
OUTPUT = "Output"
SECTION = re.compile("[A-Za-z0-9._-]{1,64}")
GIVEN = "egpsync.given"
"""Where a context keeps the arguments that its command was given."""

OTHERS = "Options"
"""The heading of options that name none."""


class Option(click.Option):
    """An option that stands under a heading in its command's help."""

    def __init__(self, *arguments: Any, heading: str = OTHERS, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.heading = heading


class Command(click.Command):
    """A command whose help lists its options under headings, its own first, and whose report is always written."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; what was given is kept as it was, for hints that repeat it."""
        ctx.meta[GIVEN] = tuple(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; where it was asked for a report and cannot go on, that is what the report says."""
        with reported(ctx):
            return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One section a heading, in the order in which the headings come first."""
        sections: dict[str, list[tuple[str, str]]] = {OTHERS: []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                sections.setdefault(getattr(parameter, "heading", OTHERS), []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)


def option(*names: str, heading: str, **more: Any) -> Callable[[Decorated], Decorated]:
    """An option under a heading."""
    return click.option(*names, cls=Option, heading=heading, **more)


def manifests(command: Decorated) -> Decorated:
    """PATH...: files, folders, patterns, or - for standard input; and what their values can refer to."""
    return _stack(
        command,
        click.argument("paths", nargs=-1, metavar="[PATH]..."),
        lambda command: _settings(command, Group.PROJECT),
        option(
            "--var",
            "variables",
            heading=Group.VALUES,
            multiple=True,
            metavar="NAME=VALUE",
            callback=_variables,
            help="The value of ${NAME} in the manifests; repeatable.  [env: EGPSYNC_VAR_NAME]",
        ),
        lambda command: _settings(command, Group.VALUES),
    )


def output(command: Decorated) -> Decorated:
    """How the result is shown and where else it is written."""
    return _stack(
        command,
        option(
            "--format",
            "format_",
            heading=OUTPUT,
            type=click.Choice(list(FORMATS)),
            default="text",
            help="Format on stdout.  [default: text]",
        ),
        option(
            "--report",
            "reports",
            heading=OUTPUT,
            multiple=True,
            metavar="FORMAT=FILE",
            callback=_report_files,
            help="Also write the report to FILE; repeatable.",
        ),
        option(
            "--notify",
            "receiver",
            heading=OUTPUT,
            metavar="VARIABLE",
            callback=_receiver,
            help="Post a short summary to the URL that this variable holds; the URL is shown nowhere.",
        ),
        option(
            "--notify-shape",
            heading=OUTPUT,
            type=click.Choice(list(SHAPES)),
            default="generic",
            help="What the receiver takes.  [default: generic]",
        ),
        option(
            "--section",
            heading=OUTPUT,
            metavar="NAME",
            default="",
            callback=_section,
            help="Tells this report's comment from those of other jobs on the same account.",
        ),
        option(
            "--color",
            heading=OUTPUT,
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            help="Colour in text output.  [env: NO_COLOR, FORCE_COLOR; default: auto]",
        ),
        option(
            "-v",
            "--verbose",
            heading=OUTPUT,
            count=True,
            help="Show requests; -vv also logs each request as it is made.",
        ),
        option("-q", "--quiet", heading=OUTPUT, is_flag=True, help="Show findings and the summary alone; no progress."),
    )


def selection(command: Decorated) -> Decorated:
    """Which of the models are meant."""
    glob = "a glob of names, or vendor=GLOB, metadata.KEY=GLOB, label.KEY=GLOB, file=GLOB"
    return _stack(
        command,
        option(
            "--select",
            heading=SELECTION,
            multiple=True,
            metavar="SELECTOR",
            callback=_selectors,
            shell_complete=models,
            help=f"Only models that it means: {glob}; repeatable, one is enough.",
        ),
        option(
            "--exclude",
            heading=SELECTION,
            multiple=True,
            metavar="SELECTOR",
            callback=_selectors,
            shell_complete=models,
            help="All but models that it means; repeatable.",
        ),
        option(
            "--shard",
            heading=SELECTION,
            metavar="K/N",
            callback=_shard,
            help="Only the K-th of N parts, from 1, the same everywhere: for a matrix or an indexed job.",
        ),
    )


def changed_since(command: Decorated) -> Decorated:
    """Which of the models are meant, by what the manifests were before."""
    return option(
        "--changed-since",
        heading=SELECTION,
        metavar="REV",
        help="Only models whose resolved value is another than in this git revision.",
    )(command)


def project(command: Decorated) -> Decorated:
    """Which target of which project file, for commands without manifests."""
    return _settings(command, Group.PROJECT)


def access(command: Decorated) -> Decorated:
    """Which account, and how patiently. No option takes a key's value: it would stand in process lists and logs."""
    return _settings(command, Group.ACCOUNT, Group.REQUESTS)


def planning(command: Decorated) -> Decorated:
    """What a plan may contain beside what the manifests declare, and the consent that its guards ask for."""
    return _stack(
        command,
        option(
            "--prune",
            heading=PLANNING,
            is_flag=True,
            help="Delete what has this owner's mark and stands in no manifest.",
        ),
        option(
            "--adopt",
            heading=PLANNING,
            is_flag=True,
            help="Write this owner's mark to models that lack it, on its own.",
        ),
        option(
            "--adopt-from",
            heading=PLANNING,
            metavar="OWNER",
            help="Take over the models that carry this owner's mark and stand in these manifests.",
        ),
        option(
            "--retry-failed",
            heading=PLANNING,
            is_flag=True,
            help="Redeploy models that differ in nothing and failed.",
        ),
        consent,
    )


def consent(command: Decorated) -> Decorated:
    """What the guards ask for."""
    return _stack(
        command,
        option(
            "--allow-recreate",
            heading=Group.GUARDS,
            is_flag=True,
            help="Replace models whose immutable fields differ.",
        ),
        _confirm("create", "creations"),
        _confirm("delete", "deletions"),
        _confirm("recreate", "replacements"),
        _confirm("redeploy", "redeployments"),
        lambda command: _settings(command, Group.GUARDS),
    )


def saved_plans(command: Decorated) -> Decorated:
    """How long a saved plan holds."""
    return _settings(command, Group.SAVED)


def state(command: Decorated) -> Decorated:
    """Where what runs did is kept, and found again."""
    return _settings(command, Group.RECORDS)


def rollout(command: Decorated) -> Decorated:
    """How the changes are rolled out."""
    return _settings(command, Group.ROLLOUT, Group.RECORDS)


def _settings(command: Decorated, *groups: Group) -> Decorated:
    """An option for each setting of these groups, as its row says."""
    return _stack(command, *map(_option, rows(*groups)))


def _option(row: Row) -> Callable[[Decorated], Decorated]:
    """The value stays text here: load_settings converts it as it converts that of the variable."""
    shown = "; ".join(
        [f"env: {', '.join(row.variables)}", *([f"default: {row.default_shown}"] if row.default_shown else [])]
    )
    yes_or_no = {"is_flag": True, "default": None}
    spelt: dict[str, Any] = yes_or_no if row.kind is YES_NO else {"metavar": row.kind.metavar}
    completed = {"shell_complete": targets} if row.name == "target" else {}
    return option(row.flag, row.name, heading=row.group, help=f"{row.help}  [{shown}]", **spelt, **completed)


def _confirm(action: str, what: str) -> Callable[[Decorated], Decorated]:
    text = f"Consent to at most so many {what}."
    return option(f"--confirm-{action}", heading=Group.GUARDS, type=click.IntRange(min=0), metavar="COUNT", help=text)


def _stack(command: Decorated, *decorators: Callable[[Decorated], Decorated]) -> Decorated:
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def _variables(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    pairs = [value.partition("=") for value in values]
    for name, equals, _value in pairs:
        if not equals or not VARIABLE.fullmatch(name):
            expected = "NAME=VALUE with a NAME of letters, digits and underscores"
            raise click.BadParameter(f"{name!r} is not {expected}")
    return tuple((name, value) for name, _equals, value in pairs)


def _selectors(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[Selector, ...]:
    return tuple(map(selector, values))


def selector(text: str) -> Selector:
    """One selector as it is written. Raises BadParameter for one that means nothing."""
    said, equals, glob = text.partition("=")
    kind, dot, key = said.partition(".")
    keyed = kind in ("metadata", "label") and bool(dot)
    if not equals or not (keyed or said in ("vendor", "file")):
        if not text:
            raise click.BadParameter("an empty selector means no model")
        return Selector(by=By.NAME, key="", glob=text, text=text)
    if keyed and not key:
        raise click.BadParameter(f"{text!r} names no key: {kind}.KEY=GLOB")
    return Selector(by=By(kind), key=key, glob=glob, text=text)


def _shard(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    found = re.fullmatch("([0-9]{1,6})/([0-9]{1,6})", value, re.ASCII)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise click.BadParameter(f"{value!r} is not K/N with K from 1 to N")
    return int(found[1]), int(found[2])


def _receiver(_: click.Context, __: click.Parameter, value: str | None) -> Receiver | None:
    if value is None:
        return None
    receiver = Receiver(variable=value, url=notice_url(value))
    KNOWN.learn(lambda: [receiver.url])
    return receiver


def _section(_: click.Context, __: click.Parameter, value: str) -> str:
    if value and not SECTION.fullmatch(value):
        raise click.BadParameter(f"{value!r} is not up to 64 letters, digits and . _ -")
    return value


def _report_files(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for value in values:
        kind, equals, file = value.partition("=")
        if file == "-":
            raise click.BadParameter(f"{value!r} names no file: --format {kind} writes to stdout")
        if not equals or not file or kind not in FORMATS:
            raise click.BadParameter(f"{value!r} is not FORMAT=FILE with FORMAT one of {', '.join(FORMATS)}")
        pairs.append((kind, file))
    return tuple(pairs)

"""The command that is running in; those of its arguments that plan and apply take too out, as a shell reads them."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import click

from egpsync.cli.options import GIVEN, OUTPUT

PLAIN = re.compile(r"[\w ./=:,@%+*?'-]{0,300}", re.ASCII)
"""What stands in a hint of any format as it is; a hint that would hold more speaks of "the same paths and options"."""


def repeated() -> str:
    """The paths and options that another command is to be given to mean the same; "" where none can be told.

    How the output is shown is left out, and all that plan or apply does not know.
    """
    context = click.get_current_context(silent=True)
    if context is None or GIVEN not in context.meta:
        return ""
    given, _, order = context.command.make_parser(context).parse_args(list(context.meta[GIVEN]))
    known = _known()
    words = [
        word
        for parameter in dict.fromkeys(order)
        if isinstance(parameter, click.Option) and parameter.name in known
        for word in _spelt(parameter, given[parameter.name])
    ]
    paths = given.get("paths")
    if "paths" in known and isinstance(paths, list | tuple):  # click has a value of its own for none
        words += paths
    text = shlex.join(words)
    return text if PLAIN.fullmatch(text) else ""


def _known() -> frozenset[str]:
    """The names of the parameters of both plan and apply, but for how the output is shown."""
    from egpsync.cli.apply import command as apply  # noqa: PLC0415 - which asks this module
    from egpsync.cli.plan import command as plan  # noqa: PLC0415

    taken = (
        {each.name or "" for each in command.params if getattr(each, "heading", "") != OUTPUT}
        for command in (plan, apply)
    )
    return frozenset.intersection(*map(frozenset, taken))


def _spelt(option: click.Option, value: Any) -> Iterator[str]:
    """An option as it is given: once for each value."""
    name = next((name for name in option.opts if name.startswith("--")), option.opts[0])
    if option.is_flag:
        yield name if value or not option.secondary_opts else option.secondary_opts[0]
        return
    for each in value if option.multiple else [value]:
        yield from (name, each)

"""Hostile text in, text out that no terminal, Markdown reader or CI runner acts upon."""

import json
import re
from typing import TYPE_CHECKING

from egpsync.model.text import UNSEEN

if TYPE_CHECKING:  # what every command begins with loads next to nothing
    from egpsync.model.values import Json

_line_of = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode  # json.dumps makes one for every call
_PLAIN_NAME = re.compile(r"[\w./:+-]+")
_SGR = r"\x1b\[[0-9;]*m"
_COMMAND_AT_START = re.compile(rf"^((?:\s|{_SGR})*):(?=:)", re.MULTILINE)
_COMMAND_ANYWHERE = re.compile(r"##(?=\w*\[)")
_MARKUP = re.compile(r"[\\`*_\[\]|~$]|(?<=www)\.|:(?=//)")
_IN_URI = re.compile(r"[A-Za-z0-9/._~-]")
_CALL = re.compile(r"@|<(?=[!@#])")
_MENTION = re.compile(r"[@#]")


def visible(text: str) -> str:
    r"""Text on one line, with whatever a terminal would act upon or not show written as \uXXXX.

    Escaped are control characters (C0, DEL, C1), line and paragraph separators, bidi marks, zero-width and other
    format characters, lone surrogates, spaces other than the plain one, and characters that are drawn as nothing.
    """
    if text.isprintable() and UNSEEN.isdisjoint(text):
        return text
    return "".join(char if char.isprintable() and char not in UNSEEN else _escaped(char) for char in text)


def json_line(value: "Json", *, indent: int | None = None) -> str:
    """A value as JSON that a person can read: sorted keys, one line unless `indent` is given."""
    if indent is None:
        return visible(_line_of(value))
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=indent)
    return "\n".join(map(visible, text.split("\n")))


def label(name: str) -> str:
    """A name as it is where nothing in it can mislead, else as a JSON string, so that its ends are seen."""
    return name if _PLAIN_NAME.fullmatch(name) and name == visible(name) else json_line(name)


def inert(text: str) -> str:
    r"""Whole output whose lines no CI runner takes as a command of its own (`::error::`, `##[group]`, `##vso[`).

    One mark of a command is written as a JSON escape, so that a JSON string stays the same value.
    """
    return inert_inside(_COMMAND_AT_START.sub(r"\1\\u003a", text) if "::" in text else text)


def inert_inside(text: str) -> str:
    """The same for text of which no line begins with a colon, such as a JSON document: that takes long to look for."""
    return _COMMAND_ANYWHERE.sub(r"#\\u0023", text) if "##" in text else text


def prose(text: str) -> str:
    """Text for a Markdown paragraph or list item: no markup, HTML, link, mention or reference comes out of it."""
    marked = _MARKUP.sub(lambda found: "\\" + found.group(), visible(text))
    # GitHub looks for @team and #12 in the rendered text, where backslashes and entities are gone: only a character
    # between helps.
    return _MENTION.sub(lambda found: found.group() + "\u200b", _entities(marked))


def chat(text: str) -> str:
    """A line for a chat: nobody is called by it, neither by `@team` nor by what Slack makes of `<!channel>`."""
    return _CALL.sub(lambda found: found.group() + "\u200b", visible(text))


def html(text: str) -> str:
    """Text for an HTML element inside Markdown."""
    return _entities(visible(text))


def uri_path(path: str) -> str:
    """A path as a URI has it: what is neither a letter, a digit nor one of `/-._~` as the bytes of its UTF-8."""
    return "".join(char if _IN_URI.fullmatch(char) else _percent(char) for char in path)


def code_span(text: str) -> str:
    """Text in a Markdown code span, whatever backticks it holds."""
    shown = visible(text) or " "
    ticks = "`" * (_longest_run_of_backticks(shown) + 1)
    # Markdown takes one blank from each end where both have one, unless there is nothing but blanks.
    pad = " " if shown.strip() and (shown[0] in "` " or shown[-1] in "` ") else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def table_code(text: str) -> str:
    """A code span for a table's cell: GitHub splits cells before it reads code spans."""
    return code_span(text.replace("\\|", "\\u005c|")).replace("|", "\\|")


def fenced(lines: list[str], *, language: str) -> str:
    """Lines in a Markdown fence that nothing inside can close."""
    body = "\n".join(lines)
    fence = "`" * max(3, _longest_run_of_backticks(body) + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode())


def _entities(text: str) -> str:
    from html import escape  # noqa: PLC0415 - its table of 2,000 names, which only what writes HTML needs

    return escape(text, quote=False)


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2]):04x}" for at in range(0, len(units), 2))


def _longest_run_of_backticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)

"""What hostile text becomes before a terminal, a Markdown reader or a CI runner sees it."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from egpsync.report.escape import code_span, fenced, html, inert, json_line, label, prose, table_code, visible

UNSEEN_OR_ACTED_UPON = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\ud800-\udfff]"
)
RUNNER_COMMAND = re.compile(r"^\s*::|##\w*\[", re.MULTILINE)
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain, even modèle 模型", "plain, even modèle 模型"),
        ("two\nlines\ttab", r"two\u000alines\u0009tab"),
        ("\x1b[31mred\x07", r"\u001b[31mred\u0007"),
        ("\x7f\x85\x9b", r"\u007f\u0085\u009b"),
        ("a\u202eb\u2066c", r"a\u202eb\u2066c"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("no\u00a0break\u2028", r"no\u00a0break\u2028"),
        ("fill\u3164er\u2800\ufe0f", r"fill\u3164er\u2800\ufe0f"),
        ("lone \ud800", r"lone \ud800"),
        ("tag \U000e0041", r"tag \udb40\udc41"),
    ],
)
def test_what_is_unseen_or_acted_upon_is_spelt_out(hostile: str, shown: str) -> None:
    r"""Control, bidi, zero-width and other unseen characters are shown as \uXXXX, everything else as it is."""
    assert visible(hostile) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_no_text_gets_through_with_unseen_characters(text: str) -> None:
    """Whatever comes in, what goes out is one line without unseen characters, and can be encoded."""
    assert not UNSEEN_OR_ACTED_UPON.search(visible(text).encode().decode())


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)
    | st.dictionaries(st.text(), st.text())
)
def test_a_line_of_json_is_the_same_value(value: object) -> None:
    """Escaping leaves the value that the JSON means."""
    assert json.loads(json_line(value)) == value


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("llama-3.1_8b", "llama-3.1_8b"),
        ("org/model:v1", "org/model:v1"),
        ("", '""'),
        ("a (launch)  [m-1]", '"a (launch)  [m-1]"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("a\u202e", '"a\\u202e"'),
    ],
)
def test_a_name_that_could_mislead_is_quoted(name: str, shown: str) -> None:
    """A name with blanks, quotes or unseen characters stands in quotes, so that its ends are seen."""
    assert label(name) == shown


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("::error::x", r"\u003a:error::x"),
        ("a\n \t::set-output name=x::y", "a\n \t\\u003a:set-output name=x::y"),
        ("\x1b[31m::error::x", "\x1b[31m\\u003a:error::x"),
        ("a ::error:: in the middle", "a ::error:: in the middle"),
        ("x ##[group]y", r"x #\u0023[group]y"),
        ("###[error]", r"##\u0023[error]"),
        ("##vso[task.setvariable]", r"#\u0023vso[task.setvariable]"),
        ("## heading", "## heading"),
    ],
)
def test_commands_of_ci_runners_are_broken_up(text: str, safe: str) -> None:
    """No line is left that a runner takes as a command, and nothing else is changed."""
    assert inert(text) == safe


@given(st.text("#[]: \n\ta:e"))
def test_no_output_commands_a_runner(text: str) -> None:
    """However the marks of commands are mixed, none is left."""
    assert not RUNNER_COMMAND.search(inert(text))


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("name", "`name`"),
        ("a`b", "``a`b``"),
        ("``", "``` `` ```"),
        ("`x", "`` `x ``"),
        ("", "` `"),
    ],
)
def test_a_code_span_outlasts_the_backticks_in_it(text: str, span: str) -> None:
    """The span has one backtick more than the longest run inside, and blanks where one touches its ends."""
    assert code_span(text) == span


@given(st.text(min_size=1))
def test_a_code_span_shows_the_text_and_nothing_else(text: str) -> None:
    """Markdown reads the span as one piece of code that holds the visible text."""
    tokens = MARKDOWN.parseInline(f"x {code_span(text)} x")[0].children or []
    assert [(token.type, token.content) for token in tokens] == [
        ("text", "x "),
        ("code_inline", visible(text)),
        ("text", " x"),
    ]


@given(st.text(st.sampled_from("|\\`ab ")))
def test_a_table_cell_stays_one_cell(text: str) -> None:
    """No mixture of pipes, backslashes and backticks adds a cell to a row."""
    rendered = MARKDOWN.render(f"| a | b |\n| --- | --- |\n| {table_code(text)} | end |\n")
    assert rendered.count("<td>") == 2
    assert "<td>end</td>" in rendered


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("**bold** _it_ ~~no~~", r"\*\*bold\*\* \_it\_ \~\~no\~\~"),
        ("<img src=x> &amp;", "&lt;img src=x&gt; &amp;amp;"),
        ("[a](b) ![c](d)", r"\[a\](b) !\[c\](d)"),
        ("@team fixes #12", "@\u200bteam fixes #\u200b12"),
        ("https://evil.example www.evil.example", r"https\://evil.example www\.evil.example"),
        ("$x$ a|b `c`", r"\$x\$ a\|b \`c\`"),
        ("line\n# two", r"line\\u000a#" + "\u200b two"),
    ],
)
def test_prose_means_nothing_to_markdown(text: str, safe: str) -> None:
    """Markup, HTML, links, mentions and references in a message stay letters."""
    assert prose(text) == safe


@given(st.text(st.sampled_from("*_`[]()!<>&|~$\\# @ab\n./:-")))
def test_prose_is_one_paragraph_of_plain_text(text: str) -> None:
    """Markdown finds text and escapes in it, whatever it is made of, and the reader sees what was written."""
    tokens = MARKDOWN.parseInline(f"x{prose(text)}x")[0].children or []
    assert {token.type for token in tokens} == {"text"}
    seen = "".join(token.content for token in tokens)
    assert seen.replace("\u200b", "") == f"x{visible(text)}x"


def test_html_text_has_no_tags() -> None:
    """Angle brackets and ampersands become entities."""
    assert html("</summary><b>&") == "&lt;/summary&gt;&lt;b&gt;&amp;"


@pytest.mark.parametrize(
    ("lines", "block"),
    [
        (["+ a"], "```diff\n+ a\n```"),
        (["+ ```", "- ````"], "`````diff\n+ ```\n- ````\n`````"),
    ],
)
def test_a_fence_is_longer_than_what_it_holds(lines: list[str], block: str) -> None:
    """No run of backticks inside closes the fence."""
    assert fenced(lines, language="diff") == block

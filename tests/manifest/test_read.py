"""From paths to documents: which files, which places, which problems."""

import gc
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from egpsync.errors import FileError
from egpsync.manifest.desired import digest_of
from egpsync.manifest.find import find
from egpsync.manifest.parse import Parser, PureParser
from egpsync.manifest.read import ReadLimits
from egpsync.model.manifest import Documents, Problem
from tests.manifest.conftest import Write
from tests.manifest.texts import from_paths, from_text


def brief(problems: tuple[Problem, ...]) -> list[tuple[str, str, str]]:
    """Rule, place and message of each."""
    return [(problem.rule, str(problem.source), problem.message) for problem in problems]


def test_a_document_in_full(parser: Parser) -> None:
    """Values are plain, and each has the places of its key and of itself."""
    root = from_text("a: 1\nb:\n  - x\n  - {c: y}\n", parser).documents[0].root
    paths: list[tuple[str | int, ...]] = [(), ("a",), ("b",), ("b", 0), ("b", 1), ("b", 1, "c")]
    nodes = [root.at(path) for path in paths]
    assert [(node.value, str(node.key_source), str(node.source)) for node in nodes] == [
        ({"a": 1, "b": ["x", {"c": "y"}]}, "<stdin>:1:1", "<stdin>:1:1"),
        (1, "<stdin>:1:1", "<stdin>:1:4"),
        (["x", {"c": "y"}], "<stdin>:2:1", "<stdin>:3:3"),
        ("x", "<stdin>:3:5", "<stdin>:3:5"),
        ({"c": "y"}, "<stdin>:4:5", "<stdin>:4:5"),
        ("y", "<stdin>:4:6", "<stdin>:4:9"),
    ]


def test_a_node_at_a_path() -> None:
    """Paths lead through keys and indices, and end at the deepest node on the way."""
    root = from_text("a:\n  - b: 1\n").documents[0].root
    assert (root.at(("a", 0, "b")).value, root.at(("a", 0, "c")).value) == (1, {"b": 1})


def test_columns_count_characters(parser: Parser) -> None:
    """A column is one more than the characters before it, not the bytes."""
    node = from_text('é: {"😀": x}', parser).documents[0].root.at(("é", "😀"))
    assert (str(node.key_source), str(node.source)) == ("<stdin>:1:5", "<stdin>:1:10")


def test_a_value_left_out_stands_after_its_colon(parser: Parser) -> None:
    """Not where the parser happened to notice."""
    root = from_text("a: {b: {c: , d: }, e: }\nf:\n\n", parser).documents[0].root
    paths: list[tuple[str, ...]] = [("a", "b", "c"), ("a", "b", "d"), ("a", "e"), ("f",)]
    places = [str(root.at(path).source) for path in paths]
    assert places == ["<stdin>:1:11", "<stdin>:1:16", "<stdin>:1:22", "<stdin>:2:3"]


def test_several_documents_of_one_file_and_empty_ones(parser: Parser) -> None:
    """Documents come in order; those that hold nothing are left out."""
    found = from_text("---\na: 1\n---\n# nothing\n---\nb: 2\n...\n---\nnull\n", parser)
    assert ([document.root.value for document in found.documents], found.problems) == ([{"a": 1}, {"b": 2}], ())


def test_a_byte_order_mark_is_skipped(parser: Parser) -> None:
    """A file that begins with a BOM reads as one without."""
    node = from_text(b"\xef\xbb\xbfa: 1", parser).documents[0].root.at(("a",))
    assert (node.value, str(node.key_source)) == (1, "<stdin>:1:1")


def test_an_alias_repeats_its_anchor_at_its_own_place(parser: Parser) -> None:
    """The value is the anchor's, the place is where the alias stands, and what lies below keeps the anchor's places."""
    root = from_text("a: &x {k: 1}\nb: *x\n", parser).documents[0].root
    assert root.value == {"a": {"k": 1}, "b": {"k": 1}}
    assert (str(root.at(("b",)).source), str(root.at(("b", "k")).source)) == ("<stdin>:2:4", "<stdin>:1:11")


def test_a_key_can_be_an_anchor(parser: Parser) -> None:
    """An anchored key's text can be repeated as a value."""
    assert from_text("&k a: 1\nb: *k\n", parser).documents[0].root.value == {"a": 1, "b": "a"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", [("duplicate-key", "<stdin>:3:1", 'the key "a" stands here for the second time')]),
        ("{x: {a: 1, a: 2}}", [("duplicate-key", "<stdin>:1:12", 'the key "a" stands here for the second time')]),
        ("1: a\n", [("string-key", "<stdin>:1:1", "the key 1 is not text")]),
        ("true: a\n", [("string-key", "<stdin>:1:1", "the key true is not text")]),
        ("?\n: a\n", [("string-key", "<stdin>:1:2", "the key that is left out is not text")]),
        ("? [a]\n: b\n", [("string-key", "<stdin>:1:3", "a mapping or list cannot be a key")]),
        (".inf: a\n", [("number-range", "<stdin>:1:1", "JSON has no such number")]),
        ("a: &x 1\n*x : 2\n", [("alias", "<stdin>:2:1", "an alias cannot be a key")]),
        ("a: {<<: {b: 1}}\n", [("merge-key", "<stdin>:1:5", "the merge key << is not part of YAML 1.2")]),
        ("a: *x\n", [("alias", "<stdin>:1:4", "this alias has no anchor")]),
        ("a: &x {b: *x}\n", [("alias", "<stdin>:1:11", "this alias stands inside its own anchor")]),
        ("a: &x 1\n---\nb: *x\n", [("alias", "<stdin>:3:4", "this alias has no anchor")]),
        ("%YAML 1.1\n---\na: 1\n", [("yaml-version", "<stdin>:1:1", "manifests are YAML 1.2")]),
        ("a: b\x07\n", [("encoding", "<stdin>:1:5", "the control character U+0007 is not allowed in YAML")]),
        ("é: x\n\x00", [("encoding", "<stdin>:2:1", "the control character U+0000 is not allowed in YAML")]),
        (
            "a: é\u2028b",
            [("encoding", "<stdin>:1:5", "the character U+2028 breaks the line for some programs and not for others")],
        ),
        ("a: x\ufeffy", [("encoding", "<stdin>:1:5", "the character U+FEFF is invisible, and shifts what follows")]),
        (b"a: \xe9\n", [("encoding", "<stdin>:1:4", "the byte 0xe9 is not UTF-8")]),
        (b"\xff\xfea\x00", [("encoding", "<stdin>:1:1", "the file is UTF-16")]),
        ("", [("no-manifests", "<stdin>:1:1", "there is no manifest: all that was read is empty")]),
        ("# nothing\n", [("no-manifests", "<stdin>:1:1", "there is no manifest: all that was read is empty")]),
    ],
)
def test_what_is_refused(text: str | bytes, expected: list[tuple[str, str, str]], parser: Parser) -> None:
    """Each fault is told with its place, and its file gives no document."""
    found = from_text(text, parser)
    assert (brief(found.problems), found.documents) == (expected, ())


def test_a_merge_key_in_quotes_is_a_key(parser: Parser) -> None:
    """Only the plain << has a meaning to refuse."""
    assert from_text('"<<": 1', parser).documents[0].root.value == {"<<": 1}


def test_a_yaml_1_2_directive_is_accepted(parser: Parser) -> None:
    """A document may say what it is."""
    assert from_text("%YAML 1.2\n---\na: no\n", parser).documents[0].root.value == {"a": "no"}


def test_a_duplicate_key_names_both_places() -> None:
    """The problem stands at the second key, with its line, and is related to the first."""
    problem = from_text("a: 1\nb: 2\na: 3\n").problems[0]
    assert (str(problem.source), str(problem.related), problem.excerpt) == ("<stdin>:3:1", "<stdin>:1:1", "a: 3")


def test_every_fault_of_a_file_is_told() -> None:
    """Reading goes on past what can be passed over."""
    rules = [problem.rule for problem in from_text("a: 1\na: 2\n3: x\nb: .inf\nc: !x y\n").problems]
    assert rules == ["duplicate-key", "string-key", "number-range", "yaml-tag"]


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("a:\n\t- b\n", 2, "spaces: YAML is not indented with tabs"),
        ("a: b: c\n", 1, 'one "key: value" on a line, and quotes around a value that holds ": "'),
        ("a: @b\n", 1, "quotes around a value that begins with @"),
        ("a: `b\n", 1, "quotes around a value that begins with `"),
        ('a: "\\ud800"\n', 1, ""),
        ('a: "\\UFFFFFFFF"\n', 1, ""),
        ('a: "\\q"\n', 1, ""),
        ("a: 'b\n", 2, ""),
    ],
)
def test_syntax_errors(text: str, line: int, expected: str, parser: Parser) -> None:
    """What is not well-formed is told with its line and, for the usual slips, with what to write instead."""
    problems = from_text(text, parser).problems
    assert [(problem.rule, problem.source.line, problem.expected) for problem in problems] == [
        ("yaml-syntax", line, expected)
    ]


def test_a_syntax_error_in_full() -> None:
    """Message, place and source line, and where the broken part began."""
    problem = from_text("models:\n  - a: 1\n    b: 2\n   c: 3\n").problems[0]
    message = "not well-formed YAML: while parsing a block collection, did not find expected '-' indicator"
    assert brief((problem,)) == [("yaml-syntax", "<stdin>:4:4", message)]
    assert (problem.excerpt, str(problem.related)) == ("   c: 3", "<stdin>:2:3")


def test_depth_is_limited(parser: Parser) -> None:
    """Values may be nested 64 deep, and no deeper; thousands do not exhaust the stack."""
    assert from_text("[" * 64 + "]" * 64, parser).problems == ()
    assert brief(from_text("[" * 65 + "]" * 65, parser).problems) == [
        ("depth", "<stdin>:1:65", "values are nested more than 64 deep")
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [("[" * 20_000, "1:65"), ("- " * 20_000, "1:129"), ("{a: " * 20_000, "1:257"), ("é: [" * 9 + "[" * 2000, "1:83")],
)
def test_depth_is_refused_by_our_own_limit(parser: Parser, text: str, place: str) -> None:
    """Whatever limit the parser has, and however far it looks ahead, the answer and its place are ours."""
    assert brief(from_text(text, parser).problems) == [
        ("depth", f"<stdin>:{place}", "values are nested more than 64 deep")
    ]


def test_depth_counts_through_aliases() -> None:
    """An alias brings the depth of what it stands for."""
    text = "a: &a [[[x]]]\nb: [*a]\n"
    assert from_text(text, limits=ReadLimits(depth=5)).problems == ()
    assert brief(from_text(text, limits=ReadLimits(depth=4)).problems) == [
        ("depth", "<stdin>:2:5", "values are nested more than 4 deep")
    ]


def test_aliases_may_not_explode(parser: Parser) -> None:
    """The billion laughs end at the limit, at the alias that goes beyond it."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    found = from_text("\n".join(lines), parser)
    assert [(problem.rule, problem.source.line, problem.message) for problem in found.problems] == [
        ("alias-expansion", 5, "aliases stand for more than 100,000 values")
    ]


def test_size_is_limited(write: Write) -> None:
    """A file beyond the limit is not read."""
    write("a: 123456")
    assert [(file.rule, file.data) for file in find(["a.yaml"], size=9)] == [("", b"a: 123456")]
    assert [(file.rule, file.message) for file in find(["a.yaml"], size=8)] == [
        ("file-size", "the file is larger than 8 bytes; split it into several files")
    ]


def test_folders_are_searched_for_yaml(write: Write) -> None:
    """Every *.yaml and *.yml below, sorted by name; hidden ones and others are left out."""
    for name in ("c/z.yml", "c/b/a.yaml", "c/.hidden.yaml", "c/.git/x.yaml", "c/README.md", "c/y.yaml"):
        write("a: 1", name)
    assert [document.file for document in from_paths(["c"]).documents] == ["c/b/a.yaml", "c/y.yaml", "c/z.yml"]


def test_patterns_are_expanded(write: Write) -> None:
    """A pattern means the files it matches, at any depth with **."""
    for name in ("c/a.yaml", "c/d/b.yaml", "c/b.txt"):
        write("a: 1", name)
    assert [document.file for document in from_paths(["c/**/*.yaml"]).documents] == ["c/a.yaml", "c/d/b.yaml"]


def test_a_file_given_twice_is_read_once(write: Write) -> None:
    """However it is named, and a file named by itself needs no suffix."""
    path = write("a: 1", "c/manifest")
    found = from_paths(["c/manifest", "./c/manifest", str(path), "c/*"])
    assert [document.file for document in found.documents] == ["c/manifest"]


def test_files_outside_keep_the_name_that_was_given(write: Write, tmp_path: Path) -> None:
    """A file above the working directory is shown as the user wrote it."""
    write("a: 1", "a.yaml")
    (tmp_path / "below").mkdir()
    os.chdir(tmp_path / "below")
    assert [document.file for document in from_paths(["../a.yaml"]).documents] == ["../a.yaml"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("empty", ("no-manifests", "empty:1:1", "the folder holds no .yaml or .yml file")),
        (
            "dangling.yaml",
            ("unreadable-file", "dangling.yaml:1:1", "the file cannot be read: No such file or directory"),
        ),
    ],
)
def test_paths_that_lead_nowhere(write: Write, tmp_path: Path, path: str, expected: tuple[str, str, str]) -> None:
    """A path without files is a problem, and the other paths are read all the same."""
    write("a: 1")
    (tmp_path / "empty").mkdir()
    (tmp_path / "dangling.yaml").symlink_to("gone.yaml")
    found = from_paths(["a.yaml", path])
    assert (brief(found.problems), len(found.documents)) == ([expected], 1)


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (["nowhere"], "nowhere: there is no such file or folder"),
        (["no*.yaml"], "no*.yaml: the pattern matches no file"),
        (["a.yaml", "b", "c"], "b: there is no such file or folder (and 1 more of the paths lead nowhere)"),
    ],
)
def test_a_path_that_is_not_there(write: Write, paths: list[str], told: str) -> None:
    """A path to nothing is a mistake of the call, not of a manifest."""
    write("a: 1")
    with pytest.raises(FileError) as error:
        find(paths)
    assert str(error.value).splitlines()[0] == told


def test_no_paths_at_all_are_no_manifests() -> None:
    """Nothing read is a problem of its own."""
    assert brief(from_paths([]).problems) == [
        ("no-manifests", ".:1:1", "there is no manifest: all that was read is empty")
    ]


def test_problems_of_all_files_are_told(write: Write) -> None:
    """One broken file hides neither the next one's problems nor its documents."""
    write("a: [", "a.yaml")
    write("a: 1\na: 2", "b.yaml")
    write("a: 1", "c.yaml")
    found = from_paths(["c.yaml", "b.yaml", "a.yaml"])
    assert [(problem.source.file, problem.rule) for problem in found.problems] == [
        ("a.yaml", "yaml-syntax"),
        ("b.yaml", "duplicate-key"),
    ]
    assert [document.file for document in found.documents] == ["c.yaml"]


def test_the_digest_follows_names_and_bytes(write: Write) -> None:
    """The same files give the same digest in any order; another byte or name gives another."""
    write("a: 1", "a.yaml")
    write("b: 1", "b.yaml")
    digests = [digest_of(from_paths(paths).files) for paths in (["a.yaml", "b.yaml"], ["b.yaml", "a.yaml"], ["."])]
    assert len(set(digests)) == 1
    write("a: 1 ", "a.yaml")
    assert digest_of(from_paths(["."]).files) != digests[0]
    write("a: 1", "a.yaml")
    (Path.cwd() / "b.yaml").rename("c.yaml")
    assert digest_of(from_paths(["."]).files) != digests[0]


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_left_as_it_was(enabled: bool) -> None:
    """It rests while reading, and only then."""
    try:
        if not enabled:
            gc.disable()
        from_text("a: 1")
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


def test_bytes_are_kept_for_excerpts(write: Write) -> None:
    """What each file holds is there under its name."""
    write("a: 1\r\n")
    assert from_paths(["a.yaml"]).files == {"a.yaml": b"a: 1\r\n"}


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        ("env_vars:\n  TOKEN: s3cret\n  TOKEN: s3cret\n", "  TOKEN: (sensitive)"),
        ("x: {env_vars: {T: s3cret, T: s3cret}}\n", "x: {env_vars: {T: (sensitive), T: (sensitive)}}"),
        ("env_vars: {\n  T: s3cret, T: s3cret}\n", "  T: (sensitive), T: (sensitive)}"),
        ("env_vars:\n  TOKEN: |\n    s3cret\n  TOKEN: s3cret\nb: 1", "  TOKEN: (sensitive)"),
        ('"env_vars":\n  TOKEN: >\n    s3cret\n\n    @s3cret\n   s3cret\n b', "   (sensitive)"),
        ("env_vars:\n  A: s3cret\nb: 1\nb: 2\n", "b: 2"),
        ("env_vars:\n- {T: s3cret, T: s3cret}\nb: 1\n", "(sensitive)"),
        ('{"env_vars": {\n"T": "s3cr}et",\n"T": "s3cret"\n}}', '"T": (sensitive)'),
        ('{"env_vars": {\n"T": "s3cret"\n},\n"b": 1,\n"b": 2}', '"b": 2}'),
    ],
)
def test_excerpts_show_no_values_of_secret_fields(text: str, excerpt: str, parser: Parser) -> None:
    """Whatever stands in env_vars is cut from source lines, on broken YAML as well."""
    assert [problem.excerpt for problem in from_text(text, parser).problems] == [excerpt]


def test_a_long_line_is_shown_in_part() -> None:
    """An excerpt holds at most 500 characters."""
    assert len(from_text("{a: 1, a: 2, b: " + "x" * 10_000 + "}").problems[0].excerpt) == 500


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029\ufeff"))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab é:#", min_size=1), inner, max_size=4),
)


class QuotingDumper(yaml.SafeDumper):
    """Writes text in quotes, so that no plain scalar means one thing to YAML 1.1 and another to 1.2."""


QuotingDumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


@given(st.dictionaries(st.text("abc", min_size=1), VALUES, min_size=1, max_size=4), st.booleans())
def test_what_pyyaml_dumps_reads_back(value: dict[str, object], flow: bool) -> None:
    """Any JSON value survives, under both parsers alike, with every plain key at the place that its node tells."""
    text = yaml.dump(value, Dumper=QuotingDumper, default_flow_style=flow, width=10_000)
    found = from_text(text)
    assert told(found) == told(from_text(text, PureParser))
    assert found.problems == ()
    assert plain_equal(found.documents[0].root.value, value)
    lines = text.split("\n")
    root = found.documents[0].root
    for key in root.value:
        place = root.at((key,)).key_source
        assert lines[place.line - 1][place.column - 1 :].lstrip("\"'").startswith(str(key))


def told(documents: Documents) -> tuple[object, ...]:
    """All that was read, with its places."""
    roots = [document.root for document in documents.documents]
    return documents.problems, [(root.value, list(root.layers[0].places.numbers)) for root in roots]


def plain_equal(one: object, other: object) -> bool:
    """Equal in value and type, with mappings in the order of their keys, as PyYAML writes them."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == sorted(other) and all(plain_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(plain_equal, one, other))
    return one == other and type(one) is type(other)


def test_equal_keys_among_many() -> None:
    """Each names its first, wherever it stands in a mapping that is still being read."""
    lines = [f"k{at}: {{a: 1}}" for at in range(100)] + ["k0: 1", "k99: 2", "k100: 1", "k100: 2"]
    problems = from_text("\n".join(lines)).problems
    assert [(problem.source.line, problem.related and problem.related.line) for problem in problems] == [
        (101, 1),
        (102, 100),
        (104, 103),
    ]

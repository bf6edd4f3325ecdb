"""Which files a path means: those that lie where they are found, and nothing that waits or leads elsewhere."""

import os
from pathlib import Path

import pytest

from egpsync.manifest.find import find
from tests.manifest.conftest import Write


def told(*paths: str) -> list[tuple[str, str]]:
    """Each file with its problem."""
    return [(file.name, file.rule) for file in find(paths)]


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder elsewhere, with a file that is not to be shown."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "key.yaml").write_text("s3cret")
    return folder


@pytest.mark.parametrize("path", ["models", "models/*.yaml", "**/*.yaml", "models/*", "."])
def test_a_link_out_of_the_folder_is_not_read(write: Write, outside: Path, path: str) -> None:
    """Neither its text nor its name's is in what comes of it."""
    write("a: 1", "models/a.yaml")
    Path("models/x.yaml").symlink_to(outside / "key.yaml")
    found = find([path])
    assert [(file.name, file.rule, file.data) for file in found] == [
        ("models/a.yaml", "", b"a: 1"),
        ("models/x.yaml", "link-outside", b""),
    ]
    assert found[1].message == "the link leads out of the folder, so that it is not read"


def test_a_link_that_is_named_is_read(write: Write, outside: Path) -> None:
    """Who names a file means it."""
    write("a: 1")
    Path("x.yaml").symlink_to(outside / "key.yaml")
    assert [file.data for file in find(["x.yaml"])] == [b"s3cret"]


def test_a_folder_that_is_a_link_out_of_the_repository(write: Write, outside: Path) -> None:
    """A change of the repository could have it lead anywhere."""
    write("", ".git/HEAD")
    Path("models").symlink_to(outside)
    assert [(file.rule, file.message) for file in find(["models"])] == [
        ("link-outside", "the link leads out of the repository, so that it is not read")
    ]


def test_links_of_a_mounted_configmap(write: Write) -> None:
    """They end inside, and each file is there once."""
    write("a: 1", "models/..2026/a.yaml")
    Path("models/..data").symlink_to("..2026")
    Path("models/a.yaml").symlink_to("..data/a.yaml")
    assert told("models") == [("models/a.yaml", "")]


@pytest.mark.parametrize("path", ["**/*.yaml", "**", "c/**/*.yaml", "**/**/*.yaml", "c", "**/c/**/*.yaml"])
def test_links_to_folders_are_not_followed(write: Write, path: str) -> None:
    """Two links to where they stand would make endless paths."""
    write("a: 1", "c/d/a.yaml")
    for name in ("one", "two"):
        Path("c", name).symlink_to(".")
        Path("c/d", name).symlink_to("..")
    assert told(path) == [("c/d/a.yaml", "")]


def test_what_is_no_regular_file(write: Write) -> None:
    """A fifo is not waited for."""
    write("a: 1", "c/a.yaml")
    os.mkfifo("c/b.yaml")
    assert told("c") == [("c/a.yaml", ""), ("c/b.yaml", "unreadable-file")]
    assert told("c/b.yaml", "/dev/zero") == [("/dev/zero", "unreadable-file"), ("c/b.yaml", "unreadable-file")]


def test_suffixes_in_capitals(write: Write) -> None:
    """A manifest is not left out for how its name ends."""
    write("a: 1", "c/a.YAML")
    write("a: 1", "c/b.Yml")
    assert told("c") == [("c/a.YAML", ""), ("c/b.Yml", "")]


def test_names_that_are_no_utf_8(write: Write, tmp_path: Path) -> None:
    """They are told with escapes: what is told can be written."""
    write("a: 1", "c/a.yaml")
    Path(os.fsdecode(b"c/\xff.yaml")).write_text("b: 1")
    assert told("c") == [("c/\\xff.yaml", ""), ("c/a.yaml", "")]


def test_patterns_leave_out(write: Write) -> None:
    """What begins with ! is left out, files and folders alike."""
    for name in ("c/a.yaml", "c/b.yaml", "c/d/e.yaml"):
        write("a: 1", name)
    assert told("c", "!c/d", "!c/b*") == [("c/a.yaml", "")]


@pytest.mark.parametrize("pattern", ["c/[ab].yaml", "?/a.yaml", "c/.h/*.yaml", "*/.*/h.yaml"])
def test_patterns(write: Write, pattern: str) -> None:
    """As a shell has them: no sign stands for a dot at a name's beginning."""
    write("a: 1", "c/a.yaml")
    write("a: 1", "c/.h/h.yaml")
    assert told(pattern) == [("c/.h/h.yaml" if ".h" in pattern or ".*" in pattern else "c/a.yaml", "")]

"""Reading another git revision: what it holds, from anywhere in the repository, and what is said where it cannot be."""

import glob
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egpsync.errors import HistoryError
from egpsync.history import commits_touching, repository_at, revision
from egpsync.workflow.revision import _pattern, find_at


def git(folder: Path, *arguments: str) -> str:
    """Run git as a person of no settings; its answer."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    identity += ["-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, files: Mapping[str, str | None]) -> str:
    """A commit with these files written, or removed."""
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "change", "--allow-empty")
    return git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository without a commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def found(folder: Path, name: str, *paths: str) -> dict[str, str]:
    """The files that these paths of the folder meant at a revision."""
    held = find_at(revision(repository_at(folder), name), paths, folder)
    return {file.name: file.data.decode() for file in held}


def test_a_revision_is_read_and_nothing_is_checked_out(folder: Path) -> None:
    """What is in the working folder, committed or not, stays and does not count."""
    commit(folder, {"models/a.yaml": "one", "models/gone.yml": "gone"})
    commit(folder, {"models/a.yaml": "two", "models/gone.yml": None, "models/new.yaml": "new"})
    (folder / "models" / "a.yaml").write_text("three")
    assert found(folder, "HEAD~1", "models") == {"models/a.yaml": "one", "models/gone.yml": "gone"}
    assert found(folder, "HEAD", "models") == {"models/a.yaml": "two", "models/new.yaml": "new"}
    assert (folder / "models" / "a.yaml").read_text() == "three"


def test_names_are_those_of_the_working_folder(folder: Path) -> None:
    """Also from below, and from above by a longer way."""
    commit(folder, {"models/a.yaml": "a", "x/y/b.yaml": "b"})
    assert found(folder / "x", "HEAD", "../models", "y") == {"../models/a.yaml": "a", "y/b.yaml": "b"}
    assert found(folder / "x", "HEAD", ".") == {"y/b.yaml": "b"}


def test_a_worktree_and_a_detached_head_are_repositories(folder: Path, tmp_path: Path) -> None:
    """As pipelines have them."""
    first = commit(folder, {"a.yaml": "one"})
    commit(folder, {"a.yaml": "two"})
    git(folder, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"), first)
    assert found(tmp_path / "tree", "main", "a.yaml") == {"a.yaml": "two"}
    assert found(tmp_path / "tree", "HEAD", "a.yaml") == {"a.yaml": "one"}


def test_a_shallow_clone_says_how_deep_to_fetch(folder: Path, tmp_path: Path) -> None:
    """What is there is read; what is not is told with what brings it."""
    first = commit(folder, {"a.yaml": "one"})
    commit(folder, {"a.yaml": "two"})
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{folder}", "shallow")
    assert found(tmp_path / "shallow", "HEAD", "a.yaml") == {"a.yaml": "two"}
    for name in (first, "HEAD~1"):
        with pytest.raises(HistoryError) as caught:
            found(tmp_path / "shallow", name, "a.yaml")
        assert caught.value.what == f"git knows no revision {name!r} here: this clone is shallow"
        assert "fetch-depth: 0" in caught.value.advice


@pytest.mark.parametrize("name", ["nowhere", "--output=x", "-h", "", "HEAD:a.yaml", "HEAD^{tree}", "a b", "$(touch x)"])
def test_what_is_no_revision_is_told(folder: Path, name: str) -> None:
    """Nor is it taken for an option."""
    commit(folder, {"a.yaml": "one"})
    with pytest.raises(HistoryError, match="git knows no revision"):
        found(folder, name, "a.yaml")
    assert sorted(path.name for path in folder.iterdir()) == [".git", "a.yaml"]


def test_outside_a_repository_git_says_so(tmp_path: Path) -> None:
    """In its own words."""
    with pytest.raises(HistoryError, match="git rev-parse fails: not a git repository"):
        repository_at(tmp_path)


def test_links_are_followed_inside_alone(folder: Path) -> None:
    """One that leads out, round, or nowhere gives nothing."""
    (folder / "models").mkdir()
    for name, target in {"in": "../shared.yaml", "out": "/etc/passwd", "up": "../../x", "round": "round.yaml"}.items():
        (folder / "models" / f"{name}.yaml").symlink_to(target)
    commit(folder, {"shared.yaml": "shared"})
    assert found(folder, "HEAD", "models") == {"models/in.yaml": "shared"}


def test_names_are_odd(folder: Path) -> None:
    """Blanks, newlines, signs and letters of any script."""
    names = ["a b.yaml", "ä.yaml", "new\nline.yaml", "[x].yaml", "-n.yaml", "'q'.yaml"]
    commit(folder, {f"models/{name}": name for name in names})
    assert found(folder, "HEAD", "models") == {f"models/{name}": name for name in sorted(names)}
    assert found(folder, "HEAD", "models/[[]x].yaml") == {"models/[x].yaml": "[x].yaml"}


def test_what_is_left_out_is_left_out_then_too(folder: Path) -> None:
    """Patterns, folders, hidden files, the project file, and other kinds."""
    files = ["a.yaml", "wip/b.yaml", "wip/deep/c.yaml", ".hidden/d.yaml", ".e.yaml", "f.txt", "egpsync.yaml"]
    commit(folder, {f"models/{name}": name for name in files})
    assert set(found(folder, "HEAD", "models")) == {"models/a.yaml", "models/wip/b.yaml", "models/wip/deep/c.yaml"}
    assert set(found(folder, "HEAD", "models", "!models/wip")) == {"models/a.yaml"}
    assert set(found(folder, "HEAD", "models", "!models/*/b.yaml")) == {"models/a.yaml", "models/wip/deep/c.yaml"}


def test_a_base_has_its_history(folder: Path) -> None:
    """First parents that touched the paths, newest first, so many at most."""
    one = commit(folder, {"models/a.yaml": "1"})
    commit(folder, {"other": "x"})
    three = commit(folder, {"models/a.yaml": "3"})
    root = repository_at(folder)
    assert commits_touching(root, "HEAD", ["models"], most=50) == (three, one)
    assert commits_touching(root, "HEAD", ["models"], most=1) == (three,)
    assert commits_touching(root, "HEAD", ["none"], most=50) == ()


PARTS = st.sampled_from(["a", "b", "ab", ".h", "*", "?", "**", "[ab]", "[!a]", "*b", "a*", ".*"])
NAMES = [f"{one}{two}" for one in ("", "a/", "b/", "a/b/", ".h/", "ab/a/") for two in ("a", "b", "ab", ".h", "aab")]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of many names."""
    folder = tmp_path_factory.mktemp("tree")
    for name in NAMES:
        path = folder / "files" / f"{name}.f"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder / "files"


@given(parts=st.lists(PARTS, min_size=1, max_size=4), data=st.data())
def test_a_pattern_means_what_glob_says(tree: Path, parts: list[str], data: st.DataObject) -> None:
    """The same files as in the working folder."""
    pattern = "/".join(parts) + (".f" if data.draw(st.booleans()) and parts[-1] != "**" else "")
    matched = glob.glob(pattern, root_dir=tree, recursive=True)  # noqa: PTH207 - what it is held against
    expected = {os.path.normpath(name) for name in matched if (tree / name).is_file()}
    files = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    assert {name for name in files if _pattern(pattern).fullmatch(name)} == expected

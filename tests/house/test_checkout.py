"""What a checkout holds: nothing of the machine that it was written on."""

import re
from collections.abc import Iterator
from pathlib import Path

TOP = {
    ".ci", ".gitignore", ".pre-commit-hooks.yaml", "action.yml",
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "SECURITY.md",
    "configs", "docs", "egpsync", "pyproject.toml", "schemas", "tests",
}  # fmt: skip
"""The top level, which is fixed."""

MAY_BE = {"build", "dist", "reports"}
"""What building and the demo leave there for git to ignore."""

PICTURES = {".png", ".jpg"}

FOREIGN = re.compile(
    r"p[y]pi\.org|p[y]thonhosted\.org|(?<!emit-)(?:extra-)?index-u[r]l|find-l[i]nks"  # pip's business
    r"|/(?:r[o]ot|h[o]me|U[s]ers|w[o]rk|o[p]t)/|[A-Z]:\\\\[U]sers"  # a path of somebody's machine
)


def test_the_top_level_is_what_the_house_says(root: Path) -> None:
    """Every file and folder that the house names is there, and none grows beside them (dot files are tools' own)."""
    found = {path.name for path in root.iterdir()} - MAY_BE
    assert sorted(TOP - found) == []
    assert sorted(name for name in found - TOP if not name.startswith(".")) == []


def test_nothing_names_a_registry_or_a_machine(root: Path) -> None:
    """The checkout works anywhere: it names no package registry and no absolute path of a machine."""
    found = [
        f"{path.relative_to(root).as_posix()}:{number}: {line.strip()}"
        for path in files_of(root)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if FOREIGN.search(line)
    ]
    assert found == []


def files_of(root: Path) -> Iterator[Path]:
    """Every file of text below the names of the top level."""
    for name in sorted(TOP):
        top = root / name
        paths = [top] if top.is_file() else sorted(top.rglob("*"))
        yield from (
            path for path in paths if path.is_file() and path.suffix not in PICTURES and "__pycache__" not in path.parts
        )

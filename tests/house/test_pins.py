"""What development and CI install: pinned, hashed, and within the ranges that users get."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ;]+)(?: ; (.*?))? \\$", re.MULTILINE)


def pins(root: Path) -> dict[str, set[str]]:
    """Each package and its versions, of which markers take one."""
    found: dict[str, set[str]] = {}
    for name, version, _ in PIN.findall((root / ".ci" / "requirements.txt").read_text()):
        found.setdefault(name, set()).add(version)
    return found


def ranges(root: Path) -> Iterator[Requirement]:
    """What pyproject.toml asks for, of users and of development."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    groups = list(project["dependency-groups"].values())
    extras = project["project"]["optional-dependencies"].values()
    for items in (project["project"]["dependencies"], *extras, *groups):
        yield from (Requirement(item) for item in items if isinstance(item, str))


def test_every_requirement_is_pinned_within_its_range(root: Path) -> None:
    """`make lock` was run after the last change of pyproject.toml."""
    pinned = pins(root)
    for requirement in ranges(root):
        name = requirement.name.lower().replace("_", "-")
        assert pinned.get(name), f"{name} is not pinned: run make lock"
        assert all(requirement.specifier.contains(version) for version in pinned[name]), f"{name}: run make lock"


def test_pins_name_no_index(root: Path) -> None:
    """Where packages come from is the machine's affair."""
    text = (root / ".ci" / "requirements.txt").read_text()
    assert not re.search(r"index-u[r]l|find-l[i]nks|://", text)
    assert text.count("==") * 1 <= text.count("--hash=sha256:")

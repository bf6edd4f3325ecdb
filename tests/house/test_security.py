"""SECURITY.md against the tests: each promise names one that is there."""

import re
from pathlib import Path


def test_each_promise_names_a_test_that_is_there(root: Path) -> None:
    """Every row of the tables ends with a test's address, and that file has that test."""
    rows = re.findall(r"^\| (?!promise|---)(.*) \| (.*) \|$", (root / "SECURITY.md").read_text(encoding="utf-8"), re.M)
    missing = [promise for promise, held in rows if not is_there(root, held)]
    assert len(rows) > 20
    assert missing == []


def is_there(root: Path, address: str) -> bool:
    """Whether a file has a test of that name."""
    found = re.fullmatch(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`", address)
    if found is None or not (root / found[1]).is_file():
        return False
    return f"def {found[2]}(" in (root / found[1]).read_text(encoding="utf-8")

"""What the manifest tests share: files in an own folder, read by either parser."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from egpsync.manifest.check import check
from egpsync.manifest.merge import merge
from egpsync.manifest.parse import FASTEST, Parser, PureParser
from egpsync.model.manifest import Documents, Problem
from tests.manifest.texts import from_paths


class Write(Protocol):
    """Writes a file into the working directory of the test."""

    def __call__(self, text: str | bytes, name: str = "a.yaml") -> Path:
        """The file's absolute path."""


@pytest.fixture(params=["c", "pure"])
def parser(request: pytest.FixtureRequest) -> Parser:
    """PyYAML's C parser, then its own."""
    return FASTEST if request.param == "c" else PureParser


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """A function that writes files, in a working directory of the test's own."""
    monkeypatch.chdir(tmp_path)

    def write_file(text: str | bytes, name: str = "a.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", errors="surrogatepass") if isinstance(text, str) else text)
        return path

    return write_file


@pytest.fixture
def documents(write: Write) -> Callable[..., Documents]:
    """A function from the text of one file, or several, to what is read from them; they must be well-formed."""

    def read_texts(*texts: str) -> Documents:
        names = [f"{letter}.yaml" for letter, _ in zip("abcdef", texts, strict=False)]
        for name, text in zip(names, texts, strict=True):
            write(text, name)
        found = from_paths(names)
        assert found.problems == ()
        return found

    return read_texts


@pytest.fixture
def problems(documents: Callable[..., Documents]) -> Callable[..., tuple[Problem, ...]]:
    """A function from the text of one file, or several, to the problems that checking finds."""

    def check_texts(*texts: str) -> tuple[Problem, ...]:
        return check(merge(documents(*texts)))

    return check_texts

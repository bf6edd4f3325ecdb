"""Where schemas are found, and what is said when they are not."""

from pathlib import Path

import pytest

from egpsync.errors import FileError
from egpsync.fields.schemas import load, load_from


def test_the_first_folder_wins(tmp_path: Path) -> None:
    """A schema inside the package is preferred to one beside it."""
    for name in ("inside", "beside"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.json").write_text(f'{{"title": "{name}"}}')
    assert load_from("a.json", (tmp_path / "inside", tmp_path / "beside")) == {"title": "inside"}


def test_the_second_folder_serves_a_checkout(tmp_path: Path) -> None:
    """Where the package holds none, the schema beside it is read."""
    (tmp_path / "a.json").write_text("{}")
    assert load_from("a.json", (tmp_path / "none", tmp_path)) == {}


def test_a_missing_schema_names_both_folders() -> None:
    """The error says where the schema was looked for."""
    with pytest.raises(FileError) as caught:
        load_from("a.json", (Path("x"), Path("y")))
    assert caught.value.what == "the schema a.json is missing; it was looked for in x and in y"


@pytest.mark.parametrize("text", ["{", "[]", "\xff"])
def test_a_damaged_schema_is_an_error_with_its_file(tmp_path: Path, text: str) -> None:
    """A file that is no JSON object is named."""
    (tmp_path / "a.json").write_text(text, encoding="latin-1")
    with pytest.raises(FileError) as caught:
        load_from("a.json", (tmp_path,))
    assert caught.value.where == str(tmp_path / "a.json")


def test_a_schema_is_read_once() -> None:
    """Loading again gives the same object."""
    assert load("manifest.schema.json") is load("manifest.schema.json")

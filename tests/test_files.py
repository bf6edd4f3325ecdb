"""Files written whole, and what must not be replaced by one."""

import os
from pathlib import Path

from egpsync.files import try_whole, write_whole


def test_a_report_in_the_place_of_a_device_leaves_the_device(tmp_path: Path) -> None:
    """Whoever is root would lose /dev/null to a file of that name."""
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(link, "text")
    assert (os.read(reader, 10), link.is_symlink(), pipe.is_fifo()) == (b"text", True, True)
    os.close(reader)


def test_a_device_can_be_written_without_a_try() -> None:
    """/dev/null takes a report, and is a device afterwards."""
    null = Path(os.devnull)
    try_whole(null)
    write_whole(null, "text")
    assert null.is_char_device()


def test_a_link_still_leads_to_the_file_that_is_written(tmp_path: Path) -> None:
    """Such as latest.json."""
    (tmp_path / "run.json").write_text("old", encoding="utf-8")
    (tmp_path / "latest.json").symlink_to("run.json")
    write_whole(tmp_path / "latest.json", "new")
    assert (tmp_path / "latest.json").is_symlink()
    assert (tmp_path / "run.json").read_text(encoding="utf-8") == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest.json", "run.json"]

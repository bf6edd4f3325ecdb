"""The loop that a command runs its work in."""

import pytest

from egpsync.cli.running import run_to_end


class Secretive:
    """What cannot be told in words."""

    def __repr__(self) -> str:
        raise AssertionError("nobody asks for the words of a result")


def test_the_result_of_the_work_is_given() -> None:
    """What the coroutine gives comes out, and is never put into words on the way, however large it is."""
    given = Secretive()

    async def work() -> Secretive:
        return given

    assert run_to_end(work()) is given


def test_its_errors_are_raised() -> None:
    """An error of the work is the caller's."""

    async def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match=r"^no$"):
        run_to_end(work())

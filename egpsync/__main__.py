"""What `egpsync` and `python -m egpsync` begin with: the command line, loaded where more is asked than the version."""

import os
import sys
from contextlib import suppress
from typing import Any

from egpsync.process import claim
from egpsync.version import VERSION_LINE


def run() -> None:
    """Run the command line and exit."""
    if sys.argv[1:] != ["--version"] or not _told():
        claim()
        from egpsync.cli import run as run_commands  # noqa: PLC0415 - click is two thirds of what `--version` would cost

        try:
            run_commands()
        except SystemExit as end:
            _leave(end.code)
            raise


def _told() -> bool:
    """Whether the version could be written; what hinders that is the command line's to say."""
    try:
        print(VERSION_LINE, flush=True)  # noqa: T201 - the answer
    except OSError:
        return False
    return sys.stdout is not None


def _leave(code: Any) -> None:
    """End at once: to free one by one what goes with the process takes a tenth of a short command's time.

    Not where that leaves something undone: text that cannot be written, a thread, whoever measures this process.
    """
    from threading import active_count  # noqa: PLC0415 - `--version` does without

    if not isinstance(code, int) or active_count() > 1 or sys.getprofile() or sys.gettrace():
        return
    with suppress(OSError, ValueError):
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)


if __name__ == "__main__":
    run()

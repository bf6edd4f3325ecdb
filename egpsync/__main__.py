"""What `egpsync` and `python -m egpsync` begin with: the command line, loaded where more is asked than the version."""

import sys

from egpsync.version import VERSION_LINE


def run() -> None:
    """Run the command line and exit."""
    if sys.argv[1:] != ["--version"] or not _told():
        from egpsync.cli import run as run_commands  # noqa: PLC0415 - click is two thirds of what `--version` would cost

        run_commands()


def _told() -> bool:
    """Whether the version could be written; what hinders that is the command line's to say."""
    try:
        print(VERSION_LINE, flush=True)  # noqa: T201 - the answer
    except OSError:
        return False
    return sys.stdout is not None


if __name__ == "__main__":
    run()

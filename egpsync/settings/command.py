"""A program and its arguments in, what it prints out: within a time and a size, and with all that it started gone."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, NamedTuple


class Command(NamedTuple):
    """What is run, without a shell."""

    words: Sequence[str]
    variables: Mapping[str, str]  # its whole environment
    folder: str


def answer_of(command: Command, *, patience: float, most: int) -> bytes:
    """Its standard output; what is longer than `most` bytes is cut beyond. Raises ValueError where it fails."""
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell
            command.words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=command.variables,
            cwd=command.folder,
            start_new_session=True,
        )
    except OSError as error:
        raise ValueError(f"cannot be run: {error.strerror}") from error
    with process:
        try:
            output = _read(process.stdout, time.monotonic() + patience, most)
            code = process.wait(1) if output is not None and len(output) <= most else 0
        except subprocess.TimeoutExpired:
            output = None
        finally:
            with suppress(ProcessLookupError):  # whatever it started goes with it
                os.killpg(process.pid, signal.SIGKILL)
    if output is None:
        raise ValueError(f"did not end within {patience:g} s")
    if code != 0:
        raise ValueError(f"ended with {code}")
    return output


def _read(stream: IO[bytes] | None, deadline: float, most: int) -> bytes | None:
    """What is printed until the end, as far as it is wanted; None where its time is over."""
    if stream is None:
        return b""
    read = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while len(read) <= most:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return None
            part = os.read(stream.fileno(), most)
            if not part:
                break
            read += part
    return read

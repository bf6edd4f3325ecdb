"""Events of a run in, progress on stderr out: a live display on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from egpsync.cli import complain
from egpsync.model.run import Event, Stage
from egpsync.report.escape import inert, label, visible

MOST_SHOWN = 12  # changes at once in the live display


@contextmanager
def show_progress(*, quiet: bool, color: bool) -> Iterator[Callable[[Event], None]]:
    """What to call with each event, for as long as the block runs."""
    if sys.stderr is None:
        yield lambda _: None
        return
    console = Console(stderr=True, no_color=not color, highlight=False, markup=False, emoji=False)
    if quiet:
        yield lambda _: None
    elif console.file.isatty():  # rich itself takes FORCE_COLOR for a terminal, and would draw into a CI's log
        display = _Display(console)
        live = Live(get_renderable=display.table, console=console, refresh_per_second=4, transient=True)
        live.start()
        try:
            yield display
        finally:
            with suppress(OSError):  # the terminal can be gone by now; the run and its report are not
                live.stop()
    else:
        yield _print_line


def _print_line(event: Event) -> None:
    if event.stage != Stage.WAITING:
        complain(f"egpsync: {_line(event)}")


def _line(event: Event) -> str:
    return f"{label(event.change.name)} ({visible(event.change.vendor)}): {visible(event.text)}"


class _Display:
    """The changes under way as a table, the ended ones as lines above it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._active: dict[tuple[str, str, str | None], tuple[float, str]] = {}
        self._ended = 0

    def __call__(self, event: Event) -> None:
        """Take an event in."""
        key = (event.change.vendor, event.change.name, event.change.id)
        if event.stage == Stage.ENDED:
            self._active.pop(key, None)
            self._ended += 1
            with suppress(OSError):
                self._console.print(Text(inert(_line(event))))
        else:
            started, _ = self._active.get(key, (time.monotonic(), ""))
            self._active[key] = (started, _line(event))

    def table(self) -> Table:
        """What is under way now."""
        table = Table.grid(padding=(0, 1))
        for started, line in sorted(self._active.values())[:MOST_SHOWN]:
            table.add_row(
                Text(f"{time.monotonic() - started:5.0f} s"), Text(inert(line), overflow="ellipsis", no_wrap=True)
            )
        hidden = max(0, len(self._active) - MOST_SHOWN)
        table.add_row(
            Text(""),
            Text(f"{self._ended} ended, {len(self._active)} under way" + (f", {hidden} not shown" if hidden else "")),
        )
        return table

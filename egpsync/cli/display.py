"""Events of a run in, a live table on the terminal out; the only importer of rich."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from egpsync.cli.progress import FINE, State, duration, name_of, said
from egpsync.model.run import Event, Stage

MOST_SHOWN = 12
"""Changes at once."""


@contextmanager
def displayed(state: State, *, color: bool) -> Iterator[Callable[[Event], None]]:
    """What to call with each event, for as long as the block runs."""
    console = Console(stderr=True, no_color=not color, highlight=False, markup=False, emoji=False)
    display = _Display(console, state)
    live = Live(get_renderable=display.table, console=console, refresh_per_second=4, transient=True)
    live.start()
    try:
        yield display
    finally:
        with suppress(OSError):  # the terminal can be gone by now; the run and its report are not
            live.stop()


class _Display:
    """The changes under way as a table; what ends otherwise than well as a line above it at once."""

    def __init__(self, console: Console, state: State) -> None:
        self._console = console
        self._state = state

    def __call__(self, event: Event) -> None:
        """Take an event in."""
        self._state.take(event)
        if event.stage is Stage.ENDED and event.text != FINE:
            with suppress(OSError):
                self._console.print(Text(f"{name_of(event)}: {said(event)}"))

    def table(self) -> Table:
        """What is under way now."""
        table = Table.grid(padding=(0, 1))
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="ellipsis", no_wrap=True)
        longest, now = self._state.longest(), self._state.clock()
        for one in longest[:MOST_SHOWN]:
            table.add_row(Text(duration(now - one.began)), Text(f"{one.name}: {said(one.event)}"))
        hidden = len(longest) - MOST_SHOWN
        more = f"; {hidden} not shown" if hidden > 0 else ""
        table.add_row(Text(""), Text(f"{self._state.counts()}{more}", style="bold"))
        return table

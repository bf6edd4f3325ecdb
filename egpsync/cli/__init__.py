"""The command line: the group of commands, and the one place where errors become text and exit codes."""

import gc
import os
import re
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from threading import Timer
from typing import NoReturn, TextIO

import click

from egpsync.errors import EgpsyncError, ExitCode
from egpsync.leak import Known
from egpsync.model.text import closest
from egpsync.report.escape import inert, visible
from egpsync.version import VERSION_LINE

COMMANDS: Mapping[str, str] = {
    "init": "Make a repository that works.",
    "validate": "Check manifests, offline: every problem with its file, line and column.",
    "plan": "Show what apply would send. Sends nothing but GETs.",
    "apply": "Plan, ask, send, verify, report.",
    "drift": "Compare the account with the manifests: exit 2 where they differ.",
    "export": "Write live models as a manifest that plans empty at once.",
    "pull": "Take what was edited by hand back into the manifests.",
    "revert": "Put back what a run changed.",
    "report": "Render saved reports again, or join them.",
    "comment": "Keep one comment with a report on a pull or merge request.",
    "runs": "List earlier runs with their journals and outcomes.",
    "probe": "Find out what this installation does to maps, on a throwaway model.",
    "fmt": "Put the keys of manifests in order, and indent them evenly.",
    "show": "Print a model as the manifests resolve it, each value with its origin.",
    "targets": "List the targets of the project file.",
    "explain": "Say why a problem is one, and how to mend it.",
    "schema": "Print a JSON Schema.",
    "completion": "Print a script that completes commands, options, targets and models.",
    "emulator": "Serve a stand-in EGP API on this machine.",
    "demo": "Tell the whole story against the emulator.",
}
"""Each command and what it does; it lives in the module of its name, which is imported when it runs."""

KNOWN = Known()
"""The secrets of this process: no byte of them leaves by its streams and reports."""

SIGNALS: Mapping[int, ExitCode] = {
    getattr(signal, name): code
    for name, code in (
        ("SIGINT", ExitCode.INTERRUPTED),
        ("SIGTERM", ExitCode.TERMINATED),
        ("SIGHUP", ExitCode.TERMINATED),
    )
    if hasattr(signal, name)  # Windows has no SIGHUP
}
VERBOSE = re.compile("-v+")

EXIT_CODES = """\b
Exit codes:
  0    done, or nothing to do
  1    error: unreachable server, refused key, a file that cannot be read
  2    differences exist (drift; plan with --detailed-exitcode)
  3    the manifests are invalid
  4    apply incomplete: some changes failed or are not ready in time
  5    refused by a guard
  64   wrong usage
  130  interrupted
  143  terminated"""


class Commands(click.Group):
    """The commands, each imported when it is asked for: `--version` and `--help` load nothing else."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, from the module of its name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"egpsync.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; a misspelt one is an error that names the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = closest(args[0], COMMANDS)
            hint = f" Did you mean {near}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table above, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(message=VERSION_LINE)
def main() -> None:
    """Keep the models of an EGP account as a version-controlled repository says they should be."""


def run() -> None:
    """Run the command line and exit: 64 for wrong usage, as click's own 2 would read as "differences"."""
    gc.disable()  # what a command reads, plans and shows lives until it ends: a third of a large plan's time
    _open_closed()
    heed_signals()
    sys.exit(_run())


def _run() -> int:
    try:
        return main.main(prog_name="egpsync", standalone_mode=False) or ExitCode.OK
    except (click.Abort, KeyboardInterrupt):
        complain("Interrupted: nothing was sent.")
        return ExitCode.INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        complain(error.format_message())
        return ExitCode.USAGE
    except click.UsageError as error:
        complain(_usage(error))
        return ExitCode.USAGE
    except click.ClickException as error:
        complain(f"Error: {error.format_message()}")
        return ExitCode.ERROR
    except EgpsyncError as error:
        complain(f"Error: {visible_lines(str(error))}")
        return error.exit_code
    except BrokenPipeError:  # stdout is a closed pipe, which is how a reader says enough
        silence(sys.stdout)
        return ExitCode.ERROR
    except Exception as error:  # noqa: BLE001 - the last resort: a sentence in place of a traceback
        _tell_fault(error)
        return ExitCode.ERROR


def _tell_fault(error: Exception) -> None:
    """What went wrong where none of it was foreseen; the traceback for those who ask for it with -vv."""
    if isinstance(error, OSError):
        silence(sys.stdout)
        complain(f"Error: {visible(str(error))}")
    else:
        from egpsync.cli.output import fault  # noqa: PLC0415 - for those alone who meet one

        complain(f"Error: {fault(error)}")
    if sum(word.count("v") for word in sys.argv if VERBOSE.fullmatch(word)) > 1:
        from traceback import format_exception  # noqa: PLC0415 - nearly no command needs it

        complain(visible_lines("".join(format_exception(error)).rstrip()))


def heed_signals() -> None:
    """End on the first signal as it says, and let none disturb that end; what was inherited as ignored stays so."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _ended_by)


def ignore_signals() -> None:
    """Let no signal disturb what is left to be told, but not for ever."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _ended_by(number: int, _: object) -> NoReturn:
    """A signal where nothing is under way; a run that sends has a handler of its own."""
    ignore_signals()
    leave_soon(SIGNALS[number])
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(SIGNALS[number])


def leave_soon(code: int, seconds: float = 10.0) -> None:
    """End the process by then, whatever hinders its end."""
    last = Timer(seconds, os._exit, (code,))
    last.daemon = True
    last.start()


def complain(text: str) -> None:
    """Write to stderr what a person should read, with nothing in it that a terminal or a CI runner acts upon.

    A run goes on though nobody can hear it any more: what it has begun is worth more than what it says meanwhile.
    """
    try:
        click.echo(inert(KNOWN.hide(text)), err=True)
    except OSError:
        silence(sys.stderr)


def silence(stream: TextIO | None) -> None:
    """Let a stream that cannot be written take what is still in its buffer, and all else, to nowhere."""
    if stream is not None:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person reads a stream; nobody does where it was closed from the beginning."""
    return stream is not None and stream.isatty()


def _open_closed() -> None:
    """Give the standard streams that are closed a place: else the next file that is opened would be one of them."""
    for handle in (0, 1, 2):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def visible_lines(text: str) -> str:
    """Text of several lines, each made safe to print."""
    return "\n".join(map(visible, text.split("\n")))


def _usage(error: click.UsageError) -> str:
    where = f"\nTry '{error.ctx.command_path} --help'." if error.ctx else ""
    return f"Error: {visible_lines(error.format_message())}{where}"

"""The command line: the group of commands, and the one place where errors become text and exit codes."""

import gc
import os
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import NoReturn, TextIO

import click

from egpsync import __version__
from egpsync.errors import EgpsyncError, ExitCode
from egpsync.report.escape import inert, visible

COMMANDS: Mapping[str, str] = {
    "validate": "Check manifests, offline: every problem with its file, line and column.",
    "plan": "Show what apply would send. Sends nothing but GETs.",
    "apply": "Plan, ask, send, verify, report.",
    "drift": "Compare the account with the manifests: exit 2 where they differ.",
    "export": "Write live models as a manifest that plans empty at once.",
    "revert": "Put back what a run changed.",
    "probe": "Find out what this installation does to maps, on a throwaway model.",
    "targets": "List the targets of the project file.",
    "schema": "Print a JSON Schema.",
    "emulator": "Serve a stand-in EGP API on this machine.",
    "demo": "Tell the whole story against the emulator.",
}
"""Each command and what it does; it lives in the module of its name, which is imported when it runs."""

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
            from difflib import get_close_matches  # noqa: PLC0415 - 5 ms that only this error needs

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table above, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="egpsync")
def main() -> None:
    """Keep the models of an EGP account as a version-controlled repository says they should be."""


def run() -> None:
    """Run the command line and exit: 64 for wrong usage, as click's own 2 would read as "differences"."""
    signal.signal(signal.SIGTERM, _terminated)
    gc.disable()  # what a command reads, plans and shows lives until it ends: a third of a large plan's time
    try:
        code = main.main(prog_name="egpsync", standalone_mode=False) or ExitCode.OK
    except click.Abort:
        complain("Interrupted: nothing was sent.")
        code = ExitCode.INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        complain(error.format_message())
        code = ExitCode.USAGE
    except click.UsageError as error:
        complain(_usage(error))
        code = ExitCode.USAGE
    except click.ClickException as error:
        complain(f"Error: {error.format_message()}")
        code = ExitCode.ERROR
    except EgpsyncError as error:
        complain(f"Error: {visible_lines(str(error))}")
        code = error.exit_code
    except OSError as error:  # stdout is gone: a closed pipe, which is how a reader says enough, or a full disk
        _silence(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            complain(f"Error: {visible(str(error))}")
        code = ExitCode.ERROR
    sys.exit(code)


def _terminated(*_: object) -> NoReturn:
    """SIGTERM where nothing is under way; a run that sends has a handler of its own."""
    sys.exit(ExitCode.TERMINATED)


def complain(text: str) -> None:
    """Write to stderr what a person should read, with nothing in it that a terminal or a CI runner acts upon.

    A run goes on though nobody can hear it any more: what it has begun is worth more than what it says meanwhile.
    """
    try:
        click.echo(inert(text), err=True)
    except OSError:
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    """Let a stream that cannot be written take what is still in its buffer, and all else, to nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def visible_lines(text: str) -> str:
    """Text of several lines, each made safe to print."""
    return "\n".join(map(visible, text.split("\n")))


def _usage(error: click.UsageError) -> str:
    where = f"\nTry '{error.ctx.command_path} --help'." if error.ctx else ""
    return f"Error: {visible_lines(error.format_message())}{where}"

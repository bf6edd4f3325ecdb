"""The name of a secret in, its value out: from the environment, a folder, or a command of the project file."""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from egpsync.errors import SecretError

KEY_VARIABLES = ("SGP_API_KEY", "EGP_API_KEY")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LARGEST = 64 * 1024
"""Bytes of one secret."""


@dataclass(slots=True, kw_only=True)
class Secrets:
    """Where secrets come from. Each is looked up once; the values are in no repr."""

    variables: Mapping[str, str] = field(default_factory=dict, repr=False)  # those of the environment
    folder: str | None = None
    command: tuple[str, ...] = ()  # program and arguments, "{name}" in them replaced; () for none
    commands_allowed: bool = True
    working_folder: str = "."  # of the command
    withheld: tuple[str, ...] = ()  # variables that the command does not see
    api_key: str | None = field(default=None, repr=False)  # which no secret may be
    patience: float = 10.0  # seconds for one command
    ran: bool = False  # whether the command was run
    _known: dict[str, str] = field(default_factory=dict, repr=False)

    def value(self, name: str) -> str:
        """The secret's value. Raises SecretError, which says where it was looked for and never what was found."""
        if name not in self._known:
            value = self._looked_up(name)
            if self.api_key and self.api_key in value:
                raise SecretError("it holds the API key", where=f"secret {name}", advice="No model may hold that key.")
            self._known[name] = value
        return self._known[name]

    def known(self) -> tuple[str, ...]:
        """The values that were given out, for those who see to it that they are shown nowhere."""
        return tuple(sorted(set(self._known.values())))

    def _looked_up(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise SecretError(
                f"{name!r} is no name of a secret",
                advice="A letter or underscore, then letters, digits and underscores.",
            )
        if (value := self.variables.get(f"EGPSYNC_SECRET_{name}")) is not None:
            return value
        if self.folder is not None and (found := self._from_folder(self.folder, name)) is not None:
            return found
        if self.command:
            return self._from_command(name)
        place = f", or a file {name} in {self.folder}" if self.folder is not None else ""
        raise SecretError("is nowhere", where=f"secret {name}", advice=f"Set EGPSYNC_SECRET_{name}{place}.")

    def _from_folder(self, folder: str, name: str) -> str | None:
        """The file's text; None where there is none. A link is followed as far as it stays in the folder."""
        root, file = Path(os.path.realpath(folder)), Path(os.path.realpath(Path(folder, name)))
        where = f"secret {name}"
        if not os.path.lexists(Path(folder, name)):
            return None
        if not file.is_relative_to(root):
            raise SecretError(f"its file leads out of {folder}", where=where, advice="Put the file itself there.")
        try:
            handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a fifo is not waited for
            with os.fdopen(handle, "rb") as stream:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise SecretError("its file is no regular one", where=where, advice="Put a file there.")
                return _text(stream.read(LARGEST + 1), where)
        except OSError as error:
            raise SecretError(f"its file cannot be read: {error.strerror}", where=where) from error

    def _from_command(self, name: str) -> str:
        """What the command prints. Its output is in no message, as it can be the secret or half of it."""
        where = f"secret {name} by {self.command[0]}"
        if not self.commands_allowed:
            raise SecretError(
                "commands for secrets are forbidden here (--no-secret-commands)",
                where=where,
                advice=f"Set EGPSYNC_SECRET_{name}.",
            )
        from egpsync.settings.command import Command, answer_of  # noqa: PLC0415 - 10 ms that most runs do not need

        self.ran = True
        words = [word.replace("{name}", name) for word in self.command]
        environ = {key: value for key, value in self.variables.items() if key not in self.withheld}
        try:
            answer = answer_of(Command(words, environ, self.working_folder), patience=self.patience, most=LARGEST)
        except ValueError as error:
            raise SecretError(f"the command {error}", where=where) from error
        return _text(answer, where)


def _text(data: bytes, where: str) -> str:
    """The value without one newline at its end."""
    if len(data) > LARGEST:
        raise SecretError(f"is longer than {LARGEST:,} bytes", where=where)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise SecretError("is no text", where=where)
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise SecretError("is empty", where=where)
    return text

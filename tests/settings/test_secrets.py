"""Where the value of ${secret:NAME} comes from, and that no failure shows it."""

import os
import sys
from pathlib import Path

import pytest

from egpsync.errors import SecretError
from egpsync.settings import Secrets

VALUE = "s3cret-SENTINEL-4711"


def python(program: str) -> tuple[str, ...]:
    """A command that runs a Python program, the secret's name its argument."""
    return (sys.executable, "-c", program, "{name}")


def test_the_environment_wins_over_the_folder_and_that_over_the_command(tmp_path: Path) -> None:
    """Each where it has the name."""
    (tmp_path / "A").write_text("folder")
    (tmp_path / "B").write_text("folder")
    secrets = Secrets(
        variables={"EGPSYNC_SECRET_A": "environ", "A": "no", "SECRET_B": "no"},
        folder=str(tmp_path),
        command=python("import sys; print('command', sys.argv[1])"),
    )
    assert [secrets.value(name) for name in ("A", "B", "C")] == ["environ", "folder", "command C"]
    assert secrets.ran


@pytest.mark.parametrize(
    ("data", "value"),
    [(b"x", "x"), (b"x\n", "x"), (b"x\r\n", "x"), (b"x\n\n", "x\n"), (b" x ", " x "), ("ä".encode(), "ä")],
)
def test_one_newline_at_the_end_is_dropped(tmp_path: Path, data: bytes, value: str) -> None:
    """Of a file as of a command."""
    (tmp_path / "A").write_bytes(data)
    assert Secrets(folder=str(tmp_path)).value("A") == value
    command = python(f"import sys; sys.stdout.buffer.write({data!r})")
    assert Secrets(command=command).value("A") == value


@pytest.mark.parametrize("name", ["", "a-b", "../A", "1A", "A B", "A\n", "Ä", "A/B"])
def test_a_name_is_a_word(tmp_path: Path, name: str) -> None:
    """It is part of a path, of a variable's name, and of a command."""
    with pytest.raises(SecretError, match="is no name of a secret"):
        Secrets(folder=str(tmp_path), command=python("print(1)")).value(name)


def test_a_secret_that_is_nowhere_says_where_it_could_be(tmp_path: Path) -> None:
    """The variable and the folder."""
    with pytest.raises(SecretError) as caught:
        Secrets(folder=str(tmp_path)).value("A")
    assert str(caught.value) == f"secret A: is nowhere\n  Set EGPSYNC_SECRET_A, or a file A in {tmp_path}."


@pytest.mark.parametrize("kind", ["link out", "fifo", "folder", "large", "binary", "empty"])
def test_a_file_that_is_no_secret_is_told_without_its_content(tmp_path: Path, kind: str) -> None:
    """Nor is a pipe waited for."""
    folder, file = tmp_path / "secrets", tmp_path / "secrets" / "A"
    folder.mkdir()
    match kind:
        case "link out":
            (tmp_path / "other").write_text(VALUE)
            file.symlink_to(tmp_path / "other")
        case "fifo":
            os.mkfifo(file)
        case "folder":
            file.mkdir()
        case "large":
            file.write_text(VALUE * 10_000)
        case "binary":
            file.write_bytes(VALUE.encode() + b"\0\xff")
        case "empty":
            file.write_text("\n")
    with pytest.raises(SecretError) as caught:
        Secrets(folder=str(folder)).value("A")
    assert VALUE not in str(caught.value)


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    """As mounted secrets are."""
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "A").write_text(VALUE)
    (tmp_path / "A").symlink_to("..data/A")
    assert Secrets(folder=str(tmp_path)).value("A") == VALUE


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import time; print('SENTINEL', flush=True); time.sleep(60)", "the command did not end within 0.4 s"),
        ("import os, time; print('SENTINEL', flush=True); os.close(1); time.sleep(60)", "did not end within 0.4 s"),
        ("while True: print('SENTINEL' * 1000)", "is longer than 65,536 bytes"),
        ("import sys; sys.stdout.buffer.write(b'SENTINEL\\xff')", "is no text"),
        ("print('SENTINEL\\0')", "is no text"),
        ("print('SENTINEL'); raise SystemExit(3)", "the command ended with 3"),
        ("import sys; print('SENTINEL', file=sys.stderr)", "is empty"),
        ("import os; print('SENTINEL', flush=True); os.kill(os.getpid(), 9)", "the command ended with -9"),
    ],
)
def test_a_command_that_fails_is_named_without_its_output(program: str, message: str) -> None:
    """Whatever it prints, and however long it takes."""
    with pytest.raises(SecretError) as caught:
        Secrets(command=python(program), patience=0.4).value("A")
    assert message in str(caught.value)
    assert "SENTINEL" not in str(caught.value)


def test_a_command_that_is_not_there_is_told() -> None:
    """With the system's word for it."""
    with pytest.raises(SecretError, match="secret A by /nowhere/vault: the command cannot be run: No such file"):
        Secrets(command=("/nowhere/vault", "{name}")).value("A")


def test_a_command_runs_once_a_name_and_without_a_shell(tmp_path: Path) -> None:
    """In the project's folder."""
    command = ("sh", "-c", 'echo "$1" >> log; echo "$1"', "sh", "{name};touch hacked")
    secrets = Secrets(command=command, working_folder=str(tmp_path))
    assert [secrets.value("A"), secrets.value("A")] == ["A;touch hacked"] * 2
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
    assert (tmp_path / "log").read_text() == "A;touch hacked\n"


def test_a_command_sees_no_key() -> None:
    """Neither the usual variables nor those that targets name; the rest of the environment is there."""
    environ = {"SGP_API_KEY": "k1", "STAGING_KEY": "k2", "VAULT_ADDR": "here"}
    program = "import os; print([os.environ.get(n) for n in ('SGP_API_KEY', 'STAGING_KEY', 'VAULT_ADDR')])"
    secrets = Secrets(variables=environ, command=python(program), withheld=("SGP_API_KEY", "STAGING_KEY"))
    assert secrets.value("A") == "[None, None, 'here']"


def test_commands_can_be_forbidden() -> None:
    """Then none is run."""
    secrets = Secrets(command=python("print(1)"), commands_allowed=False)
    with pytest.raises(SecretError, match="--no-secret-commands"):
        secrets.value("A")
    assert not secrets.ran


def test_the_api_key_is_no_secret_of_a_model() -> None:
    """A manifest cannot send it anywhere."""
    secrets = Secrets(variables={"EGPSYNC_SECRET_A": f"Bearer {VALUE}"}, api_key=VALUE)
    with pytest.raises(SecretError) as caught:
        secrets.value("A")
    assert caught.value.what == "it holds the API key"
    assert VALUE not in str(caught.value) + repr(secrets)


def test_what_was_given_out_is_known_and_in_no_repr() -> None:
    """For those who see to it that it is shown nowhere."""
    secrets = Secrets(variables={"EGPSYNC_SECRET_A": VALUE})
    secrets.value("A")
    assert secrets.known() == (VALUE,)
    assert VALUE not in repr(secrets)

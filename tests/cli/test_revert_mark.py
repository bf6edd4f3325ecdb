"""A run that only wrote marks has no way back: revert says so, and not that all is as it was."""

from tests.cli.samples import Shell, hosted
from tests.conftest import StartEmulator

ENTRY = "version: 1\nowner: us\nmodels:\n  - {name: gpt, model_vendor: openai, model_metadata: {team: x}}\n"


def test_a_mark_is_left_and_told(emulator: StartEmulator, shell: Shell) -> None:
    """The model keeps the mark that the run wrote, and the last line points at the note that says so."""
    running = emulator(seed=[hosted("gpt", model_metadata={"team": "x"})])
    shell.knows(running).file("configs/models/m.yaml", ENTRY)
    assert shell.run("apply", "--adopt", "--yes", "--report", "json=run.json").code == 0
    sent = len(running.log.changes)
    done = shell.run("revert", "run.json", "--yes")
    assert (done.code, len(running.log.changes)) == (0, sent)
    assert "the run changed its owner's mark, which is not taken back" in done.out
    assert "Nothing more can be put back: the notes say what is left as it is, and why." in done.out

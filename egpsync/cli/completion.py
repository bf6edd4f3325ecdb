"""egpsync completion: the name of a shell in, the script by which it completes egpsync out."""

import click
from click.shell_completion import get_completion_class

from egpsync.cli.output import put

VARIABLE = "_EGPSYNC_COMPLETE"
"""By which the script asks (click's own way: _PROGRAM_COMPLETE)."""


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    r"""Print a script that completes commands, options, targets and model names: offline, and without a key.

    \b
    bash: source <(egpsync completion bash), in ~/.bashrc
    zsh:  source <(egpsync completion zsh), in ~/.zshrc, behind compinit
    fish: egpsync completion fish > ~/.config/fish/completions/egpsync.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"this click knows no {shell}")
    group = click.get_current_context().find_root().command
    script = kind(group, {}, "egpsync", VARIABLE)
    put(script.source_template % script.source_vars())

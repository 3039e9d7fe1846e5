"""`prepull completion`: prints the script that a shell loads."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ..app import prepull

_HOW = {
    "bash": 'eval "$(prepull completion bash)"            in ~/.bashrc',
    "zsh": 'eval "$(prepull completion zsh)"             in ~/.zshrc',
    "fish": "prepull completion fish | source             in ~/.config/fish/config.fish",
}


@click.command(epilog="\b\n" + "\n".join(_HOW.values()))
@click.argument("shell", type=click.Choice(list(_HOW)))
def command(shell: str) -> None:
    """Print a script that completes prepull's commands, options, contexts and components in SHELL."""
    completion = get_completion_class(shell)
    assert completion is not None  # noqa: S101 - click has one for each choice
    click.echo(completion(prepull, {}, "prepull", "_PREPULL_COMPLETE").source())

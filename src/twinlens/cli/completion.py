"""`twinlens completion`: the script that a shell needs."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    bash: eval "$(twinlens completion bash)"  in ~/.bashrc;
    zsh: the same in ~/.zshrc;
    fish: twinlens completion fish > ~/.config/fish/completions/twinlens.fish
    """
    from twinlens.cli import group

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(group, {}, "twinlens", "_TWINLENS_COMPLETE").source())

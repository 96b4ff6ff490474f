"""`completion`: the scripts that make shells complete commands, options and secrets' names."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

from cli.client.options import Command
from cli.client.output import write_text

_PROGRAM: Final = "trstctl-cli"
_VARIABLE: Final = "_TRSTCTL_CLI_COMPLETE"
"""What click looks for in the environment to answer the scripts."""
_BASH_ADDS: Final = "COMPREPLY+=($value)"


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    r"""Print the completion script for a shell. It completes commands, options, and names of secrets from the server.

    \b
    bash: eval "$(trstctl-cli completion bash)"             in ~/.bashrc
    zsh:  eval "$(trstctl-cli completion zsh)"              in ~/.zshrc
    fish: trstctl-cli completion fish > ~/.config/fish/completions/trstctl-cli.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - these three come with click
    root = context.find_root().command
    write_text(_open_folders(kind(root, {}, _PROGRAM, _VARIABLE).source()))


def _open_folders(script: str) -> str:
    """In bash, no space after a folder, so that one can go on typing; other shells' scripts are left as they are."""
    return script.replace(_BASH_ADDS, f"{_BASH_ADDS}\n            [[ $value == */ ]] && compopt -o nospace")

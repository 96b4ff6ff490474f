"""The `trstctl` command: one file a subcommand, imported only when it is used."""

from __future__ import annotations

import importlib
import sys
from typing import Final

import click

from cli.server.exit_codes import exit_code
from domain.errors import TrstctlError

COMMANDS: Final = {
    "audit": "cli.server.commands.audit",
    "dev": "cli.server.commands.dev",
    "kek": "cli.server.commands.kek_store",
    "migrate": "cli.server.commands.migrate",
    "replay": "cli.server.commands.replay",
    "serve": "cli.server.commands.serve",
    "tenant": "cli.server.commands.tenant",
    "token": "cli.server.commands.token",
}
"""Each module has a click command `command`."""


class _Lazy(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:  # noqa: ARG002 - inherited
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 - inherited
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[name]).command
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="trstctl", prog_name="trstctl")
def trstctl() -> None:
    """The server, and what its operator does: tenants, tokens, keys, and proving that the log is whole."""


def main() -> None:
    """Run, and tell of an error in one line with what to do."""
    try:
        trstctl.main(standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except TrstctlError as error:
        click.echo(f"trstctl: {error.message}", err=True)
        sys.exit(exit_code(error))

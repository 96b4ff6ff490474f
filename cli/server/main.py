"""The `trstctl` command: one file a subcommand, imported only when it is used."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final, NamedTuple

import click

from cli.server.exit_codes import BROKEN_PIPE, COULD_NOT, INTERRUPTED, OK, exit_code
from domain.errors import TrstctlError


class Entry(NamedTuple):
    """Where a subcommand is, as `command` in `module`, and what it does, so that help need not import it."""

    module: str
    summary: str


COMMANDS: Final = {
    "serve": Entry("cli.server.commands.serve", "Serve the API over HTTPS, as configured."),
    "dev": Entry("cli.server.commands.dev", "Serve on this machine with nothing to set up, to try things out."),
    "tenant": Entry("cli.server.commands.tenant", "Create and list tenants."),
    "token": Entry("cli.server.commands.token", "Create, list and revoke API tokens."),
    "attention": Entry("cli.server.commands.attention", "Look at the work that needs a person, and decide on it."),
    "lease": Entry("cli.server.commands.lease", "Compare the accounts that were made in other systems with the log."),
    "audit": Entry("cli.server.commands.audit", "Look at the log, take it out, prove that it is whole."),
    "replay": Entry("cli.server.commands.replay", "Rebuild read models from the log and compare, or repair, them."),
    "kek": Entry("cli.server.commands.kek_store", "Rotate the key-encryption key; see what it wraps."),
    "import": Entry("cli.server.commands.import_secrets", "Bring secrets over from Vault or OpenBao."),
    "migrate": Entry("cli.server.commands.migrate", "Bring a PostgreSQL store to what this version expects."),
}
"""A further command is one line here, and one file."""


class _Lazy(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:  # noqa: ARG002 - inherited
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 - inherited
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[name].module).command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - inherited
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="trstctl", prog_name="trstctl")
def trstctl() -> None:
    """The server, and what its operator does: tenants, tokens, keys, and proving that the log is whole."""


def main() -> int:
    """Run the command line and return the exit code. An error is told in one line with what to do, never as a trace."""
    try:
        code = trstctl.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        return _unread()
    except TrstctlError as error:
        return _told(error.message, exit_code(error))
    except Exception as error:  # noqa: BLE001 - what an unexpected error says could quote a value
        return _told(f"internal error: {_place(error)}; please report it", COULD_NOT)
    return code if isinstance(code, int) else OK


def _told(text: str, code: int) -> int:
    click.echo(f"trstctl: {' '.join(text.split())}", err=True)
    return code


def _unread() -> int:
    """The reader of our output is gone: let the interpreter's last flush go nowhere, too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE


def _place(error: BaseException) -> str:
    """Kind and place of a mistake of ours."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"


if __name__ == "__main__":
    sys.exit(main())

"""The entry of `trstctl-cli`: runs a command and turns whatever goes wrong into a message and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from cli.client.errors import ClientError, rendered
from cli.client.exit_codes import ExitCode
from cli.client.families import ROOT

PROGRAM = "trstctl-cli"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, `sys.argv` if None. Returns the exit code; no exception leaves, so no traceback shows."""
    try:
        code = ROOT.main(args=arguments, prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        return _interrupted()
    except BrokenPipeError:
        return _unread()
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except ClientError as error:
        _tell(rendered(error))
        return error.code
    except Exception as error:  # noqa: BLE001 - a traceback could quote a value, and helps no user
        _tell(f"trstctl-cli: internal error: {_place(error)}; please report it\n")
        return ExitCode.FAILED
    return code if isinstance(code, int) else ExitCode.OK


def _tell(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, AttributeError, UnicodeError):
        return  # nobody listens; the exit code still tells


def _interrupted() -> int:
    _tell("\n")
    return ExitCode.INTERRUPTED


def _unread() -> int:
    """The reader of our output is gone: let the interpreter's last flush go nowhere, too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.BROKEN_PIPE


def _place(error: Exception) -> str:
    """Kind and place of a mistake of ours. Not its message, which may hold anything."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"


if __name__ == "__main__":
    sys.exit(main())

"""The entry of `trstctl-cli`: runs a command and turns whatever goes wrong into a message and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from cli.client.errors import ClientError, Unread, rendered
from cli.client.exit_codes import ExitCode
from cli.client.families import ROOT

PROGRAM = "trstctl-cli"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, `sys.argv` if None. Returns the exit code; no exception leaves, so no traceback shows."""
    try:
        code = ROOT.main(args=arguments, prog_name=PROGRAM, standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last place that can tell the user
        return _told(error)
    return code if isinstance(code, int) else ExitCode.OK


def _told(error: BaseException) -> int:
    """Tell what happened; the exit code that goes with it."""
    if isinstance(error, click.Abort | KeyboardInterrupt):
        _tell("\n")
        return ExitCode.INTERRUPTED
    if isinstance(error, click.ClickException):
        error.show()
        return ExitCode.USAGE
    if isinstance(error, ClientError):
        return _refused(error)
    if isinstance(error, OSError):  # reading and sending tell of theirs, so this is standard output
        _tell(f"trstctl-cli: cannot write the output: {error.strerror}\n")
        _drop_output()
        return ExitCode.FAILED
    # a traceback could quote a value, and helps no user
    _tell(f"trstctl-cli: internal error: {_place(error)}; please report it\n")
    return ExitCode.FAILED


def _refused(error: ClientError) -> int:
    if isinstance(error, Unread):
        _drop_output()
    else:
        _tell(rendered(error))
    return error.code


def _tell(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, AttributeError, UnicodeError):
        return  # nobody listens; the exit code still tells


def _drop_output() -> None:
    """Let what is still buffered go nowhere, or the interpreter's last flush would fail as well."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _place(error: BaseException) -> str:
    """Kind and place of a mistake of ours. Not its message, which may hold anything."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"


if __name__ == "__main__":
    sys.exit(main())

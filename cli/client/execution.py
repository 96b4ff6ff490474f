"""Becoming another program, and its failures told as a shell tells them."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from collections.abc import Mapping
from typing import NoReturn

from cli.client.errors import ClientError, WrongUsage
from cli.client.exit_codes import ExitCode


def check_exists(command: str) -> None:
    """Raise, with exit code 127 or 126, if `command` cannot be run: before a secret is fetched for nothing."""
    if shutil.which(command) is not None:
        return
    if os.path.lexists(command) and "/" in command:
        raise ClientError(f"{command} cannot be run", "is it a file, and executable?", ExitCode.CANNOT_RUN)
    raise _not_found(command)


def become(command: tuple[str, ...], variables: Mapping[str, str]) -> NoReturn:
    """Replace this process by `command`, its environment ours with `variables` over it.

    Raises `ClientError` with exit code 127 if there is no such command, 126 if it cannot be run.
    """
    environment = dict(os.environb)
    environment.update((name.encode(), _value(name, text)) for name, text in variables.items())
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):  # which the command would inherit
        signal.signal(ignored_by_python, signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606 - no shell is meant to read it
    except FileNotFoundError:
        raise _not_found(command[0]) from None
    except OSError as error:
        raise ClientError(
            f"{command[0]} cannot be run: {error.strerror}", _remedy(error), ExitCode.CANNOT_RUN
        ) from None


def _value(name: str, text: str) -> bytes:
    if "\0" in text:
        raise WrongUsage(f"the value for {name} holds a NUL byte, which no environment variable can")
    return text.encode()


def _not_found(command: str) -> ClientError:
    return ClientError(f"there is no command {command}", "is it in PATH?", ExitCode.COMMAND_NOT_FOUND)


def _remedy(error: OSError) -> str:
    if error.errno == errno.E2BIG:
        return "arguments and environment are too large together: give it fewer or smaller secrets"
    if error.errno == errno.ENOEXEC:
        return "a script begins with a line such as #!/bin/sh"
    return ""

"""What the exit code of `trstctl-cli` means. Stable: scripts rest on it; docs/reference/cli-client.md repeats it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Every code the client itself ends with. `run` otherwise returns its command's code, or 128+n after signal n."""

    OK = 0
    FAILED = 1
    """The server failed, answered something unintelligible, or a check came out negative (`audit verify`)."""
    USAGE = 2
    """The command line, or what it sent, is wrong (HTTP 400, 413, 415, 422)."""
    UNAUTHENTICATED = 3
    FORBIDDEN = 4
    NOT_FOUND = 5
    CONFLICT = 6
    """The state does not allow it: it exists, another version is current, a cycle (HTTP 409, 412, 428)."""
    UNAVAILABLE = 7
    """No connection, no trusted certificate, too many requests, or the server cannot do it now."""
    CANNOT_RUN = 126
    """`run`: the command was found but could not be started."""
    COMMAND_NOT_FOUND = 127
    """`run`: there is no such command."""
    INTERRUPTED = 130
    """Ctrl-C."""
    BROKEN_PIPE = 141
    """Whoever read our output stopped reading."""


_BY_STATUS = {
    400: ExitCode.USAGE,
    401: ExitCode.UNAUTHENTICATED,
    403: ExitCode.FORBIDDEN,
    404: ExitCode.NOT_FOUND,
    409: ExitCode.CONFLICT,
    410: ExitCode.NOT_FOUND,
    412: ExitCode.CONFLICT,
    413: ExitCode.USAGE,
    415: ExitCode.USAGE,
    422: ExitCode.USAGE,
    428: ExitCode.CONFLICT,
    429: ExitCode.UNAVAILABLE,
    502: ExitCode.UNAVAILABLE,
    503: ExitCode.UNAVAILABLE,
    504: ExitCode.UNAVAILABLE,
}


def of_status(status: int) -> ExitCode:
    """The exit code for an HTTP status that is not a success."""
    return _BY_STATUS.get(status, ExitCode.FAILED)

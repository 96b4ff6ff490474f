"""What MongoDB's errors mean to us.

Its texts may repeat fields of a command, so only the server's own message is taken, never the driver's, which appends
the whole answer; and `createUser`, the one command with a password, has it taken out.
"""

from __future__ import annotations

from typing import Final

from pymongo.errors import ConfigurationError, ConnectionFailure, ExecutionTimeout, OperationFailure, PyMongoError
from pymongo.errors import WTimeoutError as NotReplicated

from domain.backends import BackendError, BackendRefused, BackendUnavailable

USER_NOT_FOUND: Final = 11
UNAUTHORIZED: Final = 13
AUTHENTICATION_FAILED: Final = 18
COMMAND_NOT_FOUND: Final = 59
NOT_IMPLEMENTED: Final = 238
USER_EXISTS: Final = 51003

_PASSING: Final = frozenset({6, 7, 24, 46, 50, 64, 89, 91, 112, 189, 202, 251, 262, 317, 11600, 11602, 13435, 13436})
"""What passes: network, locks, time limits, elections and shutdowns (src/mongo/base/error_codes.yml)."""
_NO_TRUST: Final = "certificate verify failed"


class Failed(BackendRefused):
    """MongoDB refused a command, with this code."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


def meaning(error: PyMongoError, secret: str = "") -> BackendError:
    """The error to raise `from None`; `secret` is taken out of what it says."""
    told = _told(error)
    if secret:
        told = told.replace(secret, "…")
    if isinstance(error, OperationFailure) and not _is_passing(error):
        code = error.code or 0
        asked = "MongoDB does not let us in" if code == AUTHENTICATION_FAILED else "MongoDB"
        return Failed(f"{asked}: {told} (code {code})", code)
    if isinstance(error, ConfigurationError):
        return BackendRefused(f"MongoDB: {told}")
    if isinstance(error, ConnectionFailure) and _NO_TRUST in told.lower():
        return BackendRefused(f"MongoDB: its certificate is not trusted; set ca_file or hosts: {told}")
    return BackendUnavailable(f"MongoDB cannot do it now: {told}")


def _is_passing(error: OperationFailure) -> bool:
    return error.code in _PASSING or isinstance(error, (ExecutionTimeout, NotReplicated))


def _told(error: PyMongoError) -> str:
    details = error.details if isinstance(error, OperationFailure) else None
    text = str((details or {}).get("errmsg") or error)
    return " ".join(text.split())[:500]

"""Errors as Vault tells them: the one table from the domain's errors to its statuses and words.

A client of Vault repeats what was answered with 5xx, so what will not be done has a status below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from domain import errors
from domain.errors import TrstctlError

DENIED: Final = "permission denied"
SEALED: Final = "Vault is sealed"


class VaultError(Exception):
    """A refusal in Vault's own words. `messages` may be none: of what is not there nothing is said."""

    def __init__(self, status: int, *messages: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(*messages)
        self.status = status
        self.messages = messages
        self.data = data

    def encoded(self) -> bytes:
        """The body."""
        body: dict[str, Any] = {"errors": list(self.messages)}
        return msgspec.json.encode(body if self.data is None else {**body, "data": self.data})


def one_error(message: str) -> str:
    """A single error as Go's multierror prints it, which is what an ACL's refusal looks like."""
    return f"1 error occurred:\n\t* {message}\n\n"


def denied() -> VaultError:
    """The caller is known, and may not."""
    return VaultError(403, one_error(DENIED))


def unsupported() -> VaultError:
    """The path is there, and does not answer to this operation."""
    return VaultError(405, one_error("unsupported operation"))


def no_handler(path: str) -> VaultError:
    """Nothing answers under this path."""
    return VaultError(404, f'no handler for route "{path}". route entry not found.')


def _told(status: int) -> Callable[[TrstctlError], VaultError]:
    return lambda error: VaultError(status, error.message)


def _silent(status: int, *messages: str) -> Callable[[TrstctlError], VaultError]:
    return lambda _error: VaultError(status, *messages)


_TABLE: Final[dict[type[TrstctlError], Callable[[TrstctlError], VaultError]]] = {
    errors.Unauthenticated: _silent(403, DENIED),
    errors.ApprovalRequired: _told(403),
    errors.Refused: lambda _error: denied(),
    errors.TooLarge: _told(413),
    errors.UnsupportedMediaType: _told(415),
    errors.Invalid: _told(400),
    errors.NotFound: _silent(404),
    errors.Gone: _told(400),
    errors.CheckAndSetFailed: _silent(400, "check-and-set parameter did not match the current version"),
    errors.CheckAndSetRequired: _silent(400, "check-and-set parameter required for this call"),
    errors.Conflict: _told(400),
    errors.TooManyRequests: _told(429),
    errors.BackendUnavailable: _told(502),
    errors.BackendError: _told(400),
    errors.Disabled: _silent(503, SEALED),
    errors.KeyUnavailable: _silent(503, SEALED),
    errors.Unavailable: _told(503),
    TrstctlError: _silent(500, "internal error"),
}


def of_error(error: TrstctlError) -> VaultError:
    """What Vault would say of `error`; the nearest class up the tree decides."""
    return next(_TABLE[kind] for kind in type(error).__mro__ if kind in _TABLE)(error)

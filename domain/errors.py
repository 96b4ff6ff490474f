"""Every error the product raises on purpose: one root, one class a cause.

The message of an error is shown to the caller: it says what is wrong and what to do, and never holds a secret value.
`api.problems` maps each class to an HTTP status, `cli.exit_codes` to an exit code.

    TrstctlError
    ├── Refused            the caller asked for something it may not have or do
    │   ├── Unauthenticated · Forbidden
    ├── Invalid            the request itself is wrong
    │   ├── TooLarge · BadName · ReferenceTooLarge · IdempotencyMismatch · UnsupportedMediaType
    ├── NotFound
    ├── Conflict           the state does not allow it
    │   ├── AlreadyExists · VersionConflict · AlreadyReplied · CheckAndSetFailed · ReferenceCycle
    ├── TooManyRequests
    ├── BackendError (in `domain.backends`)   a system we make credentials in did not do it
    └── Unavailable        we cannot do it now, and nothing was done
        ├── Disabled · KeyUnavailable · StoreUnavailable · StoreBusy · Misconfigured · LogBroken
        └── OutcomeUnknown (a StoreUnavailable): the one case in which it may have been done all the same
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar


class TrstctlError(Exception):
    """Root of all. `code` is stable and machine-readable; `extensions` are added to a problem+json answer."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, extensions: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.extensions: Mapping[str, object] = extensions or {}


class Refused(TrstctlError):
    """The caller asked for something it may not have or do."""

    code = "refused"


class Unauthenticated(Refused):
    """No token, or one that is malformed, unknown, expired or revoked."""

    code = "unauthenticated"


class Forbidden(Refused):
    """The token is good but its scopes do not allow this."""

    code = "forbidden"


class Invalid(TrstctlError):
    """The request itself is wrong: a field, a parameter, a body."""

    code = "invalid"


class TooLarge(Invalid):
    """A body, value or list is over its bound."""

    code = "too-large"


class BadName(Invalid):
    """A secret's path breaks the path rules."""

    code = "bad-name"


class ReferenceTooLarge(Invalid):
    """Expanding references would pass the bound on depth, count or size."""

    code = "reference-too-large"


class IdempotencyMismatch(Invalid):
    """The idempotency key was used before for another request."""

    code = "idempotency-mismatch"


class UnsupportedMediaType(Invalid):
    """The body is said to be something else than JSON."""

    code = "unsupported-media-type"


class NotFound(TrstctlError):
    """There is no such thing here, or not for this tenant."""

    code = "not-found"


class Conflict(TrstctlError):
    """The state of the thing does not allow it."""

    code = "conflict"


class AlreadyExists(Conflict):
    """The name is taken. `paths` names every path that exists."""

    code = "already-exists"

    def __init__(self, message: str, paths: Sequence[str]) -> None:
        super().__init__(message, extensions={"paths": list(paths)})


class VersionConflict(Conflict):
    """Somebody else wrote to the stream in between; the command may be tried again."""

    code = "version-conflict"


class AlreadyReplied(Conflict):
    """A request with the same idempotency key was answered in between; its reply is stored."""

    code = "already-replied"


class CheckAndSetFailed(Conflict):
    """The version the caller named is not the current one."""

    code = "check-and-set-failed"

    def __init__(self, message: str, *, current: int) -> None:
        super().__init__(message, extensions={"current_version": current})


class ReferenceCycle(Conflict):
    """A reference leads back to itself. `cycle` lists the paths, first one repeated last."""

    code = "reference-cycle"

    def __init__(self, message: str, cycle: Sequence[str]) -> None:
        super().__init__(message, extensions={"cycle": list(cycle)})


class TooManyRequests(TrstctlError):
    """The token's rate limit is used up; `retry_after` is in seconds."""

    code = "too-many-requests"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(TrstctlError):
    """We cannot do it now, and nothing was done."""

    code = "unavailable"


class Disabled(Unavailable):
    """The surface is switched off by configuration."""

    code = "disabled"


class KeyUnavailable(Unavailable):
    """The key-encryption key is missing, unusable, or not the one that wrapped this."""

    code = "key-unavailable"


class StoreUnavailable(Unavailable):
    """The database cannot be reached or written."""

    code = "store-unavailable"


class OutcomeUnknown(StoreUnavailable):
    """The database was lost while it committed, and cannot be asked whether it did.

    With the idempotency key it had, the request may be repeated.
    """

    code = "outcome-unknown"


class StoreBusy(StoreUnavailable):
    """Another process is writing the store; it is free again in a moment."""

    code = "store-busy"


class Misconfigured(Unavailable):
    """The configuration is wrong; the message names file, key and remedy."""

    code = "misconfigured"


class LogBroken(Unavailable):
    """The stored log contradicts itself; see `trstctl audit verify`."""

    code = "log-broken"

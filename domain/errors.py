"""Every error the product raises on purpose: one root, one class a cause.

The message of an error is shown to the caller: it says what is wrong and what to do, and never holds a secret value.
`api.problems` maps each class to an HTTP status, `cli.exit_codes` to an exit code.

    TrstctlError
    ├── Refused            the caller asked for something it may not have or do
    │   ├── Unauthenticated · Forbidden · ApprovalRequired · PassphraseRequired · PassphraseWrong
    ├── Invalid            the request itself is wrong
    │   ├── TooLarge · BadName · ReferenceTooLarge · IdempotencyMismatch · UnsupportedMediaType · DecryptionFailed
    ├── NotFound
    ├── Gone               a share that gives nothing, for a reason that is not told
    ├── Conflict           the state does not allow it
    │   ├── AlreadyExists · VersionConflict · AlreadyReplied · CheckAndSetFailed · CheckAndSetRequired · ReferenceCycle
    ├── TooManyRequests
    ├── BackendError       a system that we make credentials in did not do what it was asked
    │   ├── BackendRefused · BackendUnavailable · NotYet · UnknownDestination
    └── Unavailable        we cannot do it now, and nothing was done
        ├── Disabled · KeyUnavailable · StoreUnavailable · StoreBusy · Misconfigured · LogBroken
        └── OutcomeUnknown (a StoreUnavailable): the one case in which it may have been done all the same
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final


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


class ApprovalRequired(Refused):
    """A policy wants this approved first. The request for it is open by now, and what it waits for is told."""

    code = "approval-required"


class PassphraseRequired(Refused):
    """The share is good, and opens with the passphrase that its sender chose."""

    code = "passphrase-required"


class PassphraseWrong(Refused):
    """The share is good, the passphrase is not. After `tries_left` more such tries it is locked for ever."""

    code = "passphrase-wrong"

    def __init__(self, message: str, *, tries_left: int) -> None:
        super().__init__(message, extensions={"tries_left": tries_left})


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


_SEALED: Final = (
    "this does not decrypt: the ciphertext was altered, is of another key or of a version that may not be used any "
    "more, or aad or context are not those it was encrypted with"
)


class DecryptionFailed(Invalid):
    """The ciphertext does not decrypt. Why is not told: the message is the same for whatever was altered.

    `reason` is for a face whose clients know the cause by its name; it tells nothing that the ciphertext does not.
    """

    code = "decryption-failed"

    def __init__(self, reason: str = "altered") -> None:
        super().__init__(_SEALED)
        self.reason = reason


class NotFound(TrstctlError):
    """There is no such thing here, or not for this tenant."""

    code = "not-found"


_GONE: Final = (
    "this share gives nothing: it was opened already, has expired, was withdrawn, or never existed; ask its sender for "
    "another"
)


class Gone(TrstctlError):
    """The share was opened already, has expired, was withdrawn or locked, or never was: the answer is the same."""

    code = "gone"

    def __init__(self, message: str = _GONE) -> None:
        super().__init__(message)


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


class CheckAndSetRequired(Conflict):
    """The secret is written by check-and-set only, and the caller named no version."""

    code = "check-and-set-required"


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


class BackendError(TrstctlError):
    """The backend did not do what it was asked. The message never holds a credential."""

    code = "backend-error"


class BackendRefused(BackendError):
    """The backend answered and will not: missing privilege, wrong statement. Trying again alone will not help."""

    code = "backend-refused"


class BackendUnavailable(BackendError):
    """The backend cannot be reached, did not answer in time, or is overloaded. What was asked may have happened."""

    code = "backend-unavailable"


class UnknownDestination(BackendError):
    """No backend of this name is configured any more: what is owed to it stays owed, and a person is told."""

    code = "unknown-destination"


class NotYet(BackendError):
    """The credential cannot be taken back before `until`, such as a signed token: ask again then."""

    code = "not-yet"

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.until = until


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

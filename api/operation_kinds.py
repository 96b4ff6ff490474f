"""What a row of the table of operations is made of, and the errors that many of them share."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from api import queries
from domain.backends import BackendRefused, BackendUnavailable
from domain.errors import (
    AlreadyReplied,
    ApprovalRequired,
    BadName,
    Conflict,
    Disabled,
    Forbidden,
    IdempotencyMismatch,
    Invalid,
    KeyUnavailable,
    LogBroken,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    ReferenceCycle,
    ReferenceTooLarge,
    StoreBusy,
    StoreUnavailable,
    TooLarge,
    TooManyRequests,
    TrstctlError,
    Unauthenticated,
    UnsupportedMediaType,
    VersionConflict,
)

Errors = tuple[type[TrstctlError], ...]

JSON: Final = "application/json"
ASKED: Final[Errors] = (Invalid, Unauthenticated, TooLarge, TooManyRequests, StoreUnavailable)
ALLOWED: Final[Errors] = (*ASKED, Forbidden)
LISTED: Final[Errors] = (*ALLOWED, Disabled, BadName)
FOUND: Final[Errors] = (*LISTED, NotFound)
APPENDED: Final[Errors] = (StoreBusy, OutcomeUnknown)
OPENED: Final[Errors] = (*APPENDED, KeyUnavailable, LogBroken)
GUARDED: Final[Errors] = (ApprovalRequired, Conflict, VersionConflict)
GLASS: Final = ("Trstctl-Break-Glass",)
KEYED: Final[Errors] = (KeyUnavailable, LogBroken, IdempotencyMismatch)
CHANGED: Final[Errors] = (*OPENED, IdempotencyMismatch, AlreadyReplied, VersionConflict)
LEASED: Final[Errors] = (*ALLOWED, Disabled, NotFound, BackendRefused, BackendUnavailable, Misconfigured)
ROTATED: Final[Errors] = (*LEASED, *GUARDED, BadName)
EXPANDED: Final[Errors] = (*OPENED, ReferenceCycle, ReferenceTooLarge)


class Answer(NamedTuple):
    """A success: what its body may be; nothing if there is none. `str` is text of the media type."""

    kinds: tuple[Any, ...]
    status: int = 200
    media_type: str = JSON


class Operation(NamedTuple):
    """One route. Its parameters are the fields of `query`, its body is `body`; None where it takes none."""

    answers: tuple[Answer, ...]
    errors: Errors = ()
    query: type[queries.Query] | None = queries.NoQuery
    body: type[msgspec.Struct] | None = None
    headers: tuple[str, ...] = ()


GONE: Final = (Answer((), 204),)
BODY: Final[Errors] = (UnsupportedMediaType,)

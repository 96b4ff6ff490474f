"""What Redis's errors mean to us. The server repeats rules in them, never a password: none is ever sent but in AUTH."""

from __future__ import annotations

from typing import Final

from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004 - the library's own, of which there is no other name
    MasterDownError,
    OutOfMemoryError,
    RedisError,
    TimeoutError,  # noqa: A004 - as above
    TryAgainError,
)

from domain.backends import BackendError, BackendRefused, BackendUnavailable

_PASSING: Final = (ConnectionError, TimeoutError, OutOfMemoryError, TryAgainError, MasterDownError, OSError)
_REFUSED: Final = (AuthenticationError, AuthorizationError)
_PASSING_TEXTS: Final = ("LOADING", "BUSY", "MISCONF", "max number of clients")
_NO_TRUST: Final = "certificate verify failed"


def meaning(error: RedisError | OSError) -> BackendError:
    """The error to raise `from None`."""
    told = " ".join(str(error).split())[:500]
    if _NO_TRUST in told.lower():
        return BackendRefused(f"Redis: its certificate is not trusted; set ca_file or host: {told}")
    if isinstance(error, _REFUSED):
        return BackendRefused(f"Redis does not let us in: {told}")
    if isinstance(error, (*_PASSING, BusyLoadingError)) or told.startswith(_PASSING_TEXTS):
        return BackendUnavailable(f"Redis cannot do it now: {told or type(error).__name__}")
    return BackendRefused(f"Redis: {told}")

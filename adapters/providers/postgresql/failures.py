"""What PostgreSQL's errors mean to us.

The server's texts may repeat pieces of a statement. No statement holds a password, only its verifier; the errors are
raised `from None` all the same, for psycopg's hold the statement as a whole.
"""

from __future__ import annotations

import re
from typing import Final

import psycopg

from domain.backends import BackendError, BackendRefused, BackendUnavailable

UNDEFINED: Final = "42704"

_PASSING: Final = re.compile("^(08|53|57|58|40|22012|25006|2BP01|55P03|XX000)")
"""SQLSTATE classes of what passes: connection, resources, shutdown, conflict; a statement that came too late (our own
division by zero), a standby in place of the primary, and an account that was granted something meanwhile."""
_CONTENTION: Final = ("tuple concurrently", "deadlock detected", "could not serialize")
_LOGIN: Final = re.compile(
    r'authentication failed|no pg_hba\.conf entry|is not permitted to log in|(role|database) "[^"]*" does not exist'
    r"|permission denied for database|certificate verify failed|does not match host name|no password supplied"
)


def meaning(error: psycopg.Error) -> BackendError:
    """The error to raise `from None`."""
    if error.sqlstate is None:
        return _of_connection(error)
    text = f"PostgreSQL: {error.diag.message_primary} (SQLSTATE {error.sqlstate})"
    return BackendUnavailable(text) if _PASSING.match(error.sqlstate) else BackendRefused(text)


def is_contention(error: psycopg.Error) -> bool:
    """Whether another session changed the same row of a catalog meanwhile, and the same again may well succeed."""
    return any(text in (error.diag.message_primary or "") for text in _CONTENTION)


def _of_connection(error: psycopg.Error) -> BackendError:
    text = " ".join(str(error).split())[:500]
    if _LOGIN.search(text):
        return BackendRefused(f"PostgreSQL does not let us in: {text}")
    return BackendUnavailable(f"PostgreSQL cannot be reached: {text}")

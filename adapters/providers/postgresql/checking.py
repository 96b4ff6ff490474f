"""Whether the configured account may do what it will have to."""

from __future__ import annotations

from typing import Final

import psycopg

from adapters.providers.postgresql.connections import Session
from adapters.providers.postgresql.dialect import identifier
from domain.backends import ACCOUNT_PREFIX, BackendRefused

_OLDEST: Final = 140_000
_MAY_END_SESSIONS: Final = """SELECT pg_catalog.pg_has_role('pg_signal_backend', 'USAGE')
 OR (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)"""


async def check(session: Session) -> None:
    """Raises `BackendRefused` with the statement that an administrator has to run."""
    who = identifier(session.connection.info.user)
    if session.connection.info.server_version < _OLDEST:
        raise BackendRefused("PostgreSQL is older than version 14; we cannot wait there for sessions to end")
    try:
        await session.all(["BEGIN", f'CREATE ROLE "{ACCOUNT_PREFIX}check" NOLOGIN', "ROLLBACK"])
    except psycopg.errors.InsufficientPrivilege:
        raise BackendRefused(f"may not make accounts; as a superuser run: ALTER ROLE {who} CREATEROLE") from None
    if await session.all([_MAY_END_SESSIONS]) != [(True,)]:
        raise BackendRefused(f"may not end sessions; as a superuser run: GRANT pg_signal_backend TO {who}")

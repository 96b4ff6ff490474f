"""How an account ends: its logins, its sessions, what hangs on it in each database, then itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import psycopg

from adapters.providers.postgresql import likeness, statements
from adapters.providers.postgresql.connections import Connections, Session, bounded
from adapters.providers.postgresql.contention import Contention
from adapters.providers.postgresql.dialect import identifier
from adapters.providers.postgresql.failures import UNDEFINED
from domain.backends import BackendRefused, BackendUnavailable


@dataclass
class _Found:
    """A role that can log in no more. In `databases` something hangs on it; "" is the configured one."""

    oid: int
    databases: set[str] = field(default_factory=set)


class Removal:
    """Ends accounts of one server."""

    def __init__(self, connections: Connections, timeout: float) -> None:
        self._connections = connections
        self._timeout = timeout
        self._contention = Contention()

    async def remove(self, name: str, owner: str, revocation: list[str]) -> None:
        """End it wholly. What it owns goes to the account that it acted as, else to `owner`, else to us."""
        async with bounded(self._timeout):
            found = await self._connections.run(lambda session: _lock_out(session, name))
            if found:
                await self._drop(name, found, owner, revocation)

    async def retire(self, name: str) -> None:
        """End it; what somebody else made, and has something hanging on it, stays as a group without login."""
        async with bounded(self._timeout):
            found = await self._connections.run(lambda session: _lock_out(session, name))
            if found and not await self._connections.run(lambda session: likeness.kept(session, name)):
                await self._drop(name, found, "", [])

    async def _drop(self, name: str, found: _Found, owner: str, revocation: list[str]) -> None:
        if found.databases:
            owner = await self._connections.run(lambda session: likeness.identity(session, name)) or owner
        for database in sorted(found.databases - {""}):
            await self._connections.run(lambda session: self._free(session, name, owner), database)
        here = statements.freed(name, owner) if found.databases else []
        ending = ["BEGIN", statements.locked(name), *revocation, *here, f"DROP ROLE {identifier(name)}", "COMMIT"]

        async def end(session: Session) -> None:
            rows = await self._contention.overcome(session, name, lambda _: [*ending, statements.stragglers(found.oid)])
            _all_ended(rows)

        await self._connections.run(end)

    async def _free(self, session: Session, name: str, owner: str) -> None:
        await self._contention.overcome(session, name, lambda _: statements.freed(name, owner))


async def _lock_out(session: Session, name: str) -> _Found | None:
    """End its logins and its sessions; none if there is no such role."""
    if name == session.connection.info.user:
        raise BackendRefused(f"{name} is the account by which we make all others; it cannot be removed by itself")
    try:
        rows = await session.all(statements.locked_out(name))
    except psycopg.Error as error:
        if error.sqlstate != UNDEFINED:
            raise
        return None
    _all_ended(rows)
    oids = [cast("int", oid) for _, oid, _ in rows]
    return _Found(oids[0], {str(database) for _, _, database in rows if database is not None})


def _all_ended(rows: list[tuple[object, ...]]) -> None:
    if any(kind == "session" for kind, *_ in rows):
        raise BackendUnavailable("PostgreSQL was told to end the account's sessions, and has not ended all of them yet")

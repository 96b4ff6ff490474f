"""A PostgreSQL server that accounts are made in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final
from urllib.parse import quote

from adapters.passwords import fresh_password
from adapters.providers.postgresql import likeness, statements
from adapters.providers.postgresql.bulk_removal import BulkRemoval
from adapters.providers.postgresql.checking import check
from adapters.providers.postgresql.connections import Connections, Session
from adapters.providers.postgresql.contention import Contention
from adapters.providers.postgresql.dialect import identifier, literal
from adapters.providers.postgresql.removal import Removal
from adapters.providers.postgresql.scram import verifier
from adapters.providers.postgresql.settings import Connection, Role
from domain.backends import ACCOUNT_PREFIX, Account, Credential

_PAGE: Final = 1000


class PostgresqlBackend:
    """A `Rotatable`, in `Bulk` too."""

    def __init__(self, settings: Connection, connections: Connections, timeout: float) -> None:
        self._settings = settings
        self._connections = connections
        self._removal = Removal(connections, timeout)
        self._bulk_removal = BulkRemoval(connections)
        self._contention = Contention()

    async def create(self, account: Account) -> Credential:
        password = fresh_password()
        made = statements.creation(account, _role(account), await _verifier(password))
        await self._commit(account, made)
        return self._credential(account, password)

    async def renew(self, account: Account) -> None:
        await self._commit(account, statements.renewal(account, _role(account)))

    async def remove(self, account: Account) -> None:
        role = _role(account)
        await self._removal.remove(account.name, role.owner, statements.revocation(account, role))

    async def remove_all(self, accounts: Sequence[Account]) -> None:
        wanted = {account.name: account for account in accounts}
        revocation = {name: statements.revocation(account, _role(account)) for name, account in wanted.items()}
        for name in await self._bulk_removal.remove(revocation):
            await self.remove(wanted[name])

    async def present_of(self, accounts: Sequence[Account]) -> set[str]:
        rows = await self._ask([statements.among([account.name for account in accounts])])
        return {str(name) for (name,) in rows}

    async def present(self, account: Account) -> bool:
        return await self._look(f"rolname = {literal(account.name)}")

    async def accounts(self) -> AsyncIterator[str]:
        last = ACCOUNT_PREFIX
        while True:
            asked = (
                f"SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname > {literal(last)}"
                f" AND pg_catalog.starts_with(rolname::text, {literal(ACCOUNT_PREFIX)}) ORDER BY rolname LIMIT {_PAGE}"
            )
            rows = await self._ask([asked])
            for (name,) in rows:
                yield str(name)
            if len(rows) < _PAGE:
                return
            last = str(rows[-1][0])

    async def check(self) -> None:
        await self._connections.run(check)

    async def close(self) -> None:
        await self._connections.close()

    async def create_like(self, account: Account, old: str) -> Credential:
        password = fresh_password()
        kept = await _verifier(password)

        async def make(session: Session) -> None:
            like = await likeness.read(session, old)
            made = likeness.creation(account, like, kept)
            await session.all([statements.locked(account.name), *made, statements.in_time(session.give_up_at())])

        await self._connections.run(make)
        return self._credential(account, password)

    async def staged(self, account: Account, old: str) -> str | None:
        return account.name if await self.exists(account.name) else None

    async def log_in(self, fields: dict[str, str | int]) -> None:
        async def look(session: Session) -> None:
            await session.all(["SELECT 1"])

        login = {"user": str(fields["username"]), "password": str(fields["password"])}
        await self._connections.run(look, str(fields.get("database", "")), **login)

    async def set_password(self, name: str, password: str) -> None:
        kept = await _verifier(password)

        async def change(session: Session) -> None:
            changed = f"ALTER ROLE {identifier(name)} PASSWORD {literal(kept)}"
            await session.all([statements.locked(name), changed, statements.in_time(session.give_up_at())])

        await self._connections.run(change)

    async def retire(self, old: str) -> None:
        await self._removal.retire(old)

    async def exists(self, name: str) -> bool:
        return await self._look(f"rolname = {literal(name)} AND rolcanlogin")

    async def _look(self, condition: str) -> bool:
        return bool(await self._ask([f"SELECT 1 FROM pg_catalog.pg_roles WHERE {condition}"]))

    async def _ask(self, asked: list[str]) -> list[tuple[object, ...]]:
        return await self._connections.run(lambda session: session.all(asked))

    async def _commit(self, account: Account, made: list[str]) -> None:
        """All of it or nothing, and nothing after we have given up."""

        async def make(session: Session) -> None:
            ending = statements.in_time(session.give_up_at())
            await self._contention.overcome(
                session, account.role, lambda alone: [statements.locked(account.name), *alone, *made, ending]
            )

        await self._connections.run(make)

    def _credential(self, account: Account, password: str) -> Credential:
        at, host = self._settings, self._settings.host
        address = f"{f'[{host}]' if ':' in host else host}:{at.port}"
        return Credential(
            fields={
                "username": account.name,
                "password": password,
                "host": host,
                "port": at.port,
                "database": at.database,
                "dsn": f"postgresql://{quote(account.name, safe='')}:{quote(password, safe='')}@{address}"
                f"/{quote(at.database, safe='')}?sslmode={at.sslmode}",
            }
        )


async def _verifier(password: str) -> str:
    """On a thread: it takes a millisecond or two, in which everybody else would wait."""
    return await asyncio.to_thread(verifier, password)


def _role(account: Account) -> Role:
    return account.settings if isinstance(account.settings, Role) else Role()

"""A MariaDB or MySQL server that accounts are made in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import quote

from adapters.passwords import fresh_password
from adapters.providers.mysql import likeness, removal, statements
from adapters.providers.mysql.calls import Call
from adapters.providers.mysql.checking import check
from adapters.providers.mysql.connections import Connections, Session
from adapters.providers.mysql.dialect import DIALECT, literal
from adapters.providers.mysql.settings import Connection, Role
from adapters.statement_templates import Statements
from domain.backends import ACCOUNT_PREFIX, Account, BackendRefused, BackendUnavailable, Credential

_PAGE: Final = 1000


class MysqlBackend:
    """A `Rotatable`."""

    def __init__(self, settings: Connection, connections: Connections) -> None:
        self._settings = settings
        self._connections = connections
        self._making: dict[str, Call] = {}

    async def create(self, account: Account) -> Credential:
        password, role = fresh_password(), _role(account)

        def make(session: Session) -> None:
            session.all(*statements.creation(session, account, role, password))

        await self._connections.run(make, self._begun(account.name))
        return self._credential(account, password)

    async def renew(self, account: Account) -> None:
        role = _role(account)
        renewal = Statements(role.renewal_statements, DIALECT).rendered(statements.values(account, role))

        def move(session: Session) -> None:
            if not removal.hosts(session, account.name):
                raise BackendRefused(f"there is no account {account.name} to let live on")
            if renewal:
                session.all(*renewal)

        await self._connections.run(move)

    async def remove(self, account: Account) -> None:
        role = _role(account)
        revocation = Statements(role.revocation_statements, DIALECT).rendered(statements.values(account, role))
        making = self._making.pop(account.name, None)

        def end(session: Session) -> None:
            self._await(making, account.name)
            removal.remove(session, account.name, revocation)

        await self._connections.run(end)

    async def present(self, account: Account) -> bool:
        return await self._connections.run(lambda session: removal.is_there(session, account.name))

    async def accounts(self) -> AsyncIterator[str]:
        last = ""
        while True:
            asked = (
                f"SELECT DISTINCT User FROM mysql.user WHERE User > {literal(last)}"
                f" AND User LIKE '{ACCOUNT_PREFIX}%' ORDER BY User LIMIT {_PAGE}"
            )
            rows = await self._connections.run(lambda session, asked=asked: session.all(asked))  # type: ignore[misc]
            for (name,) in rows:
                yield str(name)
            if len(rows) < _PAGE:
                return
            last = str(rows[-1][0])

    async def check(self) -> None:
        await self._connections.run(check)

    async def close(self) -> None:
        self._connections.close()

    async def create_like(self, account: Account, old: str) -> Credential:
        password = fresh_password()

        def make(session: Session) -> str:
            return likeness.make(session, account, old, password)

        own = await self._connections.run(make, self._begun(account.name))
        if own:
            await self._connections.run(lambda session: session.all(own), user=account.name, password=password)
        return self._credential(account, password)

    async def staged(self, account: Account, old: str) -> str | None:
        return account.name if await self.exists(account.name) else None

    async def log_in(self, fields: dict[str, str | int]) -> None:
        login: dict[str, Any] = {"user": str(fields["username"]), "password": str(fields["password"])}
        if database := str(fields.get("database", "")):
            login["database"] = database
        await self._connections.run(lambda session: session.all("SELECT 1"), **login)

    async def set_password(self, name: str, password: str) -> None:
        def change(session: Session) -> None:
            hosts = removal.hosts(session, name)
            if not hosts:
                raise BackendRefused(f"there is no account {name!r} whose password could be set")
            for host in hosts:
                session.all(*statements.password_set(session, name, host, password))

        await self._connections.run(change)

    async def retire(self, old: str) -> None:
        making = self._making.pop(old, None)

        def end(session: Session) -> None:
            self._await(making, old)
            removal.retire(session, old)

        await self._connections.run(end)

    async def exists(self, name: str) -> bool:
        return await self._connections.run(lambda session: removal.can_log_in(session, name))

    def _begun(self, name: str) -> Call:
        """A call that whoever removes the account waits for: a thread goes on for a moment when we have given up."""
        self._making = {each: call for each, call in self._making.items() if not call.is_over()}
        self._making[name] = Call()
        return self._making[name]

    def _await(self, making: Call | None, name: str) -> None:
        if making and not making.is_over(self._connections.timeout / 2):
            self._making.setdefault(name, making)
            raise BackendUnavailable(f"{name} is still being made; it is removed once that has ended")

    def _credential(self, account: Account, password: str) -> Credential:
        at, host = self._settings, self._settings.host
        address = f"{f'[{host}]' if ':' in host else host}:{at.port}"
        login = f"{quote(account.name, safe='')}:{quote(password, safe='')}"
        return Credential(
            fields={
                "username": account.name,
                "password": password,
                "host": host,
                "port": at.port,
                "database": at.database,
                "dsn": f"mysql://{login}@{address}/{quote(at.database, safe='')}",
            }
        )


def _role(account: Account) -> Role:
    return account.settings if isinstance(account.settings, Role) else Role()

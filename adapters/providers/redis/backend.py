"""A Redis server that users are made in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

from adapters.passwords import fresh_password
from adapters.providers.redis import rules
from adapters.providers.redis.checking import check
from adapters.providers.redis.connections import Connections, answer
from adapters.providers.redis.settings import Connection, Role
from domain.backends import ACCOUNT_PREFIX, Account, BackendRefused, Credential


class RedisBackend:
    """A `Rotatable`."""

    def __init__(self, settings: Connection, connections: Connections) -> None:
        self._settings = settings
        self._connections = connections

    async def create(self, account: Account) -> Credential:
        role: Role = account.settings
        return await self._make(account, role.rules)

    async def create_like(self, account: Account, old: str) -> Credential:
        user = await self._user(old)
        if user is None:
            raise BackendRefused(f"Redis has no user {old!r} whose rules a new one could have")
        return await self._make(account, rules.read(user))

    async def renew(self, account: Account) -> None:
        """Redis knows no end of a user, so there is none to move."""
        if not await self.present(account):
            raise BackendRefused(f"Redis has no user {account.name!r} any more")

    async def remove(self, account: Account) -> None:
        await self.retire(account.name)

    async def set_password(self, name: str, password: str) -> None:
        if not await self.exists(name):
            raise BackendRefused(f"Redis has no user {name!r} whose password could be set")
        digest = sha256(password.encode()).hexdigest()
        await self._connections.ask("ACL", "SETUSER", name, "resetpass", f"#{digest}")
        await self._save()

    async def retire(self, old: str) -> None:
        """Removing a user closes its connections: Redis does that itself, blocked and subscribed ones too."""
        if old == self._settings.username:
            raise BackendRefused(f"{old!r} is the user that we ourselves log in as")
        await self._connections.ask("ACL", "DELUSER", old)
        await self._save()  # even if it was gone already: the time before, it may have failed here

    async def present(self, account: Account) -> bool:
        return await self.exists(account.name)

    async def exists(self, name: str) -> bool:
        return await self._user(name) is not None

    async def staged(self, account: Account, old: str) -> str | None:
        return account.name if await self.exists(account.name) else None

    async def accounts(self) -> AsyncIterator[str]:
        for name in await self._connections.ask("ACL", "USERS"):
            if name.startswith(ACCOUNT_PREFIX):
                yield name

    async def log_in(self, fields: dict[str, str | int]) -> None:
        """Become that user on a connection that is closed after."""
        login = ("AUTH", str(fields["username"]), str(fields["password"]))
        await self._connections.run(lambda link: answer(link, *login), keep=False)

    async def check(self) -> None:
        await check(self._connections, self._settings)

    async def close(self) -> None:
        await self._connections.close()

    async def _user(self, name: str) -> dict[str, Any] | None:
        user: dict[str, Any] | None = await self._connections.ask("ACL", "GETUSER", name)
        return user

    async def _make(self, account: Account, allowed: list[str]) -> Credential:
        """Redis has no command that only makes: we look first. Nobody else picks our names, with 48 bits of chance."""
        if await self.present(account):
            raise BackendRefused(f"Redis has a user {account.name!r} already")
        password = fresh_password()
        digest = sha256(password.encode()).hexdigest()
        await self._connections.ask(*rules.making(account.name, allowed, digest))
        await self._save()
        return self._credential(account.name, password)

    async def _save(self) -> None:
        if self._settings.save_acl:
            await self._connections.ask("ACL", "SAVE")

    def _credential(self, name: str, password: str) -> Credential:
        at, host = self._settings, self._settings.host
        address = f"{f'[{host}]' if ':' in host else host}:{at.port}/{at.database}"
        return Credential(
            fields={
                "username": name,
                "password": password,
                "host": host,
                "port": at.port,
                "database": at.database,
                "dsn": f"{'rediss' if at.tls else 'redis'}://{name}:{password}@{address}",
            }
        )

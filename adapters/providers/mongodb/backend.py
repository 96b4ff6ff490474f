"""A MongoDB that users are made in."""

from __future__ import annotations

from collections.abc import AsyncIterator

from adapters.passwords import fresh_password
from adapters.providers.mongodb import users
from adapters.providers.mongodb.checking import check
from adapters.providers.mongodb.clients import LASTING, Clients, Document
from adapters.providers.mongodb.credential import credential
from adapters.providers.mongodb.removal import remove
from adapters.providers.mongodb.settings import Connection, Role
from domain.backends import Account, BackendRefused, Credential


class MongodbBackend:
    """A `Rotatable`."""

    def __init__(self, settings: Connection, clients: Clients) -> None:
        self._settings = settings
        self._clients = clients

    async def create(self, account: Account) -> Credential:
        role: Role = account.settings
        roles = [{"role": grant.role, "db": grant.db} for grant in role.roles]
        return await self._make(account, {"roles": roles, **self._custom(account, account.expires_at.isoformat())})

    async def create_like(self, account: Account, old: str) -> Credential:
        like = await self._user(old, detailed=True)
        if like is None:
            raise BackendRefused(f"MongoDB has no user {old!r} in {self._settings.database!r} to make one like")
        return await self._make(account, {**users.likeness(like), **self._custom(account, None)})

    async def renew(self, account: Account) -> None:
        """MongoDB knows no end of a user, so all there is to move is what its custom data says."""
        if self._settings.custom_data:
            custom = self._custom(account, account.expires_at.isoformat())
            await self._clients.command({"updateUser": account.name, **custom, **LASTING})
        elif not await self.present(account):
            raise BackendRefused(f"MongoDB has no user {account.name!r} any more")

    async def remove(self, account: Account) -> None:
        await self.retire(account.name)

    async def set_password(self, name: str, password: str) -> None:
        if not await self.exists(name):
            raise BackendRefused(f"MongoDB has no user {name!r} whose password could be set")
        await self._clients.command({"updateUser": name, "pwd": password, **LASTING}, password)

    async def retire(self, old: str) -> None:
        if old == self._settings.username:
            raise BackendRefused(f"{old!r} is the user that we ourselves log in as")
        await remove(self._clients, self._settings.database, old)

    async def present(self, account: Account) -> bool:
        return await self.exists(account.name)

    async def exists(self, name: str) -> bool:
        return await self._user(name) is not None

    async def staged(self, account: Account, old: str) -> str | None:
        return account.name if await self.exists(account.name) else None

    async def accounts(self) -> AsyncIterator[str]:
        async for name in users.names(self._clients):
            yield name

    async def log_in(self, fields: dict[str, str | int]) -> None:
        username = str(fields["username"])
        told = await self._clients.log_in(username, str(fields["password"]))
        if username not in [user["user"] for user in told["authInfo"]["authenticatedUsers"]]:
            raise BackendRefused(f"MongoDB let us in, but not as {username!r}")

    async def check(self) -> None:
        await check(self._clients, self._settings)

    async def close(self) -> None:
        await self._clients.close()

    async def _make(self, account: Account, given: Document) -> Credential:
        password = fresh_password()
        command = {"createUser": account.name, "pwd": password, **given, "mechanisms": ["SCRAM-SHA-256"], **LASTING}
        await self._clients.command(command, password)
        return credential(self._settings, account.name, password)

    async def _user(self, name: str, *, detailed: bool = False) -> Document | None:
        return await users.find(self._clients, self._settings.database, name, detailed=detailed)

    def _custom(self, account: Account, end: str | None) -> Document:
        return {"customData": users.description(account, end)} if self._settings.custom_data else {}

"""A directory of Microsoft Entra in which applications get passwords."""

from __future__ import annotations

from collections.abc import AsyncIterator

from adapters.provider_calls import Calls
from adapters.providers.azure_entra.graph import Graph
from adapters.providers.azure_entra.passwords import Passwords
from adapters.providers.azure_entra.settings import Connection
from domain.backends import ACCOUNT_PREFIX, Account, BackendRefused, Credential


class AzureEntraBackend:
    """A `Backend`."""

    def __init__(self, connection: Connection, graph: Graph, limit: int, timeout: float) -> None:
        self._connection = connection
        self._graph = graph
        self._calls = Calls("Microsoft Graph", limit, timeout)
        self._passwords = Passwords(connection, graph)

    async def create(self, account: Account) -> Credential:
        application = account.settings.application
        if application not in self._connection.applications:
            raise BackendRefused(
                f"the role is for application {application}: add it to applications in the provider's connection to"
                " allow that"
            )
        return await self._calls.run(self._passwords.create, account)

    async def renew(self, account: Account) -> None:
        raise BackendRefused("Microsoft Entra: the end of a password cannot be moved: issue a new lease")

    async def remove(self, account: Account) -> None:
        await self._calls.run(self._passwords.remove, account)

    async def present(self, account: Account) -> bool:
        return await self._calls.run(self._passwords.present, account)

    async def accounts(self) -> AsyncIterator[str]:
        listed: set[str] = set()
        for application in self._connection.applications:
            names = await self._calls.run(self._passwords.names, application)
            for name in sorted(names - listed):
                if name.startswith(ACCOUNT_PREFIX):
                    yield name
            listed |= names

    async def check(self) -> None:
        for application in self._connection.applications:
            await self._calls.run(self._passwords.check, application)

    async def close(self) -> None:
        self._calls.close()
        self._graph.close()

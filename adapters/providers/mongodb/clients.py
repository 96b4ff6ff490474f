"""The driver's client: so many connections at most, each call in bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pymongo
from pymongo import AsyncMongoClient
from pymongo.errors import ConfigurationError, PyMongoError

from adapters.providers.mongodb.failures import meaning
from adapters.providers.mongodb.leftovers import Leftovers
from adapters.providers.mongodb.settings import Connection
from domain.backends import BackendUnavailable
from domain.errors import Invalid

Document = dict[str, Any]
LASTING: Final[Document] = {"writeConcern": {"w": "majority"}}
"""For changes that no election may undo."""
_GOODBYE_SECONDS: Final = 0.5
_DRIVERS_SHARE: Final = 0.9
"""Of the time limit: the driver knows better than we do why there is no answer, so it gives up first."""


class Clients:
    """At most `limit` connections at once, to one server; `timeout` seconds bound each call."""

    def __init__(self, settings: Connection, password: str, limit: int, timeout: float) -> None:
        self._settings = settings
        self._timeout = timeout
        members = len(settings.hosts)  # the driver watches each over a connection of its own
        self._given = _given(settings, timeout)
        self._login = _Login(settings.username, password)
        for_logins = members + 1
        self._most = limit - members - for_logins if limit > members + for_logins else max(1, limit - members)
        self._client: AsyncMongoClient[Document] | None = None
        self._trying = asyncio.Lock()
        self._left = Leftovers()

    async def command(self, command: Document, secret: str = "") -> Document:
        """The server's answer, from the primary; raises `Failed`, `BackendUnavailable`. `secret` is in no error."""
        async with self._bounded(secret):
            if self._client is None:
                self._client = self._open(self._login, self._most)
            return await self._left.attend(self._run(self._client, command))

    async def log_in(self, username: str, password: str) -> Document:
        """Log in as somebody, on a connection that is closed after, one at a time; returns who the server thinks it is.

        Raises as `command`.
        """
        async with self._bounded(password), self._trying:
            return await self._left.attend(self._run_once(_Login(username, password), {"connectionStatus": 1}))

    async def close(self) -> None:
        """Close every connection, without waiting for a server that hangs."""
        client, self._client = self._client, None
        if client is not None:
            await _close(client)
        await self._left.wait(_GOODBYE_SECONDS)

    async def _run_once(self, login: _Login, command: Document) -> Document:
        client = self._open(login, 1)
        try:
            return await self._run(client, command)
        finally:
            await _close(client)

    async def _run(self, client: AsyncMongoClient[Document], command: Document) -> Document:
        with pymongo.timeout(self._timeout * _DRIVERS_SHARE):
            told: Document = await client[self._settings.database].command(command)
        if trouble := told.get("writeConcernError"):
            raise BackendUnavailable(f"MongoDB has not confirmed it on most members: {str(trouble)[:500]}")
        return told

    def _open(self, login: _Login, connections: int) -> AsyncMongoClient[Document]:
        return AsyncMongoClient(
            **self._given,
            username=login.username,
            password=login.password,
            authSource=self._settings.database,
            authMechanism="SCRAM-SHA-256",
            maxPoolSize=connections,
        )

    @asynccontextmanager
    async def _bounded(self, secret: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except TimeoutError:
            raise BackendUnavailable(
                f"MongoDB did not answer within {self._timeout:g} seconds; whether it did what it was asked is open"
            ) from None
        except PyMongoError as error:
            raise meaning(error, secret) from None


class _Login:
    """A name and a password that no repr shows."""

    def __init__(self, username: str, password: str) -> None:
        self.username = username
        self.password = password


async def _close(client: AsyncMongoClient[Document]) -> None:
    with pymongo.timeout(_GOODBYE_SECONDS):
        await client.close()


def _given(settings: Connection, timeout: float) -> Document:
    """As the driver takes it; raises `Invalid`."""
    milliseconds = max(1, int(timeout * 1000))
    given: Document = {
        "host": list(settings.hosts),
        "appname": "trstctl",
        "connectTimeoutMS": milliseconds,
        "socketTimeoutMS": milliseconds,
        "serverMonitoringMode": "poll",
        "maxIdleTimeMS": 300_000,
        "retryWrites": False,
        "tls": settings.tls,
    }
    given |= {"replicaSet": settings.replica_set} if settings.replica_set else {"directConnection": True}
    given |= {"tlsCAFile": settings.ca_file} if settings.ca_file else {}
    given |= {"tlsCertificateKeyFile": settings.cert_key_file} if settings.cert_key_file else {}
    try:
        AsyncMongoClient(**given, connect=False)
    except (ConfigurationError, OSError, ValueError) as error:
        raise Invalid(f"the provider's connection: {error}") from error
    return given

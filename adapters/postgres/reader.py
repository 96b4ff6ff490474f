"""Reads of the shared store. What a tenant asks runs under a role that sees no other tenant's rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import psycopg
from psycopg import AsyncConnection

from adapters.postgres.connection import APP, WRITER, as_role, conninfo_of, unreachable
from adapters.postgres.dialect import translated
from adapters.postgres.pool import AS_TENANT, RolePool
from domain.errors import StoreUnavailable
from domain.ports import Row

_BEGIN: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_STREAMS: Final = 8
_STREAM_ROWS: Final = 1_000


class PostgresReader:
    """A `Reader`. Tenant reads and system reads have connections of their own, with the rights of their role alone."""

    def __init__(self, dsn: str, *, connections: int = 10) -> None:
        self._dsn = dsn
        self._tenants = RolePool(dsn, APP, connections)
        self._system = RolePool(dsn, WRITER, connections)
        self._streams = asyncio.Semaphore(_STREAMS)

    async def rows(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        return await self._tenants.fetch(tenant, sql, params)

    async def row(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Row | None:
        rows = await self._tenants.fetch(tenant, sql, params)
        return rows[0] if rows else None

    async def system_rows(self, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        return await self._system.fetch(None, sql, params)

    async def stream(self, tenant: str | None, sql: str, params: Sequence[object] = ()) -> AsyncIterator[Row]:
        """A connection of its own and a cursor on the server: a long read sees one snapshot and holds up nobody."""
        try:
            async with (
                self._streams,
                self._snapshot(tenant) as connection,
                connection.cursor("rows", binary=True) as cursor,
            ):
                await cursor.execute(translated(sql), params)
                while rows := await cursor.fetchmany(_STREAM_ROWS):
                    for row in rows:
                        yield row
        except psycopg.OperationalError as error:
            raise unreachable(error) from error
        except psycopg.Error as error:
            raise StoreUnavailable(f"the store cannot be read: {error}") from error

    async def close(self) -> None:
        """Close every connection."""
        await self._tenants.close()
        await self._system.close()

    @asynccontextmanager
    async def _snapshot(self, tenant: str | None) -> AsyncIterator[AsyncConnection]:
        connection = await AsyncConnection.connect(conninfo_of(self._dsn), autocommit=True)
        try:
            await connection.execute(as_role(WRITER if tenant is None else APP))
            await connection.execute(_BEGIN)
            if tenant is not None:
                await connection.execute(AS_TENANT, (tenant,))
            yield connection
        finally:
            await connection.close()

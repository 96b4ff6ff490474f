"""Connections for reads, each of which acts as one role and as nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from adapters.postgres.connection import as_role, conninfo_of, unreachable
from adapters.postgres.dialect import translated
from domain.errors import StoreUnavailable
from domain.ports import Row

AS_TENANT: Final = "SELECT set_config('trstctl.tenant', %s, true)"
"""Until the transaction ends, row-level security shows the app's role the rows of this tenant."""
_WAIT_SECONDS: Final = 5.0
_MAX_WAITING: Final = 5_000
_PREPARED: Final = 200


class RolePool:
    """A pool that is opened at the first use. It belongs to the event loop of that use."""

    def __init__(self, dsn: str, role: str, size: int) -> None:
        self._dsn = dsn
        self._role = role
        self._size = size
        self._opening = asyncio.Lock()
        self._pool: AsyncConnectionPool[AsyncConnection] | None = None

    async def fetch(self, tenant: str | None, sql: str, params: Sequence[object]) -> list[Row]:
        """All rows of a read, seen as `tenant`, in one round trip; raises `StoreUnavailable`."""
        try:
            pool = self._pool or await self._opened()
            try:
                return await _fetched(pool, tenant, sql, params)
            except _Lost:
                # The database went away and may be back: rid the pool of the connections that are as dead as this one.
                await pool.check()
                return await _fetched(pool, tenant, sql, params)
        except _Lost as error:
            raise unreachable(error.cause) from error.cause
        except psycopg.OperationalError as error:
            raise unreachable(error) from error
        except psycopg.Error as error:
            raise StoreUnavailable(f"the store cannot be read: {error}") from error

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()

    async def _opened(self) -> AsyncConnectionPool[AsyncConnection]:
        async with self._opening:
            if self._pool is None:
                pool = AsyncConnectionPool(
                    conninfo_of(self._dsn), min_size=1, max_size=self._size, open=False, configure=self._configure,
                    timeout=_WAIT_SECONDS, max_waiting=_MAX_WAITING,
                    kwargs={"autocommit": True, "prepare_threshold": 1},
                )  # fmt: skip
                await pool.open()
                self._pool = pool
            return self._pool

    async def _configure(self, connection: AsyncConnection) -> None:
        connection.prepared_max = _PREPARED
        await connection.execute(as_role(self._role))


class _Lost(Exception):
    def __init__(self, cause: psycopg.OperationalError) -> None:
        super().__init__()
        self.cause = cause


async def _fetched(
    pool: AsyncConnectionPool[AsyncConnection], tenant: str | None, sql: str, params: Sequence[object]
) -> list[Row]:
    async with pool.connection() as connection:
        try:
            if tenant is None:
                return await (await connection.execute(translated(sql), params, binary=True)).fetchall()
            # Until the pipeline's sync all of it is one transaction, and so is what the first statement sets.
            async with connection.pipeline() as pipeline:
                await connection.execute(AS_TENANT, (tenant,))
                cursor = await connection.execute(translated(sql), params, binary=True)
                await pipeline.sync()
            return await cursor.fetchall()
        except psycopg.OperationalError as error:
            if connection.closed:
                raise _Lost(error) from error
            raise

"""The shared store, opened."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from adapters.postgres.log import PostgresLogStore
from adapters.postgres.reader import PostgresReader

Close = Callable[[], Awaitable[None]]


def open_store(dsn: str) -> tuple[PostgresLogStore, PostgresReader, Close]:
    """Where to append, where to read, and what closes both. Connections are made when they are needed.

    Whether the database is there and is as it should be, `adapters.postgres.migrations.require_current` tells.
    """
    log, reader = PostgresLogStore(dsn), PostgresReader(dsn)

    async def close() -> None:
        await reader.close()
        await asyncio.to_thread(log.close)

    return log, reader, close

"""The configured store brought to what this version expects."""

from __future__ import annotations

import asyncio

from cli.server.config import Settings
from cli.server.stores import Views, open_store, postgres_dsn


async def migrated(settings: Settings) -> list[str]:
    """Names of what had to be done; nothing for an embedded store. Raises `Misconfigured`, `StoreUnavailable`."""
    if not settings.store:
        await (await open_store(settings)).close()
        return []
    from adapters.postgres.migrations import migrate
    from adapters.postgres.store import open_store as open_postgres

    dsn = postgres_dsn(settings)
    _, reader, close = open_postgres(dsn)  # no connection is made by this; the views want a reader
    try:
        return await asyncio.to_thread(migrate, dsn, Views.over(reader).all)
    finally:
        await close()

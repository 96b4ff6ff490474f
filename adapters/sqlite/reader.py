"""Reads of the embedded store. They run on the event loop: a point read takes microseconds and waits for no writer."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from adapters.sqlite.connection import connect
from domain.errors import StoreUnavailable
from domain.ports import Row


class SqliteReader:
    """A `Reader`. Tenants are kept apart by each query's own WHERE; the embedded store has no row-level security."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = connect(path)
        self._connection.execute("PRAGMA query_only=ON")

    async def rows(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        return await self.system_rows(sql, params)

    async def row(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Row | None:
        try:
            row: Row | None = self._connection.execute(sql, params).fetchone()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"the store cannot be read: {error}") from error
        return row

    async def system_rows(self, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        try:
            return self._connection.execute(sql, params).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"the store cannot be read: {error}") from error

    async def stream(self, tenant: str | None, sql: str, params: Sequence[object] = ()) -> AsyncIterator[Row]:
        """A connection of its own: a long read must see one snapshot and hold up nobody."""
        connection = connect(self._path, read_only=True)
        try:
            cursor = connection.execute(sql, params)
            while rows := cursor.fetchmany(500):
                for row in rows:
                    yield row
        except sqlite3.Error as error:
            raise StoreUnavailable(f"the store cannot be read: {error}") from error
        finally:
            connection.close()

    def close(self) -> None:
        self._connection.close()

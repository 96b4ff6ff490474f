"""Reads of the embedded store. They run on the event loop: a point read takes microseconds and waits for no writer."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from adapters.sqlite.connection import connect
from adapters.sqlite.remembered import Known, Remembered, is_steady, keep
from domain.errors import StoreUnavailable
from domain.ports import Row


class SqliteReader:
    """A `Reader`. Tenants are kept apart by each query's own WHERE; the embedded store has no row-level security."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = connect(path)
        self._connection.execute("PRAGMA query_only=ON")
        self._remembered: Remembered | None = None

    def remember(self, remembered: Remembered) -> None:
        """Keep rows that single look-ups find, in `remembered`, for as long as they are true."""
        self._remembered = remembered

    async def rows(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        return await self.system_rows(sql, params)

    async def row(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Row | None:
        known = self._known(sql)
        if known is None:
            return self._first(sql, params)
        key = tuple(params)
        of_query = known.get(sql)
        rows = of_query.get(key) if of_query else None
        if rows is None:
            row = self._first(sql, params)
            keep(known, sql, key, (row,) if row else ())
            return row
        return rows[0] if rows else None

    async def system_rows(self, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        known = self._known(sql) if len(params) == 1 else None
        if known is None:
            return self._all(sql, params)
        key = tuple(params)
        of_query = known.get(sql)
        rows = of_query.get(key) if of_query else None
        if rows is None:
            rows = self._all(sql, params)
            keep(known, sql, key, rows)
        return rows

    def _known(self, sql: str) -> Known | None:
        return self._remembered.known() if self._remembered and is_steady(sql) else None

    def _first(self, sql: str, params: Sequence[object]) -> Row | None:
        try:
            row: Row | None = self._connection.execute(sql, params).fetchone()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"the store cannot be read: {error}") from error
        return row

    def _all(self, sql: str, params: Sequence[object]) -> Sequence[Row]:
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

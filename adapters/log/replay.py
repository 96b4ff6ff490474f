"""Rebuilding every read model from the log in a scratch store, comparing it with the live one, and swapping it in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Final, NamedTuple

from adapters.log.batch import LogStore, LogTransaction
from adapters.log.follower import record
from domain.ports import Projection, Reader, Row, Statement

_EVENTS: Final = """SELECT position, id, stream, version, type, tenant, time, actor, request_id, body FROM events
 WHERE position > ? AND position <= ? ORDER BY position"""
_REACHED: Final = "SELECT position FROM tracking WHERE name = ?"
_TRACK: Final = """INSERT INTO tracking VALUES (?, ?)
 ON CONFLICT (name) DO UPDATE SET position = excluded.position"""
_EVERY: Final = 1000
MOST_DIFFERENCES: Final = 100
"""How many differences are told; the rest are counted."""

Progress = Callable[[int], None]


class Difference(NamedTuple):
    """A row that the log gives and the live read model has not, or the other way round."""

    table: str
    rebuilt: Row | None
    live: Row | None


class Table(NamedTuple):
    """A read model's table and, where it follows the log, how far it has come."""

    name: str
    reached: int | None


class Replay:
    """`scratch` is a store of its own, empty at first, that holds read models only."""

    def __init__(
        self,
        live: Reader,
        scratch: Reader,
        scratch_store: LogStore,
        inline: Sequence[Projection],
        following: Sequence[Projection],
    ) -> None:
        self._live = live
        self._scratch = scratch
        self._scratch_store = scratch_store
        self._inline = inline
        self._following = following
        self.position = 0

    async def rebuild(self, until: int, progress: Progress | None = None) -> None:
        """Apply the events after the last rebuilt position, up to `until`."""
        batch: list[Statement] = []
        count = 0
        async for row in self._live.stream(None, _EVENTS, (self.position, until)):
            event = record(row)
            for projection in (*self._inline, *self._following):
                batch += projection.apply(event)
            count += 1
            if count % _EVERY == 0:
                self._write(batch)
                if progress:
                    progress(_EVERY)
        self._write(batch)
        if progress:
            progress(count % _EVERY)
        self.position = until

    def _write(self, batch: list[Statement]) -> None:
        with self._scratch_store.transaction() as transaction:
            transaction.execute(batch)
        batch.clear()

    async def tables(self) -> list[Table]:
        """All tables of all read models."""
        found = [Table(name, None) for projection in self._inline for name in projection.tables]
        for projection in self._following:
            rows = await self._live.system_rows(_REACHED, (projection.name,))
            reached = min(rows[0][0] if rows else 0, self.position)
            found += [Table(name, reached) for name in projection.tables]
        return found

    async def differences(self, table: Table) -> AsyncIterator[Difference]:
        """Rows that differ, in order of the table's key."""
        rebuilt, live = _rows(self._scratch, table), _rows(self._live, table)
        ours, theirs = await anext(rebuilt, None), await anext(live, None)
        while ours is not None or theirs is not None:
            if ours == theirs:
                ours, theirs = await anext(rebuilt, None), await anext(live, None)
            elif theirs is None or (ours is not None and _key(ours) < _key(theirs)):
                yield Difference(table.name, ours, None)
                ours = await anext(rebuilt, None)
            elif ours is None or _key(theirs) < _key(ours):
                yield Difference(table.name, None, theirs)
                theirs = await anext(live, None)
            else:
                yield Difference(table.name, ours, theirs)
                ours, theirs = await anext(rebuilt, None), await anext(live, None)

    async def count(self, table: Table) -> int:
        """How many rows the rebuilt table has."""
        return int((await self._scratch.system_rows(f"SELECT count(*) FROM {table.name}"))[0][0])

    async def swap_in(self, transaction: LogTransaction) -> None:
        """Put the rebuilt rows in place of the live ones.

        The caller holds the write lock and has rebuilt up to its head.
        """
        for projection in (*self._inline, *self._following):
            for name in reversed(projection.tables):
                transaction.execute([(f"DELETE FROM {name}", ())])
        for projection in (*self._inline, *self._following):
            for name in projection.tables:
                async for chunk in _chunks(self._scratch.stream(None, f"SELECT * FROM {name}")):
                    transaction.execute(_inserts(name, chunk))
        transaction.execute((_TRACK, (projection.name, self.position)) for projection in self._following)


def _key(row: Row) -> Row:
    """Every table's key is among its first four columns, none of which is ever empty."""
    return row[:4]


async def _rows(reader: Reader, table: Table) -> AsyncIterator[Row]:
    where, parameters = ("", ()) if table.reached is None else (" WHERE position <= ?", (table.reached,))
    first = await reader.system_rows(f"SELECT * FROM {table.name} LIMIT 1")
    if not first:
        return
    order = ", ".join(str(column) for column in range(1, min(4, len(first[0])) + 1))
    async for row in reader.stream(None, f"SELECT * FROM {table.name}{where} ORDER BY {order}", parameters):
        yield tuple(row)


async def _chunks(rows: AsyncIterator[Row]) -> AsyncIterator[list[Row]]:
    chunk: list[Row] = []
    async for row in rows:
        chunk.append(row)
        if len(chunk) == _EVERY:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _inserts(table: str, rows: Sequence[Row]) -> Iterator[Statement]:
    marks = ", ".join("?" * len(rows[0]))
    for row in rows:
        yield f"INSERT INTO {table} VALUES ({marks})", tuple(row)

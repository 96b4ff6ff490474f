"""The log in PostgreSQL, as a verifier reads it: read-only, in one snapshot, through a cursor on the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from adapters.log_rows import COUNT, EVENTS, KEYS, REPLIES, SEALED_ROWS, SEGMENT_ROWS, VALUES, sealed_value
from adapters.postgres.connection import WRITER, as_role, connect
from domain.errors import StoreUnavailable
from domain.verification.segment import Segment, segment_of
from domain.verification.source import SealedStore, SealedValue
from domain.verification.statements import SealId

_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_MAY_ACT: Final = "SELECT FROM pg_roles WHERE rolname = %s AND pg_has_role(oid, 'MEMBER')"


class PostgresLogRows:
    """A `LogSource` and its `SealedStore`."""

    def __init__(self, dsn: str) -> None:
        """Begin the snapshot; raises `StoreUnavailable`, `Misconfigured`."""
        self._connection = connect(dsn)
        with self._readable():
            self._see_every_row()
            self._connection.execute(_SNAPSHOT)

    def count(self) -> int | None:
        with self._readable():
            row = self._connection.execute(COUNT).fetchone()
        return row[0] if row and isinstance(row[0], int) else None

    def segments(self) -> Iterator[Segment]:
        for rows in self._fetched(EVENTS, SEGMENT_ROWS):
            yield segment_of(rows)

    def sealed(self) -> SealedStore | None:
        return self

    def replies(self) -> AbstractSet[SealId]:
        with self._readable():
            return {(tenant, seal_id) for tenant, seal_id in self._connection.execute(REPLIES)}

    def sealed_values(self) -> Iterator[Sequence[SealedValue]]:
        for rows in self._fetched(VALUES, SEALED_ROWS):
            yield [sealed_value(row) for row in rows]

    def data_keys(self) -> Iterator[Sequence[SealId]]:
        yield from self._fetched(KEYS, SEGMENT_ROWS)

    def close(self) -> None:
        """End the snapshot."""
        self._connection.close()

    def _fetched(self, query: str, count: int) -> Iterator[list[Any]]:
        with self._readable(), self._connection.cursor("log_rows", binary=True) as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(count):
                yield rows

    def _see_every_row(self) -> None:
        """Row-level security would hide rows without a word: act as the role that sees all, or be refused aloud."""
        if self._connection.execute(_MAY_ACT, (WRITER,)).rowcount:
            self._connection.execute(as_role(WRITER))
        else:
            self._connection.execute("SET row_security = off")

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.Error, UnicodeDecodeError) as error:
            raise StoreUnavailable(f"the store cannot be read: {' '.join(str(error).split())}") from error

"""The log in PostgreSQL, as a verifier reads it: read-only, in one snapshot, through a cursor on the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import psycopg

from adapters.log_rows import COUNT, EVENTS, SEALED, SEALED_ROWS, SEGMENT_ROWS, sealed_rows
from adapters.postgres.connection import WRITER, as_role, connect
from domain.errors import StoreUnavailable
from domain.verification.segment import Segment, segment_of
from domain.verification.source import SealedRow

_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_MAY_ACT: Final = "SELECT FROM pg_roles WHERE rolname = %s AND pg_has_role(oid, 'MEMBER')"


class PostgresLogRows:
    """A `LogSource`."""

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
        with self._readable(), self._connection.cursor("events", binary=True) as cursor:
            cursor.execute(EVENTS)
            while rows := cursor.fetchmany(SEGMENT_ROWS):
                yield segment_of(rows)

    def sealed(self) -> Iterator[Sequence[SealedRow]] | None:
        return self._sealed()

    def close(self) -> None:
        """End the snapshot."""
        self._connection.close()

    def _sealed(self) -> Iterator[Sequence[SealedRow]]:
        with self._readable(), self._connection.cursor("sealed", binary=True) as cursor:
            cursor.itersize = SEALED_ROWS
            cursor.execute(SEALED)
            yield from sealed_rows(cursor)

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

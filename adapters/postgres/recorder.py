"""The `eventsourcing` library's recorders on the shared store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Final

import psycopg
from eventsourcing import persistence

from adapters.log.recorder import ChainAggregateRecorder, ChainApplicationRecorder, ChainProcessRecorder
from adapters.postgres.connection import WRITER, connect
from adapters.postgres.dialect import translated
from adapters.postgres.log import PostgresLogStore, PostgresTransaction
from domain.errors import Misconfigured, StoreUnavailable
from domain.ports import Row

# Most particular first.
_ERRORS: Final = (
    (psycopg.IntegrityError, persistence.IntegrityError),
    (psycopg.OperationalError, persistence.OperationalError),
    (psycopg.DataError, persistence.DataError),
    (psycopg.ProgrammingError, persistence.ProgrammingError),
    (psycopg.InterfaceError, persistence.InterfaceError),
    (psycopg.DatabaseError, persistence.DatabaseError),
    (psycopg.Error, persistence.PersistenceError),
    (StoreUnavailable, persistence.OperationalError),
    (Misconfigured, persistence.ProgrammingError),
)


class PostgresRecords:
    """The `Records` of a migrated database, with a connection to write and one to read."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._log = PostgresLogStore(dsn)
        self._reading = Lock()
        self._reader: psycopg.Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[PostgresTransaction]:
        with _translated(), self._log.transaction() as transaction:
            yield transaction

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[Row]:
        with _translated(), self._reading:
            if self._reader is None or self._reader.closed:
                self._reader = connect(self._dsn, WRITER)
            return self._reader.execute(translated(sql), parameters, binary=True).fetchall()

    def close(self) -> None:
        with self._reading:
            if self._reader is not None:
                self._reader.close()
        self._log.close()


def aggregate_recorder(dsn: str) -> ChainAggregateRecorder:
    """Streams in the migrated database at `dsn`. Raises the library's errors, as all do."""
    return ChainAggregateRecorder(PostgresRecords(dsn))


def application_recorder(dsn: str) -> ChainApplicationRecorder:
    """Streams and notifications."""
    return ChainApplicationRecorder(PostgresRecords(dsn))


def process_recorder(dsn: str) -> ChainProcessRecorder:
    """Streams, notifications and tracking."""
    return ChainProcessRecorder(PostgresRecords(dsn))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except tuple(ours for ours, _ in _ERRORS) as error:
        theirs = next(theirs for ours, theirs in _ERRORS if isinstance(error, ours))
        raise theirs(str(error)) from error

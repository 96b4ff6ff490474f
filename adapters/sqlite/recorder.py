"""The `eventsourcing` library's recorders on the embedded store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from eventsourcing import persistence

from adapters.log.recorder import ChainAggregateRecorder, ChainApplicationRecorder, ChainProcessRecorder
from adapters.sqlite.connection import connect
from adapters.sqlite.log import SqliteLogStore, SqliteTransaction
from adapters.sqlite.schema import create
from domain.errors import StoreUnavailable
from domain.ports import Row

# Most particular first.
_ERRORS: Final = (
    (sqlite3.IntegrityError, persistence.IntegrityError),
    (sqlite3.OperationalError, persistence.OperationalError),
    (sqlite3.DataError, persistence.DataError),
    (sqlite3.ProgrammingError, persistence.ProgrammingError),
    (sqlite3.InterfaceError, persistence.InterfaceError),
    (sqlite3.DatabaseError, persistence.DatabaseError),
    (sqlite3.Error, persistence.PersistenceError),
    (StoreUnavailable, persistence.OperationalError),
)


class SqliteRecordTransaction(SqliteTransaction):
    """A log transaction that can also be asked."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[Row]:
        return self._connection.execute(sql, parameters).fetchall()


class SqliteRecords:
    """The `Records` of one file, with a connection to write and one to read."""

    def __init__(self, path: Path) -> None:
        with _translated():
            self._writer = connect(path)
            create(self._writer, ())
            self._log = SqliteLogStore(self._writer)
            self._reader = connect(path, read_only=True)
        self._reading = Lock()

    @contextmanager
    def transaction(self) -> Iterator[SqliteRecordTransaction]:
        with _translated(), self._log.transaction():
            yield SqliteRecordTransaction(self._writer)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[Row]:
        with _translated(), self._reading:
            return self._reader.execute(sql, parameters).fetchall()

    def close(self) -> None:
        # Closing a connection under a thread that reads by it ends the process.
        with self._reading:
            self._reader.close()
        self._log.close()


def aggregate_recorder(path: Path) -> ChainAggregateRecorder:
    """Streams in the store at `path`, its tables made if they are not there. Raises the library's errors, as all do."""
    return ChainAggregateRecorder(SqliteRecords(path))


def application_recorder(path: Path) -> ChainApplicationRecorder:
    """Streams and notifications."""
    return ChainApplicationRecorder(SqliteRecords(path))


def process_recorder(path: Path) -> ChainProcessRecorder:
    """Streams, notifications and tracking."""
    return ChainProcessRecorder(SqliteRecords(path))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except tuple(ours for ours, _ in _ERRORS) as error:
        theirs = next(theirs for ours, theirs in _ERRORS if isinstance(error, ours))
        raise theirs(str(error)) from error

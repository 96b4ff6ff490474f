"""The log in SQLite: one write transaction at a time, whoever else has the file open."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from adapters.log.linking import Head, Link
from adapters.sqlite.remembered import Remembered, changed
from adapters.sqlite.runs import merged, runs
from domain.errors import StoreBusy
from domain.instants import instant
from domain.ports import ReplyKey, Statement

_INSERT: Final = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_HEAD: Final = "SELECT position, hash FROM events ORDER BY position DESC LIMIT 1"
_LAST: Final = "SELECT max(version) FROM events WHERE stream = ?"
_TAKEN: Final = "SELECT 1 FROM idempotency WHERE tenant = ? AND principal = ? AND key = ? AND expires_at > ?"

_PATIENT: Final = "PRAGMA busy_timeout=30000"
_BRIEF: Final = "PRAGMA busy_timeout=250"
_DESTROYS: Final = "DELETE FROM sealed_keys"
_log = logging.getLogger("trstctl.store")


class SqliteTransaction:
    """A `LogTransaction` inside BEGIN IMMEDIATE."""

    def __init__(self, connection: sqlite3.Connection, remembered: Remembered | None = None) -> None:
        self._connection = connection
        self._remembered = remembered
        self.destroyed_keys = False
        self.changed: set[str] = set()
        """The tables that were changed, but for the log."""
        self.versions: dict[str, int] = {}
        """Of the streams that were added to, the newest."""

    def head(self) -> Head:
        row = self._connection.execute(_HEAD).fetchone()
        return Head(*row) if row else Head()

    def last_versions(self, streams: Collection[str]) -> dict[str, int]:
        found = ((stream, self._last_version(stream)) for stream in streams)
        return {stream: version for stream, version in found if version is not None}

    def _last_version(self, stream: str) -> int | None:
        known = self.versions.get(stream)
        if known is None and self._remembered:
            known = self._remembered.newest(stream)
        if known is None:
            known = self._connection.execute(_LAST, (stream,)).fetchone()[0]
        return known

    def replies_taken(self, keys: Collection[ReplyKey]) -> set[ReplyKey]:
        execute, now = self._connection.execute, instant(datetime.now(UTC))
        return {key for key in keys if execute(_TAKEN, (key.tenant, key.principal, key.key, now)).fetchone()}

    def insert_links(self, links: Sequence[Link]) -> None:
        self._run(_INSERT, links)
        self.versions.update((link.stream, link.version) for link in links)

    def execute(self, statements: Iterable[Statement]) -> None:
        for sql, rows in runs(statements):
            self._run(sql, rows)
            self.destroyed_keys |= sql.startswith(_DESTROYS)
            self.changed.add(changed(sql))

    def _run(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        for many, parameters in merged(sql, rows):
            self._connection.execute(many, parameters)

    def hold(self) -> None:
        """It stays open in any case."""


class SqliteLogStore:
    """A `LogStore` on a connection of its own. What is `remembered` is forgotten when it changes."""

    def __init__(self, connection: sqlite3.Connection, remembered: Remembered | None = None) -> None:
        self._connection = connection
        self._remembered = remembered
        self._must_truncate = False

    @contextmanager
    def attempt(self) -> Iterator[SqliteTransaction]:
        self._connection.execute("PRAGMA busy_timeout=0")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise StoreBusy("another process is writing the store; try again in a moment") from error
        finally:
            self._connection.execute(_PATIENT)
        with self._begun() as transaction:
            yield transaction

    @contextmanager
    def transaction(self) -> Iterator[SqliteTransaction]:
        self._connection.execute("BEGIN IMMEDIATE")
        with self._begun() as transaction:
            yield transaction

    @contextmanager
    def _begun(self) -> Iterator[SqliteTransaction]:
        transaction = SqliteTransaction(self._connection, self._remembered)
        try:
            yield transaction
            self._commit(transaction)
        except BaseException:
            if self._remembered:
                self._remembered.failed()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        if transaction.destroyed_keys or self._must_truncate:
            self._truncate(_BRIEF if transaction.destroyed_keys else "PRAGMA busy_timeout=0")

    def _commit(self, transaction: SqliteTransaction) -> None:
        if self._remembered is None:
            self._connection.execute("COMMIT")
            return
        self._remembered.committing()
        self._connection.execute("COMMIT")
        self._remembered.committed(transaction.changed, transaction.versions)

    def _truncate(self, patience: str) -> None:
        """Empty the write-ahead log, in which the pages from before a key's destruction still lie.

        A read of the moment, such as the follower's, is waited for. If it cannot be emptied now, mostly because of a
        long read, it is tried again with the next commit: waiting longer would hold up every write, and the commit
        before it has succeeded in any case.
        """
        self._must_truncate = True
        try:
            self._connection.execute(patience)
            busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._must_truncate = bool(busy)
        except sqlite3.Error:
            _log.exception("the write-ahead log could not be emptied")
        finally:
            self._connection.execute(_PATIENT)

    def close(self) -> None:
        self._connection.close()

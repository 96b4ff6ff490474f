"""The log in PostgreSQL: one appending transaction at a time on all nodes, in two round trips."""

from __future__ import annotations

import select
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Final

import psycopg

from adapters.log.linking import Head, Link
from adapters.postgres.connection import LOG_LOCK, WRITER, connect, unreachable
from adapters.postgres.dialect import translated
from adapters.postgres.statements import gathered
from domain.errors import OutcomeUnknown, StoreUnavailable
from domain.instants import instant
from domain.ports import ReplyKey, Row, Statement

# Said outright: under a stricter default the head would be read from a snapshot older than the lock.
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_LOCK: Final = "SELECT pg_advisory_xact_lock(%s)"
_HEAD: Final = "SELECT position, hash FROM events ORDER BY position DESC LIMIT 1"
_LAST: Final = """SELECT wanted, (SELECT max(version) FROM events WHERE stream = wanted)
 FROM unnest(%b::text[]) AS wanted"""
_TAKEN: Final = """SELECT tenant, principal, key FROM idempotency
 JOIN unnest(%b::text[], %b::text[], %b::text[]) AS wanted (tenant, principal, key) USING (tenant, principal, key)
 WHERE expires_at > %s"""
_INSERT: Final = """INSERT INTO events SELECT * FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::bigint[],
 %b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::bytea[], %b::bytea[], %b::bytea[])"""
_AT: Final = "SELECT hash FROM events WHERE position = %s"

# Acknowledged means durable, whatever the server's default. A node that stands still gives the lock up after 10 s, so
# that none waits for it longer than 15.
_SETTINGS: Final = """SET lock_timeout = '15s'; SET idle_in_transaction_session_timeout = '10s';
 SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"""
_UNKNOWN: Final = (
    "the database was lost while it committed and cannot be asked whether it did; look before repeating it"
)
_REFUSE_SECONDS: Final = 1.0
_RESOLVE_SECONDS: Final = 20.0


class PostgresTransaction:
    """A `LogTransaction` in pipeline mode: what is not asked for is not waited for.

    Each question ends in a sync. The answers would come without, but only after it the server counts the session as
    idle, and takes the lock from a node that stands still.
    """

    def __init__(self, connection: psycopg.Connection, pipeline: psycopg.Pipeline) -> None:
        self._connection = connection
        self._pipeline = pipeline
        connection.execute(_BEGIN)
        connection.execute(_LOCK, (LOG_LOCK,), prepare=True)
        # A statement of its own, after the lock: it sees whatever the last holder committed.
        self._asked = connection.execute(_HEAD, prepare=True, binary=True)
        self._head: Head | None = None
        self.last: Link | None = None

    def head(self) -> Head:
        if self._head is None:
            self._pipeline.sync()
            row = self._asked.fetchone()
            self._head = Head(*row) if row else Head()
        return self._head

    def last_versions(self, streams: Collection[str]) -> dict[str, int]:
        if not streams:
            return {}
        found = self._connection.execute(_LAST, (list(streams),), prepare=True, binary=True)
        return {stream: version for stream, version in self._answers(found) if version is not None}

    def replies_taken(self, keys: Collection[ReplyKey]) -> set[ReplyKey]:
        if not keys:
            return set()
        columns = [list(column) for column in zip(*((key.tenant, key.principal, key.key) for key in keys), strict=True)]
        found = self._connection.execute(_TAKEN, (*columns, instant(datetime.now(UTC))), prepare=True)
        return {ReplyKey(*row) for row in self._answers(found)}

    def insert_links(self, links: Sequence[Link]) -> None:
        self._connection.execute(_INSERT, [list(column) for column in zip(*links, strict=True)], prepare=True)
        self.last = links[-1]
        self._head = Head(self.last.position, self.last.hash)

    def execute(self, statements: Iterable[Statement]) -> None:
        for sql, parameters in gathered(statements):
            if len(parameters) == 1:
                self._connection.execute(translated(sql), parameters[0], prepare=True)
            else:
                self._connection.cursor().executemany(translated(sql), parameters)

    def hold(self) -> None:
        self._connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        self._pipeline.sync()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[Row]:
        """What the transaction sees."""
        return self._answers(self._connection.execute(translated(sql), parameters))

    def _answers(self, asked: psycopg.Cursor[Row]) -> Sequence[Row]:
        self._pipeline.sync()
        return asked.fetchall()


class PostgresLogStore:
    """A `LogStore` on a connection of its own, made anew when it is lost."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.Connection | None = None
        self._refused_until = 0.0

    @contextmanager
    def transaction(self) -> Iterator[PostgresTransaction]:
        """Raises `StoreUnavailable` if nothing was written, `OutcomeUnknown` if that cannot be found out."""
        connection = self._connected()
        committing: Link | None = None
        try:
            with connection.pipeline() as pipeline:
                transaction = PostgresTransaction(connection, pipeline)
                yield transaction
                committing = transaction.last
                connection.execute("COMMIT")
                pipeline.sync()
        except psycopg.OperationalError as error:
            if not self._abandon(connection):
                raise
            if committing and self._landed(committing):
                return
            raise unreachable(error) from error
        except BaseException:
            self._abandon(connection)
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection:
        if self._connection is not None and _alive(self._connection):
            return self._connection
        if time.monotonic() < self._refused_until:
            raise StoreUnavailable("the database could not be reached a moment ago; try again in a moment")
        try:
            self._connection = _opened(self._dsn)
        except StoreUnavailable:
            self._refused_until = time.monotonic() + _REFUSE_SECONDS
            raise
        return self._connection

    def _abandon(self, connection: psycopg.Connection) -> bool:
        """Roll back; whether the connection was lost."""
        with suppress(psycopg.Error):  # a connection that cannot roll back is closed, and the server rolls back
            connection.rollback()
            if not connection.closed:
                return False
        self.close()
        return True

    def _landed(self, link: Link) -> bool:
        """Whether the commit that a lost connection was sent took place; raises `OutcomeUnknown`.

        Asked under the lock: once it is ours, the transaction that held it has ended.
        """
        deadline = time.monotonic() + _RESOLVE_SECONDS
        while True:
            try:
                with _opened(self._dsn) as connection, connection.transaction():
                    connection.execute(_LOCK, (LOG_LOCK,))
                    row = connection.execute(_AT, (link.position,), binary=True).fetchone()
                    return row is not None and row[0] == link.hash
            except (psycopg.Error, StoreUnavailable) as error:
                if time.monotonic() > deadline:
                    raise OutcomeUnknown(_UNKNOWN) from error
                time.sleep(0.2)


def _alive(connection: psycopg.Connection) -> bool:
    """Whether it can be used. A server that has nothing to say need not be asked, and that costs no round trip."""
    with suppress(psycopg.Error):  # the error is the answer
        idle = select.poll()
        idle.register(connection.pgconn.socket, select.POLLIN)
        if idle.poll(0):
            connection.execute("")
        return not connection.closed
    return False


def _opened(dsn: str) -> psycopg.Connection:
    connection = connect(dsn, WRITER)
    connection.prepared_max = 500
    try:
        connection.execute(_SETTINGS)
    except psycopg.Error as error:
        connection.close()
        raise unreachable(error) from error
    return connection

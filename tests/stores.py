"""Both stores behind one face, so that a suite can run on each."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

import psycopg

from adapters.log.batch import LogStore
from adapters.postgres.log import PostgresLogStore
from adapters.postgres.migrations import migrate
from adapters.postgres.reader import PostgresReader
from adapters.sqlite.connection import connect
from adapters.sqlite.log import SqliteLogStore
from adapters.sqlite.reader import SqliteReader
from adapters.sqlite.schema import create
from domain.access import SecretRead
from domain.chain import GENESIS, header_bytes, link
from domain.ports import Append, Projection, Reader, Row
from domain.secret import SecretDeleted
from projections.approvals import Approvals
from projections.audit import AuditEvents
from projections.cubbyholes import Cubbyholes
from projections.due_work import DueWork
from projections.kv_mounts import KvMounts
from projections.leases import Leases
from projections.logins import Logins
from projections.providers import Providers
from projections.references import References
from projections.rotation_schedules import RotationSchedules
from projections.rotations import Rotations
from projections.secrets import Secrets
from projections.shares import Shares
from projections.static_roles import StaticRoles
from projections.tenants import Tenants
from projections.token_roles import TokenRoles
from projections.tokens import Tokens
from projections.transit_keys import TransitKeys
from projections.vault_config import VaultConfiguration
from projections.wrappings import Wrappings

EVENTS = """SELECT position, id, stream, version, type, tenant, time, actor, request_id, body, prev_hash, hash
 FROM events ORDER BY position"""


def every_projection(reader: Any = None) -> list[Projection]:
    """All read models of the product, in the order in which their tables are made. To apply, they need no reader."""
    return [
        Tenants(reader),
        Tokens(reader),
        Secrets(reader),
        References(reader),
        Approvals(reader),
        AuditEvents(reader),
        DueWork(reader),
        Providers(reader),
        Leases(reader),
        Rotations(reader),
        RotationSchedules(reader),
        Shares(reader),
        KvMounts(reader),
        VaultConfiguration(reader),
        Logins(reader),
        TransitKeys(reader),
        Wrappings(reader),
        Cubbyholes(reader),
        TokenRoles(reader),
        StaticRoles(reader),
    ]


class Store(Protocol):
    """A database with all of the product's tables."""

    errors: type[Exception]

    def log(self) -> LogStore:
        """The log as one more node has it."""
        ...

    def reader(self) -> Any: ...

    def rows(self, sql: str) -> Sequence[Row]:
        """As the owner sees it, past every policy."""
        ...

    def change(self, sql: str) -> None:
        """As the owner does it; raises one of `errors`."""
        ...


class SqliteStore:
    errors: type[Exception] = sqlite3.Error

    def __init__(self, path: Path) -> None:
        self.path = path
        self._logs: list[LogStore] = []
        self._raw = connect(path)
        create(self._raw, every_projection())

    def log(self) -> LogStore:
        self._logs.append(SqliteLogStore(connect(self.path)))
        return self._logs[-1]

    def reader(self) -> SqliteReader:
        return SqliteReader(self.path)

    def rows(self, sql: str) -> Sequence[Row]:
        return self._raw.execute(sql).fetchall()

    def change(self, sql: str) -> None:
        self._raw.execute(sql)

    def close(self) -> None:
        for log in self._logs:
            log.close()
        self._raw.close()


class PostgresStore:
    errors: type[Exception] = psycopg.Error

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._logs: list[LogStore] = []
        migrate(dsn, every_projection())
        self._raw = psycopg.connect(dsn, autocommit=True)

    def log(self, dsn: str | None = None) -> PostgresLogStore:
        """The log as one more node has it, or one that comes by another address."""
        log = PostgresLogStore(dsn or self.dsn)
        self._logs.append(log)
        return log

    def reader(self) -> PostgresReader:
        return PostgresReader(self.dsn)

    def rows(self, sql: str) -> Sequence[Row]:
        return self._raw.execute(sql).fetchall()

    def change(self, sql: str) -> None:
        self._raw.execute(sql)

    def cut(self) -> int:
        """Close every other connection from the server's side, and wait until it is; how many there were."""
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        return len(self.rows(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}"))

    def close(self) -> None:
        for log in self._logs:
            log.close()
        self._raw.close()


@asynccontextmanager
async def reading(store: Store) -> AsyncIterator[Reader]:
    """A reader, closed at the end."""
    reader = store.reader()
    try:
        yield reader
    finally:
        closed = reader.close()
        if closed is not None:
            await closed


def read_event(tenant: str = "t1", path: str = "app/db") -> Append:
    """An append of one fact about a use, which conflicts with nothing."""
    event = SecretRead(
        originator_id=UUID(int=0), originator_version=0, timestamp=datetime.now(UTC), path=path, number=1, how="get"
    )
    return append(event, tenant=tenant)


def deletion(stream: UUID | None = None, version: int = 1, path: str = "app/db") -> SecretDeleted:
    """An event that takes `version` of its stream."""
    return SecretDeleted(
        originator_id=stream or uuid4(), originator_version=version, timestamp=datetime.now(UTC), path=path
    )


def append(*events: Any, tenant: str = "t1", **more: Any) -> Append:
    """A command's append."""
    return Append(tenant=tenant, actor="svc#1", request_id="0" * 32, events=events, **more)


def chain_of(store: Store) -> list[Row]:
    """The log, after each of its links was checked by the chain's own definition."""
    rows = [*store.rows(EVENTS)]
    prev = GENESIS
    for expected, (position, *header, body, prev_hash, digest) in enumerate(_plain(rows), start=1):
        assert position == expected
        assert prev_hash == prev
        assert digest == link(prev, position, sha256(header_bytes(*header)).digest(), sha256(body).digest())
        prev = digest
    return rows


def _plain(rows: Sequence[Row]) -> Iterator[list[Any]]:
    for row in rows:
        yield [bytes(value) if isinstance(value, bytes | memoryview) else value for value in row]

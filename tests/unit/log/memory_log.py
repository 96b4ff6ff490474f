"""The log in SQLite's memory, with a reader over the same connection, and small events to append."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import ClassVar
from uuid import UUID

from adapters.log.batch import Batch
from adapters.sqlite.log import SqliteLogStore
from adapters.sqlite.schema import create
from domain.access import SecretRead
from domain.api_token import ApiTokenRevoked
from domain.chain import GENESIS, header_bytes, link
from domain.event import Event
from domain.ports import Append, Projection, Record, ReplyKey, Row, Statement

NOW = datetime(2026, 6, 25, 12, 0, 0, 123456, tzinfo=UTC)
STREAMS = tuple(UUID(int=number) for number in range(1, 6))


class MemoryLog:
    """A `LogStore` and a `Reader`. `failing` is raised by the next transactions instead of their commit."""

    def __init__(self, projections: Sequence[Projection] = ()) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        create(self.connection, projections)
        self.connection.execute("CREATE TABLE notes (text TEXT PRIMARY KEY)")
        self.store = SqliteLogStore(self.connection)
        self.batch = Batch(self.store, projections, "node")

    def all(self, sql: str, *parameters: object) -> list[Row]:
        return [tuple(row) for row in self.connection.execute(sql, parameters)]

    def verified(self) -> int:
        """How many links the chain has, each recomputed."""
        prev = GENESIS
        rows = self.all("SELECT * FROM events ORDER BY position")
        for number, row in enumerate(rows, start=1):
            position, *header, body, prev_hash, digest = row
            assert position == number
            assert prev_hash == prev
            assert digest == link(prev, position, sha256(header_bytes(*header)).digest(), sha256(body).digest())
            prev = digest
        return len(rows)

    async def rows(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        return self.all(sql, *params)

    async def row(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Row | None:
        return next(iter(self.all(sql, *params)), None)

    async def system_rows(self, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        return self.all(sql, *params)

    async def stream(self, tenant: str | None, sql: str, params: Sequence[object] = ()) -> AsyncIterator[Row]:
        for row in self.all(sql, *params):
            yield row


class Collecting:
    """A projection that writes the position of each event of a type into the table `notes`."""

    name: ClassVar[str] = "collecting"
    tables: ClassVar[tuple[str, ...]] = ()
    ddl: ClassVar[tuple[str, ...]] = ()
    concerns: ClassVar[tuple[type[Event], ...]] = (ApiTokenRevoked,)

    def __init__(self, make: Callable[[Record], Iterable[Statement]] | None = None) -> None:
        self.make = make or (lambda record: [note(f"{record.type} {record.position}")])
        self.records: list[Record] = []

    def apply(self, record: Record) -> Iterable[Statement]:
        self.records.append(record)
        return self.make(record)


def note(text: str) -> Statement:
    return "INSERT INTO notes VALUES (?)", (text,)


def fact(stream: int, version: int) -> Event:
    """An event of an aggregate, taking `version` of one of the streams."""
    return ApiTokenRevoked(
        originator_id=STREAMS[stream], originator_version=version, timestamp=NOW, token_id="tok", reason="why"
    )


def use() -> Event:
    """An event of a use, which takes whatever version is next."""
    return SecretRead(originator_id=UUID(int=0), originator_version=0, timestamp=NOW, path="a", number=1, how="get")


def entry(
    *events: Event,
    tenant: str = "acme",
    statements: Sequence[Statement] = (),
    reply: ReplyKey | None = None,
    unchanged: Mapping[UUID, int] | None = None,
) -> Append:
    return Append(
        tenant=tenant, actor="ops#tok", request_id="req", events=events, statements=statements, reply=reply,
        unchanged=unchanged or {},
    )  # fmt: skip

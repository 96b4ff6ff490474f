"""One store in memory for all simulated nodes: the product's own batches, SQL and read models, without a disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.log.batch import Batch
from adapters.sqlite.log import SqliteLogStore
from adapters.sqlite.schema import create
from domain.call import Call
from domain.instants import instant
from domain.ports import Append, Kept, ReplyKey, Row, Statement
from projections.due_work import DueWork
from projections.leases import Leases

_KEEP = "INSERT INTO idempotency VALUES (?, ?, ?, '', 201, ?, '9999-12-31T00:00:00.000000Z')"
_FORGET = "DELETE FROM idempotency WHERE tenant = ? AND principal = ? AND key = ?"


class SharedStore:
    """A fresh database, its log, and reads of it."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.due_work, self.leases = DueWork(self), Leases(self)  # type: ignore[arg-type]  # no stream is asked for
        create(self.connection, [self.due_work, self.leases])
        self.log = SqliteLogStore(self.connection)
        self.batch = Batch(self.log, [self.due_work, self.leases], "node")

    def append(self, entry: Append) -> int:
        ((outcome,), _) = self.batch.write([entry])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def rows(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        return await self.system_rows(sql, params)

    async def row(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Row | None:
        return self.connection.execute(sql, params).fetchone()  # type: ignore[no-any-return]

    async def system_rows(self, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        return self.connection.execute(sql, params).fetchall()

    def asked(self, sql: str, *params: object) -> list[Any]:
        return self.connection.execute(sql, params).fetchall()


class PlainReplies:
    """Keeps that a key was used, and for which lease; the reply itself is not needed here."""

    async def keep(self, call: Call, result: Any) -> Kept:
        if call.idempotency is None or not hasattr(result, "provider"):
            return Kept()
        key = ReplyKey(call.tenant, call.principal.actor, call.idempotency.key)
        row = (key.tenant, key.principal, key.key, result.id)
        return Kept([(_KEEP, row)], key)

    async def forget(self, call: Call) -> Sequence[Statement]:
        if call.idempotency is None:
            return []
        return [(_FORGET, (call.tenant, call.principal.actor, call.idempotency.key))]


BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


def moment(seconds: float) -> datetime:
    return BEGINNING + timedelta(seconds=seconds)


def told(seconds: float) -> str:
    return instant(moment(seconds))

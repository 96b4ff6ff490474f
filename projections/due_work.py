"""What is to be done and when, found by an index: with 256,000 leases alive, only what is due is ever read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from domain.delivery import (
    DeliveryAttempted,
    DeliveryFailed,
    DeliveryParked,
    DeliveryResolved,
    DeliveryRetried,
    delivery_stream,
)
from domain.event import Event
from domain.instants import instant, parsed
from domain.ports import Reader, Record, Row, Statement
from domain.process import RULED, Due, Hastened, changes
from domain.views import Work

_SELECT: Final = """SELECT tenant, kind, ref, destination, stream, version, due_at, attempts, state, error,
 detail, since FROM due_work"""
_EARLIEST: Final = "SELECT destination, due_at FROM due_work ORDER BY destination, due_at LIMIT 1"
_NEXT: Final = "SELECT destination, due_at FROM due_work WHERE destination > ? ORDER BY destination, due_at LIMIT 1"
_SET: Final = """INSERT INTO due_work VALUES (?, ?, ?, ?, ?, 0, ?, 0, 'waiting', NULL, NULL, ?)
 ON CONFLICT (tenant, kind, ref) DO UPDATE SET destination = excluded.destination, stream = excluded.stream,
 version = 0, due_at = excluded.due_at, attempts = 0, state = 'waiting', error = NULL, detail = NULL,
 since = excluded.since"""
_HASTEN: Final = "UPDATE due_work SET due_at = ? WHERE tenant = ? AND kind = ? AND ref = ? AND due_at > ?"
_CLEAR: Final = "DELETE FROM due_work WHERE tenant = ? AND kind = ? AND ref = ?"
_ATTEMPT: Final = "UPDATE due_work SET version = ?, due_at = ?, attempts = ? WHERE tenant = ? AND stream = ?"
_FAIL: Final = """UPDATE due_work SET version = ?, due_at = ?, attempts = ?, state = ?, error = ?, detail = ?
 WHERE tenant = ? AND stream = ?"""
_RETRY: Final = """UPDATE due_work SET version = ?, due_at = ?, attempts = 0, state = 'waiting'
 WHERE tenant = ? AND stream = ?"""
_RESOLVE: Final = "DELETE FROM due_work WHERE tenant = ? AND stream = ?"
_PARKED_BY_KIND: Final = "SELECT kind, count(*) FROM due_work WHERE state = 'needs_attention' GROUP BY kind"
_OVERDUE: Final = """SELECT count(*) FROM
 (SELECT 1 FROM due_work WHERE destination = ? AND due_at <= ? LIMIT ?) AS late"""


class DueWork:
    """The read model, and its queries."""

    name: ClassVar[str] = "due_work"
    tables: ClassVar[tuple[str, ...]] = ("due_work",)
    concerns: ClassVar[tuple[type[Event], ...]] = (
        DeliveryAttempted, DeliveryFailed, DeliveryParked, DeliveryRetried, DeliveryResolved, *RULED,
    )  # fmt: skip
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS due_work (
        tenant TEXT NOT NULL, kind TEXT NOT NULL, ref TEXT NOT NULL, destination TEXT NOT NULL, stream TEXT NOT NULL,
        version BIGINT NOT NULL, due_at TEXT NOT NULL, attempts BIGINT NOT NULL, state TEXT NOT NULL, error TEXT,
        detail TEXT, since TEXT NOT NULL,
        PRIMARY KEY (tenant, kind, ref))""",
        "CREATE INDEX IF NOT EXISTS due_work_of ON due_work (destination, due_at)",
        "CREATE INDEX IF NOT EXISTS due_work_by_stream ON due_work (stream)",
        "CREATE INDEX IF NOT EXISTS due_work_parked ON due_work (tenant, stream) WHERE state = 'needs_attention'",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """What the process manager's rules say of the event, and how attempts went."""
        yield from self._attempts(record)
        for change in changes(record.event):
            if isinstance(change, Due):
                stream = str(delivery_stream(record.tenant, change.kind, change.ref, record.id))
                yield _SET, (
                    record.tenant, change.kind, change.ref, change.destination, stream, instant(change.at),
                    instant(record.time),
                )  # fmt: skip
            elif isinstance(change, Hastened):
                at = instant(change.at)
                yield _HASTEN, (at, record.tenant, change.kind, change.ref, at)
            else:
                yield _CLEAR, (record.tenant, change.kind, change.ref)

    @staticmethod
    def _attempts(record: Record) -> Iterable[Statement]:
        event, where = record.event, (record.tenant, str(record.stream))
        if isinstance(event, DeliveryAttempted):
            # Due again when the claim ends: a node that died with it is no special case.
            yield _ATTEMPT, (record.version, instant(event.until), event.number, *where)
        elif isinstance(event, DeliveryFailed | DeliveryParked):
            state = "needs_attention" if isinstance(event, DeliveryParked) else "waiting"
            retry_at = instant(event.retry_at)
            yield _FAIL, (record.version, retry_at, event.number, state, event.error, event.detail, *where)
        elif isinstance(event, DeliveryRetried):
            yield _RETRY, (record.version, instant(record.time), *where)
        elif isinstance(event, DeliveryResolved):
            yield _RESOLVE, where

    async def destinations(self, now: datetime) -> list[str]:
        """Where something is due: a look at the earliest of each destination, however much waits there."""
        found: list[str] = []
        rows = await self._reader.system_rows(_EARLIEST)
        while rows:
            destination, due_at = rows[0]
            if due_at <= instant(now):
                found.append(destination)
            rows = await self._reader.system_rows(_NEXT, (destination,))
        return found

    async def due(self, destination: str, now: datetime, limit: int) -> Sequence[Work]:
        """What is due there, what has waited longest first, at most `limit`."""
        sql = f"{_SELECT} WHERE destination = ? AND due_at <= ? ORDER BY due_at LIMIT ?"
        return [_work(row) for row in await self._reader.system_rows(sql, (destination, instant(now), limit))]

    async def parked(self, tenant: str, after_id: str, limit: int) -> list[Work]:
        """The tenant's work that needs a person, in order of id, after `after_id`."""
        sql = f"{_SELECT} WHERE tenant = ? AND state = 'needs_attention' AND stream > ? ORDER BY stream LIMIT ?"
        return [_work(row) for row in await self._reader.rows(tenant, sql, (tenant, after_id, limit))]

    async def of(self, tenant: str, kind: str, ref: str) -> Work | None:
        """What is to be done of that kind about `ref`."""
        sql = f"{_SELECT} WHERE tenant = ? AND kind = ? AND ref = ?"
        row = await self._reader.row(tenant, sql, (tenant, kind, ref))
        return _work(row) if row else None

    async def by_id(self, tenant: str, work_id: str) -> Work | None:
        """The tenant's work of this id."""
        row = await self._reader.row(tenant, f"{_SELECT} WHERE tenant = ? AND stream = ?", (tenant, work_id))
        return _work(row) if row else None

    async def parked_anywhere(self, after_id: str, limit: int) -> list[Work]:
        """Work of any tenant that needs a person, in order of id, after `after_id`."""
        sql = f"{_SELECT} WHERE state = 'needs_attention' AND stream > ? ORDER BY stream LIMIT ?"
        return [_work(row) for row in await self._reader.system_rows(sql, (after_id, limit))]

    async def anywhere(self, work_id: str) -> Work | None:
        """The work of this id, whatever its tenant."""
        rows = await self._reader.system_rows(f"{_SELECT} WHERE stream = ?", (work_id,))
        return _work(rows[0]) if rows else None

    async def parked_by_kind(self) -> dict[str, int]:
        """How much work of each kind needs a person."""
        return {str(kind): int(count) for kind, count in await self._reader.system_rows(_PARKED_BY_KIND)}

    async def overdue(self, since: datetime, most: int) -> int:
        """How much work came due before `since` and is not begun on, counted up to `most` at each destination."""
        count = 0
        for destination in await self.destinations(since):
            ((found,),) = await self._reader.system_rows(_OVERDUE, (destination, instant(since), most))
            count += int(found)
        return count


def _work(row: Row) -> Work:
    return Work(
        tenant=row[0], kind=row[1], ref=row[2], destination=row[3], stream=UUID(row[4]), version=row[5],
        due_at=parsed(row[6]), attempts=row[7], needs_attention=row[8] == "needs_attention", error=row[9],
        detail=row[10], since=parsed(row[11]),
    )  # fmt: skip

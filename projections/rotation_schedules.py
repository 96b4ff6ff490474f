"""Rotation schedules as they are now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from domain.event import Event
from domain.instants import instant, parsed
from domain.ports import Reader, Record, Row, Statement
from domain.rotation_schedule import ScheduleFired, ScheduleRemoved, ScheduleSet, ScheduleSkipped
from domain.views import ScheduleRow

_SELECT: Final = """SELECT schedule_id, name, provider, key, timetable, grace_seconds, enabled, next_run_at,
 last_run_at, last_rotation_id, last_error, created_at, updated_at FROM rotation_schedules"""
_SET: Final = """INSERT INTO rotation_schedules VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, ?, ?)
 ON CONFLICT (tenant, schedule_id) DO UPDATE SET name = excluded.name, provider = excluded.provider,
 key = excluded.key, timetable = excluded.timetable, grace_seconds = excluded.grace_seconds,
 enabled = excluded.enabled, next_run_at = excluded.next_run_at, updated_at = excluded.updated_at"""
_FIRE: Final = """UPDATE rotation_schedules SET next_run_at = ?, last_run_at = ?, last_rotation_id = ?,
 last_error = NULL WHERE tenant = ? AND schedule_id = ?"""
_SKIP: Final = """UPDATE rotation_schedules SET next_run_at = ?, last_run_at = ?, last_error = ?
 WHERE tenant = ? AND schedule_id = ?"""
_REMOVE: Final = "DELETE FROM rotation_schedules WHERE tenant = ? AND schedule_id = ?"


class RotationSchedules:
    """The read model, and its queries."""

    name: ClassVar[str] = "rotation_schedules"
    tables: ClassVar[tuple[str, ...]] = ("rotation_schedules",)
    concerns: ClassVar[tuple[type[Event], ...]] = (ScheduleSet, ScheduleFired, ScheduleSkipped, ScheduleRemoved)
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS rotation_schedules (
        tenant TEXT NOT NULL, schedule_id TEXT NOT NULL, name TEXT NOT NULL, provider TEXT NOT NULL, key TEXT NOT NULL,
        timetable TEXT NOT NULL, grace_seconds BIGINT NOT NULL, enabled BIGINT NOT NULL, next_run_at TEXT,
        last_run_at TEXT, last_rotation_id TEXT, last_error TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
        PRIMARY KEY (tenant, schedule_id))""",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """It is set, fires, is removed."""
        event, at, tenant = record.event, instant(record.time), record.tenant
        if isinstance(event, ScheduleSet):
            next_run = instant(event.next_run_at) if event.next_run_at else None
            yield _SET, (
                tenant, event.schedule_id, event.name, event.provider, event.key, event.timetable, event.grace_seconds,
                int(event.enabled), next_run, at, at,
            )  # fmt: skip
        elif isinstance(event, ScheduleFired):
            next_run = instant(event.next_run_at) if event.next_run_at else None
            yield _FIRE, (next_run, at, event.rotation_id, tenant, event.schedule_id)
        elif isinstance(event, ScheduleSkipped):
            next_run = instant(event.next_run_at) if event.next_run_at else None
            yield _SKIP, (next_run, at, f"{event.error}: {event.detail}", tenant, event.schedule_id)
        elif isinstance(event, ScheduleRemoved):
            yield _REMOVE, (tenant, event.schedule_id)

    async def find(self, tenant: str, schedule_id: str) -> ScheduleRow | None:
        """The tenant's schedule of this id."""
        sql = f"{_SELECT} WHERE tenant = ? AND schedule_id = ?"
        row = await self._reader.row(tenant, sql, (tenant, schedule_id))
        return _schedule(row) if row else None

    async def page(self, tenant: str, after_id: str, limit: int) -> list[ScheduleRow]:
        """The tenant's schedules in order of id, after `after_id`."""
        sql = f"{_SELECT} WHERE tenant = ? AND schedule_id > ? ORDER BY schedule_id LIMIT ?"
        return [_schedule(row) for row in await self._reader.rows(tenant, sql, (tenant, after_id, limit))]


def _schedule(row: Row) -> ScheduleRow:
    return ScheduleRow(
        schedule_id=row[0], name=row[1], provider=row[2], key=row[3], timetable=row[4], grace_seconds=row[5],
        enabled=bool(row[6]), next_run_at=parsed(row[7]) if row[7] else None,
        last_run_at=parsed(row[8]) if row[8] else None, last_rotation_id=row[9], last_error=row[10],
        created_at=parsed(row[11]), updated_at=parsed(row[12]),
    )  # fmt: skip

"""Standing accounts whose passwords the server sets, as they are now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from domain.event import Event
from domain.instants import instant, parsed
from domain.ports import Reader, Record, Row, Statement
from domain.static_role import (
    StaticRoleConfigured,
    StaticRoleRemoved,
    StaticRoleRotated,
    StaticRoleRotationStarted,
)
from domain.static_role_view import StaticRoleRow

_SET: Final = """INSERT INTO static_roles VALUES (?, ?, ?, ?, ?, ?, 0, '', 0, '', NULL, ?)
 ON CONFLICT (tenant, role) DO UPDATE SET provider = excluded.provider, account = excluded.account,
 timetable = excluded.timetable, note = excluded.note, next_run_at = excluded.next_run_at"""
_START: Final = "UPDATE static_roles SET next_number = ?, next_seal_id = ? WHERE tenant = ? AND role = ?"
_ROTATED: Final = """UPDATE static_roles SET number = next_number, seal_id = next_seal_id, rotated_at = ?,
 next_run_at = ? WHERE tenant = ? AND role = ?"""
_REMOVE: Final = "DELETE FROM static_roles WHERE tenant = ? AND role = ?"
_SELECT: Final = """SELECT role, provider, account, timetable, note, number, seal_id, rotated_at, next_run_at
 FROM static_roles WHERE tenant = ?"""


class StaticRoles:
    """The read model, and its queries."""

    name: ClassVar[str] = "static_roles"
    tables: ClassVar[tuple[str, ...]] = ("static_roles",)
    concerns: ClassVar[tuple[type[Event], ...]] = (
        StaticRoleConfigured,
        StaticRoleRotationStarted,
        StaticRoleRotated,
        StaticRoleRemoved,
    )
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS static_roles (
        tenant TEXT NOT NULL, role TEXT NOT NULL, provider TEXT NOT NULL, account TEXT NOT NULL,
        timetable TEXT NOT NULL, note TEXT NOT NULL, number BIGINT NOT NULL, seal_id TEXT NOT NULL,
        next_number BIGINT NOT NULL, next_seal_id TEXT NOT NULL, rotated_at TEXT, next_run_at TEXT NOT NULL,
        PRIMARY KEY (tenant, role))""",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """A role is there from its settings until it is removed; its password is the one that was set last."""
        event = record.event
        if isinstance(event, StaticRoleConfigured):
            yield _SET, (
                record.tenant, event.role, event.provider, event.account, event.timetable, event.note,
                instant(event.next_run_at),
            )  # fmt: skip
        elif isinstance(event, StaticRoleRotationStarted):
            yield _START, (event.number, event.seal_id, record.tenant, event.role)
        elif isinstance(event, StaticRoleRotated):
            yield _ROTATED, (instant(record.time), instant(event.next_run_at), record.tenant, event.role)
        elif isinstance(event, StaticRoleRemoved):
            yield _REMOVE, (record.tenant, event.role)

    async def find(self, tenant: str, role: str) -> StaticRoleRow | None:
        """The role of this name."""
        row = await self._reader.row(tenant, f"{_SELECT} AND role = ?", (tenant, role))
        return _role(row) if row else None

    async def under(self, tenant: str, mount: str, limit: int) -> list[StaticRoleRow]:
        """The roles of one mount."""
        sql = f"{_SELECT} AND substr(role, 1, ?) = ? ORDER BY role LIMIT ?"
        return [_role(row) for row in await self._reader.rows(tenant, sql, (tenant, len(mount), mount, limit))]


def _role(row: Row) -> StaticRoleRow:
    return StaticRoleRow(
        role=row[0], provider=row[1], account=row[2], timetable=row[3], note=row[4], number=row[5], seal_id=row[6],
        rotated_at=parsed(row[7]) if row[7] else None, next_run_at=parsed(row[8]),
    )  # fmt: skip

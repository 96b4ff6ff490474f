"""Rotations as they are now; never a credential."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final

from domain.delivery import DeliveryResolved
from domain.event import Event
from domain.instants import instant, parsed
from domain.ports import Reader, Record, Row, Statement
from domain.process import ADVANCE_ROTATION
from domain.rotation import (
    RotationCompleted,
    RotationCutOver,
    RotationEvent,
    RotationFailed,
    RotationRestored,
    RotationRolledBack,
    RotationStaged,
    RotationStarted,
    RotationVerified,
)
from domain.views import RotationRow

_SELECT: Final = """SELECT rotation_id, provider, key, old_ref, account, new_ref, state, failed_phase, error, detail,
 schedule_id, subject, started_at, retire_at, ended_at FROM rotations"""
_START: Final = """INSERT INTO rotations VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, 'staging', NULL, NULL, NULL, ?, ?, ?,
 NULL, NULL)"""
_WHERE: Final = "WHERE tenant = ? AND rotation_id = ?"
_STAGE: Final = f"UPDATE rotations SET new_ref = ? {_WHERE}"
_MOVE: Final = f"UPDATE rotations SET state = ? {_WHERE}"
_VERIFY: Final = f"UPDATE rotations SET state = 'retiring', retire_at = ? {_WHERE}"
_FAIL: Final = f"UPDATE rotations SET state = 'rolling_back', failed_phase = ?, error = ?, detail = ? {_WHERE}"
_RESOLVE: Final = f"UPDATE rotations SET ended_at = ?, error = 'resolved-by-hand' {_WHERE}"
_END: Final = f"UPDATE rotations SET state = ?, ended_at = ? {_WHERE}"


class Rotations:
    """The read model, and its queries."""

    name: ClassVar[str] = "rotations"
    tables: ClassVar[tuple[str, ...]] = ("rotations",)
    concerns: ClassVar[tuple[type[Event], ...]] = (RotationStarted, RotationEvent, DeliveryResolved)
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS rotations (
        tenant TEXT NOT NULL, rotation_id TEXT NOT NULL, provider TEXT NOT NULL, destination TEXT NOT NULL,
        kind TEXT NOT NULL, key TEXT NOT NULL, old_ref TEXT NOT NULL, account TEXT NOT NULL, new_ref TEXT,
        state TEXT NOT NULL, failed_phase TEXT, error TEXT, detail TEXT, schedule_id TEXT NOT NULL,
        subject TEXT NOT NULL, started_at TEXT NOT NULL, retire_at TEXT, ended_at TEXT,
        PRIMARY KEY (tenant, rotation_id))""",
        "CREATE INDEX IF NOT EXISTS rotations_of_key ON rotations (tenant, key, rotation_id)",
        "CREATE INDEX IF NOT EXISTS rotations_of_schedule ON rotations (tenant, schedule_id, rotation_id)",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """Phase by phase."""
        event, at = record.event, instant(record.time)
        if isinstance(event, RotationStarted):
            yield _START, (
                record.tenant, event.rotation_id, event.provider, event.destination, event.kind, event.key,
                event.old_ref, event.account, event.schedule_id, event.subject, at,
            )  # fmt: skip
            return
        if isinstance(event, DeliveryResolved) and event.kind == ADVANCE_ROTATION:
            yield _RESOLVE, (at, record.tenant, event.ref)
        if isinstance(event, RotationEvent):
            sql, parameters = _MOVES[type(event)](event, at)
            yield sql, (*parameters, record.tenant, event.rotation_id)

    async def find(self, tenant: str, rotation_id: str) -> RotationRow | None:
        """The tenant's rotation of this id."""
        row = await self._reader.row(tenant, f"{_SELECT} {_WHERE}", (tenant, rotation_id))
        return _rotation(row) if row else None

    async def page(
        self, tenant: str, key: str | None, schedule_id: str | None, before_id: str, limit: int
    ) -> list[RotationRow]:
        """The tenant's rotations, newest first, before `before_id` (empty: from the newest on)."""
        conditions, parameters = ["tenant = ?"], [tenant]
        for column, value in (("key", key), ("schedule_id", schedule_id)):
            if value is not None:
                conditions.append(f"{column} = ?")
                parameters.append(value)
        if before_id:
            conditions.append("rotation_id < ?")
            parameters.append(before_id)
        sql = f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY rotation_id DESC LIMIT ?"
        return [_rotation(row) for row in await self._reader.rows(tenant, sql, (*parameters, limit))]


_MOVES: Final[dict[type[Event], Callable[[Any, str], Statement]]] = {
    RotationStaged: lambda event, _: (_STAGE, (event.new_ref,)),
    RotationCutOver: lambda _, __: (_MOVE, ("verifying",)),
    RotationVerified: lambda event, _: (_VERIFY, (instant(event.go_on_at),)),
    RotationFailed: lambda event, _: (_FAIL, (event.phase, event.error, event.detail)),
    RotationRestored: lambda _, __: (_MOVE, ("rolling_back",)),
    RotationCompleted: lambda _, at: (_END, ("completed", at)),
    RotationRolledBack: lambda _, at: (_END, ("rolled_back", at)),
}


def _rotation(row: Row) -> RotationRow:
    return RotationRow(
        rotation_id=row[0], provider=row[1], key=row[2], old_ref=row[3], account=row[4], new_ref=row[5], state=row[6],
        failed_phase=row[7], error=row[8], detail=row[9], schedule_id=row[10], subject=row[11],
        started_at=parsed(row[12]), retire_at=parsed(row[13]) if row[13] else None,
        ended_at=parsed(row[14]) if row[14] else None,
    )  # fmt: skip

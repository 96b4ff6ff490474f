"""Wrapped answers as they are now, found by the hash of what the caller shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from domain.event import Event
from domain.instants import instant, parsed
from domain.ports import Reader, Record, Row, Statement
from domain.wrapping import (
    EXPIRED,
    OPEN,
    REVOKED,
    USED,
    WrappingCreated,
    WrappingExpired,
    WrappingRevoked,
    WrappingUsed,
)
from domain.wrapping_view import WrappingRow

_SELECT: Final = """SELECT tenant, wrapping_id, state, creation_path, holds, ttl_seconds, created_at, expires_at
 FROM wrappings WHERE """
_BY_HASH: Final = f"{_SELECT}hash = ?"
_BY_ID: Final = f"{_SELECT}tenant = ? AND wrapping_id = ?"
_CREATE: Final = "INSERT INTO wrappings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ENDS: Final[dict[type[Event], str]] = {WrappingUsed: USED, WrappingExpired: EXPIRED, WrappingRevoked: REVOKED}
_END: Final = "UPDATE wrappings SET state = ? WHERE tenant = ? AND wrapping_id = ?"


class Wrappings:
    """The read model, and its query."""

    name: ClassVar[str] = "wrappings"
    tables: ClassVar[tuple[str, ...]] = ("wrappings",)
    concerns: ClassVar[tuple[type[Event], ...]] = (WrappingCreated, *_ENDS)
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS wrappings (
        tenant TEXT NOT NULL, wrapping_id TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, state TEXT NOT NULL,
        creation_path TEXT NOT NULL, holds TEXT NOT NULL, ttl_seconds BIGINT NOT NULL, created_at TEXT NOT NULL,
        expires_at TEXT NOT NULL, PRIMARY KEY (tenant, wrapping_id))""",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """A wrapping begins when it is made, and ends with its use, by the clock, or because it is taken back."""
        event = record.event
        if isinstance(event, WrappingCreated):
            yield _CREATE, (
                record.tenant, event.wrapping_id, event.hash, OPEN, event.creation_path, event.holds,
                event.ttl_seconds, instant(record.time), instant(event.expires_at),
            )  # fmt: skip
        elif isinstance(event, WrappingUsed | WrappingExpired | WrappingRevoked):
            yield _END, (_ENDS[type(event)], record.tenant, event.wrapping_id)

    async def by_hash(self, digest: str) -> WrappingRow | None:
        """The wrapping with this hash, whatever its tenant: this is how its tenant becomes known."""
        rows = await self._reader.system_rows(_BY_HASH, (digest,))
        return _wrapping(rows[0]) if rows else None

    async def by_id(self, tenant: str, wrapping_id: str) -> WrappingRow | None:
        """The wrapping of that id, of whatever state; None if the tenant has none."""
        row = await self._reader.row(tenant, _BY_ID, (tenant, wrapping_id))
        return _wrapping(row) if row else None


def _wrapping(row: Row) -> WrappingRow:
    return WrappingRow(
        tenant=row[0], wrapping_id=row[1], state=row[2], creation_path=row[3], holds=row[4], ttl_seconds=row[5],
        created_at=parsed(row[6]), expires_at=parsed(row[7]),
    )  # fmt: skip

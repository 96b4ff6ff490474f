"""All tenants, by id and by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from domain.event import Event
from domain.instants import instant, parsed
from domain.ports import Reader, Record, Row, Statement
from domain.tenant import TenantCreated
from domain.views import TenantRow

_SELECT: Final = "SELECT tenant, name, title, created_at FROM tenants"


class Tenants:
    """The read model, and its queries."""

    name: ClassVar[str] = "tenants"
    tables: ClassVar[tuple[str, ...]] = ("tenants",)
    concerns: ClassVar[tuple[type[Event], ...]] = (TenantCreated,)
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS tenants (
        tenant TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL, created_at TEXT NOT NULL)""",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """A tenant begins."""
        event = record.event
        if isinstance(event, TenantCreated):
            row = (record.tenant, event.name, event.title, instant(record.time))
            yield "INSERT INTO tenants VALUES (?, ?, ?, ?)", row

    async def all(self) -> list[TenantRow]:
        """Every tenant, by name."""
        return [_tenant(row) for row in await self._reader.system_rows(f"{_SELECT} ORDER BY name")]

    async def find(self, name_or_id: str) -> TenantRow | None:
        """The tenant with this name or id."""
        rows = await self._reader.system_rows(f"{_SELECT} WHERE name = ? OR tenant = ?", (name_or_id, name_or_id))
        return _tenant(rows[0]) if rows else None


def _tenant(row: Row) -> TenantRow:
    return TenantRow(tenant=row[0], name=row[1], title=row[2], created_at=parsed(row[3]))

"""What tokens keep for themselves, as it is now: where it lies sealed, by token and path."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from domain.cubbyhole import MAX_ENTRIES, CubbyholeEntriesDestroyed, CubbyholeWritten
from domain.cubbyhole_view import KeptEntry
from domain.event import Event
from domain.ports import Reader, Record, Statement

_WRITE: Final = "INSERT INTO cubbyholes VALUES (?, ?, ?, ?, ?)"
_DESTROY: Final = "DELETE FROM cubbyholes WHERE tenant = ? AND token_id = ? AND number = ?"
_ENTRY: Final = "SELECT number, seal_id FROM cubbyholes WHERE tenant = ? AND token_id = ? AND path = ?"
_PATHS: Final = """SELECT path FROM cubbyholes WHERE tenant = ? AND token_id = ? AND substr(path, 1, ?) = ?
 ORDER BY path LIMIT ?"""


class Cubbyholes:
    """The read model, and its queries."""

    name: ClassVar[str] = "cubbyholes"
    tables: ClassVar[tuple[str, ...]] = ("cubbyholes",)
    concerns: ClassVar[tuple[type[Event], ...]] = (CubbyholeWritten, CubbyholeEntriesDestroyed)
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS cubbyholes (
        tenant TEXT NOT NULL, token_id TEXT NOT NULL, path TEXT NOT NULL, number BIGINT NOT NULL,
        seal_id TEXT NOT NULL, PRIMARY KEY (tenant, token_id, path))""",
        "CREATE INDEX IF NOT EXISTS cubbyholes_by_number ON cubbyholes (tenant, token_id, number)",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """An entry is there from its writing until its key is destroyed."""
        event = record.event
        if isinstance(event, CubbyholeWritten):
            yield _WRITE, (record.tenant, event.token_id, event.path, event.number, event.seal_id)
        elif isinstance(event, CubbyholeEntriesDestroyed):
            for number in event.numbers:
                yield _DESTROY, (record.tenant, event.token_id, number)

    async def entry(self, tenant: str, token_id: str, path: str) -> KeptEntry | None:
        """What the token keeps under this path."""
        row = await self._reader.row(tenant, _ENTRY, (tenant, token_id, path))
        return KeptEntry(*row) if row else None

    async def paths(self, tenant: str, token_id: str, prefix: str) -> list[str]:
        """The token's paths that begin so."""
        parameters = (tenant, token_id, len(prefix), prefix, MAX_ENTRIES)
        return sorted(str(row[0]) for row in await self._reader.rows(tenant, _PATHS, parameters))

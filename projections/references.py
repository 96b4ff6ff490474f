"""Which secret's newest version refers to which other secrets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from domain.event import Event
from domain.ports import Reader, Record, Statement
from domain.references import pinned
from domain.secret import VersionWritten
from domain.secret_events import SecretForgotten
from domain.views import Use

_FORGET = "DELETE FROM secret_references WHERE tenant = ? AND source = ?"
_LEARN = "INSERT INTO secret_references VALUES (?, ?, ?, ?)"
_USES = "SELECT target, pin FROM secret_references WHERE tenant = ? AND source = ? ORDER BY target, pin"
_USED_BY = """SELECT DISTINCT r.source FROM secret_references r
 JOIN secrets s ON s.tenant = r.tenant AND s.path = r.source
 WHERE r.tenant = ? AND r.target = ? AND s.live = 1 AND r.source > ? ORDER BY r.source LIMIT ?"""


class References:
    """The read model, and its queries."""

    name: ClassVar[str] = "references"
    tables: ClassVar[tuple[str, ...]] = ("secret_references",)
    concerns: ClassVar[tuple[type[Event], ...]] = (SecretForgotten, VersionWritten)
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS secret_references (
        tenant TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, pin BIGINT NOT NULL,
        PRIMARY KEY (tenant, source, target, pin))""",
        "CREATE INDEX IF NOT EXISTS secret_references_to ON secret_references (tenant, target, source)",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """A new version's references take the place of the last one's."""
        event = record.event
        if isinstance(event, SecretForgotten):
            yield _FORGET, (record.tenant, event.path)
        if not isinstance(event, VersionWritten):
            return
        if event.number > 1:
            yield _FORGET, (record.tenant, event.path)
        for reference in event.references:
            target, pin = pinned(reference)
            yield _LEARN, (record.tenant, event.path, target, pin or 0)

    async def uses(self, tenant: str, path: str) -> list[Use]:
        """What the newest version of `path` refers to."""
        return [Use(target, pin or None) for target, pin in await self._reader.rows(tenant, _USES, (tenant, path))]

    async def used_by(self, tenant: str, path: str, after_path: str, limit: int) -> list[str]:
        """Living secrets whose newest version refers to `path`, by name."""
        rows = await self._reader.rows(tenant, _USED_BY, (tenant, path, after_path, limit))
        return [str(row[0]) for row in rows]

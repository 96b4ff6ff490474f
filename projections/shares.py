"""Shares as they are now, found by the hash of what the caller shows, and each time that one was seen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Final

from domain.event import Event
from domain.instants import instant, parsed
from domain.ports import Reader, Record, Row, Statement
from domain.share import (
    CONSUMED,
    EXPIRED,
    LOCKED,
    OPEN,
    REVOKED,
    ShareCreated,
    ShareExpired,
    ShareLocked,
    SharePassphraseFailed,
    ShareRevoked,
    ShareViewed,
)
from domain.share_view import ShareRow, ShareViewRow

_SELECT: Final = """SELECT tenant, share_id, subject, note, state, guarded, failures, max_views, views, created_at,
 expires_at, ended_at FROM shares"""
_CREATE: Final = "INSERT INTO shares VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, 0, ?, ?, NULL)"
_VIEW: Final = "UPDATE shares SET views = ? WHERE tenant = ? AND share_id = ?"
_VIEWED: Final = "INSERT INTO share_views VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_FAIL: Final = "UPDATE shares SET failures = ? WHERE tenant = ? AND share_id = ?"
_END: Final = "UPDATE shares SET state = ?, ended_at = ? WHERE tenant = ? AND share_id = ?"
_VIEWS: Final = """SELECT number, at, address, agent, actor, position FROM share_views
 WHERE tenant = ? AND share_id = ? ORDER BY number"""
_ENDS: Final = {ShareExpired: EXPIRED, ShareRevoked: REVOKED, ShareLocked: LOCKED}


class Shares:
    """The read model, and its queries."""

    name: ClassVar[str] = "shares"
    tables: ClassVar[tuple[str, ...]] = ("shares", "share_views")
    concerns: ClassVar[tuple[type[Event], ...]] = (
        ShareCreated,
        ShareViewed,
        SharePassphraseFailed,
        ShareExpired,
        ShareRevoked,
        ShareLocked,
    )
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS shares (
        tenant TEXT NOT NULL, share_id TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, subject TEXT NOT NULL,
        note TEXT NOT NULL, state TEXT NOT NULL, guarded BIGINT NOT NULL, failures BIGINT NOT NULL,
        max_views BIGINT NOT NULL, views BIGINT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT NOT NULL,
        ended_at TEXT,
        PRIMARY KEY (tenant, share_id))""",
        "CREATE INDEX IF NOT EXISTS shares_of ON shares (tenant, subject, share_id)",
        "CREATE INDEX IF NOT EXISTS shares_by_state ON shares (tenant, state, share_id)",
        """CREATE TABLE IF NOT EXISTS share_views (
        tenant TEXT NOT NULL, share_id TEXT NOT NULL, number BIGINT NOT NULL, at TEXT NOT NULL, address TEXT NOT NULL,
        agent TEXT NOT NULL, actor TEXT NOT NULL, position BIGINT NOT NULL,
        PRIMARY KEY (tenant, share_id, number))""",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """A share begins when it is made, and ends with its last view, or by the clock, its sender, or wrong tries."""
        event, at = record.event, instant(record.time)
        if isinstance(event, ShareCreated):
            yield _CREATE, (
                record.tenant, event.share_id, event.hash, event.subject, event.note, OPEN, int(event.guarded),
                event.max_views, at, instant(event.expires_at),
            )  # fmt: skip
        elif isinstance(event, ShareViewed):
            where = (record.tenant, event.share_id)
            yield _VIEW, (event.number, *where)
            yield _VIEWED, (*where, event.number, at, event.address, event.agent, record.actor, record.position)
            if not event.remaining:
                yield _END, (CONSUMED, at, *where)
        elif isinstance(event, SharePassphraseFailed):
            yield _FAIL, (event.number, record.tenant, event.share_id)
        elif isinstance(event, ShareExpired | ShareRevoked | ShareLocked):
            yield _END, (_ENDS[type(event)], at, record.tenant, event.share_id)

    async def by_hash(self, digest: str) -> ShareRow | None:
        """The share with this hash, whatever its tenant: this is how a share's tenant becomes known."""
        rows = await self._reader.system_rows(f"{_SELECT} WHERE hash = ?", (digest,))
        return _share(rows[0]) if rows else None

    async def by_id(self, tenant: str, share_id: str) -> ShareRow | None:
        """One of the tenant's shares."""
        row = await self._reader.row(tenant, f"{_SELECT} WHERE tenant = ? AND share_id = ?", (tenant, share_id))
        return _share(row) if row else None

    async def page(
        self, tenant: str, subject: str | None, state: str | None, now: datetime, after_id: str, limit: int
    ) -> list[ShareRow]:
        """The tenant's shares in order of id, after `after_id`."""
        sql, parameters = f"{_SELECT} WHERE tenant = ? AND share_id > ?", [tenant, after_id]
        if subject is not None:
            sql, parameters = f"{sql} AND subject = ?", [*parameters, subject]
        if state == OPEN:
            sql, parameters = f"{sql} AND state = ? AND expires_at > ?", [*parameters, OPEN, instant(now)]
        elif state == EXPIRED:  # what has expired a moment ago is not in the log yet
            over = "AND (state = ? OR state = ? AND expires_at <= ?)"
            sql, parameters = f"{sql} {over}", [*parameters, EXPIRED, OPEN, instant(now)]
        elif state is not None:
            sql, parameters = f"{sql} AND state = ?", [*parameters, state]
        rows = await self._reader.rows(tenant, f"{sql} ORDER BY share_id LIMIT ?", (*parameters, limit))
        return [_share(row) for row in rows]

    async def views(self, tenant: str, share_id: str) -> list[ShareViewRow]:
        """Each time it was seen; a share allows a hundred at most."""
        rows = await self._reader.rows(tenant, _VIEWS, (tenant, share_id))
        return [
            ShareViewRow(
                number=row[0], at=parsed(row[1]), address=row[2], agent=row[3], actor=row[4], position=row[5]
            )
            for row in rows
        ]  # fmt: skip


def _share(row: Row) -> ShareRow:
    return ShareRow(
        tenant=row[0], share_id=row[1], subject=row[2], note=row[3], state=row[4], guarded=bool(row[5]),
        failures=row[6], max_views=row[7], views=row[8], created_at=parsed(row[9]), expires_at=parsed(row[10]),
        ended_at=parsed(row[11]) if row[11] else None,
    )  # fmt: skip

"""Approval requests: what is open, and what became of the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import ClassVar, Final

import msgspec

from domain.approval_change import Covered
from domain.approval_events import (
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRequested,
    ApprovalUsed,
    ApprovalVoided,
    ApprovalWithdrawn,
)
from domain.approval_view import ApprovalRow, Grant
from domain.event import Event
from domain.instants import instant, parsed
from domain.lineage import Lineage, person
from domain.ports import Reader, Record, Row, Statement

_DDL: Final = (
    """CREATE TABLE IF NOT EXISTS approvals (
    tenant TEXT NOT NULL, approval_id TEXT NOT NULL, position BIGINT NOT NULL, path TEXT NOT NULL, action TEXT NOT NULL,
    base BIGINT NOT NULL, lives BIGINT NOT NULL, covered TEXT NOT NULL, subject TEXT NOT NULL, person TEXT NOT NULL,
    number BIGINT NOT NULL, lineage TEXT NOT NULL, needed BIGINT NOT NULL, approvers TEXT NOT NULL,
    digest TEXT NOT NULL, seal_id TEXT NOT NULL, granted TEXT NOT NULL, state TEXT NOT NULL, requested_at TEXT NOT NULL,
    expires_at TEXT NOT NULL, closed_at TEXT, closed_by TEXT, reason TEXT,
    PRIMARY KEY (tenant, approval_id))""",
    "CREATE INDEX IF NOT EXISTS approvals_open ON approvals (tenant, path, action) WHERE state = 'open'",
    "CREATE INDEX IF NOT EXISTS approvals_by ON approvals (tenant, path, action, subject, person, number)",
    "CREATE INDEX IF NOT EXISTS approvals_in_order ON approvals (tenant, state, position)",
)
_SELECT: Final = """SELECT a.approval_id, a.position, a.covered, a.lineage, a.needed, a.approvers, a.digest, a.seal_id,
 a.granted, a.state, a.requested_at, a.expires_at, a.closed_at, a.closed_by, a.reason,
 CASE WHEN coalesce(s.current, 0) = a.base AND coalesce(s.live, 0) = a.lives THEN 0 ELSE 1 END
 FROM approvals a LEFT JOIN secrets s ON s.tenant = a.tenant AND s.path = a.path WHERE a.tenant = ?"""
_REQUEST: Final = """INSERT INTO approvals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 'open', ?, ?,
 NULL, NULL, NULL)"""
_GRANT: Final = "UPDATE approvals SET granted = granted || ? WHERE tenant = ? AND approval_id = ?"
_CLOSE: Final = """UPDATE approvals SET state = ?, closed_at = ?, closed_by = ?, reason = ?
 WHERE tenant = ? AND approval_id = ?"""
_LAST: Final = """SELECT max(number) FROM approvals
 WHERE tenant = ? AND path = ? AND action = ? AND subject = ? AND person = ?"""
_CLOSED: Final[dict[type[Event], str]] = {
    ApprovalDenied: "denied",
    ApprovalExpired: "expired",
    ApprovalUsed: "used",
    ApprovalVoided: "void",
    ApprovalWithdrawn: "withdrawn",
}
_CHUNK: Final = 500


class Approvals:
    """The read model, and its queries."""

    name: ClassVar[str] = "approvals"
    tables: ClassVar[tuple[str, ...]] = ("approvals",)
    concerns: ClassVar[tuple[type[Event], ...]] = (ApprovalRequested, ApprovalGranted, *_CLOSED)
    ddl: ClassVar[tuple[str, ...]] = _DDL

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """A request is opened, gathers approvals, and ends in one of five ways."""
        event: Event = record.event
        if isinstance(event, ApprovalRequested):
            yield _REQUEST, _requested(record, event)
        elif isinstance(event, ApprovalGranted):
            grant = Grant(lineage=tuple(event.lineage), at=record.time)
            line = f"{msgspec.json.encode(grant).decode()}\n"
            yield _GRANT, (line, record.tenant, event.approval_id)
        elif isinstance(event, tuple(_CLOSED)):
            state, reason = _CLOSED[type(event)], getattr(event, "reason", None)
            where = (record.tenant, event.approval_id)  # type: ignore[attr-defined]  # each of them has it
            yield _CLOSE, (state, instant(record.time), record.actor, reason, *where)

    async def by_id(self, tenant: str, approval_id: str) -> ApprovalRow | None:
        """The tenant's request of this id."""
        row = await self._reader.row(tenant, f"{_SELECT} AND a.approval_id = ?", (tenant, approval_id))
        return _row(row) if row else None

    async def opened_by(self, tenant: str, lineage: Lineage, paths: Sequence[str]) -> list[ApprovalRow]:
        """What this requester has open on these paths."""
        found: list[ApprovalRow] = []
        for start in range(0, len(paths), _CHUNK):
            some = paths[start : start + _CHUNK]
            sql = f"""{_SELECT} AND a.state = 'open' AND a.path IN ({", ".join("?" * len(some))})
 AND a.subject = ? AND a.person = ? ORDER BY a.path, a.number"""
            parameters = (tenant, *some, lineage[0], person(lineage))
            found += [_row(row) for row in await self._reader.rows(tenant, sql, parameters)]
        return found

    async def open_on(self, tenant: str, path: str, action: str, limit: int) -> list[ApprovalRow]:
        """What is open for this action on this path, oldest first."""
        sql = f"{_SELECT} AND a.state = 'open' AND a.path = ? AND a.action = ? ORDER BY a.position LIMIT ?"
        return [_row(row) for row in await self._reader.rows(tenant, sql, (tenant, path, action, limit))]

    async def last_number(self, tenant: str, lineage: Lineage, path: str, action: str) -> int:
        """The number of this requester's newest request for this."""
        row = await self._reader.row(tenant, _LAST, (tenant, path, action, lineage[0], person(lineage)))
        return int(row[0] or 0) if row else 0

    async def page(
        self, tenant: str, noted: Collection[str], path: str | None, requester: str | None, before: int, limit: int
    ) -> list[ApprovalRow]:
        """Requests before a position, newest first."""
        sql, parameters = f"{_SELECT} AND a.position < ?", [tenant, before]
        if noted:
            sql, parameters = f"{sql} AND a.state IN ({', '.join('?' * len(noted))})", [*parameters, *noted]
        if path is not None and path.endswith("*"):
            sql, parameters = f"{sql} AND a.path >= ? AND a.path < ?", [*parameters, path[:-1], f"{path[:-1]}\x7f"]
        elif path is not None:
            sql, parameters = f"{sql} AND a.path = ?", [*parameters, path]
        if requester is not None:
            sql, parameters = f"{sql} AND a.subject = ?", [*parameters, requester]
        rows = await self._reader.rows(tenant, f"{sql} ORDER BY a.position DESC LIMIT ?", (*parameters, limit))
        return [_row(row) for row in rows]


def _requested(record: Record, event: ApprovalRequested) -> tuple[object, ...]:
    covered = Covered(
        action=event.action, path=event.path, base=event.base, lives=event.lives, numbers=tuple(event.numbers),
        everything=event.everything, recovered_from=event.recovered_from, content_type=event.content_type,
        metadata=event.metadata,
    )  # fmt: skip
    told = [msgspec.json.encode(each, order="sorted").decode() for each in (covered, event.lineage, event.approvers)]
    return (
        record.tenant, event.approval_id, record.position, event.path, event.action, event.base, int(event.lives),
        told[0], event.lineage[0], event.lineage[-1], event.number, told[1], event.needed, told[2], event.digest,
        event.seal_id, instant(record.time), instant(event.expires_at),
    )  # fmt: skip


def _row(row: Row) -> ApprovalRow:
    grants = tuple(msgspec.json.decode(line, type=Grant) for line in row[8].split("\n") if line)
    return ApprovalRow(
        approval_id=row[0], position=row[1], covered=msgspec.json.decode(row[2], type=Covered),
        lineage=tuple(msgspec.json.decode(row[3])), needed=row[4], approvers=tuple(msgspec.json.decode(row[5])),
        digest=row[6], seal_id=row[7], grants=grants, noted=row[9], requested_at=parsed(row[10]),
        expires_at=parsed(row[11]), closed_at=parsed(row[12]) if row[12] else None, closed_by=row[13], reason=row[14],
        moved=bool(row[15]),
    )  # fmt: skip

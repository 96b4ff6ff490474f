"""Leases as they are now; never a credential."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Final

from domain.delivery import DeliveryResolved
from domain.event import Event
from domain.instants import instant, parsed
from domain.lease import (
    LeaseFailed,
    LeaseIssued,
    LeaseRenewed,
    LeaseRequested,
    LeaseRevocationRequested,
    LeaseRevocationVerified,
)
from domain.ports import Reader, Record, Row, Statement
from domain.process import REVOKE_LEASE
from domain.views import LeaseFilter, LeaseRow

_SELECT: Final = """SELECT lease_id, provider, kind, destination, role, subject, account, state, cause, requested_at,
 issued_at, expires_at, max_expires_at, ended_at, gone_at, error FROM leases"""
_REQUEST: Final = """INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', NULL, ?, NULL, ?, ?, NULL, NULL,
 NULL)"""
_ISSUE: Final = "UPDATE leases SET state = 'active', issued_at = ?, expires_at = ? WHERE tenant = ? AND lease_id = ?"
_FAIL: Final = "UPDATE leases SET state = 'failed', error = ?, ended_at = ? WHERE tenant = ? AND lease_id = ?"
_RENEW: Final = "UPDATE leases SET expires_at = ? WHERE tenant = ? AND lease_id = ?"
_REVOKE: Final = """UPDATE leases SET state = 'revoking', cause = ?, ended_at = ? WHERE tenant = ? AND lease_id = ?"""
_VERIFY: Final = """UPDATE leases SET gone_at = ?, state = CASE state WHEN 'failed' THEN state ELSE 'revoked' END
 WHERE tenant = ? AND lease_id = ?"""
_RESOLVE: Final = """UPDATE leases SET cause = 'resolved by hand', gone_at = ?, state = 'revoked'
 WHERE tenant = ? AND lease_id = ?"""


class Leases:
    """The read model, and its queries."""

    name: ClassVar[str] = "leases"
    tables: ClassVar[tuple[str, ...]] = ("leases",)
    concerns: ClassVar[tuple[type[Event], ...]] = (
        LeaseRequested,
        LeaseIssued,
        LeaseFailed,
        LeaseRenewed,
        LeaseRevocationRequested,
        LeaseRevocationVerified,
        DeliveryResolved,
    )
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS leases (
        tenant TEXT NOT NULL, lease_id TEXT NOT NULL, provider TEXT NOT NULL, kind TEXT NOT NULL,
        destination TEXT NOT NULL, role TEXT NOT NULL, subject TEXT NOT NULL, account TEXT NOT NULL,
        state TEXT NOT NULL, cause TEXT, requested_at TEXT NOT NULL, issued_at TEXT, expires_at TEXT NOT NULL,
        max_expires_at TEXT NOT NULL, ended_at TEXT, gone_at TEXT, error TEXT,
        PRIMARY KEY (tenant, lease_id))""",
        "CREATE INDEX IF NOT EXISTS leases_of_role ON leases (tenant, provider, role, lease_id)",
        "CREATE INDEX IF NOT EXISTS leases_of_subject ON leases (tenant, subject, lease_id)",
        "CREATE INDEX IF NOT EXISTS leases_in_state ON leases (tenant, state, lease_id)",
        "CREATE INDEX IF NOT EXISTS leases_there ON leases (destination, account) WHERE gone_at IS NULL",
        "CREATE INDEX IF NOT EXISTS leases_by_account ON leases (account) WHERE gone_at IS NULL",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """From the request until it is seen to be gone."""
        event, at = record.event, instant(record.time)
        if isinstance(event, LeaseRequested):
            yield _REQUEST, (
                record.tenant, event.lease_id, event.provider, event.kind, event.destination, event.role,
                event.subject, event.account, at, instant(event.expires_at), instant(event.max_expires_at),
            )  # fmt: skip
        elif isinstance(event, LeaseIssued):
            yield _ISSUE, (at, instant(event.expires_at), record.tenant, event.lease_id)
        elif isinstance(event, LeaseFailed):
            yield _FAIL, (event.error, at, record.tenant, event.lease_id)
        elif isinstance(event, LeaseRenewed):
            yield _RENEW, (instant(event.expires_at), record.tenant, event.lease_id)
        elif isinstance(event, LeaseRevocationRequested):
            yield _REVOKE, (event.cause, at, record.tenant, event.lease_id)
        elif isinstance(event, LeaseRevocationVerified):
            yield _VERIFY, (at, record.tenant, event.lease_id)
        elif isinstance(event, DeliveryResolved) and event.kind == REVOKE_LEASE:
            yield _RESOLVE, (at, record.tenant, event.ref)

    async def find(self, tenant: str, lease_id: str) -> LeaseRow | None:
        """The tenant's lease of this id."""
        row = await self._reader.row(tenant, f"{_SELECT} WHERE tenant = ? AND lease_id = ?", (tenant, lease_id))
        return _lease(row) if row else None

    async def page(self, tenant: str, wanted: LeaseFilter, after_id: str, limit: int) -> list[LeaseRow]:
        """The tenant's leases that `wanted` describes, in order of id, which is that of time, after `after_id`."""
        conditions = ["tenant = ?", "lease_id > ?"]
        parameters: list[object] = [tenant, after_id]
        for column in ("provider", "role", "subject", "state"):
            if (value := getattr(wanted, column)) is not None:
                conditions.append(f"{column} = ?")
                parameters.append(value)
        if wanted.prefix:
            conditions.append("substr(provider || '/' || role, 1, ?) = ?")
            parameters += [len(wanted.prefix), wanted.prefix]
        sql = f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY lease_id LIMIT ?"
        rows = await self._reader.rows(tenant, sql, (*parameters, limit))
        return [_lease(row) for row in rows]

    async def there(self, accounts: Sequence[str]) -> set[str]:
        """Those of `accounts` that a lease has, at whatever backend, and that are not seen to be gone."""
        marks = ", ".join("?" * len(accounts))
        sql = f"SELECT account FROM leases WHERE gone_at IS NULL AND account IN ({marks})"
        return {row[0] for row in await self._reader.system_rows(sql, tuple(accounts))}

    async def expected(self, destination: str, after: str, limit: int) -> list[LeaseRow]:
        """Active leases at this backend in order of account, after the account `after`: each must be there."""
        sql = f"{_SELECT} WHERE destination = ? AND gone_at IS NULL AND account > ? ORDER BY account LIMIT ?"
        return [_lease(row) for row in await self._reader.system_rows(sql, (destination, after, limit))]


def _moment(text: str | None) -> datetime | None:
    return parsed(text) if text else None


def _lease(row: Row) -> LeaseRow:
    return LeaseRow(
        lease_id=row[0], provider=row[1], kind=row[2], destination=row[3], role=row[4], subject=row[5],
        account=row[6], state=row[7], cause=row[8], requested_at=parsed(row[9]), issued_at=_moment(row[10]),
        expires_at=parsed(row[11]), max_expires_at=parsed(row[12]), ended_at=_moment(row[13]),
        gone_at=_moment(row[14]), error=row[15],
    )  # fmt: skip

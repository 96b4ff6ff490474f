"""API tokens as they are now, found by the hash of what the caller shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

import msgspec

from domain.api_token import MAX_GENERATIONS, ApiTokenIssued, ApiTokenRevoked
from domain.instants import instant, parsed
from domain.ports import Reader, Record, Row, Statement
from domain.views import TokenRow

_SELECT: Final = """SELECT tenant, token_id, subject, scopes, parent, created_at, expires_at, revoked_at, revoked_by,
 reason FROM api_tokens"""
_LINE: Final = """WITH RECURSIVE line AS (
 SELECT api_tokens.*, 1 AS generation FROM api_tokens WHERE tenant = ? AND token_id = ?
 UNION ALL SELECT older.*, line.generation + 1 FROM api_tokens older
 JOIN line ON older.tenant = line.tenant AND older.token_id = line.parent WHERE line.generation < ?)
 SELECT tenant, token_id, subject, scopes, parent, created_at, expires_at, revoked_at, revoked_by, reason
 FROM line ORDER BY generation DESC"""
_ISSUE: Final = "INSERT INTO api_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)"
_REVOKE: Final = "UPDATE api_tokens SET revoked_at = ?, revoked_by = ?, reason = ? WHERE tenant = ? AND token_id = ?"


class Tokens:
    """The read model, and its queries."""

    name: ClassVar[str] = "tokens"
    tables: ClassVar[tuple[str, ...]] = ("api_tokens",)
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS api_tokens (
        tenant TEXT NOT NULL, token_id TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, subject TEXT NOT NULL,
        scopes TEXT NOT NULL, parent TEXT, created_at TEXT NOT NULL, expires_at TEXT, revoked_at TEXT,
        revoked_by TEXT, reason TEXT,
        PRIMARY KEY (tenant, token_id))""",
        "CREATE INDEX IF NOT EXISTS api_tokens_of ON api_tokens (tenant, subject, token_id)",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """A token begins with its issue and ends with its revocation; expiry is read off the clock."""
        event = record.event
        if isinstance(event, ApiTokenIssued):
            expires = instant(event.expires_at) if event.expires_at else None
            scopes = msgspec.json.encode(event.scopes).decode()
            yield _ISSUE, (
                record.tenant, event.token_id, event.hash, event.subject, scopes, event.parent, instant(record.time),
                expires,
            )  # fmt: skip
        elif isinstance(event, ApiTokenRevoked):
            yield _REVOKE, (instant(record.time), record.actor, event.reason, record.tenant, event.token_id)

    async def by_hash(self, digest: str) -> TokenRow | None:
        """The token with this hash, whatever its tenant: this is how a caller's tenant becomes known."""
        rows = await self._reader.system_rows(f"{_SELECT} WHERE hash = ?", (digest,))
        return _token(rows[0]) if rows else None

    async def by_id(self, tenant: str, token_id: str) -> TokenRow | None:
        """One of the tenant's tokens."""
        row = await self._reader.row(tenant, f"{_SELECT} WHERE tenant = ? AND token_id = ?", (tenant, token_id))
        return _token(row) if row else None

    async def lineage(self, tenant: str, token_id: str) -> list[TokenRow]:
        """The token and what it was minted by, the oldest first."""
        rows = await self._reader.rows(tenant, _LINE, (tenant, token_id, MAX_GENERATIONS))
        return [_token(row) for row in rows]

    async def page(
        self, tenant: str, subject: str | None, after_id: str, limit: int, *, include_revoked: bool
    ) -> list[TokenRow]:
        """The tenant's tokens in order of id, after `after_id`."""
        sql = f"{_SELECT} WHERE tenant = ? AND token_id > ?"
        parameters: list[object] = [tenant, after_id]
        if subject is not None:
            sql, parameters = f"{sql} AND subject = ?", [*parameters, subject]
        if not include_revoked:
            sql = f"{sql} AND revoked_at IS NULL"
        rows = await self._reader.rows(tenant, f"{sql} ORDER BY token_id LIMIT ?", (*parameters, limit))
        return [_token(row) for row in rows]


def _token(row: Row) -> TokenRow:
    return TokenRow(
        tenant=row[0], token_id=row[1], subject=row[2], scopes=tuple(msgspec.json.decode(row[3])), parent=row[4],
        created_at=parsed(row[5]), expires_at=parsed(row[6]) if row[6] else None,
        revoked_at=parsed(row[7]) if row[7] else None, revoked_by=row[8], reason=row[9],
    )  # fmt: skip

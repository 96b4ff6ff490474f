"""API tokens as they are now, found by the hash of what the caller shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import ClassVar, Final

import msgspec

from domain.api_token import MAX_GENERATIONS, ApiTokenIssued, ApiTokenRevoked, inherited
from domain.event import Event
from domain.instants import instant, parsed
from domain.ports import Reader, Record, Row, Statement
from domain.token_life import ApiTokenRenewed, ApiTokenUsed
from domain.token_terms import decoded
from domain.views import TokenRow

_SELECT: Final = """SELECT tenant, token_id, subject, scopes, parent, created_at, expires_at, revoked_at, revoked_by,
 reason FROM api_tokens"""
_WHOLE: Final = """SELECT t.tenant, t.token_id, t.subject, t.scopes, t.parent, t.created_at, t.expires_at, t.revoked_at,
 t.revoked_by, t.reason, w.policies, w.terms, w.uses_left, w.version, w.renewed_at,
 (SELECT g.generation FROM vault_generations g WHERE g.tenant = t.tenant)
 FROM api_tokens t LEFT JOIN token_terms w ON w.tenant = t.tenant AND w.token_id = t.token_id"""
_LINE: Final = """WITH RECURSIVE line AS (
 SELECT api_tokens.*, 1 AS generation FROM api_tokens WHERE tenant = ? AND token_id = ?
 UNION ALL SELECT older.*, line.generation + 1 FROM api_tokens older
 JOIN line ON older.tenant = line.tenant AND older.token_id = line.parent WHERE line.generation < ?)
 SELECT tenant, token_id, subject, scopes, parent, created_at, expires_at, revoked_at, revoked_by, reason
 FROM line ORDER BY generation DESC"""
# The tenant goes along, so that PostgreSQL looks each parent up in the index, whatever it believes of the table's size.
_MINTED: Final = """WITH RECURSIVE minted (tenant, token_id) AS (
 SELECT tenant, token_id FROM api_tokens
 WHERE tenant = ? AND parent = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
 UNION ALL SELECT younger.tenant, younger.token_id FROM api_tokens younger
 JOIN minted ON younger.tenant = minted.tenant AND younger.parent = minted.token_id
 WHERE younger.revoked_at IS NULL AND (younger.expires_at IS NULL OR younger.expires_at > ?))
 SELECT tenant, token_id FROM minted"""
_ISSUE: Final = "INSERT INTO api_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, 0)"
_TERMS: Final = "INSERT INTO token_terms VALUES (?, ?, ?, ?, ?, 0, NULL)"
_EXPIRES: Final = "UPDATE api_tokens SET expires_at = ? WHERE tenant = ? AND token_id = ?"
_RENEWED: Final = "UPDATE token_terms SET version = ?, renewed_at = ? WHERE tenant = ? AND token_id = ?"
_USED: Final = "UPDATE token_terms SET version = ?, uses_left = ? WHERE tenant = ? AND token_id = ?"
_ORPHAN: Final = "UPDATE api_tokens SET parent = NULL WHERE tenant = ? AND parent = ?"
_REVOKE: Final = """UPDATE api_tokens SET revoked_at = coalesce(revoked_at, ?), revoked_by = coalesce(revoked_by, ?),
 reason = coalesce(reason, ?), recorded = 1 WHERE tenant = ? AND token_id = ?"""
_REVOKE_MINTED: Final = f"""UPDATE api_tokens SET revoked_at = ?, revoked_by = ?, reason = ?
 WHERE (tenant, token_id) IN ({_MINTED})"""  # noqa: S608 - a constant
_UNRECORDED: Final = f"""{_SELECT} WHERE revoked_at IS NOT NULL AND recorded = 0 ORDER BY tenant, token_id LIMIT ?"""

_ASKED_FOR: Final = """SELECT t.token_id FROM api_tokens t
 JOIN token_terms w ON w.tenant = t.tenant AND w.token_id = t.token_id
 WHERE t.tenant = ? AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ?)
 AND w.terms LIKE ? ESCAPE '!' ORDER BY t.token_id LIMIT ?"""


class Tokens:
    """The read model, and its queries."""

    name: ClassVar[str] = "tokens"
    tables: ClassVar[tuple[str, ...]] = ("api_tokens", "token_terms")
    concerns: ClassVar[tuple[type[Event], ...]] = (ApiTokenIssued, ApiTokenRevoked, ApiTokenRenewed, ApiTokenUsed)
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS api_tokens (
        tenant TEXT NOT NULL, token_id TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, subject TEXT NOT NULL,
        scopes TEXT NOT NULL, parent TEXT, created_at TEXT NOT NULL, expires_at TEXT, revoked_at TEXT,
        revoked_by TEXT, reason TEXT, recorded BIGINT NOT NULL,
        PRIMARY KEY (tenant, token_id))""",
        "CREATE INDEX IF NOT EXISTS api_tokens_of ON api_tokens (tenant, subject, token_id)",
        "CREATE INDEX IF NOT EXISTS api_tokens_living ON api_tokens (tenant, token_id) WHERE revoked_at IS NULL",
        "CREATE INDEX IF NOT EXISTS api_tokens_minted ON api_tokens (tenant, parent) WHERE revoked_at IS NULL",
        """CREATE INDEX IF NOT EXISTS api_tokens_unrecorded ON api_tokens (tenant, token_id)
        WHERE revoked_at IS NOT NULL AND recorded = 0""",
        """CREATE TABLE IF NOT EXISTS token_terms (
        tenant TEXT NOT NULL, token_id TEXT NOT NULL, policies TEXT NOT NULL, terms TEXT NOT NULL,
        uses_left BIGINT NOT NULL, version BIGINT NOT NULL, renewed_at TEXT, PRIMARY KEY (tenant, token_id))""",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """A token begins with its issue and ends with its revocation, or with that of one it descends from.

        In the same transaction, however many they are. Their own events, which may follow, change nothing more.
        """
        event = record.event
        if isinstance(event, ApiTokenIssued):
            expires = instant(event.expires_at) if event.expires_at else None
            scopes = msgspec.json.encode(event.scopes).decode()
            yield _ISSUE, (
                record.tenant, event.token_id, event.hash, event.subject, scopes, event.parent, instant(record.time),
                expires,
            )  # fmt: skip
            if event.terms:
                yield _terms(record.tenant, event)
        elif isinstance(event, ApiTokenRevoked):
            yield from _revoked(record, event)
        elif isinstance(event, ApiTokenRenewed):
            yield _EXPIRES, (instant(event.expires_at), record.tenant, event.token_id)
            yield _RENEWED, (record.version, instant(record.time), record.tenant, event.token_id)
        elif isinstance(event, ApiTokenUsed):
            yield _USED, (record.version, event.remaining, record.tenant, event.token_id)

    async def by_hash(self, digest: str) -> TokenRow | None:
        """The token with this hash, whatever its tenant: this is how a caller's tenant becomes known."""
        rows = await self._reader.system_rows(f"{_WHOLE} WHERE t.hash = ?", (digest,))
        return _whole(rows[0]) if rows else None

    async def by_id(self, tenant: str, token_id: str) -> TokenRow | None:
        """One of the tenant's tokens."""
        row = await self._reader.row(tenant, f"{_WHOLE} WHERE t.tenant = ? AND t.token_id = ?", (tenant, token_id))
        return _whole(row) if row else None

    async def lineage(self, tenant: str, token_id: str) -> list[TokenRow]:
        """The token and what it was minted by, the oldest first."""
        rows = await self._reader.rows(tenant, _LINE, (tenant, token_id, MAX_GENERATIONS))
        return [_token(row) for row in rows]

    async def minted(self, tenant: str, token_id: str, now: datetime, limit: int) -> list[str]:
        """Ids of tokens that descend from it and live."""
        parameters = (tenant, token_id, instant(now), instant(now), limit)
        return [str(row[1]) for row in await self._reader.rows(tenant, f"{_MINTED} LIMIT ?", parameters)]

    async def asked_for_under(self, tenant: str, path: str, now: datetime, limit: int) -> list[str]:
        """Ids of living tokens that were asked for at a path that begins with `path`."""
        parameters = (tenant, instant(now), f'%"path":"{_literal(path)}%', limit)
        return [str(row[0]) for row in await self._reader.rows(tenant, _ASKED_FOR, parameters)]

    async def unrecorded(self, limit: int) -> list[TokenRow]:
        """Tokens that ended with one they descend from, and of whose own end the log says nothing yet."""
        return [_token(row) for row in await self._reader.system_rows(_UNRECORDED, (limit,))]

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


def _terms(tenant: str, event: ApiTokenIssued) -> Statement:
    policies = msgspec.json.encode(event.policies).decode()
    return _TERMS, (tenant, event.token_id, policies, event.terms, decoded(event.terms).uses)


def _revoked(record: Record, event: ApiTokenRevoked) -> Iterable[Statement]:
    end, tenant = instant(record.time), record.tenant
    yield _REVOKE, (end, record.actor, event.reason, tenant, event.token_id)
    if event.orphaning:
        yield _ORPHAN, (tenant, event.token_id)
    else:
        reason = inherited(event.token_id, event.reason)
        yield _REVOKE_MINTED, (end, record.actor, reason, tenant, event.token_id, end, end)


@lru_cache(maxsize=4096)
def _whole(row: Row) -> TokenRow:
    """Of equal rows the same, which nobody changes."""
    token = _token(row)
    if row[11] is None:
        return token if row[15] is None else msgspec.structs.replace(token, generation=row[15])
    return msgspec.structs.replace(
        token,
        policies=tuple(msgspec.json.decode(row[10])),
        terms=decoded(row[11]),
        uses_left=row[12],
        life_version=row[13],
        renewed_at=parsed(row[14]) if row[14] else None,
        generation=row[15] or 0,
    )


def _token(row: Row) -> TokenRow:
    return TokenRow(
        tenant=row[0], token_id=row[1], subject=row[2], scopes=tuple(msgspec.json.decode(row[3])), parent=row[4],
        created_at=parsed(row[5]), expires_at=parsed(row[6]) if row[6] else None,
        revoked_at=parsed(row[7]) if row[7] else None, revoked_by=row[8], reason=row[9],
    )  # fmt: skip


def _literal(path: str) -> str:
    """A path as it stands in the JSON of terms, and in a pattern of LIKE."""
    text = msgspec.json.encode(path).decode()[1:-1]
    return "".join(f"!{each}" if each in "!%_" else each for each in text)

"""Replies kept for whoever repeats a request: sealed, bound to the request they answer, and gone when they expire.

What a request is recognised by is a digest of all that it held, a secret value or a passphrase too. Who reads the
database could guess at these, digest by digest. So what lies there in the clear is keyed, and the key is sealed with
the reply: fingerprint = HMAC-SHA-256(key, digest), sealed body = key (32 bytes) ‖ reply.
"""

from __future__ import annotations

import hmac
import os
from datetime import timedelta
from typing import Final, NamedTuple

import msgspec

from domain.call import Call, IdempotencyKey
from domain.errors import IdempotencyMismatch
from domain.instants import instant
from domain.plaintext import Plaintext
from domain.ports import Clock, Kept, Reader, ReplyKey, SealContext, Sealer, Statement

_FIND: Final = """SELECT fingerprint, status, seal_id FROM idempotency
 WHERE tenant = ? AND principal = ? AND key = ? AND expires_at > ?"""
_OLD: Final = "SELECT seal_id FROM idempotency WHERE tenant = ? AND principal = ? AND key = ? AND expires_at <= ?"
_OF: Final = "SELECT seal_id FROM idempotency WHERE tenant = ? AND principal = ? AND key = ?"
_EXPIRED: Final = "SELECT tenant, seal_id FROM idempotency WHERE expires_at <= ? LIMIT 500"
_FORGET: Final = "DELETE FROM idempotency WHERE tenant = ? AND seal_id = ?"
_DROP: Final = "DELETE FROM sealed_values WHERE tenant = ? AND seal_id = ?"
_KEY_BYTES: Final = 32
_KEEP: Final = "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?)"


class StoredReply(NamedTuple):
    """What was answered the first time."""

    status: int
    body: bytes


class SealedReplies:
    """Keeps replies for `retention`. They never hold one-time material, and are sealed like any value all the same."""

    def __init__(self, reader: Reader, sealer: Sealer, clock: Clock, retention: timedelta) -> None:
        self._reader = reader
        self._sealer = sealer
        self._clock = clock
        self._retention = retention

    async def keep(self, call: Call, result: object) -> Kept:
        """See `domain.ports.Replies`."""
        if call.idempotency is None:
            return Kept()
        key = ReplyKey(call.tenant, call.principal.actor, call.idempotency.key)
        secret = os.urandom(_KEY_BYTES)
        with Plaintext(bytearray(secret + (msgspec.json.encode(result) if result is not None else b""))) as body:
            sealed = await self._sealer.seal(_context(key), body)
        now = self._clock()
        row = (
            key.tenant, key.principal, key.key, _keyed(secret, call.idempotency), call.success, sealed.seal_id,
            instant(now + self._retention),
        )  # fmt: skip
        old = await self._reader.rows(key.tenant, _OLD, (key.tenant, key.principal, key.key, instant(now)))
        forget = [each for (seal_id,) in old for each in self._forget(key.tenant, seal_id)]
        return Kept([*forget, *sealed.statements, (_KEEP, row)], key)

    async def find(self, call: Call) -> StoredReply | None:
        """The reply to this very request; raises `IdempotencyMismatch` if the key was used for another one."""
        if call.idempotency is None:
            return None
        key = ReplyKey(call.tenant, call.principal.actor, call.idempotency.key)
        now = instant(self._clock())
        row = await self._reader.row(key.tenant, _FIND, (key.tenant, key.principal, key.key, now))
        if row is None:
            return None
        fingerprint, status, seal_id = row
        with await self._sealer.open(_context(key), seal_id) as body:
            secret, reply = bytes(body.buffer[:_KEY_BYTES]), bytes(body.buffer[_KEY_BYTES:])
        if not hmac.compare_digest(fingerprint, _keyed(secret, call.idempotency)):
            raise IdempotencyMismatch(
                "this Idempotency-Key was used for another request; give each request one of its own"
            )
        return StoredReply(status, reply)

    async def forget(self, call: Call) -> list[Statement]:
        """See `domain.ports.Replies`."""
        if call.idempotency is None:
            return []
        where = (call.tenant, call.principal.actor, call.idempotency.key)
        rows = await self._reader.rows(call.tenant, _OF, where)
        return [each for (seal_id,) in rows for each in self._forget(call.tenant, seal_id)]

    async def expired(self) -> list[Statement]:
        """Statements that remove some of the replies whose time is over, none if there are none."""
        rows = await self._reader.system_rows(_EXPIRED, (instant(self._clock()),))
        return [statement for tenant, seal_id in rows for statement in self._forget(tenant, seal_id)]

    def _forget(self, tenant: str, seal_id: str) -> list[Statement]:
        return [*self._sealer.destroy(tenant, [seal_id]), (_DROP, (tenant, seal_id)), (_FORGET, (tenant, seal_id))]


def _context(key: ReplyKey) -> SealContext:
    return SealContext(key.tenant, "reply", f"{key.principal}\n{key.key}", 0)


def _keyed(secret: bytes, request: IdempotencyKey) -> str:
    return hmac.digest(secret, request.fingerprint.encode(), "sha256").hex()

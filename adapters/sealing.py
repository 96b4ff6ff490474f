"""Envelope encryption: a value under a data key (DEK) of its own, that under the tenant's key, that under the KEK.

Two rows a value: `sealed_values` (the ciphertext) and `sealed_keys` (the wrapped DEK, whose deletion is the value's
destruction). What each is bound to is in `adapters.seal_format`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import Final

from adapters.crypto import AeadKey, fresh_key
from adapters.keyring import KeyRing, TenantKey
from adapters.seal_format import dek_aad, digest_of, value_aad
from domain.errors import LogBroken, NotFound
from domain.plaintext import Plaintext
from domain.ports import Clock, Reader, Row, SealContext, Sealed, Statement
from domain.random_text import RandomText

_STORE_VALUE: Final = "INSERT INTO sealed_values (seal_id, tenant, sealed) VALUES (?, ?, ?)"
_STORE_KEY: Final = "INSERT INTO sealed_keys (seal_id, tenant, key_id, wrapped) VALUES (?, ?, ?, ?)"
_READ: Final = """SELECT v.seal_id, v.sealed, k.key_id, k.wrapped
FROM sealed_values v LEFT JOIN sealed_keys k ON k.seal_id = v.seal_id AND k.tenant = v.tenant
WHERE v.tenant = ? AND v.seal_id """
_READ_ONE: Final = f"{_READ}= ?"
_DESTROY: Final = "DELETE FROM sealed_keys WHERE tenant = ? AND seal_id "
_CHUNK: Final = 512
"""Most ids in one IN list: far below what any database takes."""


_RANDOM: Final = RandomText(os.urandom, 10)


class EnvelopeSealer:
    """The `Sealer`. Data keys live for one call, tenant keys in the `KeyRing`."""

    def __init__(self, ring: KeyRing, reader: Reader, clock: Clock) -> None:
        self._ring = ring
        self._reader = reader
        self._clock = clock

    async def seal(self, context: SealContext, value: Plaintext) -> Sealed:
        """Seal under a fresh DEK; `value` stays the caller's to wipe. Raises `KeyUnavailable`."""
        key = await self._ring.newest(context.tenant)
        seal_id = _fresh_seal_id()
        sealed, wrapped = _enveloped(key, context, seal_id, value)
        statements = (
            (_STORE_VALUE, (seal_id, context.tenant, sealed)),
            (_STORE_KEY, (seal_id, context.tenant, key.id, wrapped)),
        )
        return Sealed(seal_id, digest_of(sealed), statements)

    async def open(self, context: SealContext, seal_id: str) -> Plaintext:
        """The value; raises `KeyUnavailable`, `NotFound` if its key was destroyed, `LogBroken` if it was altered."""
        row = await self._reader.row(context.tenant, _READ_ONE, (context.tenant, seal_id))
        return await self._opened(context, seal_id, row)

    async def open_many(self, wanted: Sequence[tuple[SealContext, str]]) -> list[Plaintext]:
        """All in the order asked, or none: if one cannot be opened, the others are wiped. Raises like `open`."""
        rows = await self._read_many(wanted)
        opened: list[Plaintext] = []
        try:
            for context, seal_id in wanted:
                opened.append(await self._opened(context, seal_id, rows.get((context.tenant, seal_id))))
        except BaseException:
            for plaintext in opened:
                plaintext.wipe()
            raise
        return opened

    def destroy(self, tenant: str, seal_ids: Sequence[str]) -> Sequence[Statement]:
        """Statements that delete the wrapped data keys. The sealed bytes stay, so that the log still verifies."""
        return [(_DESTROY + _in(ids), (tenant, *ids)) for ids in _chunks(seal_ids)]

    async def create_tenant_key(self, tenant: str) -> Sequence[Statement]:
        """A fresh key for a new tenant, usable once these statements are committed; raises `KeyUnavailable`."""
        return [self._ring.create(tenant, self._clock())]

    async def _read_many(self, wanted: Sequence[tuple[SealContext, str]]) -> dict[tuple[str, str], Row]:
        rows: dict[tuple[str, str], Row] = {}
        for tenant in {context.tenant for context, _ in wanted}:
            for ids in _chunks([seal_id for context, seal_id in wanted if context.tenant == tenant]):
                for row in await self._reader.rows(tenant, _READ + _in(ids), (tenant, *ids)):
                    rows[tenant, row[0]] = row
        return rows

    async def _opened(self, context: SealContext, seal_id: str, row: Row | None) -> Plaintext:
        if row is None:
            raise LogBroken(f"{_name(context)}: the store has lost the sealed bytes {seal_id}")
        _, sealed, key_id, wrapped = row
        if key_id is None:
            raise NotFound(f"{_name(context)} was destroyed: the only key that could open it no longer exists")
        key = await self._ring.by_id(context.tenant, key_id)
        try:
            return _unsealed(key, context, seal_id, sealed, wrapped)
        except LogBroken as error:
            raise LogBroken(f"{_name(context)} was altered or moved in the store: {error.message}") from error


def _enveloped(key: TenantKey, context: SealContext, seal_id: str, value: Plaintext) -> tuple[bytes, bytes]:
    dek = fresh_key()
    cipher = AeadKey(dek)
    try:
        sealed = cipher.encrypt(value.buffer, value_aad(context, seal_id))
        return sealed, key.aead.encrypt(dek, dek_aad(context.tenant, seal_id, key.id))
    finally:
        cipher.wipe()


def _unsealed(key: TenantKey, context: SealContext, seal_id: str, sealed: bytes, wrapped: bytes) -> Plaintext:
    cipher = AeadKey(key.aead.decrypt(wrapped, dek_aad(context.tenant, seal_id, key.id)))
    try:
        return Plaintext(cipher.decrypt(sealed, value_aad(context, seal_id)))
    finally:
        cipher.wipe()


def _fresh_seal_id() -> str:
    """32 hex digits: milliseconds since 1970, so that new rows lie together in the index, and 80 random bits."""
    return f"{time.time_ns() // 1_000_000:012x}{_RANDOM()}"


def _chunks(seal_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ids in lists whose lengths are powers of two, the last id repeated: few lengths, few statements to prepare."""
    ids = list(dict.fromkeys(seal_ids))
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        padding = (1 << (len(chunk) - 1).bit_length()) - len(chunk)
        yield chunk + chunk[-1:] * padding


def _in(ids: Sequence[str]) -> str:
    return f"IN ({', '.join('?' * len(ids))})"


def _name(context: SealContext) -> str:
    return f"{context.kind} {context.path}, version {context.version}"

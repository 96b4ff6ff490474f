"""The tenants' keys: read wrapped from the store, unwrapped by the KEK, kept for the next use."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Final, TypeVar

from adapters.crypto import AeadKey, fresh_key
from adapters.kek_folder import KekFolder
from adapters.seal_format import tenant_key_aad
from domain.errors import KeyUnavailable, LogBroken
from domain.instants import instant, parsed
from domain.ports import KeyStatus, Reader, Row, Statement

K = TypeVar("K")

_NEWEST: Final = """SELECT key_id, kek_id, wrapped FROM tenant_keys WHERE tenant = ?
ORDER BY created_at DESC, key_id DESC LIMIT 1"""
_BY_ID: Final = "SELECT key_id, kek_id, wrapped FROM tenant_keys WHERE tenant = ? AND key_id = ?"
_STATUS: Final = "SELECT count(*), max(created_at) FROM tenant_keys WHERE tenant = ?"
_INSERT: Final = "INSERT INTO tenant_keys (key_id, tenant, kek_id, wrapped, created_at) VALUES (?, ?, ?, ?, ?)"


class TenantKey:
    """A tenant's key, unwrapped: it wraps the data keys of that tenant's values."""

    __slots__ = ("aead", "id")

    def __init__(self, key_id: str, aead: AeadKey) -> None:
        self.id = key_id
        self.aead = aead


class KeyRing:
    """Keeps the `capacity` tenant keys unwrapped last. They stay valid while the KEK above them is rotated."""

    def __init__(self, keks: KekFolder, reader: Reader, *, capacity: int = 10_000) -> None:
        self._keks = keks
        self._reader = reader
        self._capacity = capacity
        self._newest: dict[str, TenantKey] = {}
        self._by_id: dict[tuple[str, str], TenantKey] = {}

    async def newest(self, tenant: str) -> TenantKey:
        """The key to seal with; raises `KeyUnavailable` if the tenant has none or its KEK is not at hand."""
        key = self._newest.get(tenant)
        if key is not None:
            return key
        row = await self._reader.row(tenant, _NEWEST, (tenant,))
        if row is None:
            raise KeyUnavailable(f"tenant {tenant} has no key in the store; was it created by: trstctl tenant create?")
        key = self._newest[tenant] = self._by_id.get((tenant, row[0])) or self._kept(tenant, row)
        _drop_oldest(self._newest, self._capacity)
        return key

    async def by_id(self, tenant: str, key_id: str) -> TenantKey:
        """The key that a data key names; raises `KeyUnavailable`, and `LogBroken` if the tenant has no such key."""
        key = self._by_id.get((tenant, key_id))
        if key is not None:
            return key
        row = await self._reader.row(tenant, _BY_ID, (tenant, key_id))
        if row is None:
            raise LogBroken(f"the store has no key {key_id} of tenant {tenant}, which a sealed value names")
        return self._kept(tenant, row)

    async def status(self, tenant: str) -> KeyStatus:
        """How many keys the tenant has had; raises `KeyUnavailable`."""
        row = await self._reader.row(tenant, _STATUS, (tenant,))
        if row is None or row[1] is None:
            raise KeyUnavailable(f"tenant {tenant} has no key in the store")
        return KeyStatus(row[0], parsed(row[1]))

    def create(self, tenant: str, at: datetime) -> Statement:
        """A fresh key for `tenant`, to be stored; raises `KeyUnavailable`.

        It is not kept here: were its append refused, values would be sealed under a key that is stored nowhere. The
        first use reads it back.
        """
        kek = self._keks.current()
        key_id, key = os.urandom(16).hex(), fresh_key()
        try:
            wrapped = kek.wrap(key, tenant_key_aad(tenant, key_id, kek.id))
        finally:
            key[:] = bytes(len(key))
        return _INSERT, (key_id, tenant, kek.id, wrapped, instant(at))

    def wipe(self) -> None:
        """Overwrite every key held in memory with zeros; whoever still uses one gets `KeyUnavailable`."""
        for key in (*self._newest.values(), *self._by_id.values()):
            key.aead.wipe()
        self._newest.clear()
        self._by_id.clear()

    def _kept(self, tenant: str, row: Row) -> TenantKey:
        key = self._by_id[tenant, row[0]] = self._unwrapped(tenant, row)
        _drop_oldest(self._by_id, self._capacity)
        return key

    def _unwrapped(self, tenant: str, row: Row) -> TenantKey:
        key_id, kek_id, wrapped = row
        kek = self._keks.find(kek_id)
        try:
            return TenantKey(key_id, AeadKey(kek.unwrap(wrapped, tenant_key_aad(tenant, key_id, kek_id))))
        except LogBroken as error:
            raise LogBroken(f"key {key_id} of tenant {tenant} was altered in the store: {error.message}") from error


def _drop_oldest(kept: dict[K, TenantKey], capacity: int) -> None:
    """Forget the entry that came first once there are too many. It is wiped when its last user lets go of it."""
    if len(kept) > capacity:
        del kept[next(iter(kept))]

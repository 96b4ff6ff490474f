"""The key that signs checkpoints of the log: created once a store, wrapped by the KEK, used through `sign`."""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import sha256
from typing import Final

from adapters.crypto import ed25519_generate, ed25519_public, ed25519_sign
from adapters.kek_folder import KekFolder
from adapters.seal_format import signing_key_aad
from domain.errors import KeyUnavailable, LogBroken, VersionConflict
from domain.kek import SYSTEM, SigningKeyCreated
from domain.ports import Append, Clock, EventLog, Reader, Row, Statement

_ID_TAG: Final = b"trstctl-signing-key/v1"
_ACTOR: Final = "system"
_READ: Final = "SELECT key_id, public, kek_id, wrapped FROM signing_key"
_INSERT: Final = "INSERT INTO signing_key (key_id, tenant, public, kek_id, wrapped) VALUES (?, ?, ?, ?, ?)"


class SigningKey:
    """An Ed25519 key (RFC 8032) whose seed can be wiped."""

    def __init__(self, key_id: str, public: bytes, seed: bytearray) -> None:
        self.id = key_id
        self.public = public
        self._seed: bytearray | None = seed

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes; raises `KeyUnavailable` after `wipe()`."""
        if self._seed is None:
            raise KeyUnavailable("the signing key was wiped: the server is stopping")
        return ed25519_sign(self._seed, message)

    def wipe(self) -> None:
        """Overwrite the seed with zeros; the key is of no use afterwards."""
        if self._seed is not None:
            self._seed[:] = bytes(len(self._seed))
            self._seed = None

    def __repr__(self) -> str:
        return f"SigningKey({self.id})"


def signing_key_id(public: bytes) -> str:
    """A signing key's name in the store: the first 16 hex digits of SHA-256("trstctl-signing-key/v1" ‖ public key)."""
    return sha256(_ID_TAG + public).hexdigest()[:16]


async def read_signing_key(keks: KekFolder, reader: Reader) -> SigningKey | None:
    """The store's signing key, or None if it has none yet; raises `KeyUnavailable`, `LogBroken` if it was altered."""
    rows = await reader.system_rows(_READ)
    if len(rows) > 1:
        raise LogBroken(f"the store has {len(rows)} signing keys; only one was ever created")
    return _unwrapped(keks, rows[0]) if rows else None


async def obtain_signing_key(keks: KekFolder, reader: Reader, log: EventLog, clock: Clock) -> SigningKey:
    """The store's signing key, created at its first start. Raises like `read_signing_key`, and `StoreUnavailable`."""
    key = await read_signing_key(keks, reader)
    if key is not None:
        return key
    with suppress(VersionConflict):  # another node created it in between: that one counts
        await log.append(_creation(keks, clock))
    key = await read_signing_key(keks, reader)
    if key is None:
        raise LogBroken("the log says that a signing key was created, but the store has none; restore it from a backup")
    return key


def _creation(keks: KekFolder, clock: Clock) -> Append:
    seed = bytearray(ed25519_generate())
    public = ed25519_public(seed)
    key_id = signing_key_id(public)
    event = SigningKeyCreated.first(key_id, public, clock())
    statements = [_insertion(keks, key_id, public, seed)]
    return Append(tenant=SYSTEM, actor=_ACTOR, request_id=os.urandom(16).hex(), events=[event], statements=statements)


def _insertion(keks: KekFolder, key_id: str, public: bytes, seed: bytearray) -> Statement:
    kek = keks.current()
    try:
        return _INSERT, (key_id, SYSTEM, public, kek.id, kek.wrap(seed, signing_key_aad(key_id, public, kek.id)))
    finally:
        seed[:] = bytes(len(seed))


def _unwrapped(keks: KekFolder, row: Row) -> SigningKey:
    key_id, public, kek_id, wrapped = row
    kek = keks.find(kek_id)
    try:
        seed = kek.unwrap(wrapped, signing_key_aad(key_id, public, kek_id))
    except LogBroken as error:
        raise LogBroken(f"signing key {key_id} was altered in the store: {error.message}") from error
    return SigningKey(key_id, public, seed)

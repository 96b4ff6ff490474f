"""The key-encryption key (KEK) in memory: what wraps the tenants' keys and the signing key, and nothing else."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from adapters.crypto import AeadKey, Bytes
from adapters.locked_memory import LockedBuffer
from domain.errors import KeyUnavailable

_ID_TAG: Final = b"trstctl-kek/v1"


def kek_id(key: Bytes) -> str:
    """A KEK's public name: the first 16 hex digits of SHA-256("trstctl-kek/v1" ‖ key)."""
    digest = sha256(_ID_TAG)
    digest.update(key)
    return digest.hexdigest()[:16]


class Kek:
    """A KEK, in memory that is locked where possible and can be wiped. Its key schedule lives for one call."""

    def __init__(self, key: LockedBuffer) -> None:
        self._key: LockedBuffer | None = key
        self.locked = key.locked
        """Whether the system keeps the key out of swap."""
        self.id = kek_id(key.view)

    def wrap(self, key: Bytes, aad: bytes) -> bytes:
        """`key` encrypted under this KEK; raises `KeyUnavailable` after `wipe()`."""
        cipher = self._cipher()
        try:
            return cipher.encrypt(key, aad)
        finally:
            cipher.wipe()

    def unwrap(self, wrapped: Bytes, aad: bytes) -> bytearray:
        """The key that was wrapped, for the caller to wipe; raises `LogBroken` if it or its AAD was altered."""
        cipher = self._cipher()
        try:
            return cipher.decrypt(wrapped, aad)
        finally:
            cipher.wipe()

    def view(self) -> memoryview:
        """The key itself, to be written to a file; not to be copied. Raises `KeyUnavailable` after `wipe()`."""
        if self._key is None:
            raise KeyUnavailable("the KEK was wiped: the process is stopping")
        return self._key.view

    def wipe(self) -> None:
        """Overwrite the key with zeros; the KEK is of no use afterwards."""
        if self._key is not None:
            self._key.wipe()
            self._key = None

    def _cipher(self) -> AeadKey:
        return AeadKey(bytearray(self.view()))

    def __repr__(self) -> str:
        return f"Kek({self.id})"

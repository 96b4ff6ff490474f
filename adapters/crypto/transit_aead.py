"""AEAD keys: AES-GCM (NIST SP 800-38D) and ChaCha20-Poly1305 (RFC 8439), plain, derived and convergent.

What is made: nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes). A derived key encrypts nothing itself: each context
has the key HKDF-SHA-256 (RFC 5869; no salt, info = context). A convergent one takes as nonce the first 12 bytes of
HMAC-SHA-256 of the plaintext, under a key that is derived with the other: equal plaintexts give equal ciphertexts.
"""

from __future__ import annotations

import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from adapters.crypto.primitives import NONCE_BYTES, TAG_BYTES
from adapters.crypto.transit_material import OpenMaterial, Parts, wiped
from domain.errors import DecryptionFailed, Invalid, LogBroken
from domain.plaintext import Plaintext
from domain.transit.cryptography import Shape

Cipher = AESGCM | ChaCha20Poly1305

_OVERHEAD: Final = NONCE_BYTES + TAG_BYTES
_NONCE_KEY: Final = 32
"""Length of the key that convergent nonces are made by, in bytes."""


def cipher_of(type_name: str, key: bytearray) -> Cipher:
    """The cipher of a type under `key`."""
    return ChaCha20Poly1305(key) if type_name == "chacha20-poly1305" else AESGCM(key)


def derived(key: bytearray, context: bytes, length: int) -> bytearray:
    """HKDF-SHA-256 without salt, its info being `context`; to be wiped. Raises `Invalid` without a context."""
    if not context:
        raise Invalid("this key is derived: give a context, by which the key of whom it concerns is derived")
    made = bytearray(length)
    hkdf = HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=context)
    hkdf.derive_into(key, made)
    return made


def opened(cipher: Cipher, payload: bytes, aad: bytes) -> Plaintext:
    """The plaintext; raises `DecryptionFailed` unless every bit is as it was made."""
    if len(payload) < _OVERHEAD:
        raise DecryptionFailed
    plaintext = bytearray(len(payload) - _OVERHEAD)
    try:
        cipher.decrypt_into(payload[:NONCE_BYTES], memoryview(payload)[NONCE_BYTES:], aad, plaintext)
    except InvalidTag:
        plaintext[:] = bytes(len(plaintext))  # the unverified bytes were already written there
        raise DecryptionFailed from None
    return Plaintext(plaintext)


class AeadMaterial(OpenMaterial):
    """A key that is used as it is, with random nonces."""

    __slots__ = ("_cipher", "_key")

    def __init__(self, shape: Shape, parts: Parts) -> None:
        super().__init__(shape, parts.hmac_key)
        self._key = parts.key
        self._cipher: Cipher | None = None
        if len(parts.key) != shape.type.size:
            raise LogBroken(f"a key of the type {shape.type.name} with {len(parts.key)} bytes")
        self._cipher = cipher_of(shape.type.name, parts.key)

    def encrypt(self, plaintext: Plaintext, aad: bytes, context: bytes) -> bytes:
        """See `domain.transit.cryptography.Material`."""
        if context:
            self._without_context(context)
        cipher, nonce = self._cipher, os.urandom(NONCE_BYTES)
        if cipher is None:
            raise wiped()
        return nonce + cipher.encrypt(nonce, plaintext.buffer, aad)

    def decrypt(self, payload: bytes, aad: bytes, context: bytes) -> Plaintext:
        """See `domain.transit.cryptography.Material`."""
        if context:
            raise DecryptionFailed
        return opened(self._ready(), payload, aad)

    def wipe(self) -> None:
        """See `domain.transit.cryptography.Material`."""
        super().wipe()
        self._cipher = None  # OpenSSL cleanses its copy
        self._key[:] = bytes(len(self._key))

    def _ready(self) -> Cipher:
        if self._cipher is None:
            raise wiped()
        return self._cipher


class DerivedMaterial(OpenMaterial):
    """A key from which each context's own is derived."""

    __slots__ = ("_key",)

    def __init__(self, shape: Shape, parts: Parts) -> None:
        super().__init__(shape, parts.hmac_key)
        self._key = parts.key

    def encrypt(self, plaintext: Plaintext, aad: bytes, context: bytes) -> bytes:
        """See `domain.transit.cryptography.Material`.

        A convergent key takes no associated data. Equal plaintexts would have one nonce under different data, and from
        two such tags the key that authenticates follows (SP 800-38D appendix A).
        """
        size = self._shape.type.size
        if not self._shape.convergent:
            return self._sealed(self._derived(context, size), os.urandom(NONCE_BYTES), plaintext, aad)
        if aad:
            raise Invalid("a convergent key takes no aad: put what it is bound to into the context")
        both = self._derived(context, size + _NONCE_KEY)
        nonce = hmac.digest(memoryview(both)[size:], plaintext.buffer, "sha256")[:NONCE_BYTES]
        key = both[:size]
        both[:] = bytes(len(both))
        return self._sealed(key, nonce, plaintext, b"")

    def decrypt(self, payload: bytes, aad: bytes, context: bytes) -> Plaintext:
        """See `domain.transit.cryptography.Material`."""
        if not context:
            raise DecryptionFailed
        key = self._derived(context, self._shape.type.size)
        try:
            return opened(cipher_of(self._shape.type.name, key), payload, aad)
        finally:
            key[:] = bytes(len(key))

    def _sealed(self, key: bytearray, nonce: bytes, plaintext: Plaintext, aad: bytes) -> bytes:
        try:
            return nonce + cipher_of(self._shape.type.name, key).encrypt(nonce, plaintext.buffer, aad)
        finally:
            key[:] = bytes(len(key))

    def _derived(self, context: bytes, length: int) -> bytearray:
        self._must_live()
        return derived(self._key, context, length)

    def wipe(self) -> None:
        """See `domain.transit.cryptography.Material`."""
        super().wipe()
        self._key[:] = bytes(len(self._key))

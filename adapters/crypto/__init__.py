"""Cryptography: the only package that imports the library `cryptography`.

What the server itself is sealed and signed with is in `primitives`; what it does for others, in the modules `transit…`.
"""

from __future__ import annotations

from adapters.crypto.primitives import (
    KEY_BYTES,
    NONCE_BYTES,
    TAG_BYTES,
    AeadKey,
    Bytes,
    certificate_name,
    ed25519_generate,
    ed25519_public,
    ed25519_sign,
    ed25519_verify,
    fresh_key,
    rsa_key_until,
    self_signed_certificate,
    slow_key,
)

__all__ = [
    "KEY_BYTES",
    "NONCE_BYTES",
    "TAG_BYTES",
    "AeadKey",
    "Bytes",
    "certificate_name",
    "ed25519_generate",
    "ed25519_public",
    "ed25519_sign",
    "ed25519_verify",
    "fresh_key",
    "rsa_key_until",
    "self_signed_certificate",
    "slow_key",
]

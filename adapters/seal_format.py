"""The bytes that bind sealed values and wrapped keys to what they belong to: the AAD of each, and a value's digest.

An AAD is: tag (ASCII, ended by NUL) ‖ the length of each field (4 bytes, big-endian) ‖ the fields (UTF-8). Each tag has
a fixed number of fields, so no two different lists of fields give the same bytes. See docs/explanation/sealing.md.
"""

from __future__ import annotations

from hashlib import sha256
from struct import Struct
from typing import Final

from domain.ports import SealContext

_VALUE_TAG: Final = b"trstctl-seal/v1\x00"
_DEK_TAG: Final = b"trstctl-wrap-dek/v1\x00"
_TENANT_KEY_TAG: Final = b"trstctl-wrap-tenant-key/v1\x00"
_SIGNING_KEY_TAG: Final = b"trstctl-wrap-signing-key/v1\x00"
_THREE: Final = Struct(">3I")
_FIVE: Final = Struct(">5I")


def value_aad(context: SealContext, seal_id: str) -> bytes:
    """Binds a value to its tenant, kind, path, version and seal id."""
    tenant, kind, path = context.tenant.encode(), context.kind.encode(), context.path.encode()
    version, seal = b"%d" % context.version, seal_id.encode()
    lengths = _FIVE.pack(len(tenant), len(kind), len(path), len(version), len(seal))
    return b"".join((_VALUE_TAG, lengths, tenant, kind, path, version, seal))


def dek_aad(tenant: str, seal_id: str, key_id: str) -> bytes:
    """Binds a wrapped data key to its tenant, its value and the tenant key that wraps it."""
    return _three(_DEK_TAG, tenant, seal_id, key_id)


def tenant_key_aad(tenant: str, key_id: str, kek_id: str) -> bytes:
    """Binds a wrapped tenant key to its tenant, its id and the KEK that wraps it."""
    return _three(_TENANT_KEY_TAG, tenant, key_id, kek_id)


def signing_key_aad(key_id: str, public: bytes, kek_id: str) -> bytes:
    """Binds the wrapped seed of the signing key to its id, its public half and the KEK that wraps it."""
    return _three(_SIGNING_KEY_TAG, key_id, public.hex(), kek_id)


def _three(tag: bytes, first: str, second: str, third: str) -> bytes:
    one, two, three = first.encode(), second.encode(), third.encode()
    return b"".join((tag, _THREE.pack(len(one), len(two), len(three)), one, two, three))


def digest_of(sealed: bytes) -> str:
    """What the log says of a sealed value: the SHA-256 of its stored bytes, lower-case hex."""
    return sha256(sealed).hexdigest()

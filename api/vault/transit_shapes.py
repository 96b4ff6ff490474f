"""Transit keys as Vault tells of them."""

from __future__ import annotations

from binascii import a2b_base64
from typing import Any, Final

from api.vault.kv_paths import moment
from domain.transit.format import encoded
from domain.transit.key_types import TYPES, KeyType
from domain.transit.names import mount_and_name
from domain.transit.results import TransitKeyMeta, TransitVersionMeta

_CURVES: Final = {"ecdsa-p256": "P-256", "ecdsa-p384": "P-384", "ecdsa-p521": "P-521"}
_RAW: Final = 32
"""Length of a public key of ed25519, which stands at the end of its DER (RFC 8410)."""


def key_data(meta: TransitKeyMeta) -> dict[str, Any]:
    """All about a key but its material; `meta` has the versions."""
    kind = TYPES[meta.type]
    data = {
        "name": mount_and_name(meta.name)[1],
        "type": meta.type,
        "derived": meta.derived,
        "deletion_allowed": meta.deletion_allowed,
        "min_available_version": meta.min_available_version if meta.min_available_version > 1 else 0,
        "min_decryption_version": meta.min_decryption_version,
        "min_encryption_version": meta.min_encryption_version,
        "latest_version": meta.version,
        "exportable": meta.exportable,
        "allow_plaintext_backup": meta.allow_plaintext_backup,
        "supports_encryption": kind.encrypts,
        "supports_decryption": kind.encrypts,
        "supports_signing": kind.signs,
        "supports_derivation": kind.derives,
        "auto_rotate_period": meta.auto_rotate_seconds,
        "imported_key": False,
        "soft_deleted": False,
    }
    return data | _derivation(meta) | _versions(meta, kind)


def _derivation(meta: TransitKeyMeta) -> dict[str, Any]:
    if not meta.derived:
        return {}
    told: dict[str, Any] = {"kdf": "hkdf_sha256", "convergent_encryption": meta.convergent}
    return {**told, "convergent_encryption_version": -1} if meta.convergent else told


def _versions(meta: TransitKeyMeta, kind: KeyType) -> dict[str, Any]:
    """Those that may decrypt; of a key of the type hmac its length."""
    if kind.name == "hmac":
        return {"key_size": meta.key_size}
    versions = meta.versions if isinstance(meta.versions, list) else []
    usable = [each for each in versions if each.version >= meta.min_decryption_version]
    if kind.symmetric:
        return {"keys": {str(each.version): int(each.created_at.timestamp()) for each in usable}}
    return {"keys": {str(each.version): _public(each, kind) for each in usable}}


def _public(version: TransitVersionMeta, kind: KeyType) -> dict[str, str]:
    pem = version.public_key if isinstance(version.public_key, str) else ""
    return {
        "name": _CURVES.get(kind.name, kind.name),
        "public_key": _raw_of(pem) if pem and kind.name == "ed25519" else pem,
        "certificate_chain": "",
        "creation_time": moment(version.created_at),
    }


def _raw_of(pem: str) -> str:
    return raw_public(a2b_base64("".join(pem.strip().splitlines()[1:-1])))


def raw_public(der: bytes) -> str:
    """A public key of ed25519 in base64, from its SubjectPublicKeyInfo."""
    return encoded(der[-_RAW:])

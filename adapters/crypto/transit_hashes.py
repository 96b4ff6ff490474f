"""Hashes by the names that Vault's clients know: SHA-1, SHA-2 (FIPS 180-4) and SHA-3 (FIPS 202), HMAC (RFC 2104)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives import hashes

from adapters.crypto.primitives import Bytes
from domain.errors import Invalid

_NAMES: Final = {
    "sha1": "sha1",
    "sha2-224": "sha224",
    "sha2-256": "sha256",
    "sha2-384": "sha384",
    "sha2-512": "sha512",
    "sha3-224": "sha3_224",
    "sha3-256": "sha3_256",
    "sha3-384": "sha3_384",
    "sha3-512": "sha3_512",
}
_KINDS: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha1": hashes.SHA1,
    "sha2-224": hashes.SHA224,
    "sha2-256": hashes.SHA256,
    "sha2-384": hashes.SHA384,
    "sha2-512": hashes.SHA512,
    "sha3-224": hashes.SHA3_224,
    "sha3-256": hashes.SHA3_256,
    "sha3-384": hashes.SHA3_384,
    "sha3-512": hashes.SHA3_512,
}


def digest(name: str, data: Bytes) -> bytes:
    """The hash of `data`; raises `Invalid` for a name that is none."""
    return hashlib.new(_known(name), data).digest()


def mac(name: str, key: Bytes, data: Bytes) -> bytes:
    """HMAC of `data`; raises `Invalid` for a name that is none."""
    return hmac.digest(key, data, _known(name))


def algorithm(name: str) -> hashes.HashAlgorithm:
    """The hash as the library knows it; raises `Invalid` for a name that is none."""
    _known(name)
    return _KINDS[name]()


def _known(name: str) -> str:
    found = _NAMES.get(name)
    if found is None:
        raise Invalid(f"there is no hash {name[:40]!r}; there are {', '.join(_NAMES)}")
    return found

"""Types of transit keys: what each can do. Names are those that Vault's clients know."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from domain.errors import Invalid

AEAD: Final = "aead"
HMAC: Final = "hmac"
SIGN: Final = "sign"

Kind = Literal["aead", "hmac", "sign"]
"""What a key is for, in a word."""

TypeName = Literal[
    "aes128-gcm96",
    "aes256-gcm96",
    "chacha20-poly1305",
    "ed25519",
    "ecdsa-p256",
    "ecdsa-p384",
    "ecdsa-p521",
    "rsa-2048",
    "rsa-3072",
    "rsa-4096",
    "hmac",
]


class KeyType(msgspec.Struct, frozen=True, kw_only=True):
    """What keys of a type can do. Every key of whatever type can make an HMAC, by a key that lies beside it."""

    name: str
    kind: Kind
    encrypts: bool = False
    signs: bool = False
    derives: bool = False
    """Whether each context can have a key of its own."""
    size: int = 0
    """Bytes of a symmetric key; 0 where it is not one, or of whatever length."""
    hashes: bool = False
    """Whether a message is hashed before it is signed, by an algorithm that the caller chooses."""
    slow: bool = False
    """Whether one operation takes so long that it is done beside the event loop."""

    @property
    def symmetric(self) -> bool:
        """Whether it encrypts with associated data, by a nonce (RFC 5116)."""
        return self.kind == AEAD


_TYPES: Final = (
    KeyType(name="aes128-gcm96", kind="aead", encrypts=True, derives=True, size=16),
    KeyType(name="aes256-gcm96", kind="aead", encrypts=True, derives=True, size=32),
    KeyType(name="chacha20-poly1305", kind="aead", encrypts=True, derives=True, size=32),
    KeyType(name="ed25519", kind="sign", signs=True, derives=True),
    KeyType(name="ecdsa-p256", kind="sign", signs=True, hashes=True),
    KeyType(name="ecdsa-p384", kind="sign", signs=True, hashes=True, slow=True),
    KeyType(name="ecdsa-p521", kind="sign", signs=True, hashes=True, slow=True),
    KeyType(name="rsa-2048", kind="sign", encrypts=True, signs=True, hashes=True, slow=True),
    KeyType(name="rsa-3072", kind="sign", encrypts=True, signs=True, hashes=True, slow=True),
    KeyType(name="rsa-4096", kind="sign", encrypts=True, signs=True, hashes=True, slow=True),
    KeyType(name="hmac", kind="hmac"),
)
TYPES: Final[dict[str, KeyType]] = {each.name: each for each in _TYPES}
"""By name."""
OF_KIND: Final[dict[str, str]] = {AEAD: "aes256-gcm96", HMAC: "hmac", SIGN: "ecdsa-p256"}
"""The type that is made when only a kind is named."""
MIN_HMAC_KEY: Final = 32
MAX_HMAC_KEY: Final = 512
"""Lengths of a key of the type `hmac`, in bytes."""


def type_named(name: str) -> KeyType:
    """The type of this name; raises `Invalid` naming those there are."""
    found = TYPES.get(name)
    if found is None:
        raise Invalid(f"there is no type of transit keys {name[:40]!r}; there are {', '.join(TYPES)}")
    return found


def chosen(kind: str | None, name: str | None) -> KeyType:
    """The type that kind, name or both mean, aes256-gcm96 if neither is given; raises `Invalid` if they differ."""
    if name is None:
        return TYPES[OF_KIND[kind or AEAD]]
    found = type_named(name)
    if kind not in {None, found.kind}:
        raise Invalid(f"the type {name} is of kind {found.kind}, not {kind}; give one of both")
    return found

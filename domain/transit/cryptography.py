"""What transit encryption needs of cryptography, as protocols. The primitives are behind them, and no key comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeVar

import msgspec

from domain.plaintext import Plaintext
from domain.transit.key_types import KeyType
from domain.transit.plans import RestoredPlan

T = TypeVar("T")

Part = Literal["encryption-key", "signing-key", "hmac-key", "public-key"]
"""What of a key may be exported."""


class Shape(msgspec.Struct, frozen=True):
    """How a key's material is used: its type, whether each context has its own key, whether equal gives equal."""

    type: KeyType
    derived: bool = False
    convergent: bool = False


class SignatureForm(msgspec.Struct, frozen=True, kw_only=True):
    """How a signature is made, and written down. Names are those that Vault's clients know."""

    hash_algorithm: str = "sha2-256"
    prehashed: bool = False
    """Whether what is signed is the hash already."""
    signature_algorithm: str = "pss"
    """Of RSA: `pss` (RFC 8017 section 8.1) or `pkcs1v15` (section 8.2)."""
    salt_length: int | Literal["auto", "hash"] = "auto"
    """Of PSS: the longest there can be, as long as the hash, or so many bytes."""
    jws: bool = False
    """Of ECDSA: r and s, each as long as the curve's order, one after the other (RFC 7518 section 3.4); else DER."""


class Material(Protocol):
    """One version of a key, open. It lets nothing of itself out; what holds it wipes it."""

    def encrypt(self, plaintext: Plaintext, aad: bytes, context: bytes) -> bytes:
        """Nonce, ciphertext and tag, or RSA's ciphertext; raises `Invalid` for what the key cannot do."""
        ...

    def decrypt(self, payload: bytes, aad: bytes, context: bytes) -> Plaintext:
        """What was encrypted; raises `DecryptionFailed`, and `Invalid` for what the key cannot do."""
        ...

    def authenticate(self, algorithm: str, data: bytes) -> bytes:
        """HMAC (RFC 2104) by the hash of this name; raises `Invalid`."""
        ...

    def sign(self, message: bytes, context: bytes, form: SignatureForm) -> bytes:
        """A signature; raises `Invalid`."""
        ...

    def verify(self, message: bytes, signature: bytes, context: bytes, form: SignatureForm) -> bool:
        """Whether the signature is of this message by this key; raises `Invalid` for a form that cannot be."""
        ...

    def public_der(self, context: bytes) -> bytes:
        """The public key, SubjectPublicKeyInfo in DER; empty if there is none."""
        ...

    def wipe(self) -> None:
        """Overwrite it; it is of no use afterwards."""
        ...


class Generated(msgspec.Struct, frozen=True):
    """A key's material as it is sealed, and its public key (SubjectPublicKeyInfo, PEM; empty if there is none)."""

    material: Plaintext
    public: str


class Cryptography(Protocol):
    """The primitives."""

    def generate(self, type: KeyType, size: int) -> Generated:  # noqa: A002 - what it is
        """A fresh key; `size` is that of an `hmac` key, in bytes. Takes seconds for a long RSA key."""
        ...

    def open(self, shape: Shape, material: Plaintext) -> Material:
        """The material, ready for use; the buffer stays the caller's to wipe."""
        ...

    def random(self, count: int) -> bytearray:
        """Random bytes."""
        ...

    def digest(self, algorithm: str, data: bytes) -> bytes:
        """The hash of this name; raises `Invalid`."""
        ...

    def verify_by(self, public_der: bytes, message: bytes, signature: bytes, form: SignatureForm) -> bool:
        """Whether the signature is of this message by this public key; raises `Invalid` for one that is none."""
        ...

    def export(self, shape: Shape, material: Plaintext, part: Part) -> str:
        """A part of a key as text: base64 of what is symmetric, PEM of the rest; raises `Invalid`."""
        ...

    def backup(self, backed: Backed) -> str:
        """All of it as text, in the clear."""
        ...

    def parsed(self, backup: str) -> Backed:
        """What a backup holds, for the caller to wipe; raises `Invalid`."""
        ...

    async def apart(self, work: Callable[[], T]) -> T:
        """Do what takes long beside the event loop."""
        ...


class BackedVersion(msgspec.Struct, frozen=True):
    """A version in a backup: its number, its material and public key, and when it was made."""

    number: int
    generated: Generated
    made_at: datetime


class Backed(msgspec.Struct, frozen=True):
    """What is in a backup: the key's name, what it was, and its versions in order."""

    name: str
    was: RestoredPlan
    versions: Sequence[BackedVersion]

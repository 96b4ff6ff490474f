"""Keys with a public part: ed25519, plain or derived, ECDSA and RSA."""

from __future__ import annotations

from typing import Final, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.crypto import transit_signing
from adapters.crypto.transit_aead import derived
from adapters.crypto.transit_material import OpenMaterial, Parts, wiped
from adapters.crypto.transit_signing import OAEP, PrivateKey, PublicKey
from domain.errors import DecryptionFailed, Invalid
from domain.plaintext import Plaintext
from domain.transit.cryptography import Shape, SignatureForm

CURVES: Final[dict[str, type[ec.EllipticCurve]]] = {
    "ecdsa-p256": ec.SECP256R1,
    "ecdsa-p384": ec.SECP384R1,
    "ecdsa-p521": ec.SECP521R1,
}
RSA_BITS: Final = {"rsa-2048": 2048, "rsa-3072": 3072, "rsa-4096": 4096}
SEED: Final = 32
"""Length of an ed25519 key, in bytes."""
_OAEP_OVERHEAD: Final = 66
"""Bytes that OAEP with SHA-256 adds: two hashes and two more (RFC 8017 section 7.1.1)."""


def generated(type_name: str) -> bytearray:
    """A fresh private key as it is written down; to be wiped."""
    key: PrivateKey
    if type_name == "ed25519":
        return bytearray(Ed25519PrivateKey.generate().private_bytes_raw())
    if type_name in CURVES:
        key = ec.generate_private_key(CURVES[type_name]())
    else:
        key = rsa.generate_private_key(65_537, RSA_BITS[type_name])
    return pkcs8(key)


def pkcs8(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytearray:
    """PKCS #8 in DER; to be wiped."""
    return bytearray(
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def loaded(type_name: str, key: bytearray) -> PrivateKey:
    """The private key that was written down. It was authenticated when it was opened, so RSA's is not proved again."""
    if type_name == "ed25519":
        return Ed25519PrivateKey.from_private_bytes(key)
    found = serialization.load_der_private_key(key, None, unsafe_skip_rsa_key_validation=True)
    return cast("PrivateKey", found)


def public_pem(key: PublicKey) -> str:
    """SubjectPublicKeyInfo in PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def spki(key: PublicKey) -> bytes:
    """SubjectPublicKeyInfo in DER."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class SigningMaterial(OpenMaterial):
    """A private key that is used as it is. OpenSSL cleanses it when it is let go of."""

    __slots__ = ("_der", "_private", "_public")

    def __init__(self, shape: Shape, parts: Parts) -> None:
        super().__init__(shape, parts.hmac_key)
        self._private: PrivateKey | None = None
        private = loaded(shape.type.name, parts.key)
        parts.key[:] = bytes(len(parts.key))
        self._private = private
        self._public: PublicKey = private.public_key()
        self._der = spki(self._public)

    def sign(self, message: bytes, context: bytes, form: SignatureForm) -> bytes:
        """See `domain.transit.cryptography.Material`."""
        self._without_context(context)
        return transit_signing.sign(self._ready(), message, form)

    def verify(self, message: bytes, signature: bytes, context: bytes, form: SignatureForm) -> bool:
        """See `domain.transit.cryptography.Material`."""
        self._without_context(context)
        return transit_signing.verify(self._public, message, signature, form)

    def public_der(self, context: bytes) -> bytes:
        """See `domain.transit.cryptography.Material`."""
        return self._der

    def wipe(self) -> None:
        """See `domain.transit.cryptography.Material`."""
        super().wipe()
        self._private = None

    def _ready(self) -> PrivateKey:
        if self._private is None:
            raise wiped()
        return self._private


class RsaMaterial(SigningMaterial):
    """An RSA key, which encrypts as well: OAEP with SHA-256."""

    __slots__ = ()

    def encrypt(self, plaintext: Plaintext, aad: bytes, context: bytes) -> bytes:
        """See `domain.transit.cryptography.Material`."""
        self._without_context(context)
        if aad:
            raise Invalid("an RSA key takes no aad")
        public = cast("rsa.RSAPublicKey", self._public)
        most = public.key_size // 8 - _OAEP_OVERHEAD
        if len(plaintext) > most:
            raise Invalid(f"a key of the type {self._shape.type.name} encrypts at most {most} bytes")
        return public.encrypt(bytes(plaintext.buffer), OAEP)  # the library takes no buffer here

    def decrypt(self, payload: bytes, aad: bytes, context: bytes) -> Plaintext:
        """See `domain.transit.cryptography.Material`."""
        if aad or context:
            raise DecryptionFailed
        try:
            return Plaintext(bytearray(cast("rsa.RSAPrivateKey", self._ready()).decrypt(payload, OAEP)))
        except ValueError:
            raise DecryptionFailed from None


class DerivedSigningMaterial(OpenMaterial):
    """An ed25519 key from which each context's own is derived.

    What is derived from is the seed and the public key, 64 bytes, as with OpenBao and Vault.
    """

    __slots__ = ("_key",)

    def __init__(self, shape: Shape, parts: Parts) -> None:
        super().__init__(shape, parts.hmac_key)
        self._key = bytearray(2 * SEED)
        public = Ed25519PrivateKey.from_private_bytes(parts.key).public_key().public_bytes_raw()
        self._key[:SEED], self._key[SEED:] = parts.key, public
        parts.key[:] = bytes(len(parts.key))

    def sign(self, message: bytes, context: bytes, form: SignatureForm) -> bytes:
        """See `domain.transit.cryptography.Material`."""
        return transit_signing.sign(self._of(context), message, form)

    def verify(self, message: bytes, signature: bytes, context: bytes, form: SignatureForm) -> bool:
        """See `domain.transit.cryptography.Material`."""
        return transit_signing.verify(self._of(context).public_key(), message, signature, form)

    def public_der(self, context: bytes) -> bytes:
        """See `domain.transit.cryptography.Material`."""
        return spki(self._of(context).public_key()) if context else b""

    def _of(self, context: bytes) -> Ed25519PrivateKey:
        self._must_live()
        seed = derived(self._key, context, SEED)
        try:
            return Ed25519PrivateKey.from_private_bytes(seed)
        finally:
            seed[:] = bytes(len(seed))

    def wipe(self) -> None:
        """See `domain.transit.cryptography.Material`."""
        super().wipe()
        self._key[:] = bytes(len(self._key))

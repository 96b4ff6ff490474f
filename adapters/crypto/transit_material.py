"""How a version of a transit key is written down to be sealed, and what every version can do.

Written: the length of its HMAC key (one byte, 0 for none) ‖ HMAC key ‖ the key itself: the bytes of a symmetric one,
the seed of ed25519 (32 bytes), else the private key as PKCS #8 DER. A key of the type hmac is its own HMAC key.
"""

from __future__ import annotations

from typing import NamedTuple, NoReturn

from adapters.crypto import transit_hashes
from adapters.crypto.primitives import Bytes
from domain.errors import Invalid, KeyUnavailable, LogBroken
from domain.plaintext import Plaintext
from domain.transit.cryptography import Shape, SignatureForm


class Parts(NamedTuple):
    """A version as it was generated; who holds it wipes it."""

    hmac_key: bytearray
    key: bytearray

    def wipe(self) -> None:
        """Overwrite both with zeros."""
        self.hmac_key[:] = bytes(len(self.hmac_key))
        self.key[:] = bytes(len(self.key))


def joined(hmac_key: Bytes, key: Bytes) -> Plaintext:
    """Both in one buffer, to be sealed."""
    buffer = bytearray((len(hmac_key),))
    buffer += hmac_key
    buffer += key
    return Plaintext(buffer)


def split(material: Plaintext) -> Parts:
    """Both again, in buffers of their own; raises `LogBroken` if this cannot be material."""
    view = memoryview(material.buffer)
    if not view or len(view) < 1 + view[0]:
        raise LogBroken("the sealed material of a transit key is too short")
    cut = 1 + view[0]
    return Parts(bytearray(view[1:cut]), bytearray(view[cut:]))


class OpenMaterial:
    """A version of a key, open: what all types can do, and a refusal of the rest. It owns and wipes its buffers."""

    __slots__ = ("_hmac_key", "_live", "_shape")

    def __init__(self, shape: Shape, hmac_key: bytearray) -> None:
        self._shape = shape
        self._hmac_key = hmac_key
        self._live = True

    def authenticate(self, algorithm: str, data: bytes) -> bytes:
        """See `domain.transit.cryptography.Material`."""
        self._must_live()
        if not self._hmac_key:
            raise Invalid("this version has no HMAC key: it comes from a backup that had none; rotate the key")
        return transit_hashes.mac(algorithm, self._hmac_key, data)

    def encrypt(self, plaintext: Plaintext, aad: bytes, context: bytes) -> bytes:
        """See `domain.transit.cryptography.Material`."""
        self._cannot("encrypt")

    def decrypt(self, payload: bytes, aad: bytes, context: bytes) -> Plaintext:
        """See `domain.transit.cryptography.Material`."""
        self._cannot("decrypt")

    def sign(self, message: bytes, context: bytes, form: SignatureForm) -> bytes:
        """See `domain.transit.cryptography.Material`."""
        self._cannot("sign")

    def verify(self, message: bytes, signature: bytes, context: bytes, form: SignatureForm) -> bool:
        """See `domain.transit.cryptography.Material`."""
        self._cannot("verify signatures")

    def public_der(self, context: bytes) -> bytes:
        """See `domain.transit.cryptography.Material`."""
        return b""

    def wipe(self) -> None:
        """See `domain.transit.cryptography.Material`."""
        self._live = False
        self._hmac_key[:] = bytes(len(self._hmac_key))

    def _must_live(self) -> None:
        """Raises `KeyUnavailable` after it was wiped."""
        if not self._live:
            raise wiped()

    def _cannot(self, what: str) -> NoReturn:
        raise Invalid(f"a key of the type {self._shape.type.name} does not {what}")

    def _without_context(self, context: bytes) -> None:
        if context:
            raise Invalid("this key is not derived, so it takes no context")

    def __del__(self) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<redacted>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled or copied")


def wiped() -> KeyUnavailable:
    """What is told of a key after it was wiped."""
    return KeyUnavailable("this key was wiped: the server is stopping")

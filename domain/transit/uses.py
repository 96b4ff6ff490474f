"""Facts about uses of transit keys: one a request, whatever it did, and never any of what was encrypted or signed."""

from __future__ import annotations

from typing import ClassVar

from domain.event import AccessEvent


class TransitUse(AccessEvent, frozen=True, kw_only=True):
    """A request used `key` in its versions `numbers`: `count` items were done, `failed` were refused."""

    key: str
    numbers: list[int]
    count: int
    failed: int


class TransitEncrypted(TransitUse, frozen=True, kw_only=True):
    """Plaintexts were encrypted."""

    TOPIC: ClassVar[str] = "transit.encrypted"


class TransitDecrypted(TransitUse, frozen=True, kw_only=True):
    """Plaintexts went out."""

    TOPIC: ClassVar[str] = "transit.decrypted"


class TransitRewrapped(TransitUse, frozen=True, kw_only=True):
    """Ciphertexts were brought to another version; `numbers` are those that they have now."""

    TOPIC: ClassVar[str] = "transit.rewrapped"


class DataKeyMade(TransitUse, frozen=True, kw_only=True):
    """A data key was made, and encrypted; `how` is `plaintext` if it went out in the clear too, else `wrapped`."""

    TOPIC: ClassVar[str] = "transit.data_key.made"
    how: str


class TransitAuthenticated(TransitUse, frozen=True, kw_only=True):
    """HMACs were made."""

    TOPIC: ClassVar[str] = "transit.authenticated"


class TransitSigned(TransitUse, frozen=True, kw_only=True):
    """Signatures were made."""

    TOPIC: ClassVar[str] = "transit.signed"


class TransitVerified(TransitUse, frozen=True, kw_only=True):
    """Signatures or HMACs were compared; `failed` are those that were not valid. An empty key: one was brought."""

    TOPIC: ClassVar[str] = "transit.verified"


class TransitExported(TransitUse, frozen=True, kw_only=True):
    """Parts of these versions went out; `how` says which: `encryption-key`, `signing-key`, `hmac-key`, `public-key`."""

    TOPIC: ClassVar[str] = "transit.exported"
    how: str


class TransitBackedUp(TransitUse, frozen=True, kw_only=True):
    """The whole key, its material in the clear, went out."""

    TOPIC: ClassVar[str] = "transit.backed_up"


class TransitDrawn(TransitUse, frozen=True, kw_only=True):
    """Random bytes went out, by no key; `count` is one."""

    TOPIC: ClassVar[str] = "transit.drawn"


class TransitHashed(TransitUse, frozen=True, kw_only=True):
    """Data was hashed, by no key."""

    TOPIC: ClassVar[str] = "transit.hashed"


class TransitSetAside(AccessEvent, frozen=True, kw_only=True):
    """A node may make `count` more encryptions by the version `number` of the key whose stream is `ref`."""

    TOPIC: ClassVar[str] = "transit.set_aside"
    key: str
    ref: str
    number: int
    count: int

"""Answers of transit encryption. Bytes are standard base64 with padding."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType


class ItemError(msgspec.Struct, frozen=True, kw_only=True):
    """Why an item was not done."""

    code: str
    detail: str


class Encrypted(msgspec.Struct, frozen=True, kw_only=True):
    """`trv:<version>:<base64>`, and the version of the key."""

    ciphertext: str
    version: int


class Decrypted(msgspec.Struct, frozen=True, kw_only=True):
    """A plaintext, and the version of the key that it was encrypted with."""

    plaintext: bytearray
    version: int


class DataKey(msgspec.Struct, frozen=True, kw_only=True):
    """A data key: its ciphertext, and unless it was to be wrapped only, the data key itself."""

    ciphertext: str
    version: int
    plaintext: bytearray | UnsetType = UNSET
    replayed: bool | UnsetType = UNSET


class Authenticated(msgspec.Struct, frozen=True, kw_only=True):
    """An HMAC, and the version of the key it was made with."""

    hmac: str
    version: int


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A signature, the version of the key, and the public key (SubjectPublicKeyInfo, DER) that verifies it."""

    signature: str
    version: int
    public_der: bytes


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the signature, or the HMAC, is of this message and this key."""

    valid: bool


class EncryptedItem(msgspec.Struct, frozen=True, kw_only=True):
    """Like `Encrypted`, or the item's error."""

    ciphertext: str | UnsetType = UNSET
    version: int | UnsetType = UNSET
    error: ItemError | UnsetType = UNSET


class EncryptedItems(msgspec.Struct, frozen=True, kw_only=True):
    """One for each item, in their order."""

    items: list[EncryptedItem]


class DecryptedItem(msgspec.Struct, frozen=True, kw_only=True):
    """Like `Decrypted`, or the item's error."""

    plaintext: bytearray | UnsetType = UNSET
    version: int | UnsetType = UNSET
    error: ItemError | UnsetType = UNSET


class DecryptedItems(msgspec.Struct, frozen=True, kw_only=True):
    """One for each item, in their order."""

    items: list[DecryptedItem]


class AuthenticatedItem(msgspec.Struct, frozen=True, kw_only=True):
    """Like `Authenticated`, or the item's error."""

    hmac: str | UnsetType = UNSET
    version: int | UnsetType = UNSET
    error: ItemError | UnsetType = UNSET


class AuthenticatedItems(msgspec.Struct, frozen=True, kw_only=True):
    """One for each item, in their order."""

    items: list[AuthenticatedItem]


class SignedItem(msgspec.Struct, frozen=True, kw_only=True):
    """Like `Signed`, or the item's error."""

    signature: str | UnsetType = UNSET
    version: int | UnsetType = UNSET
    public_der: bytes | UnsetType = UNSET
    error: ItemError | UnsetType = UNSET


class SignedItems(msgspec.Struct, frozen=True, kw_only=True):
    """One for each item, in their order."""

    items: list[SignedItem]


class VerdictItem(msgspec.Struct, frozen=True, kw_only=True):
    """Like `Verdict`, or the item's error."""

    valid: bool | UnsetType = UNSET
    error: ItemError | UnsetType = UNSET


class Verdicts(msgspec.Struct, frozen=True, kw_only=True):
    """One for each item, in their order."""

    items: list[VerdictItem]


class RandomBytes(msgspec.Struct, frozen=True, kw_only=True):
    """Random bytes, in base64 or hexadecimal."""

    random_bytes: str


class HashSum(msgspec.Struct, frozen=True, kw_only=True):
    """A hash, in hexadecimal or base64."""

    sum: str


class ExportedKey(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of a key by version: base64 of what is symmetric, PEM of the rest, base64 of the bytes of ed25519."""

    name: str
    type: str
    kind: str
    keys: dict[str, str]


class KeyBackup(msgspec.Struct, frozen=True, kw_only=True):
    """The whole key, its material in the clear, in the form that OpenBao and Vault have."""

    backup: str

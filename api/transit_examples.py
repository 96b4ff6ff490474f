"""Examples of transit encryption. What they hold is made up: no key ever made it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from api import transit_bodies as bodies
from api import transit_replies as replies
from api.routes.transit_keys import TransitKeyPage
from domain.errors import DecryptionFailed
from domain.transit.results import TransitKeyMeta, TransitVersionMeta

_AT: Final = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)
_TEXT: Final = "ZXhhbXBsZQ=="
_CIPHERTEXT: Final = "trv:1:EXAMPLEexampleEXAMPLEexampleEXAMPLEexampleEX=="
_SIGNATURE: Final = "EXAMPLEexampleEXAMPLEexampleEXAMPLEexampleEX=="
_KEY: Final = TransitKeyMeta(
    name="orders",
    kind="aead",
    type="aes256-gcm96",
    version=1,
    derived=False,
    convergent=False,
    key_size=0,
    min_available_version=1,
    min_decryption_version=1,
    min_encryption_version=0,
    deletion_allowed=False,
    exportable=False,
    allow_plaintext_backup=False,
    auto_rotate_seconds=0,
    next_rotation_at=None,
    created_at=_AT,
)
_FAILED: Final = replies.ItemError(code=DecryptionFailed.code, detail=DecryptionFailed().message)
_ENCRYPTED: Final = replies.Encrypted(ciphertext=_CIPHERTEXT, version=1)
_ENCRYPTED_ITEMS: Final = replies.EncryptedItems(
    items=[replies.EncryptedItem(ciphertext=_CIPHERTEXT, version=1), replies.EncryptedItem(error=_FAILED)]
)

TRANSIT_BODIES: Final[Mapping[str, Mapping[str, object]]] = {
    "createTransitKey": {
        "to encrypt": bodies.KeyBody(name="orders", kind="aead"),
        "to sign": bodies.KeyBody(name="releases", type="ed25519"),
        "a key for each customer": bodies.KeyBody(name="customers", derived=True, auto_rotate_seconds=2_592_000),
    },
    "rotateTransitKey": {"by name": bodies.RotateKeyBody(name="orders")},
    "configureTransitKey": {"no old versions": bodies.KeyChangeBody(min_decryption_version=2)},
    "trimTransitKey": {"versions below 2": bodies.TrimBody(min_available_version=2)},
    "restoreTransitKey": {"under another name": bodies.RestoreBody(backup=_TEXT, name="orders-2")},
    "transitEncrypt": {
        "one": bodies.EncryptBody(key="orders", plaintext=_TEXT, aad="b3JkZXIgNDI="),
        "many": bodies.EncryptBody(key="orders", items=[bodies.EncryptItem(plaintext=_TEXT)]),
    },
    "transitDecrypt": {
        "one": bodies.DecryptBody(key="orders", ciphertext=_CIPHERTEXT, aad="b3JkZXIgNDI="),
        "many": bodies.DecryptBody(key="orders", items=[bodies.DecryptItem(ciphertext=_CIPHERTEXT)]),
    },
    "transitRewrap": {"one": bodies.RewrapBody(key="orders", ciphertext=_CIPHERTEXT)},
    "transitDataKey": {"256 bits": bodies.DataKeyBody(key="orders")},
    "transitHmac": {"one": bodies.HmacBody(key="orders", data=_TEXT)},
    "transitSign": {"one": bodies.SignBody(key="releases", message=_TEXT)},
    "transitVerify": {
        "by name": bodies.VerifyBody(key="releases", message=_TEXT, signature=f"trv:1:{_SIGNATURE}"),
        "by a public key": bodies.VerifyBody(public_der=_TEXT, message=_TEXT, signature=_SIGNATURE),
        "an HMAC": bodies.VerifyBody(key="orders", data=_TEXT, hmac=f"trv:1:{_SIGNATURE}"),
    },
    "transitRandom": {"32 bytes": bodies.RandomBody(bytes=32)},
    "transitHash": {"SHA-256": bodies.HashBody(data=_TEXT)},
}
"""Request bodies by operation id."""

TRANSIT_ANSWERS: Final[Mapping[str, Mapping[str, object]]] = {
    "createTransitKey": {"made": _KEY},
    "rotateTransitKey": {"rotated": msgspec.structs.replace(_KEY, version=2)},
    "listTransitKeys": {"keys": TransitKeyPage([_KEY], None)},
    "showTransitKey": {
        "one": msgspec.structs.replace(_KEY, versions=[TransitVersionMeta(version=1, created_at=_AT, encryptions=4096)])
    },
    "configureTransitKey": {"changed": msgspec.structs.replace(_KEY, version=2, min_decryption_version=2)},
    "trimTransitKey": {
        "trimmed": msgspec.structs.replace(
            _KEY, version=2, min_available_version=2, min_decryption_version=2, min_encryption_version=2
        )
    },
    "exportTransitKey": {
        "public keys": replies.ExportedKey(
            name="releases",
            type="ed25519",
            kind="public-key",
            keys={"1": "EXAMPLEexampleEXAMPLEexampleEXAMPLEexample="},
        )
    },
    "backUpTransitKey": {"backup": replies.KeyBackup(backup=_TEXT)},
    "restoreTransitKey": {"restored": msgspec.structs.replace(_KEY, name="orders-2")},
    "transitEncrypt": {"one": _ENCRYPTED, "many": _ENCRYPTED_ITEMS},
    "transitDecrypt": {
        "one": replies.Decrypted(plaintext=bytearray(b"example"), version=1),
        "many": replies.DecryptedItems(
            items=[
                replies.DecryptedItem(plaintext=bytearray(b"example"), version=1),
                replies.DecryptedItem(error=_FAILED),
            ]
        ),
    },
    "transitRewrap": {"one": msgspec.structs.replace(_ENCRYPTED, version=2), "many": _ENCRYPTED_ITEMS},
    "transitDataKey": {
        "both forms": replies.DataKey(ciphertext=_CIPHERTEXT, version=1, plaintext=bytearray(b"example")),
        "repeated": replies.DataKey(ciphertext=_CIPHERTEXT, version=1, replayed=True),
    },
    "transitHmac": {
        "one": replies.Authenticated(hmac=_SIGNATURE, version=1),
        "many": replies.AuthenticatedItems(items=[replies.AuthenticatedItem(hmac=_SIGNATURE, version=1)]),
    },
    "transitSign": {
        "one": replies.Signed(signature=_SIGNATURE, version=1, public_der=b"example"),
        "many": replies.SignedItems(items=[replies.SignedItem(signature=_SIGNATURE, version=1, public_der=b"example")]),
    },
    "transitVerify": {
        "one": replies.Verdict(valid=True),
        "many": replies.Verdicts(items=[replies.VerdictItem(valid=False)]),
    },
    "transitRandom": {"base64": replies.RandomBytes(random_bytes=_SIGNATURE)},
    "transitHash": {"hex": replies.HashSum(sum="00" * 32)},
}
"""Successful answers by operation id."""

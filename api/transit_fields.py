"""What the members of transit encryption's answers mean; see `api.fields`."""

from __future__ import annotations

from typing import Any, Final

TRANSIT_MEANINGS: Final[dict[str, str]] = {
    "TransitKeyMeta.name": "The key's name.",
    "TransitKeyMeta.kind": "What it is for: `aead`, `hmac` or `sign`.",
    "TransitKeyMeta.type": "Its type, such as `aes256-gcm96`.",
    "TransitKeyMeta.version": "Its newest version.",
    "TransitKeyMeta.versions": "The versions that are there; told where one key is asked for.",
    "TransitVersionMeta.version": "The version's number.",
    "allow_plaintext_backup": "Whether it may be backed up in the clear.",
    "auto_rotate_seconds": "After so many seconds it is rotated by itself; 0: it is not.",
    "backup": "The whole key: base64 of JSON with its material in the clear.",
    "ciphertext": "`trv:<version>:<base64>`.",
    "convergent": "Whether equal plaintexts of a context have equal ciphertexts.",
    "deletion_allowed": "Whether it may be deleted.",
    "derived": "Whether each context has a key of its own.",
    "encryptions": "How many encryptions by it were set aside: at most so many were made.",
    "exportable": "Whether its material may be shown.",
    "error": "Why this item was not done.",
    "hmac": "The HMAC in base64.",
    "key_size": "Bytes of a key of the type hmac; 0 of others.",
    "min_available_version": "Older versions were trimmed.",
    "min_decryption_version": "Older versions neither decrypt nor verify.",
    "min_encryption_version": "Older versions neither encrypt nor sign; 0: any may that decrypts.",
    "next_rotation_at": "When it is rotated by itself next; null: it is not.",
    "plaintext": "What was encrypted, in base64.",
    "public_der": "The public key (SubjectPublicKeyInfo, DER) in base64.",
    "public_key": "The public key (SubjectPublicKeyInfo, PEM).",
    "random_bytes": "Random bytes, in base64 or hexadecimal.",
    "signature": "The signature in base64; of ECDSA in jws form base64url without padding.",
    "sum": "The hash, in hexadecimal or base64.",
    "valid": "Whether it is of this message and this key.",
    "Authenticated.version": "The version of the key.",
    "AuthenticatedItem.version": "The version of the key.",
    "DataKey.version": "The version of the key.",
    "DataKey.plaintext": "The data key in base64, this once.",
    "DataKey.replayed": "True in the repeat of an answer: the data key is not told again.",
    "Decrypted.version": "The version that it was encrypted with.",
    "DecryptedItem.version": "The version that it was encrypted with.",
    "Encrypted.version": "The version of the key.",
    "EncryptedItem.version": "The version of the key.",
    "Signed.version": "The version of the key.",
    "SignedItem.version": "The version of the key.",
    "ExportedKey.keys": "Parts by version: base64 of what is symmetric, PEM of the rest, base64 of ed25519.",
    "ExportedKey.kind": "Which part.",
    "ExportedKey.name": "The key's name.",
    "ExportedKey.type": "The key's type.",
    "ItemError.code": "The cause, for machines; stable.",
    "ItemError.detail": "What is wrong, for people.",
}


def _or_items(name: str) -> dict[str, Any]:
    return {"oneOf": [{"required": [name]}, {"required": ["items"]}]}


TRANSIT_RULES: Final[dict[str, dict[str, Any]]] = {
    "EncryptBody": _or_items("plaintext"),
    "DecryptBody": _or_items("ciphertext"),
    "RewrapBody": _or_items("ciphertext"),
    "HmacBody": _or_items("data"),
    "SignBody": _or_items("message"),
    "VerifyBody": {"oneOf": [{"required": ["key"]}, {"required": ["public_der"]}]},
}
"""What the structs cannot say of themselves; see `api.fields`."""

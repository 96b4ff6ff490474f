"""What is told of a transit key. Field names are the wire's; material is never in it."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType


class TransitVersionMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a key: when it was made, and its public key (SubjectPublicKeyInfo, PEM) if it has one."""

    version: int
    created_at: datetime
    public_key: str | UnsetType = UNSET
    encryptions: int
    """How many encryptions by it were set aside, at most so many were made; told of those that are counted."""


class TransitKeyMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A transit key without its material. `version` is the newest; `versions` are told where one key is asked for."""

    name: str
    kind: str
    type: str
    version: int
    derived: bool
    convergent: bool
    key_size: int
    """Bytes of a key of the type hmac, 0 of others."""
    min_available_version: int
    """Older versions were trimmed."""
    min_decryption_version: int
    min_encryption_version: int
    """0: any version that decrypts may be named; the newest encrypts if none is."""
    deletion_allowed: bool
    exportable: bool
    allow_plaintext_backup: bool
    auto_rotate_seconds: int
    next_rotation_at: datetime | None
    created_at: datetime
    versions: list[TransitVersionMeta] | UnsetType = UNSET

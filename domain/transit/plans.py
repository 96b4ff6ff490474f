"""What a transit key is to be, or was, before it is one."""

from __future__ import annotations

from datetime import datetime

import msgspec

from domain.errors import Invalid
from domain.transit.key_types import MAX_HMAC_KEY, MIN_HMAC_KEY, KeyType
from domain.transit.limits import MAX_NUMBER, MAX_PERIOD, MAX_VERSIONS, MIN_PERIOD


class KeyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a key is to be."""

    type: KeyType
    derived: bool = False
    convergent: bool = False
    size: int = 0
    exportable: bool = False
    plaintext_backup: bool = False
    auto_rotate_seconds: int = 0

    def check(self) -> None:
        """Raises `Invalid` for what does not go together."""
        if self.derived and not self.type.derives:
            raise Invalid(f"keys of the type {self.type.name} are not derived; AEAD keys and ed25519 may be")
        if self.convergent and not (self.derived and self.type.symmetric):
            raise Invalid("only a derived AEAD key may be convergent; set derived as well")
        if self.type.kind == "hmac" and not MIN_HMAC_KEY <= self.size <= MAX_HMAC_KEY:
            raise Invalid(f"the key_size of a key of the type hmac is {MIN_HMAC_KEY} to {MAX_HMAC_KEY} bytes")
        checked_period(self.auto_rotate_seconds)


class SealedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version's sealed material, and its public key (SubjectPublicKeyInfo, PEM; empty if it has none)."""

    number: int
    seal_id: str
    seal_digest: str
    public: str
    made_at: datetime


class RestoredPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a key was when it was backed up."""

    plan: KeyPlan
    number: int
    min_available: int
    min_decryption: int
    min_encryption: int
    deletion_allowed: bool

    def check(self) -> None:
        """Raises `Invalid` for what does not go together."""
        self.plan.check()
        if not 1 <= self.min_available <= self.min_decryption <= self.number <= MAX_NUMBER:
            raise Invalid("the versions of the backup's key are not in order")
        if self.min_encryption and not self.min_decryption <= self.min_encryption <= self.number:
            raise Invalid("the versions of the backup's key are not in order")
        if self.number - self.min_available >= MAX_VERSIONS:
            raise Invalid(f"the backup's key has more than {MAX_VERSIONS} versions; trim it where it comes from")


def checked_period(seconds: int) -> int:
    """`seconds` unchanged; raises `Invalid` unless it is 0 or within the bounds."""
    if seconds and not MIN_PERIOD <= seconds <= MAX_PERIOD:
        raise Invalid(f"the time between rotations is 0, for none, or {MIN_PERIOD} to {MAX_PERIOD} seconds")
    return seconds

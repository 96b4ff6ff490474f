"""Facts about the keys that no tenant owns: the key-encryption key (KEK), and the key that signs checkpoints."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final, Self

from domain.event import AccessEvent, Event
from domain.names import stream_of

SYSTEM: Final = ""
"""The tenant of what belongs to none."""

SIGNING_KEY_STREAM: Final = stream_of("signing_key", SYSTEM, "checkpoint")


class KekRotated(AccessEvent, frozen=True, kw_only=True):
    """Every key that the KEKs `old` had wrapped is wrapped by `new` now; `keys` counts them. No value was touched."""

    TOPIC: ClassVar[str] = "kek.rotated"
    old: tuple[str, ...]
    """Ids of KEKs: 16 hex digits each; more than one if an earlier rotation was left half done."""
    new: str
    keys: int


class SigningKeyCreated(Event, frozen=True, kw_only=True):
    """The key that signs checkpoints came to be. It is the first of its stream: two nodes cannot each create one."""

    TOPIC: ClassVar[str] = "signing_key.created"
    key_id: str
    public: str
    """The Ed25519 public key, lower-case hex."""

    @classmethod
    def first(cls, key_id: str, public: bytes, at: datetime) -> Self:
        """The event that a store's first start appends."""
        return cls(
            originator_id=SIGNING_KEY_STREAM, originator_version=1, timestamp=at, key_id=key_id, public=public.hex()
        )

"""What happens to a transit key. Its material lies sealed outside the log, by version; events name its digests."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

import msgspec

from domain.event import Created, Event

if TYPE_CHECKING:
    from domain.transit.key import TransitKey

CHANGEABLE = (
    "min_decryption", "min_encryption", "deletion_allowed", "exportable", "plaintext_backup", "auto_rotate_seconds",
)  # fmt: skip
"""What `transit_key.configured` may set anew."""


class TransitKeyCreated(Created, frozen=True, kw_only=True):
    """A key came to be, with its version 1."""

    TOPIC: ClassVar[str] = "transit_key.created"
    key: str
    key_type: str
    derived: bool
    convergent: bool
    size: int
    exportable: bool
    plaintext_backup: bool
    auto_rotate_seconds: int
    next_rotation_at: datetime | None
    number: int
    seal_id: str
    seal_digest: str
    public: str

    def apply(self, aggregate: TransitKey) -> None:
        """Version 1 is the newest."""
        aggregate.add(self.number, self.seal_id)


class TransitKeyRestored(Created, frozen=True, kw_only=True):
    """A key was brought back from a backup; its versions follow, `number` being the newest."""

    TOPIC: ClassVar[str] = "transit_key.restored"
    key: str
    key_type: str
    derived: bool
    convergent: bool
    size: int
    exportable: bool
    plaintext_backup: bool
    auto_rotate_seconds: int
    next_rotation_at: datetime | None
    number: int
    min_available: int
    min_decryption: int
    min_encryption: int
    deletion_allowed: bool

    def apply(self, aggregate: TransitKey) -> None:
        """What it was when it was backed up."""
        aggregate.min_available = self.min_available
        aggregate.set(msgspec.structs.asdict(self))


class TransitKeyEvent(Event, frozen=True, kw_only=True):
    """What happens to a key of this name and type."""

    key: str
    key_type: str


class TransitVersionRestored(TransitKeyEvent, frozen=True, kw_only=True):
    """The version `number`, made at `made_at`, was sealed as it was in the backup."""

    TOPIC: ClassVar[str] = "transit_key.version.restored"
    number: int
    seal_id: str
    seal_digest: str
    public: str
    made_at: datetime

    def apply(self, aggregate: TransitKey) -> None:
        """It is there again."""
        aggregate.add(self.number, self.seal_id)


class TransitKeyRotated(TransitKeyEvent, frozen=True, kw_only=True):
    """A further version is the newest from now on. `cause` is `request` or `period`."""

    TOPIC: ClassVar[str] = "transit_key.rotated"
    number: int
    seal_id: str
    seal_digest: str
    public: str
    cause: str
    next_rotation_at: datetime | None

    def apply(self, aggregate: TransitKey) -> None:
        """The new version is the newest."""
        aggregate.add(self.number, self.seal_id)
        aggregate.next_rotation_at = self.next_rotation_at


class TransitKeyConfigured(TransitKeyEvent, frozen=True, kw_only=True):
    """What may be done with it was set anew; null: as before."""

    TOPIC: ClassVar[str] = "transit_key.configured"
    min_decryption: int | None = None
    min_encryption: int | None = None
    deletion_allowed: bool | None = None
    exportable: bool | None = None
    plaintext_backup: bool | None = None
    auto_rotate_seconds: int | None = None
    next_rotation_at: datetime | None = None

    @property
    def given(self) -> dict[str, int | bool]:
        """What was set anew, by name."""
        return {name: value for name in CHANGEABLE if (value := getattr(self, name)) is not None}

    def apply(self, aggregate: TransitKey) -> None:
        """What was given takes the place of what was."""
        aggregate.set(self.given)
        aggregate.next_rotation_at = self.next_rotation_at


class TransitKeyTrimmed(TransitKeyEvent, frozen=True, kw_only=True):
    """The material of these versions, all below `number`, is destroyed."""

    TOPIC: ClassVar[str] = "transit_key.trimmed"
    number: int
    numbers: list[int]

    def apply(self, aggregate: TransitKey) -> None:
        """They are gone for good."""
        aggregate.min_available = self.number
        aggregate.drop(self.numbers)


class TransitKeyDeleted(TransitKeyEvent, frozen=True, kw_only=True):
    """The material of every version is destroyed: what these encrypted can be read by nobody."""

    TOPIC: ClassVar[str] = "transit_key.deleted"
    numbers: list[int]

    def apply(self, aggregate: TransitKey) -> None:
        """The end."""
        aggregate.drop(self.numbers)
        aggregate.live = False
        aggregate.next_rotation_at = None

"""The aggregate TransitKey: one key's versions, from its creation to the destruction of its material.

A name may be used again after its key was deleted. That is another key, with another stream: `generation` counts them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self
from uuid import UUID

import msgspec

from domain.errors import Conflict, Invalid, NotFound
from domain.event import Aggregate
from domain.names import stream_of
from domain.transit.events import (
    CHANGEABLE,
    TransitKeyConfigured,
    TransitKeyCreated,
    TransitKeyDeleted,
    TransitKeyEvent,
    TransitKeyRestored,
    TransitKeyRotated,
    TransitKeyTrimmed,
    TransitVersionRestored,
)
from domain.transit.limits import MAX_VERSIONS
from domain.transit.plans import KeyPlan, RestoredPlan, SealedVersion, checked_period

_ONE_WAY: Final = {
    "exportable": "a key that was made exportable stays so",
    "plaintext_backup": "a key that may be backed up stays so",
}


def key_stream(tenant: str, name: str, generation: int) -> UUID:
    """The stream of the key that was the `generation`th of this name, from 1."""
    return stream_of("transit_key", tenant, f"{name}\n{generation}")


def _next(seconds: int, at: datetime) -> datetime | None:
    return at + timedelta(seconds=seconds) if seconds else None


class TransitKey(Aggregate):
    """One key of one tenant. `number` is its newest version."""

    TOPIC: ClassVar[str] = "transit_key"

    def __init__(
        self,
        *,
        key: str,
        key_type: str,
        derived: bool,
        convergent: bool,
        size: int,
        exportable: bool,
        plaintext_backup: bool,
        auto_rotate_seconds: int,
        next_rotation_at: datetime | None,
    ) -> None:
        self.key = key
        self.key_type = key_type
        self.derived = derived
        self.convergent = convergent
        self.size = size
        self.exportable = exportable
        self.plaintext_backup = plaintext_backup
        self.auto_rotate_seconds = auto_rotate_seconds
        self.next_rotation_at = next_rotation_at
        self.seals: dict[int, str] = {}
        """The seal ids of the versions that there are."""
        self.number = 0
        self.min_available = 1
        self.min_decryption = 1
        self.min_encryption = 0
        self.deletion_allowed = False
        self.live = True

    @classmethod
    def create(
        cls, tenant: str, name: str, generation: int, plan: KeyPlan, version: SealedVersion, at: datetime
    ) -> Self:
        """A key with its first version."""
        return cls._create(
            TransitKeyCreated, id=key_stream(tenant, name, generation), timestamp=at, key=name,
            next_rotation_at=_next(plan.auto_rotate_seconds, at), number=version.number, seal_id=version.seal_id,
            seal_digest=version.seal_digest, public=version.public, **_told(plan),
        )  # fmt: skip

    @classmethod
    def restore(
        cls,
        tenant: str,
        name: str,
        generation: int,
        restored: RestoredPlan,
        versions: Sequence[SealedVersion],
        at: datetime,
    ) -> Self:
        """A key as a backup has it."""
        told = {field: value for field, value in msgspec.structs.asdict(restored).items() if field != "plan"}
        made = cls._create(
            TransitKeyRestored, id=key_stream(tenant, name, generation), timestamp=at, key=name,
            next_rotation_at=_next(restored.plan.auto_rotate_seconds, at), **told, **_told(restored.plan),
        )  # fmt: skip
        for version in versions:
            made._trigger(TransitVersionRestored, at, **msgspec.structs.asdict(version))  # noqa: SLF001 - its own
        return made

    def must_live(self) -> None:
        """Raises `NotFound` if it was deleted."""
        if not self.live:
            raise NotFound(f"there is no transit key {self.key!r}")

    def must_take_another(self) -> int:
        """The number of the version to come; raises `Conflict` if there are too many, `NotFound`."""
        self.must_live()
        if len(self.seals) >= MAX_VERSIONS:
            raise Conflict(f"{self.key!r} has {MAX_VERSIONS} versions; trim those that nothing is encrypted with")
        return self.number + 1

    def must_be_due(self, at: datetime) -> None:
        """Raises `Conflict` unless the time of its rotation has come: another node may have been faster."""
        if self.next_rotation_at is None or self.next_rotation_at > at:
            raise Conflict(f"transit key {self.key!r} is not to be rotated now")

    def rotate(self, version: SealedVersion, cause: str, at: datetime) -> None:
        """Put another version before the others."""
        self._trigger(
            TransitKeyRotated, at, number=version.number, seal_id=version.seal_id, seal_digest=version.seal_digest,
            public=version.public, cause=cause, next_rotation_at=_next(self.auto_rotate_seconds, at),
        )  # fmt: skip

    def configure(self, changes: Mapping[str, int | bool], at: datetime) -> bool:
        """Set anew what `changes` name (see `CHANGEABLE`); whether anything is other than before.

        Raises `Invalid`, `Conflict` for what there is no way back from, `NotFound`.
        """
        self.must_live()
        self._check(changes)
        fresh = {name: value for name, value in changes.items() if value != getattr(self, name)}
        if not fresh:
            return False
        next_rotation_at = self.next_rotation_at
        if "auto_rotate_seconds" in fresh:
            next_rotation_at = _next(checked_period(fresh["auto_rotate_seconds"]), at)
        self._trigger(TransitKeyConfigured, at, next_rotation_at=next_rotation_at, **fresh)
        return True

    def _check(self, changes: Mapping[str, int | bool]) -> None:
        for name, reason in _ONE_WAY.items():
            if getattr(self, name) and changes.get(name) is False:
                raise Conflict(f"{self.key!r}: {reason}")
        decryption = int(changes.get("min_decryption", self.min_decryption))
        encryption = int(changes.get("min_encryption", self.min_encryption))
        if not self.min_available <= decryption <= self.number:
            raise Invalid(f"min_decryption_version of {self.key!r} is {self.min_available} to {self.number}")
        if encryption and not decryption <= encryption <= self.number:
            raise Invalid(f"min_encryption_version of {self.key!r} is 0, or {decryption} to {self.number}")

    def trim(self, number: int, at: datetime) -> list[str]:
        """Destroy the versions below `number`, and return their seal ids.

        Raises `Invalid` unless both minima are set and not below it, `NotFound`.
        """
        self.must_live()
        if number < self.min_available:
            raise Invalid(f"{self.key!r} was trimmed up to version {self.min_available} already")
        if not self.min_encryption:
            raise Invalid(f"set min_encryption_version of {self.key!r} first, to {number} or above")
        if number > min(self.min_decryption, self.min_encryption):
            raise Invalid(
                f"{self.key!r} still uses version {min(self.min_decryption, self.min_encryption)}; "
                "raise min_decryption_version and min_encryption_version first"
            )
        gone = sorted(each for each in self.seals if each < number)
        seal_ids = [self.seals[each] for each in gone]
        if number > self.min_available:
            self._trigger(TransitKeyTrimmed, at, number=number, numbers=gone)
        return seal_ids

    def delete(self, at: datetime, *, forced: bool = False) -> list[str]:
        """Destroy every version, and return their seal ids; raises `Conflict` unless that is allowed, `NotFound`.

        `forced`: another key takes its place, or the mount ends that it is in.
        """
        self.must_live()
        if not (self.deletion_allowed or forced):
            raise Conflict(f"transit key {self.key!r} may not be deleted; set deletion_allowed first")
        seal_ids = list(self.seals.values())
        self._trigger(TransitKeyDeleted, at, numbers=sorted(self.seals))
        return seal_ids

    def add(self, number: int, seal_id: str) -> None:
        """There is another version."""
        self.seals[number] = seal_id
        self.number = max(self.number, number)

    def drop(self, numbers: Sequence[int]) -> None:
        """These versions are gone."""
        for number in numbers:
            del self.seals[number]

    def set(self, values: Mapping[str, object]) -> None:
        """Take on what may be configured."""
        for name in CHANGEABLE:
            if name in values:
                setattr(self, name, values[name])

    def _trigger(self, event: type[TransitKeyEvent], at: datetime, **fields: object) -> None:
        self.trigger_event(event, key=self.key, key_type=self.key_type, timestamp=at, **fields)


def _told(plan: KeyPlan) -> dict[str, object]:
    told = msgspec.structs.asdict(plan)
    del told["type"]
    return {"key_type": plan.type.name, **told}

"""What the read model of transit keys answers with, and the questions that commands ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from domain.errors import NotFound
from domain.ports import SealContext
from domain.transit.cryptography import Shape
from domain.transit.key_types import TYPES
from domain.transit.results import TransitKeyMeta, TransitVersionMeta


class TransitKeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is now."""

    name: str
    generation: int
    """The how manieth of this name it is."""
    stream: UUID
    stream_version: int
    """How many events its stream has: whoever acts by this row appends on the condition that there are no more."""
    live: bool
    type: str
    derived: bool
    convergent: bool
    key_size: int
    number: int
    """The newest version."""
    min_available: int
    min_decryption: int
    min_encryption: int
    deletion_allowed: bool
    exportable: bool
    plaintext_backup: bool
    auto_rotate_seconds: int
    next_rotation_at: datetime | None
    created_at: datetime

    @property
    def shape(self) -> Shape:
        """How its material is used."""
        return Shape(TYPES[self.type], derived=self.derived, convergent=self.convergent)


class TransitVersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version that a key has, and where its material lies."""

    number: int
    seal_id: str
    public: str
    made_at: datetime
    encryptions: int
    """How many encryptions by it were set aside so far, on all nodes."""


class TransitKeysView(Protocol):
    """Keys of a tenant."""

    async def find(self, tenant: str, name: str) -> TransitKeyRow | None:
        """The newest key of this name, also one that was deleted; None if there never was one."""
        ...

    async def versions(self, tenant: str, row: TransitKeyRow, numbers: Sequence[int]) -> list[TransitVersionRow]:
        """Those of `numbers` that the key has, in order."""
        ...

    async def all_versions(self, tenant: str, row: TransitKeyRow) -> list[TransitVersionRow]:
        """Every version that the key has, in order."""
        ...

    async def page(self, tenant: str, prefix: str, after: str, limit: int) -> list[TransitKeyRow]:
        """Living keys whose name begins with `prefix` and follows `after`, in order of name, at most `limit`."""
        ...


def seal_context(tenant: str, name: str, number: int) -> SealContext:
    """What the sealed material of a version is bound to."""
    return SealContext(tenant, "transit", name, number)


def living(row: TransitKeyRow | None, name: str) -> TransitKeyRow:
    """The row of a key that is there; raises `NotFound`."""
    if row is None or not row.live:
        raise NotFound(f"there is no transit key {name!r}")
    return row


def meta_of(row: TransitKeyRow, versions: Sequence[TransitVersionRow] | None = None) -> TransitKeyMeta:
    """What may be told of a key, and of its versions if they are given."""
    return TransitKeyMeta(
        name=row.name,
        kind=TYPES[row.type].kind,
        type=row.type,
        version=row.number,
        derived=row.derived,
        convergent=row.convergent,
        key_size=row.key_size,
        min_available_version=row.min_available,
        min_decryption_version=row.min_decryption,
        min_encryption_version=row.min_encryption,
        deletion_allowed=row.deletion_allowed,
        exportable=row.exportable,
        allow_plaintext_backup=row.plaintext_backup,
        auto_rotate_seconds=row.auto_rotate_seconds,
        next_rotation_at=row.next_rotation_at,
        created_at=row.created_at,
        versions=msgspec.UNSET if versions is None else [_version(each) for each in versions],
    )


def _version(row: TransitVersionRow) -> TransitVersionMeta:
    return TransitVersionMeta(
        version=row.number, created_at=row.made_at, public_key=row.public or msgspec.UNSET, encryptions=row.encryptions
    )

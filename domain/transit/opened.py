"""Keys at hand, open: what a request that encrypts or signs is done with."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from domain.errors import DecryptionFailed, Invalid
from domain.transit.cryptography import Material
from domain.transit.view import TransitKeyRow

MAX_ENCRYPTIONS = 2**32
"""How many encryptions with random nonces of 96 bits one key is good for (NIST SP 800-38D section 8.3)."""


class OpenKey:
    """A key as it was at some version of its stream, with the material of those of its versions that were wanted.

    Whoever uses it appends on the condition that the stream is at that version still.
    """

    __slots__ = ("left", "materials", "row")

    def __init__(self, row: TransitKeyRow, materials: dict[int, Material], left: dict[int, int]) -> None:
        self.row = row
        self.materials = materials
        self.left = left
        """By version, how many encryptions this node may make until it has to set aside more."""

    def to_encrypt(self, number: int) -> int:
        """The version that is meant by `number`, 0 being the newest; raises `Invalid` if it may not encrypt."""
        row, wanted = self.row, number
        if not wanted:
            return row.number
        if wanted > row.number:
            raise Invalid(f"{row.name!r} has no version {wanted}; its newest is {row.number}")
        if wanted < max(row.min_encryption, row.min_decryption):
            least = max(row.min_encryption, row.min_decryption)
            raise Invalid(f"version {wanted} of {row.name!r} may not be used any more; use {least} or above")
        return wanted

    def to_decrypt(self, number: int) -> int:
        """`number`, if this version may decrypt; raises `DecryptionFailed`."""
        if number > self.row.number:
            raise DecryptionFailed("too new")
        if number < self.row.min_decryption:
            raise DecryptionFailed("too old")
        return number

    def material(self, number: int) -> Material:
        """The version's; raises `DecryptionFailed` if it is not there any more."""
        found = self.materials.get(number)
        if found is None:
            raise DecryptionFailed("too old")
        return found

    @property
    def counts(self) -> bool:
        """Whether encryptions by it are counted: those with random nonces under one and the same key."""
        return self.row.shape.type.symmetric and not self.row.derived


class OpenKeys(Protocol):
    """Keys, opened when they are first wanted, and kept."""

    async def ready(self, tenant: str, name: str, numbers: Collection[int]) -> OpenKey:
        """The key with the material of those of `numbers` that it has, 0 being the newest.

        It may have changed since it was read. Raises `NotFound`, `KeyUnavailable`, `LogBroken`, and `VersionConflict`
        if it changes while it is read.
        """
        ...

    def forget(self, tenant: str, name: str, key: OpenKey | None = None) -> None:
        """It has changed: read it anew when it is wanted next, unless what is kept is newer than `key` by now."""
        ...

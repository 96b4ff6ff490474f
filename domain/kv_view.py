"""What the key-value commands ask of the read models: a secret with what is set for it, and all of its versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from domain.key_settings import KeySettings
from domain.secret_view import SecretVersion


class KvKey(msgspec.Struct, frozen=True, kw_only=True):
    """One secret, but for its versions. `forgotten` is the number that its version 1 comes after."""

    path: str
    current: int
    """The newest version's number in the store; `forgotten` or less: there is none."""
    forgotten: int
    born_at: datetime
    changed_at: datetime
    """When something was last set for it, or when it was first used."""
    settings: KeySettings

    @property
    def newest(self) -> int:
        """The newest version as its clients count: 0 if there is none."""
        return max(0, self.current - self.forgotten)


class KvVersion(NamedTuple):
    """One version with what is set for its secret."""

    version: SecretVersion
    forgotten: int
    custom_metadata: dict[str, str]


class KvEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One version in the list of all."""

    number: int
    """In the store."""
    created_at: datetime
    ends_at: datetime | None
    destroyed_at: datetime | None
    changed_at: datetime | None
    """When its end was last set or lifted."""


class KvView(Protocol):
    """Secrets with all that a key-value client sees of them."""

    async def key(self, tenant: str, path: str) -> KvKey | None:
        """The secret, also one without versions; None if it was never used, or forgotten."""
        ...

    async def version(self, tenant: str, path: str, number: int) -> KvVersion | None:
        """The version that clients know by that number, 0 for the newest; None if there is none."""
        ...

    async def versions(self, tenant: str, path: str, limit: int) -> Sequence[KvEntry]:
        """Versions, newest first, at most `limit`."""
        ...

    async def names(self, tenant: str, prefix: str, after_path: str, limit: int, *, live: bool = False) -> list[str]:
        """Names that begin with `prefix` and come after `after_path`, in byte order; with `live` those that answer."""
        ...

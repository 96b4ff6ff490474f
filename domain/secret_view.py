"""What is told of a secret's versions, and asked of the read model that tells it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

UNENDED: Final = "none"
DUE: Final = "due"
"""It ends by the clock."""
DELETED: Final = "deleted"
WITH_NAME: Final = "name"
"""It was current when its name was deleted."""


class SecretVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a secret, with what is true of its name now."""

    path: str
    number: int
    seal_id: str
    content_type: str
    metadata: dict[str, str]
    born_at: datetime
    """When the name was first used."""
    created_at: datetime
    """When this version was written."""
    actor: str
    cause: str
    recovered_from: int | None
    destroyed_at: datetime | None
    current: int
    """The number of the name's newest version."""
    live: bool
    """Whether the name answers."""
    ends_at: datetime | None = None
    """When this version is or was deleted; None if it is not to be."""
    end: str = UNENDED
    """How it ends: one of the words above."""

    def is_deleted(self, now: datetime) -> bool:
        """Whether it is deleted, by itself or with its name."""
        if self.number == self.current and not self.live:
            return True
        return self.end in {DELETED, WITH_NAME} or (self.ends_at is not None and self.ends_at <= now)

    def answers(self, now: datetime) -> bool:
        """Whether it is shown to who asks for it by its name: what went with a name comes again with it."""
        return self.live and (self.end == WITH_NAME or not self.is_deleted(now))


class SecretsView(Protocol):
    """Secrets as they are now, and every version they had."""

    async def current(self, tenant: str, path: str) -> SecretVersion | None:
        """The newest version, whether the name answers or not; None if the name was never used."""
        ...

    async def version(self, tenant: str, path: str, number: int) -> SecretVersion | None:
        """That version, or None if there is none of that number."""
        ...

    async def history(self, tenant: str, path: str, before: int, limit: int) -> list[SecretVersion]:
        """Versions with a number below `before`, newest first, at most `limit`."""
        ...

    async def seals(self, tenant: str, path: str) -> dict[int, str]:
        """Seal ids by number, of every version that is not destroyed."""
        ...

    async def at(self, tenant: str, path: str, moment: datetime) -> SecretVersion | None:
        """The version that was current at `moment`, or None if the name did not answer then."""
        ...

    async def page(self, tenant: str, prefix: str, after_path: str, limit: int, *, live: bool) -> list[SecretVersion]:
        """Newest versions of names that begin with `prefix` and follow `after_path`, by name, at most `limit`."""
        ...

    async def living(self, tenant: str, paths: Sequence[str]) -> dict[str, SecretVersion]:
        """Newest versions, by path, of those of `paths` that answer."""
        ...

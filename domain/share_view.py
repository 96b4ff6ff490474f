"""What the read model of shares answers with, and the questions that commands ask of it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec


class ShareRow(msgspec.Struct, frozen=True, kw_only=True):
    """A share as it is now; neither its token nor its value."""

    tenant: str
    share_id: str
    subject: str
    """Who made it."""
    note: str
    state: str
    """One of `domain.share.STATES`, as the log has it: `open` too for a moment after it has expired."""
    guarded: bool
    """Whether it needs a passphrase."""
    failures: int
    max_views: int
    views: int
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class ShareViewRow(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a share's value was given."""

    number: int
    at: datetime
    address: str
    agent: str
    actor: str
    position: int


class SharesView(Protocol):
    """Shares by hash, by id and by who made them, and when they were seen."""

    async def by_hash(self, digest: str) -> ShareRow | None:
        """The share whose token has this SHA-256, of whatever tenant and state; None if there is none."""
        ...

    async def by_id(self, tenant: str, share_id: str) -> ShareRow | None:
        """The tenant's share, of whatever state; None if there is none."""
        ...

    async def page(
        self, tenant: str, subject: str | None, state: str | None, now: datetime, after_id: str, limit: int
    ) -> list[ShareRow]:
        """The tenant's shares, of one subject and state or all, in order of id, which is that of time, at most `limit`.

        What has expired by `now` counts as such.
        """
        ...

    async def views(self, tenant: str, share_id: str) -> list[ShareViewRow]:
        """Each time the share was seen, the first one first: as many as `max_views` at most."""
        ...

"""What the read model of wrapped answers tells, and the question that commands ask of it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec


class WrappingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A wrapped answer as it is now; neither its token nor what is in it."""

    tenant: str
    wrapping_id: str
    state: str
    """`open`, `used`, `revoked` or `expired`, as the log has it: `open` too for a moment after it has expired."""
    creation_path: str
    holds: str
    ttl_seconds: int
    created_at: datetime
    expires_at: datetime


class WrappingsView(Protocol):
    """Wrapped answers by hash, and by id."""

    async def by_id(self, tenant: str, wrapping_id: str) -> WrappingRow | None:
        """The wrapping of that id, of whatever state; None if the tenant has none."""
        ...

    async def by_hash(self, digest: str) -> WrappingRow | None:
        """The wrapping whose token has this SHA-256, of whatever tenant and state; None if there is none."""
        ...

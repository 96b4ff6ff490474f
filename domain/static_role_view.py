"""What the read model of static roles answers with, and the questions that commands ask of it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec


class StaticRoleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A role as it is now, without its password."""

    role: str
    provider: str
    account: str
    timetable: str
    """JSON of `domain.timetable.Timetable`."""
    note: str
    number: int
    """Which password it has; 0 is none yet."""
    seal_id: str
    rotated_at: datetime | None
    next_run_at: datetime


class StaticRolesView(Protocol):
    """Roles by name, which begins with the path of the mount."""

    async def find(self, tenant: str, role: str) -> StaticRoleRow | None:
        """The tenant's role of this name; None if there is none."""
        ...

    async def under(self, tenant: str, mount: str, limit: int) -> list[StaticRoleRow]:
        """The roles of the mount at this path, in order of name, at most `limit`."""
        ...

"""What the read model of logins answers with, and the questions that commands ask of it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec

from domain.logins.place import Place


class MethodRow(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a mount. `version` is that of its stream."""

    settings: str
    number: int
    seal_id: str
    version: int


class RoleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A role, or user. `version` is that of its stream."""

    name: str
    settings: str
    number: int
    seal_id: str
    version: int


class SecretIdRow(msgspec.Struct, frozen=True, kw_only=True):
    """A secret id that lives, or has expired and not been cleared away. `version` is that of its stream."""

    role: str
    handle: str
    max_uses: int
    uses_left: int
    ttl_seconds: int
    issued_at: datetime
    used_at: datetime
    expires_at: datetime | None
    metadata: dict[str, str]
    cidrs: list[str]
    token_cidrs: list[str]
    version: int

    def has_expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now


class LoginsView(Protocol):
    """Mounts, roles and secret ids as they are now."""

    async def method(self, place: Place) -> MethodRow | None:
        """The settings of the mount, or None if it has none."""
        ...

    async def role(self, place: Place, name: str) -> RoleRow | None:
        """The role, or user, of this name, or None."""
        ...

    async def role_by_id(self, place: Place, role_id: str) -> RoleRow | None:
        """The role with this role id, or None."""
        ...

    async def role_names(self, place: Place, after: str, limit: int) -> list[str]:
        """Names of roles, or users, in order, after `after`, at most `limit`."""
        ...

    async def secret_id(self, place: Place, role: str, digest: str) -> SecretIdRow | None:
        """The role's secret id of this hash, or None."""
        ...

    async def secret_id_by_handle(self, place: Place, role: str, handle: str) -> SecretIdRow | None:
        """The role's secret id of this accessor, or None."""
        ...

    async def handles(self, place: Place, role: str, after: str, limit: int) -> list[str]:
        """Accessors of the role's secret ids, in order, after `after`, at most `limit`."""
        ...

    async def expired(self, place: Place, role: str | None, now: datetime, limit: int) -> list[SecretIdRow]:
        """Secret ids of the role, or of all, whose time is over, at most `limit`."""
        ...

    async def sealed_roles(self, place: Place, limit: int) -> list[RoleRow]:
        """Users with passwords, at most `limit`."""
        ...

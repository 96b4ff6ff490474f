"""Roles by which tokens are created, as they are now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

import msgspec

from domain.event import Event
from domain.ports import Reader, Record, Statement
from domain.token_role import TokenRoleConfigured, TokenRoleRemoved, TokenRoleSettings
from domain.token_role_view import TokenRoleRow

_SET: Final = """INSERT INTO token_roles VALUES (?, ?, ?, ?)
 ON CONFLICT (tenant, role) DO UPDATE SET settings = excluded.settings, version = excluded.version"""
_REMOVE: Final = "DELETE FROM token_roles WHERE tenant = ? AND role = ?"
_FIND: Final = "SELECT settings, version FROM token_roles WHERE tenant = ? AND role = ?"
_NAMES: Final = "SELECT role FROM token_roles WHERE tenant = ? AND role > ? ORDER BY role LIMIT ?"


class TokenRoles:
    """The read model, and its queries."""

    name: ClassVar[str] = "token_roles"
    tables: ClassVar[tuple[str, ...]] = ("token_roles",)
    concerns: ClassVar[tuple[type[Event], ...]] = (TokenRoleConfigured, TokenRoleRemoved)
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS token_roles (
        tenant TEXT NOT NULL, role TEXT NOT NULL, settings TEXT NOT NULL, version BIGINT NOT NULL,
        PRIMARY KEY (tenant, role))""",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """A role is there from its settings until it is removed."""
        event = record.event
        if isinstance(event, TokenRoleConfigured):
            yield _SET, (record.tenant, event.role, event.settings, record.version)
        elif isinstance(event, TokenRoleRemoved):
            yield _REMOVE, (record.tenant, event.role)

    async def find(self, tenant: str, role: str) -> TokenRoleRow | None:
        """The role of this name."""
        row = await self._reader.row(tenant, _FIND, (tenant, role))
        return TokenRoleRow(msgspec.json.decode(row[0], type=TokenRoleSettings), row[1]) if row else None

    async def names(self, tenant: str, after: str, limit: int) -> list[str]:
        """Names of roles, in order."""
        return [str(row[0]) for row in await self._reader.rows(tenant, _NAMES, (tenant, after, limit))]

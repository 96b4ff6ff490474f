"""Providers and roles that tenants have configured through the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from domain.catalog import ProviderEntry, Role
from domain.event import Event
from domain.instants import instant
from domain.ports import Reader, Record, Row, Statement
from domain.provider import ProviderConfigured, ProviderRemoved, RoleConfigured, RoleRemoved

_SET: Final = """INSERT INTO providers VALUES (?, ?, ?, ?, ?, ?, ?)
 ON CONFLICT (tenant, name) DO UPDATE SET kind = excluded.kind, connection = excluded.connection,
 number = excluded.number, seal_id = excluded.seal_id, updated_at = excluded.updated_at"""
_SET_ROLE: Final = """INSERT INTO provider_roles VALUES (?, ?, ?, ?, ?, ?)
 ON CONFLICT (tenant, provider, role) DO UPDATE SET default_ttl = excluded.default_ttl, max_ttl = excluded.max_ttl,
 settings = excluded.settings"""
_REMOVE: Final = "DELETE FROM providers WHERE tenant = ? AND name = ?"
_REMOVE_ROLES: Final = "DELETE FROM provider_roles WHERE tenant = ? AND provider = ?"
_REMOVE_ROLE: Final = "DELETE FROM provider_roles WHERE tenant = ? AND provider = ? AND role = ?"
_NOTE: Final = """INSERT INTO provider_notes VALUES (?, ?, ?, ?)
 ON CONFLICT (tenant, provider, role) DO UPDATE SET note = excluded.note"""
_REMOVE_NOTE: Final = "DELETE FROM provider_notes WHERE tenant = ? AND provider = ? AND role = ?"
_REMOVE_NOTES: Final = "DELETE FROM provider_notes WHERE tenant = ? AND provider = ?"
_SELECT: Final = """SELECT p.tenant, p.name, p.kind, p.connection, p.number, p.seal_id, r.role, r.default_ttl,
 r.max_ttl, r.settings, n.note, o.note
 FROM providers p LEFT JOIN provider_roles r ON r.tenant = p.tenant AND r.provider = p.name
 LEFT JOIN provider_notes n ON n.tenant = p.tenant AND n.provider = p.name AND n.role = r.role
 LEFT JOIN provider_notes o ON o.tenant = p.tenant AND o.provider = p.name AND o.role = ''
 WHERE p.tenant = ?"""


class Providers:
    """The read model, and its queries."""

    name: ClassVar[str] = "providers"
    tables: ClassVar[tuple[str, ...]] = ("providers", "provider_roles", "provider_notes")
    concerns: ClassVar[tuple[type[Event], ...]] = (ProviderConfigured, RoleConfigured, RoleRemoved, ProviderRemoved)
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS providers (
        tenant TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, connection TEXT NOT NULL, number BIGINT NOT NULL,
        seal_id TEXT NOT NULL, updated_at TEXT NOT NULL, PRIMARY KEY (tenant, name))""",
        """CREATE TABLE IF NOT EXISTS provider_roles (
        tenant TEXT NOT NULL, provider TEXT NOT NULL, role TEXT NOT NULL, default_ttl BIGINT NOT NULL,
        max_ttl BIGINT NOT NULL, settings TEXT NOT NULL, PRIMARY KEY (tenant, provider, role))""",
        """CREATE TABLE IF NOT EXISTS provider_notes (
        tenant TEXT NOT NULL, provider TEXT NOT NULL, role TEXT NOT NULL, note TEXT NOT NULL,
        PRIMARY KEY (tenant, provider, role))""",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """A provider is configured, its roles come and go, it is removed with them."""
        event, tenant = record.event, record.tenant
        if isinstance(event, ProviderConfigured):
            yield _SET, (
                tenant, event.name, event.kind, event.connection, event.number, event.seal_id, instant(record.time),
            )  # fmt: skip
            yield _noted(tenant, event.name, "", event.note)
        elif isinstance(event, RoleConfigured):
            ttls = (event.default_ttl_seconds, event.max_ttl_seconds)
            yield _SET_ROLE, (tenant, event.name, event.role, *ttls, event.settings)
            yield _noted(tenant, event.name, event.role, event.note)
        elif isinstance(event, RoleRemoved):
            yield _REMOVE_ROLE, (tenant, event.name, event.role)
            yield _REMOVE_NOTE, (tenant, event.name, event.role)
        elif isinstance(event, ProviderRemoved):
            yield _REMOVE, (tenant, event.name)
            yield _REMOVE_ROLES, (tenant, event.name)
            yield _REMOVE_NOTES, (tenant, event.name)

    async def find(self, tenant: str, name: str) -> ProviderEntry | None:
        """The tenant's provider of this name, with its roles."""
        rows = await self._reader.rows(tenant, f"{_SELECT} AND p.name = ? ORDER BY r.role", (tenant, name))
        return _entry(rows) if rows else None

    async def all(self, tenant: str) -> list[ProviderEntry]:
        """Every provider of the tenant, in order of name."""
        rows = await self._reader.rows(tenant, f"{_SELECT} ORDER BY p.name, r.role", (tenant,))
        names = dict.fromkeys(row[1] for row in rows)
        return [_entry([row for row in rows if row[1] == name]) for name in names]


def _noted(tenant: str, provider: str, role: str, note: str) -> Statement:
    """`role` is empty for the provider itself."""
    where = (tenant, provider, role)
    return (_NOTE, (*where, note)) if note else (_REMOVE_NOTE, where)


def _entry(rows: Iterable[Row]) -> ProviderEntry:
    rows = list(rows)
    tenant, name, kind, connection, number, seal_id, *_ = rows[0]
    roles = [
        Role(
            name=row[6], default_ttl_seconds=row[7], max_ttl_seconds=row[8], settings=row[9], note=row[10] or "",
        )
        for row in rows if row[6]
    ]  # fmt: skip
    return ProviderEntry(
        name=name, kind=kind, destination=f"{tenant}/{name}", connection=connection, number=number, seal_id=seal_id,
        roles={role.name: role for role in roles}, note=rows[0][11] or "",
    )  # fmt: skip

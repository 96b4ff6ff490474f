"""Login methods, their roles and users, and secret ids, as they are now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Final

import msgspec

from domain.event import Event
from domain.instants import instant, parsed
from domain.logins.method import LoginMethodConfigured, LoginMethodRemoved
from domain.logins.place import Place
from domain.logins.role import LoginRoleConfigured, LoginRoleRemoved
from domain.logins.rows import MethodRow, RoleRow, SecretIdRow
from domain.logins.secret_id import SecretIdDestroyed, SecretIdIssued, SecretIdUsed
from domain.ports import Reader, Record, Row, Statement

_SET_METHOD: Final = """INSERT INTO login_methods VALUES (?, ?, ?, ?, ?, ?)
 ON CONFLICT (tenant, accessor) DO UPDATE SET settings = excluded.settings, number = excluded.number,
 seal_id = excluded.seal_id, version = excluded.version"""
_SET_ROLE: Final = """INSERT INTO login_roles VALUES (?, ?, ?, ?, ?, ?, ?, ?)
 ON CONFLICT (tenant, accessor, role) DO UPDATE SET role_id = excluded.role_id, settings = excluded.settings,
 number = excluded.number, seal_id = excluded.seal_id, version = excluded.version"""
_ISSUE: Final = "INSERT INTO login_secret_ids VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_USED: Final = """UPDATE login_secret_ids SET uses_left = ?, used_at = ?, version = ?
 WHERE tenant = ? AND accessor = ? AND role = ? AND handle = ?"""
_DESTROY: Final = "DELETE FROM login_secret_ids WHERE tenant = ? AND accessor = ? AND role = ? AND handle = ?"
_REMOVE_ROLE: Final = (
    "DELETE FROM login_secret_ids WHERE tenant = ? AND accessor = ? AND role = ?",
    "DELETE FROM login_roles WHERE tenant = ? AND accessor = ? AND role = ?",
)
_REMOVE_METHOD: Final = (
    "DELETE FROM login_secret_ids WHERE tenant = ? AND accessor = ?",
    "DELETE FROM login_roles WHERE tenant = ? AND accessor = ?",
    "DELETE FROM login_methods WHERE tenant = ? AND accessor = ?",
)
_ROLE: Final = """SELECT role, settings, number, seal_id, version FROM login_roles
 WHERE tenant = ? AND accessor = ?"""
_ISSUED: Final = """SELECT role, handle, max_uses, uses_left, issued_at, used_at, expires_at, bounds, version
 FROM login_secret_ids WHERE tenant = ? AND accessor = ?"""


class _Bounds(msgspec.Struct, frozen=True):
    """Of a secret id."""

    ttl_seconds: int
    metadata: dict[str, str]
    cidrs: list[str]
    token_cidrs: list[str]


class _Named(msgspec.Struct, frozen=True):
    """Of the settings of an approle role: how a login names it."""

    role_id: str | None = None


class Logins:
    """The read model, and its queries."""

    name: ClassVar[str] = "logins"
    tables: ClassVar[tuple[str, ...]] = ("login_methods", "login_roles", "login_secret_ids")
    concerns: ClassVar[tuple[type[Event], ...]] = (
        LoginMethodConfigured,
        LoginRoleConfigured,
        LoginRoleRemoved,
        LoginMethodRemoved,
        SecretIdIssued,
        SecretIdUsed,
        SecretIdDestroyed,
    )
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS login_methods (
        tenant TEXT NOT NULL, accessor TEXT NOT NULL, settings TEXT NOT NULL, number BIGINT NOT NULL,
        seal_id TEXT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (tenant, accessor))""",
        """CREATE TABLE IF NOT EXISTS login_roles (
        tenant TEXT NOT NULL, accessor TEXT NOT NULL, role TEXT NOT NULL, role_id TEXT, settings TEXT NOT NULL,
        number BIGINT NOT NULL, seal_id TEXT NOT NULL, version BIGINT NOT NULL,
        PRIMARY KEY (tenant, accessor, role))""",
        """CREATE INDEX IF NOT EXISTS login_roles_by_id ON login_roles (tenant, accessor, role_id)
        WHERE role_id IS NOT NULL""",
        """CREATE TABLE IF NOT EXISTS login_secret_ids (
        tenant TEXT NOT NULL, accessor TEXT NOT NULL, role TEXT NOT NULL, handle TEXT NOT NULL, hash TEXT NOT NULL,
        max_uses BIGINT NOT NULL, uses_left BIGINT NOT NULL, issued_at TEXT NOT NULL, used_at TEXT NOT NULL,
        expires_at TEXT, bounds TEXT NOT NULL, version BIGINT NOT NULL, mount TEXT NOT NULL,
        PRIMARY KEY (tenant, accessor, role, handle))""",
        "CREATE INDEX IF NOT EXISTS login_secret_ids_by_hash ON login_secret_ids (tenant, accessor, role, hash)",
        """CREATE INDEX IF NOT EXISTS login_secret_ids_expired ON login_secret_ids (tenant, accessor, expires_at)
        WHERE expires_at IS NOT NULL""",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """Mounts, roles and secret ids come and go; what is used up is gone."""
        event, tenant = record.event, record.tenant
        if isinstance(event, LoginMethodConfigured):
            yield _SET_METHOD, (tenant, event.accessor, event.settings, event.number, event.seal_id, record.version)
        elif isinstance(event, LoginRoleConfigured):
            role_id = msgspec.json.decode(event.settings, type=_Named).role_id
            settings = (event.settings, event.number, event.seal_id, record.version)
            yield _SET_ROLE, (tenant, event.accessor, event.role, role_id, *settings)
        elif isinstance(event, LoginRoleRemoved):
            for statement in _REMOVE_ROLE:
                yield statement, (tenant, event.accessor, event.role)
        elif isinstance(event, LoginMethodRemoved):
            for statement in _REMOVE_METHOD:
                yield statement, (tenant, event.accessor)
        else:
            yield from _of_secret_id(record)

    async def method(self, place: Place) -> MethodRow | None:
        """The settings of the mount."""
        sql = "SELECT settings, number, seal_id, version FROM login_methods WHERE tenant = ? AND accessor = ?"
        row = await self._reader.row(place.tenant, sql, (place.tenant, place.accessor))
        return MethodRow(settings=row[0], number=row[1], seal_id=row[2], version=row[3]) if row else None

    async def role(self, place: Place, name: str) -> RoleRow | None:
        """The role, or user, of this name."""
        row = await self._reader.row(place.tenant, f"{_ROLE} AND role = ?", (place.tenant, place.accessor, name))
        return _role(row) if row else None

    async def role_by_id(self, place: Place, role_id: str) -> RoleRow | None:
        """The role with this role id; if two were given the same at once, the first by name."""
        sql = f"{_ROLE} AND role_id = ? ORDER BY role LIMIT 1"
        row = await self._reader.row(place.tenant, sql, (place.tenant, place.accessor, role_id))
        return _role(row) if row else None

    async def role_names(self, place: Place, after: str, limit: int) -> list[str]:
        """Names of roles, or users, in order."""
        sql = "SELECT role FROM login_roles WHERE tenant = ? AND accessor = ? AND role > ? ORDER BY role LIMIT ?"
        rows = await self._reader.rows(place.tenant, sql, (place.tenant, place.accessor, after, limit))
        return [str(name) for (name,) in rows]

    async def secret_id(self, place: Place, role: str, digest: str) -> SecretIdRow | None:
        """The role's secret id of this hash."""
        sql = f"{_ISSUED} AND role = ? AND hash = ? ORDER BY handle LIMIT 1"
        row = await self._reader.row(place.tenant, sql, (place.tenant, place.accessor, role, digest))
        return _secret_id(row) if row else None

    async def secret_id_by_handle(self, place: Place, role: str, handle: str) -> SecretIdRow | None:
        """The role's secret id of this accessor."""
        sql = f"{_ISSUED} AND role = ? AND handle = ?"
        row = await self._reader.row(place.tenant, sql, (place.tenant, place.accessor, role, handle))
        return _secret_id(row) if row else None

    async def handles(self, place: Place, role: str, after: str, limit: int) -> list[str]:
        """Accessors of the role's secret ids, in order."""
        sql = """SELECT handle FROM login_secret_ids WHERE tenant = ? AND accessor = ? AND role = ? AND handle > ?
         ORDER BY handle LIMIT ?"""
        rows = await self._reader.rows(place.tenant, sql, (place.tenant, place.accessor, role, after, limit))
        return [str(handle) for (handle,) in rows]

    async def expired(self, place: Place, role: str | None, now: datetime, limit: int) -> list[SecretIdRow]:
        """Secret ids whose time is over."""
        sql, parameters = f"{_ISSUED} AND expires_at <= ?", [place.tenant, place.accessor, instant(now)]
        if role is not None:
            sql, parameters = f"{sql} AND role = ?", [*parameters, role]
        rows = await self._reader.rows(place.tenant, f"{sql} ORDER BY expires_at LIMIT ?", (*parameters, limit))
        return [_secret_id(row) for row in rows]

    async def sealed_roles(self, place: Place, limit: int) -> list[RoleRow]:
        """Users with passwords."""
        sql = f"{_ROLE} AND seal_id <> '' ORDER BY role LIMIT ?"
        rows = await self._reader.rows(place.tenant, sql, (place.tenant, place.accessor, limit))
        return [_role(row) for row in rows]


def _of_secret_id(record: Record) -> Iterable[Statement]:
    event, tenant = record.event, record.tenant
    if isinstance(event, SecretIdIssued):
        at = instant(record.time)
        bounds = _Bounds(event.ttl_seconds, event.metadata, event.cidrs, event.token_cidrs)
        yield _ISSUE, (
            tenant, event.accessor, event.role, event.handle, event.hash, event.max_uses, event.max_uses, at, at,
            instant(event.expires_at) if event.expires_at else None, msgspec.json.encode(bounds).decode(),
            record.version, event.mount,
        )  # fmt: skip
    elif isinstance(event, SecretIdUsed):
        key = (tenant, event.accessor, event.role, event.handle)
        if event.remaining:
            yield _USED, (event.remaining, instant(record.time), record.version, *key)
        else:
            yield _DESTROY, key
    elif isinstance(event, SecretIdDestroyed):
        yield _DESTROY, (tenant, event.accessor, event.role, event.handle)


def _role(row: Row) -> RoleRow:
    return RoleRow(name=row[0], settings=row[1], number=row[2], seal_id=row[3], version=row[4])


def _secret_id(row: Row) -> SecretIdRow:
    bounds: Any = msgspec.json.decode(row[7], type=_Bounds)
    return SecretIdRow(
        role=row[0], handle=row[1], max_uses=row[2], uses_left=row[3], issued_at=parsed(row[4]),
        used_at=parsed(row[5]), expires_at=parsed(row[6]) if row[6] else None, version=row[8],
        ttl_seconds=bounds.ttl_seconds, metadata=bounds.metadata, cidrs=bounds.cidrs, token_cidrs=bounds.token_cidrs,
    )  # fmt: skip

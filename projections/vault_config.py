"""What the Vault surface is configured by, tenant by tenant: policies, mounts, and a count of their changes.

Whoever looks a token up gets the count along, so that what was read of the rest is known to be of now without asking.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

import msgspec

from domain.acl.rules import Rule, decoded
from domain.acl_policy import AclPolicyDeleted, AclPolicyWritten
from domain.event import Event
from domain.instants import instant
from domain.mount import MountClosed, MountDisabled, MountEnabled, MountEvent, MountTuned
from domain.mounts import BUILT_IN, MountEntry
from domain.ports import Reader, Record, Row, Statement

_CHANGED: Final = """INSERT INTO vault_generations VALUES (?, 1)
 ON CONFLICT (tenant) DO UPDATE SET generation = vault_generations.generation + 1"""
_GENERATION: Final = "SELECT generation FROM vault_generations WHERE tenant = ?"
_WRITE: Final = """INSERT INTO acl_policies VALUES (?, ?, ?, ?, ?)
 ON CONFLICT (tenant, name) DO UPDATE SET policy = excluded.policy, rules = excluded.rules,
 updated_at = excluded.updated_at"""
_DELETE: Final = "DELETE FROM acl_policies WHERE tenant = ? AND name = ?"
_ENABLE: Final = """INSERT INTO mounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)
 ON CONFLICT (tenant, path) DO UPDATE SET description = excluded.description, options = excluded.options,
 default_ttl = excluded.default_ttl, max_ttl = excluded.max_ttl"""
_TUNE: Final = (
    "UPDATE mounts SET description = ?, options = ?, default_ttl = ?, max_ttl = ? WHERE tenant = ? AND path = ?"
)
_CLOSE: Final = "UPDATE mounts SET closed = 1 WHERE tenant = ? AND path = ?"
_DISABLE: Final = "DELETE FROM mounts WHERE tenant = ? AND path = ?"
_MOUNTS: Final = """SELECT path, kind, accessor, description, options, default_ttl, max_ttl, closed FROM mounts
 WHERE tenant = ? ORDER BY path"""
_ASSUME: Final = "INSERT INTO mounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, path) DO NOTHING"
_GIVEN: Final = {entry.path: entry for entry in BUILT_IN}


class VaultConfiguration:
    """The read model, and its queries."""

    name: ClassVar[str] = "vault_config"
    tables: ClassVar[tuple[str, ...]] = ("vault_generations", "acl_policies", "mounts")
    concerns: ClassVar[tuple[type[Event], ...]] = (AclPolicyWritten, AclPolicyDeleted, MountEvent)
    ddl: ClassVar[tuple[str, ...]] = (
        "CREATE TABLE IF NOT EXISTS vault_generations (tenant TEXT NOT NULL PRIMARY KEY, generation BIGINT NOT NULL)",
        """CREATE TABLE IF NOT EXISTS acl_policies (
        tenant TEXT NOT NULL, name TEXT NOT NULL, policy TEXT NOT NULL, rules TEXT NOT NULL, updated_at TEXT NOT NULL,
        PRIMARY KEY (tenant, name))""",
        """CREATE TABLE IF NOT EXISTS mounts (
        tenant TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL, accessor TEXT NOT NULL, description TEXT NOT NULL,
        options TEXT NOT NULL, default_ttl BIGINT NOT NULL, max_ttl BIGINT NOT NULL,
        closed BIGINT NOT NULL, PRIMARY KEY (tenant, path))""",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """Policies are written and deleted; mounts come, change and go; each time the count goes up."""
        event, tenant = record.event, record.tenant
        if isinstance(event, AclPolicyWritten):
            yield _WRITE, (tenant, event.name, event.text, event.rules, instant(record.time))
        elif isinstance(event, AclPolicyDeleted):
            yield _DELETE, (tenant, event.name)
        elif isinstance(event, MountEvent):
            yield from _mounts(tenant, event)
        else:
            return
        yield _CHANGED, (tenant,)

    async def generation(self, tenant: str) -> int:
        """How often the tenant's configuration was changed."""
        row = await self._reader.row(tenant, _GENERATION, (tenant,))
        return int(row[0]) if row else 0

    async def rules(self, tenant: str, names: Sequence[str]) -> dict[str, list[Rule]]:
        """The rules of those of these policies that there are, by name."""
        marks = ", ".join("?" * len(names))
        sql = f"SELECT name, rules FROM acl_policies WHERE tenant = ? AND name IN ({marks})"  # noqa: S608 - marks alone
        return {row[0]: decoded(row[1]) for row in await self._reader.rows(tenant, sql, (tenant, *names))}

    async def policy(self, tenant: str, name: str) -> str | None:
        """The text of a policy, or None."""
        sql = "SELECT policy FROM acl_policies WHERE tenant = ? AND name = ?"
        row = await self._reader.row(tenant, sql, (tenant, name))
        return str(row[0]) if row else None

    async def policies(self, tenant: str) -> list[str]:
        """The names of all policies that were written, in order."""
        sql = "SELECT name FROM acl_policies WHERE tenant = ? ORDER BY name"
        return [str(row[0]) for row in await self._reader.rows(tenant, sql, (tenant,))]

    async def mounts(self, tenant: str) -> list[MountEntry]:
        """Every mount, the built-in ones too, in order of path."""
        found = _GIVEN | {row[0]: _entry(row) for row in await self._reader.rows(tenant, _MOUNTS, (tenant,))}
        return [found[path] for path in sorted(found)]


def _mounts(tenant: str, event: MountEvent) -> Iterable[Statement]:
    given = _GIVEN.get(event.path)
    if given:
        # It was there before anybody said so.
        yield _ASSUME, (tenant, *_columns(given), 0)
    if isinstance(event, MountEnabled):
        options = _json(event.options)
        yield _ENABLE, (
            tenant, event.path, event.kind, event.accessor, event.description, options, event.default_ttl_seconds,
            event.max_ttl_seconds,
        )  # fmt: skip
    elif isinstance(event, MountTuned):
        ttls = (event.default_ttl_seconds, event.max_ttl_seconds)
        yield _TUNE, (event.description, _json(event.options), *ttls, tenant, event.path)
    elif isinstance(event, MountClosed):
        yield _CLOSE, (tenant, event.path)
    elif isinstance(event, MountDisabled):
        yield _DISABLE, (tenant, event.path)


def _columns(entry: MountEntry) -> tuple[object, ...]:
    return (
        entry.path, entry.kind, entry.accessor, entry.description, _json(entry.options),
        entry.default_ttl, entry.max_ttl,
    )  # fmt: skip


def _entry(row: Row) -> MountEntry:
    path, kind, accessor, description, options, default_ttl, max_ttl, closed = row
    return MountEntry(
        path=path, kind=kind, accessor=accessor, description=description, options=msgspec.json.decode(options),
        default_ttl=default_ttl, max_ttl=max_ttl, closed=bool(closed),
        built_in=path in _GIVEN,
    )  # fmt: skip


def _json(values: dict[str, str]) -> str:
    return msgspec.json.encode(values, order="sorted").decode()
